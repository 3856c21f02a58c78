//! The commands that bring a record elsewhere: offers between offices, and people who move.

use clap::{Args, Subcommand};
use sambung_domain::{Area, OfficeCode, RecordId};

/// Handing records from office to office.
#[derive(Debug, Subcommand)]
pub enum Transfer {
    /// Offer a record to another office, which sees it from then on. What belongs to it is offered along.
    #[command(
        after_help = "Example: sambung transfer offer 01hz… --to P4MI-3508 --reason \"keluarga di Lumajang\""
    )]
    Offer {
        /// The record.
        id: RecordId,
        /// The code of the office.
        #[arg(long, value_name = "OFFICE")]
        to: OfficeCode,
        /// Stay a partner once it is theirs.
        #[arg(long)]
        keep: bool,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Print one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// Take an offer to this office.
    #[command(after_help = "Example: sambung transfer accept 01hz…")]
    Accept {
        /// The record.
        id: RecordId,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Print one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// Turn an offer down, or take back what this office offered.
    #[command(after_help = "Example: sambung transfer decline 01hz… --reason \"bukan wilayah kami\"")]
    Decline {
        /// The record.
        id: RecordId,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Print one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// What is offered, those to this office first.
    #[command(after_help = "Example: sambung transfer list --json")]
    List {
        /// Print one line of JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Somebody lives elsewhere now.
#[derive(Debug, Args)]
pub struct Pindah {
    /// The person or household.
    pub id: RecordId,
    /// The area: any prefix of a region code.
    #[arg(long, value_name = "AREA")]
    pub to: Area,
    /// The office that serves the area; without it the one that is known to.
    #[arg(long, value_name = "OFFICE")]
    pub office: Option<OfficeCode>,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Print one line of JSON.
    #[arg(long)]
    pub json: bool,
}
