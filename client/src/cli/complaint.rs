//! The commands on sealed complaints.

use clap::Subcommand;
use sambung_domain::{OfficeCode, RecordId};

use super::record::Fields;

/// Commands on complaints that travel sealed.
#[derive(Debug, Subcommand)]
pub enum Complaint {
    /// Send a complaint: it is sealed to the office and can no longer be read here.
    #[command(
        after_help = "Example: sambung complaint seal --card 482-915-3067-W --add kronologi='{\"isi\":\"…\"}' --set siapa_boleh_membaca=BP3MI"
    )]
    Seal {
        /// Number of the service card that the person was given.
        #[arg(long, value_name = "CARD")]
        card: Option<String>,
        /// The office that is to open it; without it the one this device belongs to.
        #[arg(long, value_name = "OFFICE")]
        to: Option<OfficeCode>,
        /// The draft it was entered in, which is destroyed.
        #[arg(long, value_name = "ID")]
        draft: Option<RecordId>,
        /// What to write.
        #[command(flatten)]
        fields: Fields,
        /// Print one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// List what came sealed and waits for somebody to open it.
    #[command(after_help = "Example: sambung complaint list --json")]
    List {
        /// Print one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// Open a complaint: it becomes a record, and part of a case.
    #[command(after_help = "Example: sambung complaint open 5f2c90ab --json")]
    Open {
        /// The item, by its name or at least eight digits of it.
        item: String,
        /// The case it belongs to; without it that of another complaint with the same card, or a new one.
        #[arg(long, value_name = "ID")]
        case: Option<RecordId>,
        /// Print one line of JSON.
        #[arg(long)]
        json: bool,
    },
}
