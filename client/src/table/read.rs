//! Reading lists, whoever wrote them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use sambung_replica::import::{COLUMNS_MAX, ROWS_MAX, Row, Sheet};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

use super::{MARK, bare};

/// Greatest length of a list, in bytes.
pub(crate) const FILE_MAX: usize = 64 * 1024 * 1024;
/// Greatest length of a heading, in bytes. What is longer is no heading, and no message repeats it.
const HEADING_MAX: usize = 200;
/// How a workbook of Excel begins: it is a ZIP archive.
const WORKBOOK: &[u8] = b"PK\x03\x04";
/// What Windows-1252 has at 0x80 to 0x9f.
const WINDOWS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Reads a list in CSV.
pub(crate) fn csv(bytes: &[u8]) -> Result<Sheet, String> {
    let text = decode(bytes)?;
    let (separator, text) = separator(&text);
    if let Some(row) = open_quote(text.as_bytes(), separator) {
        return Err(format!("the quotation mark that opens in row {row} is never closed"));
    }
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut sheet = Sheet::default();
    let mut number = 0;
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let start = record.position().map_or(0, csv::Position::byte);
        number += 1 + blank_rows(text.as_bytes(), usize::try_from(start).unwrap_or(usize::MAX));
        if sheet.columns.is_empty() {
            sheet.columns =
                record.iter().map(|heading| heading_of(bare(heading.trim()))).collect::<Result<_, _>>()?;
        } else if record.iter().any(|cell| !cell.trim().is_empty()) {
            let mut cells: Vec<Json> = record.iter().map(|cell| Json::from(bare(cell))).collect();
            while cells.len() > sheet.columns.len() && cells.last().is_some_and(|cell| cell == "") {
                cells.pop();
            }
            sheet.rows.push(Row { number, cells });
        }
        bounded(&sheet)?;
    }
    if sheet.columns.is_empty() { Err("the list is empty".to_owned()) } else { Ok(sheet) }
}

/// Empty rows between a place where a row was looked for and the row: the reader says nothing of them, a spreadsheet
/// counts them. A line break inside quotation marks is no row of its own.
fn blank_rows(text: &[u8], start: usize) -> u32 {
    let mut rest = text.get(start..).unwrap_or_default();
    if start > 0 && text.get(start - 1) == Some(&b'\r') {
        rest = rest.strip_prefix(b"\n").unwrap_or(rest);
    }
    let mut rows = 0;
    let breaks: [&[u8]; 3] = [b"\r\n", b"\n", b"\r"];
    while let Some(after) = breaks.iter().find_map(|one| rest.strip_prefix(*one)) {
        rest = after;
        rows += 1;
    }
    rows
}

/// The row in which a quotation mark opens that nothing closes: all that follows would be one cell.
fn open_quote(text: &[u8], separator: u8) -> Option<u32> {
    enum At {
        Start,
        Plain,
        Quoted,
        Quote,
    }
    let (mut at, mut row, mut opened, mut before) = (At::Start, 1_u32, 1, 0);
    for &byte in text {
        at = match (at, byte) {
            (At::Start, b'"') => {
                opened = row;
                At::Quoted
            }
            (At::Quoted, b'"') => At::Quote,
            (At::Quoted, _) | (At::Quote, b'"') => At::Quoted,
            (_, b'\r' | b'\n') => {
                row += u32::from(!(byte == b'\n' && before == b'\r'));
                At::Start
            }
            (_, byte) if byte == separator => At::Start,
            (_, _) => At::Plain,
        };
        before = byte;
    }
    matches!(at, At::Quoted).then_some(opened)
}

/// Reads a list in JSON: an array of objects.
pub(crate) fn json(bytes: &[u8]) -> Result<Sheet, String> {
    let bytes = bytes.strip_prefix(MARK.as_bytes()).unwrap_or(bytes);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let mut list = Objects::default();
    list.deserialize(&mut reader)
        .and_then(|()| reader.end())
        .map_err(|error| format!("it is no JSON array of objects: {error}"))?;
    Ok(list.sheet)
}

/// Takes objects up one by one; keys get a column where they first stand.
#[derive(Default)]
struct Objects {
    sheet: Sheet,
    places: BTreeMap<String, usize>,
}

impl Objects {
    fn deserialize<'de, D: Deserializer<'de>>(&mut self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(Array(self))
    }
}

struct Array<'a>(&'a mut Objects);

impl<'de> Visitor<'de> for Array<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut objects: A) -> Result<(), A::Error> {
        while let Some(cells) = objects.next_element_seed(Object(self.0))? {
            let sheet = &mut self.0.sheet;
            let number = u32::try_from(sheet.rows.len() + 1).unwrap_or(u32::MAX);
            sheet.rows.push(Row { number, cells });
            bounded(sheet).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

struct Object<'a>(&'a mut Objects);

impl<'de> DeserializeSeed<'de> for Object<'_> {
    type Value = Vec<Json>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Json>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = Vec<Json>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Vec<Json>, A::Error> {
        let Objects { sheet, places } = self.0;
        let mut filled = Vec::new();
        let mut cells = vec![Json::Null; sheet.columns.len()];
        while let Some((key, value)) = entries.next_entry::<String, Json>()? {
            let key = heading_of(&key).map_err(A::Error::custom)?;
            let place = *places.entry(key).or_insert_with_key(|key| {
                sheet.columns.push(key.clone());
                sheet.columns.len() - 1
            });
            bounded(sheet).map_err(A::Error::custom)?;
            if filled.contains(&place) {
                return Err(A::Error::custom(format!("the key `{}` stands twice", sheet.columns[place])));
            }
            filled.push(place);
            cells.resize(sheet.columns.len(), Json::Null);
            cells[place] = value;
        }
        Ok(cells)
    }
}

fn heading_of(text: &str) -> Result<String, String> {
    if text.len() > HEADING_MAX {
        return Err(format!("a heading is longer than {HEADING_MAX} bytes; is it a list?"));
    }
    Ok(text.to_owned())
}

fn bounded(sheet: &Sheet) -> Result<(), String> {
    if sheet.columns.len() > COLUMNS_MAX {
        return Err(format!("the list has more than {COLUMNS_MAX} columns"));
    }
    if sheet.rows.len() > ROWS_MAX {
        return Err(format!("the list has more than {ROWS_MAX} rows; import it in parts"));
    }
    Ok(())
}

fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, String> {
    if bytes.starts_with(WORKBOOK) {
        return Err("it is a workbook; save the list as \"CSV UTF-8\"".to_owned());
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err("it is UTF-16; save the list as \"CSV UTF-8\"".to_owned());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Cow::Borrowed(text.strip_prefix(MARK).unwrap_or(text))),
        Err(_) if bytes.contains(&0) => Err("it is no text; save the list as \"CSV UTF-8\"".to_owned()),
        Err(_) => Ok(Cow::Owned(bytes.iter().map(|byte| windows(*byte)).collect())),
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
        for bad in [&b"\xff\xfea"[..], b"PK\x03\x04\0\0", b"", b"a\0\xff"] {
            assert!(csv(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn rows_have_the_numbers_that_a_spreadsheet_shows() {
        let list = "\na;b\n\"one\ntwo\";1\n\n;\nthree;2\n\n\nfour;3\nfive;4";
        for list in [list.to_owned(), list.replace('\n', "\r\n"), list.replace('\n', "\r")] {
            let numbers: Vec<u32> = rows(list.as_bytes()).iter().map(|(number, _)| *number).collect();
            assert_eq!(numbers, [3, 6, 9, 10], "{list:?}");
        }
    }

    #[test]
    fn a_quotation_mark_that_nothing_closes_is_told_by_its_row() {
        let refused = csv(b"a;b\r\n\"x\r\ny\";1\r\n\"Uji;2\r\nlain;3\r\n").unwrap_err();
        assert_eq!(refused, "the quotation mark that opens in row 3 is never closed");
        assert!(csv(b"a;b\nUji \"Siti\";1\n\"\"\"\";2\n").is_ok());
    }

    #[test]
    fn empty_cells_behind_the_last_heading_are_none() {
        assert_eq!(rows(b"a;b\n1\n1;2;;\n"), [(2, vec!["1".into()]), (3, vec!["1".into(), "2".into()])]);
        assert_eq!(rows(b"a\n1;;3\n"), [(2, vec!["1".into(), String::new(), "3".into()])]);
    }

    #[test]
    fn objects_are_rows_whatever_keys_they_have() {
        let sheet = json(br#"[{"a":"1"},{"b":[true],"a":null}]"#).unwrap();
        assert_eq!(sheet.columns, ["a", "b"]);
        let cells: Vec<_> = sheet.rows.iter().map(|row| (row.number, row.cells.clone())).collect();
        let second = vec![Json::Null, serde_json::json!([true])];
        assert_eq!(cells, [(1, vec![Json::from("1")]), (2, second)]);
        for bad in [r#"{"a":1}"#, r#"[{"a":1,"a":2}]"#, "[1]", "[{}] x", "", "[{}"] {
            assert!(json(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn columns_are_counted() {
        let list = |columns: usize| (0..columns).map(|at| format!("k{at}")).collect::<Vec<_>>();
        let object = |columns: usize| {
            let entries: Vec<String> = list(columns).iter().map(|key| format!("\"{key}\":1")).collect();
            format!("[{{{}}}]", entries.join(","))
        };
        assert!(csv(list(COLUMNS_MAX).join(";").as_bytes()).is_ok());
        assert!(csv(list(COLUMNS_MAX + 1).join(";").as_bytes()).is_err());
        assert!(json(object(COLUMNS_MAX).as_bytes()).is_ok());
        assert!(json(object(COLUMNS_MAX + 1).as_bytes()).is_err());
    }

    #[test]
    fn headings_are_bounded() {
        for (length, good) in [(HEADING_MAX, true), (HEADING_MAX + 1, false)] {
            let heading = "k".repeat(length);
            assert_eq!(csv(format!("{heading}\n1\n").as_bytes()).is_ok(), good, "{length}");
            assert_eq!(json(format!("[{{\"{heading}\":1}}]").as_bytes()).is_ok(), good, "{length}");
        }
    }

    #[test]
    fn rows_are_counted() {
        let list = |rows: usize| format!("a\n{}", "1\n".repeat(rows));
        let objects = |rows: usize| format!("[{}]", vec!["{}"; rows].join(","));
        assert!(csv(list(ROWS_MAX).as_bytes()).is_ok() && json(objects(ROWS_MAX).as_bytes()).is_ok());
        assert!(csv(list(ROWS_MAX + 1).as_bytes()).is_err());
        assert!(json(objects(ROWS_MAX + 1).as_bytes()).is_err());
    }
}
