//! The commands on records.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use sambung_domain::RecordId;

use super::interop::{Export, Import};

/// Commands on records.
#[derive(Debug, Subcommand)]
pub enum Record {
    /// Make a record; prints its id.
    #[command(
        after_help = "Example: sambung record create worker --set nama_lengkap=\"Uji Siti\" --set area=35.13.02.2004 --add telepon=081234567890"
    )]
    Create {
        /// The kind.
        kind: String,
        /// The record it is a part of, for kinds that are one: the worker of a `worker_private`.
        #[arg(long, value_name = "ID")]
        of: Option<RecordId>,
        /// What to write.
        #[command(flatten)]
        fields: Fields,
        /// Print one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// Take a record out of lists and searches; nothing is deleted.
    #[command(after_help = "Example: sambung record withdraw 01hz… --reason \"dicatat dua kali\"")]
    Withdraw(Withdraw),
    /// Put a withdrawn record back.
    #[command(after_help = "Example: sambung record reinstate 01hz… --reason \"ternyata benar\"")]
    Reinstate(Withdraw),
    /// Change a record: only the fields named are written.
    #[command(after_help = "Example: sambung record edit 01hz… --set dusun=\"Krajan\" --unset rt")]
    Edit {
        /// The record.
        id: RecordId,
        /// What to write.
        #[command(flatten)]
        fields: Fields,
        /// Why, where a reason is asked for.
        #[arg(long)]
        reason: Option<String>,
        /// Print one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show a record: values, differing values, where it is.
    #[command(after_help = "Example: sambung record show 01hz… --json")]
    Show {
        /// The record.
        id: RecordId,
        /// Print one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// List records of a kind.
    #[command(
        after_help = "Example: sambung record list worker --where area=35.13.02 --sort nama_lengkap --limit 20"
    )]
    List {
        /// The kind.
        kind: String,
        /// Only records with this value; repeat for more conditions. `KEY=` finds empty fields.
        #[arg(long = "where", value_name = "KEY=VALUE", value_parser = key_value)]
        filters: Vec<(String, String)>,
        /// The field to sort by; with `-` before it from the end.
        #[arg(long, value_name = "[-]KEY", allow_hyphen_values = true)]
        sort: Option<String>,
        /// Most rows.
        #[arg(long, value_name = "N")]
        limit: Option<u32>,
        /// Continue after this record.
        #[arg(long, value_name = "ID")]
        after: Option<RecordId>,
        /// The withdrawn records, and only those.
        #[arg(long)]
        withdrawn: bool,
        /// Print one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// Who changed what, when, on which device.
    #[command(after_help = "Example: sambung record history 01hz… --json")]
    History {
        /// The record.
        id: RecordId,
        /// Print one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write a record's document for programs that speak Automerge; prints the actor to edit it under.
    #[command(after_help = "Example: sambung record export 01hz… --automerge siti.automerge --json")]
    Export(Export),
    /// Take such a file back.
    #[command(after_help = "Example: sambung record import --automerge siti.automerge --json")]
    Import(Import),
}

/// Withdrawing a record, or taking that back.
#[derive(Debug, Args)]
pub struct Withdraw {
    /// The record.
    pub id: RecordId,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// Print one line of JSON.
    #[arg(long)]
    pub json: bool,
}

/// What to write.
#[derive(Debug, Args)]
pub struct Fields {
    /// Set a field; `key=` empties it. A block is a JSON object of its parts; a part of an item is named by its path,
    /// `klarifikasi/ITEM/dipenuhi=ya`.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    pub set: Vec<(String, String)>,
    /// Remove a field.
    #[arg(long = "unset", value_name = "KEY")]
    pub unset: Vec<String>,
    /// Add an entry to a set, or an item as a JSON object of its parts.
    #[arg(long = "add", value_name = "KEY=VALUE", value_parser = key_value)]
    pub add: Vec<(String, String)>,
    /// Take an entry out of a set.
    #[arg(long = "remove", value_name = "KEY=VALUE", value_parser = key_value)]
    pub remove: Vec<(String, String)>,
    /// Save nothing if a value is odd, a NIK that cannot be one, and exit 1.
    #[arg(long)]
    pub strict: bool,
    /// Read `{"set": {…}, "unset": […], "add": [[key, value], …], "remove": […]}` from a file, or from stdin with `-`.
    #[arg(long, value_name = "FILE|-")]
    pub json_body: Option<PathBuf>,
}

/// A `KEY=VALUE` argument.
pub(super) fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or_else(|| format!("`{text}` is not KEY=VALUE"))?;
    Ok((key.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_may_contain_the_equals_sign() {
        assert_eq!(key_value("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert!(key_value("a").is_err());
    }
}
