//! `quarantine …`, as `clap` reads it.

use clap::{Args, Subcommand};
use sambung_domain::RecordId;

use super::{Look, parse_reason};

/// `quarantine`
#[derive(Debug, Subcommand)]
pub enum Quarantine {
    /// List what waits: hashes, authors, reasons, sizes, never content
    #[command(after_help = "Example:\n  sambung-relay quarantine list --data /var/lib/sambung")]
    List(List),
    /// Show one change that is or was in quarantine
    #[command(after_help = "Example:
  sambung-relay quarantine show --data /var/lib/sambung 9f2c0b6d11e4a358")]
    Show(Show),
    /// Release changes into the log as if they had been allowed
    #[command(after_help = "Examples:
  sambung-relay quarantine release --data /var/lib/sambung 9f2c0b6d11e4a358 --reason \"sah, sudah ditanya\"
  sambung-relay quarantine release --data /var/lib/sambung --device 3f1c88a20b7d9e54 --reason \"HP ditemukan\"

All of them or none: a change that builds on one that is not released cannot be released without it.")]
    Release(Decide),
    /// Discard changes: hash and reason stay, the content is gone here
    #[command(after_help = "Example:
  sambung-relay quarantine discard --data /var/lib/sambung 9f2c0b6d11e4a358 --reason \"bukan dari petugas\"

The author keeps the change and is told the reason.")]
    Discard(Decide),
}

/// `quarantine list`
#[derive(Debug, Args)]
pub struct List {
    /// Where the relay lives, and how to print.
    #[command(flatten)]
    pub look: Look,
    /// Also what was released or discarded
    #[arg(long)]
    pub all: bool,
}

/// `quarantine show`
#[derive(Debug, Args)]
pub struct Show {
    /// Where the relay lives, and how to print.
    #[command(flatten)]
    pub look: Look,
    /// The change: its hash, or the first eight characters and more of it
    #[arg(value_name = "CHANGE")]
    pub change: String,
}

/// `quarantine release` and `quarantine discard`
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true).multiple(false))]
pub struct Decide {
    /// Where the relay lives, and how to print.
    #[command(flatten)]
    pub look: Look,
    /// The changes: hashes, or the first eight characters and more of each
    #[arg(value_name = "CHANGE", group = "which")]
    pub changes: Vec<String>,
    /// Everything that waits of one record
    #[arg(long, value_name = "ID", group = "which")]
    pub record: Option<RecordId>,
    /// Everything that waits of one device, as `device list` shows it
    #[arg(long, value_name = "DEVICE", group = "which")]
    pub device: Option<String>,
    /// Why; the author reads it
    #[arg(long, value_name = "TEXT", value_parser = parse_reason)]
    pub reason: String,
}
