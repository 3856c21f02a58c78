//! The command line: a stable surface for scripts.

mod card;
mod complaint;
mod handover;
mod interop;
mod query;
mod record;
mod review;
mod transfer;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use sambung_domain::{RecordId, StaffId};

pub use card::{Card, PRINT_MAX, Track};
pub use complaint::Complaint;
pub use handover::{Pindah, Transfer};
pub use interop::{Export, Import};
pub use query::{Person, Search};
pub use record::{Fields, Record, Withdraw};
pub use review::{Conflicts, Draft, Pair, Same, Transition};
pub use transfer::{ExportList, Format, ImportList};

/// Sambung office node: keeps a local replica of worker and complaint records and merges it with a relay
/// whenever there is a network.
///
/// Exit codes: 0 ok, 1 failed, 2 usage, 3 configuration, 4 needs attention, 75 try again later (no network).
/// stdout is data, stderr is messages.
#[derive(Debug, Parser)]
#[command(name = "sambung", version, propagate_version = true)]
pub struct Cli {
    /// Directory of the replica.
    #[arg(long, global = true, env = "SAMBUNG_DIR", value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// The staff member who acts; without it the first of the device's grant.
    #[arg(long = "as", global = true, value_name = "STAFF")]
    pub staff: Option<StaffId>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Everything the program does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a new replica with an invitation code.
    #[command(
        after_help = "Example: sambung enrol --dir ~/sambung --relay https://relay.example --code 7k2m… --name \"Loket MPP 1\""
    )]
    Enrol(Enrol),
    /// Answer browsers on this machine and sync in the background.
    #[command(after_help = "Example: sambung serve --dir ~/sambung --listen 127.0.0.1:7575")]
    Serve(Serve),
    /// Exchange with the relay until everything is said.
    #[command(after_help = "Example: sambung sync --dir ~/sambung --json")]
    Sync(Json),
    /// What waits, what is confirmed, what needs attention.
    #[command(after_help = "Example: sambung status --dir ~/sambung --json")]
    Status(Json),
    /// Make, change and read records.
    #[command(subcommand)]
    Record(Record),
    /// Take a list in: every row is looked at first, and nothing is written if one is bad.
    #[command(after_help = "Example: sambung import worker daftar.csv --map siskop2mi --dry-run")]
    Import(ImportList),
    /// Give a list out: the records of a kind as a file for spreadsheets or programs.
    #[command(
        after_help = "Example: sambung export worker --where area=35.13.02 --format csv --out daftar.csv"
    )]
    Export(ExportList),
    /// Find records by name, nickname, number or village.
    #[command(after_help = "Example: sambung search siti krucil --kind worker --limit 20")]
    Search(Search),
    /// Everything about one person, kind by kind, newest first.
    #[command(after_help = "Example: sambung person 01hz… --json")]
    Person(Person),
    /// Say how the report of a service card stands.
    #[command(after_help = "Example: sambung lacak 482-915-3067-W K7QM-2X9P")]
    Lacak(Track),
    /// Service cards: draw them for the print shop, take in the lists of other offices.
    #[command(subcommand)]
    Card(Card),
    /// Move a case, placement, session or referral on to its next state.
    #[command(after_help = "Example: sambung transition 01hz… VERIFIKASI --reason \"berkas lengkap\"")]
    Transition(Transition),
    /// Complaints that travel sealed: send, list, open.
    #[command(subcommand)]
    Complaint(Complaint),
    /// Hand records from office to office: offer, accept, decline, list.
    #[command(subcommand)]
    Transfer(Transfer),
    /// Somebody lives elsewhere now: she and what is open about her goes along, or is offered to the office there.
    #[command(
        after_help = "Example: sambung pindah 01hz… --to 35.08.01.2001 --office P4MI-3508 --reason \"menikah, ikut suami\""
    )]
    Pindah(Pindah),
    /// Values that differ: look, decide, take back.
    #[command(subcommand)]
    Conflicts(Conflicts),
    /// Records of the same person: find, link, part.
    #[command(subcommand)]
    Same(Same),
    /// What was begun here and not saved.
    #[command(subcommand)]
    Draft(Draft),
    /// What somebody must look at, one by one, with the reason.
    #[command(after_help = "Example: sambung attention --dir ~/sambung --json")]
    Attention(Attention),
    /// Check everything the replica holds: pages, changes, signatures, receipts, documents, lists.
    #[command(after_help = "Example: sambung verify --dir ~/sambung --repair")]
    Verify(Verify),
    /// Copy the replica into a new encrypted file while it is in use.
    #[command(after_help = "Example: sambung backup --dir ~/sambung /media/usb/sambung-2026-11-24.backup")]
    Backup(Backup),
    /// Make a replica from a backup.
    #[command(
        after_help = "Example: sambung restore --dir ~/sambung /media/usb/sambung-2026-11-24.backup --key-file /media/kunci/device.key"
    )]
    Restore(Restore),
    /// Look at clock, disk, key, versions and everything else around the replica that can go wrong.
    #[command(after_help = "Example: sambung doctor --dir ~/sambung --json")]
    Doctor(Json),
    /// Print a completion script for a shell.
    #[command(after_help = "Example: sambung completions bash > /etc/bash_completion.d/sambung")]
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
    /// Read an Automerge file for another process of this program, from stdin to stdout.
    #[command(hide = true, after_help = "Example: sambung read-automerge <REQUEST >ANSWER")]
    ReadAutomerge,
    /// Print the manual page.
    #[command(after_help = "Example: sambung man > sambung.1")]
    Man,
}

/// How to print.
#[derive(Debug, Args)]
pub struct Json {
    /// Print one line of JSON.
    #[arg(long)]
    pub json: bool,
}

/// Making a replica.
#[derive(Debug, Args)]
pub struct Enrol {
    /// Address of the relay.
    #[arg(long, value_name = "URL")]
    pub relay: String,
    /// The invitation code.
    #[arg(long, value_name = "CODE")]
    pub code: String,
    /// What people call this device; without it the machine's name.
    #[arg(long, value_name = "TEXT")]
    pub name: Option<String>,
    /// File with a passphrase that the database key is wrapped under.
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// Print one line of JSON.
    #[arg(long)]
    pub json: bool,
}

/// Serving browsers.
#[derive(Debug, Args)]
pub struct Serve {
    /// Address to listen at.
    #[arg(long, default_value = "127.0.0.1:7575", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// Seconds between two syncs when nothing is waiting.
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    pub sync_every: u32,
}

/// Listing what needs attention.
#[derive(Debug, Args)]
pub struct Attention {
    /// Mark what came late to this record as seen.
    #[arg(long, value_name = "ID")]
    pub seen: Option<RecordId>,
    /// Most lines.
    #[arg(long, default_value_t = 100, value_name = "N")]
    pub limit: u32,
    /// Print one line of JSON.
    #[arg(long)]
    pub json: bool,
}

/// Verifying a replica.
#[derive(Debug, Args)]
pub struct Verify {
    /// Rebuild documents and lists from sound changes, and try again what could not be used.
    #[arg(long)]
    pub repair: bool,
    /// Sync, and compare every record with the relay; what differs is mended.
    #[arg(long)]
    pub with_relay: bool,
    /// Print one line of JSON.
    #[arg(long)]
    pub json: bool,
}

/// Making a backup.
#[derive(Debug, Args)]
pub struct Backup {
    /// The file to make. One that exists is refused.
    pub file: PathBuf,
    /// Print one line of JSON.
    #[arg(long)]
    pub json: bool,
}

/// Restoring a backup.
#[derive(Debug, Args)]
pub struct Restore {
    /// The backup.
    pub file: PathBuf,
    /// The kept `device.key` that belongs to it, where the directory has none.
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// Put a replica that is there aside, under a name with the time, and keep it.
    #[arg(long)]
    pub force: bool,
    /// Print one line of JSON.
    #[arg(long)]
    pub json: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent_and_every_command_has_an_example() {
        Cli::command().debug_assert();
        let mut leaves = Vec::new();
        collect(&Cli::command(), &mut leaves);
        for leaf in leaves {
            let help = leaf.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Example: sambung"), "{} has no example", leaf.get_name());
        }
    }

    fn collect(command: &clap::Command, leaves: &mut Vec<clap::Command>) {
        for sub in command.get_subcommands() {
            if sub.has_subcommands() { collect(sub, leaves) } else { leaves.push(sub.clone()) }
        }
    }
}
