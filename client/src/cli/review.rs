//! The commands that decide: conflicts, states, the same person, drafts.

use clap::{Args, Subcommand};
use sambung_domain::RecordId;
use sambung_replica::conflict::ConflictCursor;

/// Moving a matter on.
#[derive(Debug, Args)]
pub struct Transition {
    /// The record.
    pub id: RecordId,
    /// The code of the state.
    pub to: String,
    /// The field that holds the states, for kinds with more than one.
    #[arg(long, value_name = "KEY")]
    pub field: Option<String>,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Print one line of JSON.
    #[arg(long)]
    pub json: bool,
}

/// Questions about values that differ.
#[derive(Debug, Subcommand)]
pub enum Conflicts {
    /// List what must be decided, the most harmful first. Exits 4 if there is anything.
    #[command(after_help = "Example: sambung conflicts list --json")]
    List {
        /// Most lines.
        #[arg(long, value_name = "N")]
        limit: Option<u32>,
        /// Continue after this place.
        #[arg(long, value_name = "PLACE")]
        after: Option<ConflictCursor>,
        /// Print one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show the questions about one record: every value with who, when and where, and the last common one.
    #[command(after_help = "Example: sambung conflicts show 01hz…")]
    Show {
        /// The record.
        id: RecordId,
        /// Print one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// Decide for one of the values, or another.
    #[command(
        after_help = "Example: sambung conflicts resolve 01hz… --field nama_lengkap --choose 2 --reason \"KTP dilihat\""
    )]
    Resolve {
        /// The record.
        id: RecordId,
        /// The field; a part of an item by its path.
        #[arg(long, value_name = "PATH")]
        field: String,
        /// The number of the value, as `conflicts show` lists them.
        #[arg(long, value_name = "N", conflicts_with = "value", required_unless_present = "value")]
        choose: Option<usize>,
        /// Another value.
        #[arg(long, value_name = "VALUE")]
        value: Option<String>,
        /// A change whose value was looked at, in the order of the list; repeat for each. Where others stand there
        /// now, nothing is decided.
        #[arg(long, value_name = "CHANGE")]
        seen: Vec<String>,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Print one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// List what was decided, the newest first.
    #[command(after_help = "Example: sambung conflicts decided --mine")]
    Decided {
        /// Only decisions that put a value of yours aside.
        #[arg(long)]
        mine: bool,
        /// Most decisions looked at.
        #[arg(long, value_name = "N")]
        limit: Option<u32>,
        /// Decisions to skip.
        #[arg(long, value_name = "N", default_value_t = 0)]
        skip: u32,
        /// Print one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// Take a decision back: the question is open again, with all its values.
    #[command(
        after_help = "Example: sambung conflicts undo 01hz… --field nama_lengkap --reason \"salah orang\""
    )]
    Undo {
        /// The record.
        id: RecordId,
        /// The field; a part of an item by its path.
        #[arg(long, value_name = "PATH")]
        field: String,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Print one line of JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Records of one person.
#[derive(Debug, Subcommand)]
pub enum Same {
    /// Say that two records are of one person.
    #[command(
        after_help = "Example: sambung same link 01hz… 01j0… --because NIK --reason \"KTP dan KK dilihat\""
    )]
    Link(Pair),
    /// Say that they are not, or take a link back.
    #[command(after_help = "Example: sambung same unlink 01hz… 01j0… --reason \"kakak beradik\"")]
    Unlink(Pair),
    /// Pairs that could be one person and about which nobody has decided.
    #[command(after_help = "Example: sambung same candidates --json")]
    Candidates {
        /// Only pairs with this person.
        id: Option<RecordId>,
        /// Most pairs.
        #[arg(long, value_name = "N")]
        limit: Option<u32>,
        /// Print one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// The records of the same person as one, the main one first.
    #[command(after_help = "Example: sambung same group 01hz…")]
    Group {
        /// The record.
        id: RecordId,
        /// Print one line of JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Two records.
#[derive(Debug, Args)]
pub struct Pair {
    /// One.
    pub a: RecordId,
    /// The other.
    pub b: RecordId,
    /// A code of `alasan_sama`; repeat for more.
    #[arg(long, value_name = "CODE")]
    pub because: Vec<String>,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Print one line of JSON.
    #[arg(long)]
    pub json: bool,
}

/// What was begun and not saved.
#[derive(Debug, Subcommand)]
pub enum Draft {
    /// List your drafts on this device.
    #[command(after_help = "Example: sambung draft list --json")]
    List {
        /// Print one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show one.
    #[command(after_help = "Example: sambung draft show 01hz…")]
    Show {
        /// The draft.
        id: RecordId,
    },
    /// Discard one for good.
    #[command(after_help = "Example: sambung draft discard 01hz…")]
    Discard {
        /// The draft.
        id: RecordId,
    },
}
