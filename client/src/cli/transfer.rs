//! The commands that take lists in and give them out.

use std::path::PathBuf;

use clap::Args;

use super::record::key_value;

/// Taking a list in.
#[derive(Debug, Args)]
pub struct ImportList {
    /// The kind of record that a row is about.
    pub kind: String,
    /// The list: CSV, or a JSON array of objects in a file that ends in `.json`.
    pub file: PathBuf,
    /// The mapping that says what the columns mean; without it headings are field keys.
    #[arg(long, value_name = "NAME")]
    pub map: Option<String>,
    /// Look at everything and write nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Write the good rows even if others are bad.
    #[arg(long)]
    pub partial: bool,
    /// Print one line of JSON.
    #[arg(long)]
    pub json: bool,
}

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Cells separated with `;`, as spreadsheets read them.
    Csv,
    /// An array of objects.
    Json,
}

/// Giving a list out.
#[derive(Debug, Args)]
pub struct ExportList {
    /// The kind.
    pub kind: String,
    /// Only records with this value; repeat for more conditions. `KEY=` finds empty fields.
    #[arg(long = "where", value_name = "KEY=VALUE", value_parser = key_value)]
    pub filters: Vec<(String, String)>,
    /// The withdrawn records, and only those.
    #[arg(long)]
    pub withdrawn: bool,
    /// How to write it.
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    pub format: Format,
    /// The file, which is written whole or not at all; `-` writes to stdout.
    #[arg(long, value_name = "FILE|-")]
    pub out: PathBuf,
    /// Print one line of JSON about what was written.
    #[arg(long)]
    pub json: bool,
}
