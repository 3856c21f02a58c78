//! The region table as bytes.
//!
//! ```text
//! "SRT1"                                    magic and version
//! edition length (1 byte), edition (UTF-8)
//! number of regions (u32), number of names (u32), bytes of name suffixes (u32), all little-endian
//! per region: code minus the code before it, LEB128
//! per region: its name's number, as three planes: all high bytes, all middle bytes, all low bytes
//! per name: length shared with the name before it (1 byte); then per name: length of the rest (1 byte)
//! all rests, one after the other
//! ```
//! Names are distinct and sorted by search key, then by text. Columns of like bytes are what makes a general
//! compressor do well: all Indonesia is 0.6 MB as a table and about 0.4 MB compressed.

use super::name::search_key;
use super::{RegionCode, Regions};

const MAGIC: &[u8; 4] = b"SRT1";
/// Greatest size of a table in bytes; all Indonesia takes a quarter.
pub const TABLE_MAX: usize = 4 * 1024 * 1024;
/// Greatest number of regions, and of names, in a table.
const COUNT_MAX: u32 = 200_000;
/// Greatest size of all names written out.
const NAMES_MAX: usize = 8 * 1024 * 1024;

/// Why bytes are no region table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RegionError {
    /// The bytes do not begin as a region table of this version does.
    #[error("this is no region table, or one of another version; decompress it before it is read")]
    NotATable,
    /// The table ends early, or goes on after its end.
    #[error("the region table is cut off or has bytes left over")]
    Length,
    /// More than this release reads.
    #[error("the region table is larger than {TABLE_MAX} bytes or {COUNT_MAX} regions")]
    TooLarge,
    /// Codes are not ascending, or are no codes.
    #[error("the region table is damaged: code number {0} is out of order or no code")]
    BadCode(usize),
    /// A name is no text, or names a number that is not there.
    #[error("the region table is damaged: name number {0} is no name")]
    BadName(usize),
}

impl Regions {
    /// Reads a table.
    ///
    /// # Errors
    /// [`RegionError`] where the bytes are no table. A damaged table is refused or reads as other names; it
    /// never makes a later call fail. The checksum of the compressed frame is what tells damage apart.
    pub fn read(bytes: &[u8]) -> Result<Regions, RegionError> {
        if bytes.len() > TABLE_MAX {
            return Err(RegionError::TooLarge);
        }
        let mut source = Source(bytes);
        if source.take(MAGIC.len()) != Ok(MAGIC) {
            return Err(RegionError::NotATable);
        }
        let edition_length = usize::from(source.byte()?);
        let edition =
            std::str::from_utf8(source.take(edition_length)?).map_err(|_| RegionError::NotATable)?;
        let (regions, names, suffixes) = (source.count()?, source.count()?, source.size()?);
        let codes = read_codes(&mut source, regions)?;
        let name_of = read_name_numbers(&mut source, regions, names)?;
        let (text, name_at) = read_names(&mut source, names, suffixes)?;
        if !source.0.is_empty() {
            return Err(RegionError::Length);
        }
        Ok(Regions { edition: edition.to_owned(), codes, name_of, names: text, name_at })
    }
}

/// The bytes not yet read.
struct Source<'a>(&'a [u8]);

impl<'a> Source<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], RegionError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(RegionError::Length)?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, RegionError> {
        self.take(1).map(|taken| taken[0])
    }

    fn number(&mut self) -> Result<u32, RegionError> {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(self.take(4)?);
        Ok(u32::from_le_bytes(bytes))
    }

    /// A count of things that take at least one byte each, so it never exceeds what is left.
    fn count(&mut self) -> Result<usize, RegionError> {
        let count = self.number()?;
        if count > COUNT_MAX {
            return Err(RegionError::TooLarge);
        }
        let count = usize::try_from(count).map_err(|_| RegionError::TooLarge)?;
        if count > self.0.len() { Err(RegionError::Length) } else { Ok(count) }
    }

    fn size(&mut self) -> Result<usize, RegionError> {
        usize::try_from(self.number()?).map_err(|_| RegionError::TooLarge)
    }

    /// A number in LEB128, at most 35 bits.
    fn leb128(&mut self) -> Result<u64, RegionError> {
        let mut number = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(RegionError::Length)
    }
}

fn read_codes(source: &mut Source<'_>, count: usize) -> Result<Vec<RegionCode>, RegionError> {
    let mut codes = Vec::with_capacity(count);
    let mut last = 0;
    for at in 0..count {
        let step = source.leb128()?;
        last += step;
        match RegionCode::from_number(last) {
            Some(code) if step > 0 => codes.push(code),
            Some(_) | None => return Err(RegionError::BadCode(at)),
        }
    }
    Ok(codes)
}

fn read_name_numbers(source: &mut Source<'_>, count: usize, names: usize) -> Result<Vec<u32>, RegionError> {
    let (high, middle, low) = (source.take(count)?, source.take(count)?, source.take(count)?);
    let mut numbers = Vec::with_capacity(count);
    for at in 0..count {
        let number = u32::from_be_bytes([0, high[at], middle[at], low[at]]);
        if usize::try_from(number).map_or(true, |number| number >= names) {
            return Err(RegionError::BadName(at));
        }
        numbers.push(number);
    }
    Ok(numbers)
}

fn read_names(
    source: &mut Source<'_>,
    count: usize,
    suffixes: usize,
) -> Result<(String, Vec<u32>), RegionError> {
    let (shared, own) = (source.take(count)?, source.take(count)?);
    let mut rests = Source(source.take(suffixes)?);
    let total: usize = shared.iter().chain(own).copied().map(usize::from).sum();
    if total > NAMES_MAX {
        return Err(RegionError::TooLarge);
    }
    let mut text = String::with_capacity(total);
    let mut starts = Vec::with_capacity(count + 1);
    let mut before = 0;
    for at in 0..count {
        let start = text.len();
        starts.push(u32::try_from(start).map_err(|_| RegionError::TooLarge)?);
        let end = before + usize::from(shared[at]);
        let shared_part = text.get(before..end).ok_or(RegionError::BadName(at))?.to_owned();
        let rest = rests.take(usize::from(own[at]))?;
        text.push_str(&shared_part);
        text.push_str(std::str::from_utf8(rest).map_err(|_| RegionError::BadName(at))?);
        before = start;
    }
    starts.push(u32::try_from(text.len()).map_err(|_| RegionError::TooLarge)?);
    if rests.0.is_empty() { Ok((text, starts)) } else { Err(RegionError::Length) }
}

/// Why regions cannot be written as a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A code stands twice.
    #[error("code {0} stands twice")]
    Duplicate(String),
    /// A name or the edition is longer than 255 bytes, or there are too many regions.
    #[error("`{0}` is too long, or there are too many regions")]
    TooLong(String),
}

/// Writes regions, in any order, as a table that [`Regions::read`] reads.
///
/// # Errors
/// [`EncodeError`] where a code stands twice or something exceeds its bound.
pub fn encode(edition: &str, regions: &[(RegionCode, String)]) -> Result<Vec<u8>, EncodeError> {
    let too_long = |what: &str| EncodeError::TooLong(what.to_owned());
    let mut sorted: Vec<&(RegionCode, String)> = regions.iter().collect();
    sorted.sort();
    let mut names: Vec<(String, &str)> =
        sorted.iter().map(|(_, name)| (search_key(name), name.as_str())).collect();
    names.sort();
    names.dedup();

    let mut steps = Vec::new();
    let mut planes = [Vec::new(), Vec::new(), Vec::new()];
    let mut last = 0;
    for (code, name) in sorted {
        if code.number() == last {
            return Err(EncodeError::Duplicate(code.to_string()));
        }
        push_leb128(&mut steps, code.number() - last);
        last = code.number();
        let key = (search_key(name), name.as_str());
        let number = names.binary_search(&key).ok().and_then(|at| u32::try_from(at).ok());
        let [_, bytes @ ..] = number.ok_or_else(|| too_long(name))?.to_be_bytes();
        planes.iter_mut().zip(bytes).for_each(|(plane, byte)| plane.push(byte));
    }
    let columns = FrontCoded::of(&names)?;

    let mut table = MAGIC.to_vec();
    table.push(u8::try_from(edition.len()).map_err(|_| too_long(edition))?);
    table.extend_from_slice(edition.as_bytes());
    for count in [regions.len(), names.len(), columns.rests.len()] {
        let count = u32::try_from(count).map_err(|_| too_long("table"))?;
        table.extend_from_slice(&count.to_le_bytes());
    }
    table.extend([steps, planes.concat(), columns.shared, columns.own, columns.rests].concat());
    Ok(table)
}

/// Sorted names as lengths shared with the one before, lengths of the rests, and the rests.
#[derive(Default)]
struct FrontCoded {
    shared: Vec<u8>,
    own: Vec<u8>,
    rests: Vec<u8>,
}

impl FrontCoded {
    fn of(names: &[(String, &str)]) -> Result<FrontCoded, EncodeError> {
        let mut columns = FrontCoded::default();
        let mut before = "";
        for &(_, name) in names {
            let shared = shared_length(before, name);
            let length =
                |length: usize| u8::try_from(length).map_err(|_| EncodeError::TooLong(name.to_owned()));
            columns.shared.push(length(shared)?);
            columns.own.push(length(name.len() - shared)?);
            columns.rests.extend_from_slice(&name.as_bytes()[shared..]);
            before = name;
        }
        Ok(columns)
    }
}

/// Bytes two texts share at the start, ending between characters.
fn shared_length(a: &str, b: &str) -> usize {
    a.chars().zip(b.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum()
}

fn push_leb128(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        out.push(u8::try_from(number & 0x7f).unwrap_or(0) | 0x80);
        number >>= 7;
    }
    out.push(u8::try_from(number).unwrap_or(0));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_regions() -> impl Strategy<Value = Vec<(RegionCode, String)>> {
        let name = "[A-Za-z' .’é-]{0,12}";
        proptest::collection::btree_map(1u64..10_000_000_000, name, 0..40).prop_map(|regions| {
            let known = regions.into_iter().filter_map(|(n, name)| Some((RegionCode::from_number(n)?, name)));
            known.collect()
        })
    }

    proptest! {
        #[test]
        fn a_table_gives_back_what_was_written(regions in any_regions()) {
            let table = Regions::read(&encode("test", &regions).unwrap()).unwrap();
            prop_assert_eq!(table.edition(), "test");
            prop_assert_eq!(table.codes.len(), regions.len());
            for (code, name) in &regions {
                prop_assert_eq!(table.get(*code).unwrap().name, name);
            }
        }

        #[test]
        fn damage_is_refused_or_read_but_never_breaks(
            regions in any_regions(), at in any::<proptest::sample::Index>(), byte: u8, cut: bool
        ) {
            let mut table = encode("test", &regions).unwrap();
            let at = at.index(table.len());
            if cut { table.truncate(at) } else { table[at] = byte }
            if let Ok(read) = Regions::read(&table) {
                for region in (0..read.codes.len()).map(|at| read.region_at(at)) {
                    let _ = (read.path(region.code), read.find(region.name, None, 5).total);
                }
            }
        }
    }

    #[test]
    fn bytes_that_are_no_table_are_refused() {
        assert_eq!(Regions::read(b"").unwrap_err(), RegionError::NotATable);
        assert_eq!(Regions::read(&[0x28, 0xb5, 0x2f, 0xfd]).unwrap_err(), RegionError::NotATable);
        assert_eq!(Regions::read(&vec![0; TABLE_MAX + 1]).unwrap_err(), RegionError::TooLarge);
        let huge = [&b"SRT1\0"[..], &u32::MAX.to_le_bytes(), &[0; 8]].concat();
        assert_eq!(Regions::read(&huge).unwrap_err(), RegionError::TooLarge);
        let mut longer = encode("", &[]).unwrap();
        longer.push(0);
        assert_eq!(Regions::read(&longer).unwrap_err(), RegionError::Length);
    }

    #[test]
    fn a_code_that_stands_twice_is_refused() {
        let code: RegionCode = "35.13".parse().unwrap();
        let twice = [(code, "A".to_owned()), (code, "B".to_owned())];
        assert_eq!(encode("", &twice), Err(EncodeError::Duplicate("35.13".to_owned())));
    }
}
