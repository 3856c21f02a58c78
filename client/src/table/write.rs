//! Writing lists, row by row.

use std::io::{self, Write};

use sambung_replica::export::as_text;
use serde_json::Value as Json;

use super::{MARK, guarded};

/// What separates cells: what Excel in Indonesia expects.
const SEPARATOR: u8 = b';';

/// A list that is being written.
pub(crate) enum Writer<W: Write> {
    /// Separated cells.
    Csv(Box<csv::Writer<W>>),
    /// A JSON array with an object a row.
    Json {
        /// Where it goes.
        out: W,
        /// The keys.
        columns: Vec<String>,
        /// Whether a row stands there already.
        begun: bool,
    },
}

impl<W: Write> Writer<W> {
    /// Begins a list with its headings.
    pub(crate) fn begin(mut out: W, as_json: bool, columns: &[String]) -> io::Result<Self> {
        if as_json {
            out.write_all(b"[")?;
            return Ok(Writer::Json { out, columns: columns.to_vec(), begun: false });
        }
        out.write_all(MARK.as_bytes())?;
        let mut writer =
            csv::WriterBuilder::new().delimiter(SEPARATOR).terminator(csv::Terminator::CRLF).from_writer(out);
        writer.write_record(columns)?;
        Ok(Writer::Csv(Box::new(writer)))
    }

    /// Writes a row; in JSON without the cells that are empty.
    pub(crate) fn row(&mut self, cells: &[Json]) -> io::Result<()> {
        match self {
            Writer::Csv(writer) => {
                writer.write_record(cells.iter().map(|cell| guarded(as_text(cell))))?;
            }
            Writer::Json { out, columns, begun } => {
                out.write_all(if *begun { b",\n{" } else { b"\n{" })?;
                *begun = true;
                let filled = columns.iter().zip(cells).filter(|(_, cell)| !cell.is_null());
                for (at, (key, cell)) in filled.enumerate() {
                    let comma = if at > 0 { "," } else { "" };
                    write!(out, "{comma}{}:{cell}", Json::from(key.as_str()))?;
                }
                out.write_all(b"}")?;
            }
        }
        Ok(())
    }

    /// Ends the list and gives back where it went.
    pub(crate) fn end(self) -> io::Result<W> {
        match self {
            Writer::Csv(writer) => writer.into_inner().map_err(csv::IntoInnerError::into_error),
            Writer::Json { mut out, begun, .. } => {
                out.write_all(if begun { b"\n]\n" } else { b"]\n" })?;
                Ok(out)
            }
        }
    }
}
