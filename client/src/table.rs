//! Reading lists as spreadsheets write them.
//!
//! Excel in Indonesia separates with `;`, elsewhere with `,`, from the clipboard with tabs, and writes UTF-8 with a
//! mark, without one, or Windows-1252. A cell that begins like a formula may have an apostrophe in front, so that no
//! spreadsheet computes it; reading takes it away.

use sambung_replica::import::{COLUMNS_MAX, ROWS_MAX, Row, Sheet, digest};
use serde_json::{Map, Value as Json};

/// Greatest length of a list, in bytes.
pub(crate) const FILE_MAX: usize = 64 * 1024 * 1024;
/// The mark in front of UTF-8, without which Excel takes it for something else.
const MARK: &str = "\u{feff}";
/// What makes a spreadsheet compute a cell.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
/// What Windows-1252 has at 0x80 to 0x9f.
const WINDOWS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Reads a list in CSV.
pub(crate) fn csv(bytes: &[u8]) -> Result<Sheet, String> {
    let text = decode(bytes)?;
    let (separator, text) = separator(&text);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut sheet = Sheet { digest: digest(bytes), columns: Vec::new(), rows: Vec::new() };
    // A line break inside a cell is none for a spreadsheet's count.
    let mut inside: u64 = 0;
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let line = record.position().map_or(0, csv::Position::line);
        let number = u32::try_from(line.saturating_sub(inside)).unwrap_or(u32::MAX);
        let breaks: usize = record.iter().map(|cell| cell.matches('\n').count()).sum();
        inside += u64::try_from(breaks).unwrap_or(0);
        if sheet.columns.is_empty() {
            sheet.columns = record.iter().map(|heading| heading.trim().to_owned()).collect();
            bounded(&sheet)?;
            continue;
        }
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if record.len() > sheet.columns.len()
            && record.iter().skip(sheet.columns.len()).any(|cell| !cell.is_empty())
        {
            return Err(format!("row {number} has more cells than there are headings"));
        }
        sheet.rows.push(Row { number, cells: record.iter().map(|cell| Json::from(bare(cell))).collect() });
        bounded(&sheet)?;
    }
    if sheet.columns.is_empty() { Err("the list is empty".to_owned()) } else { Ok(sheet) }
}

/// Reads a list in JSON: an array of objects.
pub(crate) fn json(bytes: &[u8]) -> Result<Sheet, String> {
    let objects: Vec<Map<String, Json>> =
        serde_json::from_slice(bytes).map_err(|error| format!("is no JSON array of objects: {error}"))?;
    let mut sheet = Sheet { digest: digest(bytes), columns: Vec::new(), rows: Vec::new() };
    for key in objects.iter().flat_map(Map::keys) {
        if !sheet.columns.contains(key) {
            sheet.columns.push(key.clone());
            bounded(&sheet)?;
        }
    }
    for (number, mut object) in (2..).zip(objects) {
        let cells = sheet.columns.iter().map(|key| object.remove(key).unwrap_or_default()).collect();
        sheet.rows.push(Row { number, cells });
        bounded(&sheet)?;
    }
    Ok(sheet)
}

fn bounded(sheet: &Sheet) -> Result<(), String> {
    if sheet.columns.len() > COLUMNS_MAX {
        return Err(format!("the list has more than {COLUMNS_MAX} columns"));
    }
    if sheet.rows.len() > ROWS_MAX {
        return Err(format!("the list has more than {ROWS_MAX} rows"));
    }
    Ok(())
}

fn decode(bytes: &[u8]) -> Result<String, String> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err("the list is UTF-16; save it as \"CSV UTF-8\"".to_owned());
    }
    if bytes.contains(&0) {
        return Err("the file is no text; save the list as \"CSV UTF-8\"".to_owned());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix(MARK).unwrap_or(text).to_owned()),
        Err(_) => Ok(bytes.iter().map(|byte| windows(*byte)).collect()),
    }
}

fn windows(byte: u8) -> char {
    match byte {
        0x80..=0x9f => WINDOWS[usize::from(byte - 0x80)],
        other => char::from(other),
    }
}

/// The separator: as the first line says (`sep=;`), or the one that stands most often in the headings.
fn separator(text: &str) -> (u8, &str) {
    if let Some((b"sep=", [separator, rest @ ..])) = text.as_bytes().split_at_checked(4)
        && let Some(line) = [b"\r\n".as_slice(), b"\n"].into_iter().find(|line| rest.starts_with(line))
        && separator.is_ascii()
    {
        return (*separator, text.get(5 + line.len()..).unwrap_or_default());
    }
    let mut counts = [(b';', 0_usize), (b',', 0), (b'\t', 0)];
    let mut quoted = false;
    for byte in text.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if quoted => {}
            _ => counts.iter_mut().filter(|(known, _)| *known == byte).for_each(|(_, count)| *count += 1),
        }
    }
    let best = counts.into_iter().rev().max_by_key(|(_, count)| *count);
    (best.map_or(b';', |(separator, _)| separator), text)
}

/// A cell without the apostrophe that keeps a spreadsheet from computing it.
fn bare(cell: &str) -> &str {
    if is_formula(cell) { cell.strip_prefix('\'').unwrap_or(cell) } else { cell }
}

fn is_formula(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(FORMULA)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &[u8]) -> Vec<(u32, Vec<String>)> {
        let cells = |row: &Row| row.cells.iter().map(|cell| cell.as_str().unwrap().to_owned()).collect();
        csv(text).unwrap().rows.iter().map(|row| (row.number, cells(row))).collect()
    }

    #[test]
    fn separators_and_encodings_are_those_of_spreadsheets() {
        for list in
            ["a;b\n1;2\n", "a,b\n1,2\n", "a\tb\r\n1\t2\r\n", "\u{feff}a;b\n1;2", "sep=|\r\na|b\r\n1|2\r\n"]
        {
            let sheet = csv(list.as_bytes()).unwrap();
            assert_eq!(sheet.columns, ["a", "b"], "{list}");
            assert_eq!(rows(list.as_bytes()), [(2, vec!["1".to_owned(), "2".to_owned()])], "{list}");
        }
        assert_eq!(rows(b"a;b\nJos\xe9;\x80\n")[0].1, ["José", "€"]);
        for bad in [&b"\xff\xfea"[..], b"PK\x03\x04\0\0", b""] {
            assert!(csv(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn rows_have_the_numbers_that_a_spreadsheet_shows() {
        let list = b"a;b\r\n\"one\r\ntwo\";1\r\n\r\n;\r\nthree;2\r\n";
        let numbers: Vec<u32> = rows(list).iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [2, 5]);
    }

    /// A cell that no spreadsheet computes.
    fn guarded(cell: &str) -> String {
        if is_formula(cell) { format!("'{cell}") } else { cell.to_owned() }
    }

    #[test]
    fn what_begins_like_a_formula_comes_back_as_it_was() {
        for cell in ["=1+1", "+62812", "-", "@x", "'=x", "''=x", "'x", "x", "", "\t1"] {
            let written = guarded(cell);
            assert!(!written.starts_with(FORMULA), "{written}");
            assert_eq!(bare(&written), cell);
        }
    }

    #[test]
    fn no_bytes_make_the_reader_fail_unexpectedly() {
        // Bytes that matter to it, in every order of a small generator.
        let mut state: u32 = 20_261_124;
        for _ in 0..20_000 {
            let mut bytes = Vec::new();
            for _ in 0..24 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let alphabet = b"a;,\t\"\r\n'|=\\\xef\xbb\xbf\x80\xff\0sep1";
                bytes.push(alphabet[usize::try_from(state >> 16).unwrap() % alphabet.len()]);
            }
            drop(csv(&bytes));
            drop(json(&bytes));
        }
    }

    #[test]
    fn columns_are_counted() {
        let list = |columns: usize| vec!["a"; columns].join(";");
        assert!(csv(list(COLUMNS_MAX).as_bytes()).is_ok());
        assert!(csv(list(COLUMNS_MAX + 1).as_bytes()).is_err());
    }
}
