//! Service cards at the command line.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Most cards of one print run.
pub const PRINT_MAX: u32 = 10_000;

/// Making service cards.
#[derive(Debug, Subcommand)]
pub enum Card {
    /// Draw numbers and tracking codes for the print shop, and the list that says which status card is whose.
    #[command(after_help = "Example: sambung card print --count 500 --out /media/usb/kartu-2026-11")]
    Print {
        /// How many.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(PRINT_MAX)))]
        count: u32,
        /// Directory for kartu.csv (secret: the codes) and daftar.csv (for the other offices).
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Print one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// Take in another office's list of cards.
    #[command(after_help = "Example: sambung card import daftar.csv")]
    Import {
        /// The list: daftar.csv of whoever printed the cards.
        file: PathBuf,
        /// Print one line of JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Asking how a report stands.
#[derive(Args)]
pub struct Track {
    /// The number on the card.
    pub number: String,
    /// The tracking code under the scratch field; in one word or two.
    #[arg(required = true, num_args = 1.., value_name = "CODE")]
    pub code: Vec<String>,
    /// Print one line of JSON.
    #[arg(long)]
    pub json: bool,
}

impl std::fmt::Debug for Track {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Track(…)")
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::cli::Cli;

    #[test]
    fn a_print_run_is_bounded() {
        let taken = |count: u32| {
            let count = count.to_string();
            Cli::try_parse_from(["sambung", "card", "print", "--out", "x", "--count", &count]).is_ok()
        };
        assert!(taken(1) && taken(super::PRINT_MAX));
        assert!(!taken(0) && !taken(super::PRINT_MAX + 1));
    }

    #[test]
    fn what_is_asked_does_not_print_itself() {
        let asked = Cli::try_parse_from(["sambung", "lacak", "482-915-3067-W", "K7QM", "2X9P"]).unwrap();
        let shown = format!("{asked:?}");
        assert!(!shown.contains("3067") && !shown.contains("K7QM"), "{shown}");
    }
}
