//! The commands that ask across records.

use clap::Args;
use sambung_domain::RecordId;

/// Searching.
#[derive(Debug, Args)]
pub struct Search {
    /// Names, numbers and villages that must all be found.
    #[arg(required = true, value_name = "TEXT")]
    pub text: Vec<String>,
    /// Only records of this kind.
    #[arg(long, value_name = "KIND")]
    pub kind: Option<String>,
    /// Most hits.
    #[arg(long, value_name = "N")]
    pub limit: Option<u32>,
    /// Print one line of JSON.
    #[arg(long)]
    pub json: bool,
}

/// Showing a person.
#[derive(Debug, Args)]
pub struct Person {
    /// The person's record, or their private part.
    pub id: RecordId,
    /// Only records of this kind.
    #[arg(long, value_name = "KIND")]
    pub kind: Option<String>,
    /// Most records of each kind.
    #[arg(long, value_name = "N")]
    pub limit: Option<u32>,
    /// Continue after this record, of the kind named.
    #[arg(long, value_name = "ID", requires = "kind")]
    pub after: Option<RecordId>,
    /// Print one line of JSON.
    #[arg(long)]
    pub json: bool,
}
