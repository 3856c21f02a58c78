//! The commands that take lists in.

use std::path::PathBuf;

use clap::Args;

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
