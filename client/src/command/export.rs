//! `sambung export`

use std::io::{BufWriter, ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use sambung_replica::query::List;
use serde_json::json;

use super::Place;
use crate::cli::{ExportList, Format};
use crate::failure::Failure;
use crate::node::Node;
use crate::output;
use crate::table::Writer;
use crate::whole::Whole;

/// Rows asked for at once; the replica gives as many as it gives to anybody.
const PAGE: u32 = 1_000;
/// Greatest length of a cell that spreadsheets hold, in characters.
const SPREADSHEET_CELL_MAX: usize = 32_767;

/// What was written.
#[derive(Default)]
struct Done {
    records: u64,
    differing: u64,
    long_cells: u64,
}

/// Gives a list out, page by page.
pub(crate) fn run(place: &Place, arguments: ExportList) -> Result<ExitCode, Failure> {
    let to_stdout = arguments.out == Path::new("-");
    if to_stdout && arguments.json {
        return Err(Failure::Usage("--json needs --out with a file: stdout is the list".to_owned()));
    }
    let node = place.node()?;
    let ExportList { kind, filters, withdrawn, format, out, json } = arguments;
    let list = List { kind, filters, limit: Some(PAGE), withdrawn, ..List::default() };
    // What cannot be listed is told before a file is begun.
    let columns = node.replica.export_columns(&list.kind)?;
    let done = if to_stdout {
        match write(&node, list.clone(), format, &columns, std::io::stdout().lock()) {
            // A reader that went away is no error.
            Err(Failure::File { source, .. }) if source.kind() == ErrorKind::BrokenPipe => {
                return Ok(ExitCode::SUCCESS);
            }
            other => other?.0,
        }
    } else {
        let failed = |source| Failure::File { what: out.display().to_string(), source };
        let (done, file) = write(&node, list.clone(), format, &columns, Whole::begin(&out).map_err(failed)?)?;
        file.end().map_err(failed)?;
        done
    };
    if json {
        output::json(&json!({
            "kind": list.kind,
            "records": done.records,
            "differing": done.differing,
            "long_cells": done.long_cells,
            "file": out,
        }));
    } else {
        say(&done, (!to_stdout).then_some(out.as_path()));
    }
    Ok(ExitCode::SUCCESS)
}

fn write<W: Write>(
    node: &Node,
    mut list: List,
    format: Format,
    columns: &[String],
    out: W,
) -> Result<(Done, W), Failure> {
    let failed = |source| Failure::File { what: "the list".to_owned(), source };
    let as_json = format == Format::Json;
    let mut writer = Writer::begin(BufWriter::new(out), as_json, columns).map_err(failed)?;
    let mut done = Done::default();
    loop {
        let page = node.replica.export_page(&list)?;
        for row in &page.rows {
            writer.row(row).map_err(failed)?;
            let long = row.iter().filter(|cell| is_long(cell)).count();
            done.long_cells += u64::try_from(long).unwrap_or(u64::MAX);
            done.records += 1;
        }
        done.differing += page.differing;
        match page.next {
            Some(next) => list.after = Some(next),
            None => break,
        }
    }
    let out = writer.end().map_err(failed)?;
    Ok((done, out.into_inner().map_err(|error| failed(error.into_error()))?))
}

fn is_long(cell: &serde_json::Value) -> bool {
    !cell.is_null() && sambung_replica::export::as_text(cell).chars().count() > SPREADSHEET_CELL_MAX
}

fn say(done: &Done, file: Option<&Path>) {
    if let Some(file) = file {
        output::line(&format!("{}: {} catatan", file.display(), done.records));
        output::message(
            "Berkas ini memuat data orang dan tidak terkunci. Hapus setelah dipakai. / The file holds people's data and \
             is not encrypted. Delete it after use.",
        );
    }
    if done.differing > 0 {
        let n = done.differing;
        output::message(&format!(
            "{n} catatan punya isian berbeda; yang tertulis adalah yang ditampilkan. / {n} records have differing \
             values; the shown one is written."
        ));
    }
    if done.long_cells > 0 {
        let n = done.long_cells;
        output::message(&format!(
            "{n} isian terlalu panjang untuk lembar kerja; pakai --format json. / {n} cells are too long for a \
             spreadsheet; use --format json."
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_no_spreadsheet_holds_is_seen() {
        let text = |length: usize| serde_json::Value::from("é".repeat(length));
        assert!(!is_long(&text(SPREADSHEET_CELL_MAX)) && !is_long(&serde_json::Value::Null));
        assert!(is_long(&text(SPREADSHEET_CELL_MAX + 1)));
    }
}
