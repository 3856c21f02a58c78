//! Lists as spreadsheets read and write them.
//!
//! Excel in Indonesia separates with `;`, elsewhere with `,`, from the clipboard with tabs, and writes UTF-8 with a
//! mark, without one, or Windows-1252. A cell that begins like a formula has an apostrophe in front, so that no
//! spreadsheet computes it; reading takes it away.

mod read;
mod write;

pub(crate) use read::{FILE_MAX, csv, json};
pub(crate) use write::Writer;

/// The mark in front of UTF-8, without which Excel takes it for something else.
const MARK: &str = "\u{feff}";
/// What makes a spreadsheet compute a cell.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A cell that no spreadsheet computes.
fn guarded(cell: String) -> String {
    if is_formula(&cell) { format!("'{cell}") } else { cell }
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
    use proptest::prelude::*;
    use sambung_replica::import::Sheet;
    use serde_json::Value as Json;

    fn written(columns: &[String], rows: &[Vec<String>], as_json: bool) -> Vec<u8> {
        let mut writer = Writer::begin(Vec::new(), as_json, columns).unwrap();
        for row in rows {
            let cells: Vec<Json> = row.iter().map(|cell| Json::from(cell.as_str())).collect();
            writer.row(&cells).unwrap();
        }
        writer.end().unwrap()
    }

    fn texts(sheet: &Sheet) -> Vec<Vec<String>> {
        let text = |cell: &Json| cell.as_str().unwrap().to_owned();
        sheet.rows.iter().map(|row| row.cells.iter().map(text).collect()).collect()
    }

    #[test]
    fn what_begins_like_a_formula_comes_back_as_it_was() {
        for cell in ["=1+1", "+62812", "-", "@x", "'=x", "''=x", "'x", "x", "", "\t1", "\r"] {
            let written = guarded(cell.to_owned());
            assert!(!written.starts_with(FORMULA), "{written}");
            assert_eq!(bare(&written), cell);
        }
    }

    #[test]
    fn no_spreadsheet_computes_a_cell_of_a_written_list() {
        let columns = ["id", "a"].map(str::to_owned);
        let list = written(&columns, &[vec!["1".to_owned(), "=HYPERLINK(\"http://x\")".to_owned()]], false);
        assert_eq!(
            String::from_utf8(list).unwrap(),
            "\u{feff}id;a\r\n1;\"'=HYPERLINK(\"\"http://x\"\")\"\r\n"
        );
    }

    /// Cells with everything in them that lists are made of.
    fn cell() -> impl Strategy<Value = String> {
        prop_oneof!["\\PC{0,12}", "[;,\t\"\r\n'=+@|\\\\ a-]{0,8}", any::<String>()]
    }

    proptest! {
        #[test]
        fn any_table_of_texts_is_read_as_it_was_written(
            width in 1_usize..5,
            cells in prop::collection::vec(cell(), 0..40),
        ) {
            let columns: Vec<String> = (0..=width).map(|at| format!("k{at}")).collect();
            let rows: Vec<Vec<String>> = cells
                .chunks_exact(width)
                .map(|row| std::iter::once("id".to_owned()).chain(row.iter().cloned()).collect())
                .collect();
            let read = csv(&written(&columns, &rows, false)).unwrap();
            prop_assert_eq!(&read.columns, &columns);
            prop_assert_eq!(texts(&read), rows.clone());
            let numbers: Vec<u32> = read.rows.iter().map(|row| row.number).collect();
            prop_assert_eq!(numbers, (2..).take(rows.len()).collect::<Vec<u32>>());
            let read = json(&written(&columns, &rows, true)).unwrap();
            prop_assert_eq!(texts(&read), rows);
        }

        #[test]
        fn any_bytes_are_a_list_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for sheet in [csv(&bytes), json(&bytes)].into_iter().flatten() {
                prop_assert!(!sheet.rows.iter().any(|row| row.cells.is_empty() && !sheet.columns.is_empty()));
                prop_assert!(sheet.rows.is_sorted_by(|a, b| a.number < b.number));
            }
        }

        #[test]
        fn bytes_that_matter_are_a_list_or_refused(
            bytes in prop::collection::vec(prop::sample::select(b"a;,\t\"\r\n'|=\\\xef\xbb\xbf\x80\xff\0sep1[]{}:".to_vec()), 0..40),
        ) {
            for sheet in [csv(&bytes), json(&bytes)].into_iter().flatten() {
                prop_assert!(!sheet.rows.iter().any(|row| row.cells.is_empty() && !sheet.columns.is_empty()));
                prop_assert!(sheet.rows.is_sorted_by(|a, b| a.number < b.number));
            }
        }
    }
}
