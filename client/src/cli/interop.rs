//! The commands that exchange records with programs that speak Automerge.

use std::path::PathBuf;

use clap::Args;
use sambung_domain::RecordId;

/// Writing a record's document.
#[derive(Debug, Args)]
pub struct Export {
    /// The record.
    pub id: RecordId,
    /// The file to make. One that exists is refused.
    #[arg(long, value_name = "FILE")]
    pub automerge: PathBuf,
    /// Print one line of JSON, with the message that changes must carry to come back as they are.
    #[arg(long)]
    pub json: bool,
}

/// Taking a document back.
#[derive(Debug, Args)]
pub struct Import {
    /// The file.
    #[arg(long, value_name = "FILE")]
    pub automerge: PathBuf,
    /// Print one line of JSON.
    #[arg(long)]
    pub json: bool,
}
