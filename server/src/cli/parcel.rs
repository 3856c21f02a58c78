//! `parcel …`, as `clap` reads it.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Look;

/// `parcel`
#[derive(Debug, Subcommand)]
pub enum Parcel {
    /// List the sealed items that wait: sender, destination, kind, size, never content
    #[command(after_help = "Example:\n  sambung-relay parcel list --data /var/lib/sambung")]
    List(Look),
    /// Write a sealed item to a file, as it is: for opening it with the recovery key when no office can
    #[command(after_help = "Example:
  sambung-relay parcel take --data /var/lib/sambung 5f2c90ab --out /media/usb/kiriman.age

The file is closed to this relay. On a machine without a network, whoever keeps the recovery file opens it:
  sambung-relay parcel key /media/usb/pemulihan.toml --out kunci.txt
  age --decrypt --identity kunci.txt kiriman.age")]
    Take(Take),
    /// Write the key that opens every sealed item, from the recovery file, for the program `age`
    #[command(after_help = "Example:
  sambung-relay parcel key /media/usb/pemulihan.toml --out /media/usb/kunci.txt")]
    Key(Key),
}

/// `parcel take`
#[derive(Debug, Args)]
pub struct Take {
    /// Where the relay lives, and how to print.
    #[command(flatten)]
    pub look: Look,
    /// The item, by at least eight digits of its name
    #[arg(value_name = "ITEM")]
    pub item: String,
    /// The file to write; must not exist
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// `parcel key`
#[derive(Debug, Args)]
pub struct Key {
    /// The recovery file
    #[arg(value_name = "FILE")]
    pub recovery: PathBuf,
    /// The file to write; must not exist
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}
