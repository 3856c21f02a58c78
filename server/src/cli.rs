//! The command line, as `clap` reads it.

pub mod parcel;
pub mod quarantine;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use sambung_domain::{Area, OfficeCode, Role, Set, StaffId};
use sambung_trust::outcome::REASON_MAX;

use crate::logging::LogFormat;

/// The relay of a Sambung deployment: holds the logs, checks rights, shows nothing.
///
/// Data goes to standard output, messages to standard error. Exit codes: 0 done, 1 failed, 2 wrong usage,
/// 3 configuration, 75 try again later.
#[derive(Debug, Parser)]
#[command(name = "sambung-relay", version, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    /// How the log is written to standard error
    #[arg(long, global = true, value_enum, default_value_t, env = "SAMBUNG_LOG_FORMAT")]
    pub log_format: LogFormat,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the relay's program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a relay: its keys, its recovery file, an empty log
    #[command(after_help = "Examples:
  sambung-relay init --data /var/lib/sambung --name \"BP3MI Jawa Timur\" --recovery-out /media/usb/pemulihan.toml
  sambung-relay init --data /var/lib/sambung --recover /media/usb/pemulihan.toml

Move the recovery file to a safe place off this machine. With --recover the relay has the same identity and an
empty log; devices bring back what they hold.")]
    Init(Init),
    /// Answer devices over HTTP until stopped (SIGTERM or SIGINT)
    #[command(after_help = "Example:
  sambung-relay serve --data /var/lib/sambung --listen 127.0.0.1:7474 --metrics 127.0.0.1:7475

The relay speaks plain HTTP/1.1 and HTTP/2. Put a proxy that speaks TLS in front of it before devices reach it
over a network. Probes: GET /livez, GET /readyz. The address goes to standard output, the log to standard error
(JSON unless that is a terminal or --log-format says so; SAMBUNG_LOG=debug says more).")]
    Serve(Serve),
    /// Make a one-time invitation code for a device
    #[command(after_help = "Example:
  sambung-relay invite --data /var/lib/sambung --role front_office --area 35.13,35.08 --office P4MI-3513")]
    Invite(Invite),
    /// Look at the enrolled devices, revoke one, change its rights
    #[command(subcommand)]
    Device(Device),
    /// Look at what is kept apart, and decide about it
    #[command(subcommand)]
    Quarantine(quarantine::Quarantine),
    /// Look at sealed items that wait, and take one out for the recovery key
    #[command(subcommand)]
    Parcel(parcel::Parcel),
    /// End the silence of a relay that came back with less than it had
    #[command(after_help = "Example:
  sambung-relay resume --data /var/lib/sambung --reason \"belum ada perangkat pusat\"

A relay made from its recovery file, or given back an order that it had lost, takes what devices send and sends them
no records before a node of the centre (role central) has exchanged: it could serve a device that was revoked. Where
there is no such node, look through `device list` first. The reason stays at the relay.")]
    Resume(Resume),
    /// Say what the relay holds
    #[command(after_help = "Example:\n  sambung-relay status --data /var/lib/sambung --json")]
    Status(Look),
    /// Check the whole database: every chain, hash and signature
    #[command(after_help = "Example:
  sambung-relay verify --data /var/lib/sambung

Findings go to standard output, one a line; with findings the exit code is 1. The relay may go on serving.")]
    Verify(Look),
    /// Write a checked copy of the database to a file that does not exist yet
    #[command(after_help = "Example:
  sambung-relay backup --data /var/lib/sambung /mnt/cadangan/relay-2026-11-24.sqlite

The relay may go on serving. The copy holds restricted records: keep it encrypted. The keys are not in it: keep a
copy of relay.key elsewhere, or the recovery file.")]
    Backup(Backup),
    /// Put a backup and its keys into a new directory, after checking all of it
    #[command(after_help = "Examples:
  sambung-relay restore --data /var/lib/sambung-2 --key-file /mnt/kunci/relay.key /mnt/cadangan/relay-2026-11-24.sqlite
  sambung-relay restore --data /var/lib/sambung-2 --recover /media/usb/pemulihan.toml /mnt/cadangan/relay-2026-11-24.sqlite

A directory in which a relay lives is refused. Stop the old relay first: two must never serve one log.")]
    Restore(Restore),
    /// Print a completion script
    #[command(
        after_help = "Example:\n  sambung-relay completions bash > /etc/bash_completion.d/sambung-relay"
    )]
    Completions {
        /// For which shell
        shell: Shell,
    },
    /// Print the manual page of the program or of one command
    #[command(after_help = "Examples:
  sambung-relay man > /usr/local/share/man/man1/sambung-relay.1
  sambung-relay man serve > /usr/local/share/man/man1/sambung-relay-serve.1")]
    Man {
        /// Of which command
        command: Option<String>,
    },
}

/// Where the relay lives.
#[derive(Debug, Args)]
pub struct Data {
    /// The relay's directory
    #[arg(long, value_name = "DIR", env = "SAMBUNG_RELAY_DATA")]
    pub data: PathBuf,
}

/// `init`
#[derive(Debug, Args)]
pub struct Init {
    /// Where the relay will live.
    #[command(flatten)]
    pub data: Data,
    /// The deployment's name, for people; with --recover the one in the file unless given
    #[arg(long, value_name = "TEXT", required_unless_present = "recover")]
    pub name: Option<String>,
    /// Where to write the recovery file; must not exist
    #[arg(long, value_name = "FILE", required_unless_present = "recover", conflicts_with = "recover")]
    pub recovery_out: Option<PathBuf>,
    /// Make an empty relay with the identity in this recovery file
    #[arg(long, value_name = "FILE")]
    pub recover: Option<PathBuf>,
}

/// `serve`
#[derive(Debug, Args)]
pub struct Serve {
    /// Where the relay lives.
    #[command(flatten)]
    pub data: Data,
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7474")]
    pub listen: std::net::SocketAddr,
    /// A second address, for GET /metrics and the probes; without it there is none. Keep it on this machine
    #[arg(long, value_name = "ADDRESS")]
    pub metrics: Option<std::net::SocketAddr>,
}

/// `invite`
#[derive(Debug, Args)]
pub struct Invite {
    /// Where the relay lives.
    #[command(flatten)]
    pub data: Data,
    /// The role, by name or official code
    #[arg(long)]
    pub role: Role,
    /// The areas, for example 35.13 or 35.13,35.08
    #[arg(long, required_unless_present = "set", value_delimiter = ',')]
    pub area: Vec<Area>,
    /// The office the device stands in, for example P4MI-3513; the role may also reach that office's records
    #[arg(long, value_name = "CODE")]
    pub office: Option<OfficeCode>,
    /// A further set it may reach as its role does: a:AREA, o:OFFICE or p:STAFF
    #[arg(long, value_name = "SET")]
    pub set: Vec<Set>,
    /// A member of staff who may unlock it; none: one is minted at enrolment
    #[arg(long, value_name = "ID")]
    pub staff: Vec<StaffId>,
    /// How long the code is good for: 30m, 12h, 7d
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = parse_time)]
    pub expires: Duration,
    /// The address under which devices reach this relay
    #[arg(long, env = "SAMBUNG_RELAY_URL", default_value = "http://127.0.0.1:7474")]
    pub url: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `device`
#[derive(Debug, Subcommand)]
pub enum Device {
    /// List the enrolled devices
    #[command(after_help = "Example:\n  sambung-relay device list --data /var/lib/sambung")]
    List(Look),
    /// Show one device: its rights, how it stands, what was ordered about it
    #[command(after_help = "Example:
  sambung-relay device show --data /var/lib/sambung 3f1c88a20b7d9e54")]
    Show(OneDevice),
    /// Revoke a device for good: a lost or stolen one
    #[command(after_help = "Example:
  sambung-relay device revoke --data /var/lib/sambung 3f1c88a20b7d9e54 --reason \"hilang di terminal\"

From then on the device is sent nothing, and what it pushes goes into quarantine. This cannot be taken back; whoever
finds the device enrols it anew. The reason stays at the relay.")]
    Revoke(Revoke),
    /// End a device's grant and give it another, wider or narrower
    #[command(after_help = "Example:
  sambung-relay device regrant --data /var/lib/sambung 3f1c88a20b7d9e54 --area 35.13.02 --reason \"pindah tugas\"

The device hears of it at its next exchange. What it did before under the old grant is accepted as late.")]
    Regrant(Regrant),
}

/// Which device.
#[derive(Debug, Args)]
pub struct OneDevice {
    /// Where the relay lives, and how to print.
    #[command(flatten)]
    pub look: Look,
    /// The device, as `device list` shows it
    #[arg(value_name = "DEVICE")]
    pub device: String,
}

/// `device revoke`
#[derive(Debug, Args)]
pub struct Revoke {
    /// Which device.
    #[command(flatten)]
    pub device: OneDevice,
    /// Why, for those who run the relay
    #[arg(long, value_name = "TEXT", value_parser = parse_reason)]
    pub reason: String,
}

/// `device regrant`
#[derive(Debug, Args)]
pub struct Regrant {
    /// Which device.
    #[command(flatten)]
    pub device: OneDevice,
    /// The areas it gets
    #[arg(long, required = true, value_delimiter = ',')]
    pub area: Vec<Area>,
    /// The role it gets; none: the one it has
    #[arg(long)]
    pub role: Option<Role>,
    /// Why, for those who run the relay
    #[arg(long, value_name = "TEXT", value_parser = parse_reason)]
    pub reason: String,
}

/// `resume`
#[derive(Debug, Args)]
pub struct Resume {
    /// Where the relay lives, and how to print.
    #[command(flatten)]
    pub look: Look,
    /// Why, for those who run the relay
    #[arg(long, value_name = "TEXT", value_parser = parse_reason)]
    pub reason: String,
}

fn parse_reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.len() > REASON_MAX {
        return Err(format!("a reason has 1 to {REASON_MAX} bytes"));
    }
    Ok(text.to_owned())
}

/// Commands that only look.
#[derive(Debug, Args)]
pub struct Look {
    /// Where the relay lives.
    #[command(flatten)]
    pub data: Data,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `backup`
#[derive(Debug, Args)]
pub struct Backup {
    /// Where the relay lives.
    #[command(flatten)]
    pub data: Data,
    /// The file to write; must not exist
    pub file: PathBuf,
}

/// `restore`
#[derive(Debug, Args)]
pub struct Restore {
    /// Where the relay will live, and how to print.
    #[command(flatten)]
    pub look: Look,
    /// The relay's own keys: its relay.key
    #[arg(long, value_name = "FILE", required_unless_present = "recover", conflicts_with = "recover")]
    pub key_file: Option<PathBuf>,
    /// Make its keys anew from this recovery file
    #[arg(long, value_name = "FILE")]
    pub recover: Option<PathBuf>,
    /// The backup
    pub file: PathBuf,
}

/// Longest life of an invitation code: a year.
const EXPIRES_MAX: Duration = Duration::from_hours(366 * 24);

fn parse_time(text: &str) -> Result<Duration, String> {
    let usage = || format!("`{text}` is no time up to a year; write for example 30m, 12h or 7d");
    let seconds = |unit| match unit {
        "m" => Some(60),
        "h" => Some(3_600),
        "d" => Some(86_400),
        _ => None,
    };
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(usage)?;
    let number: u64 = number.parse().map_err(|_| usage())?;
    let time = Duration::from_secs(number.saturating_mul(seconds(unit).ok_or_else(usage)?));
    if time.is_zero() || time > EXPIRES_MAX { Err(usage()) } else { Ok(time) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_help_with_an_example() {
        fn check(command: &clap::Command) {
            for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
                if inner.has_subcommands() {
                    check(inner);
                    continue;
                }
                let text = inner.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(text.contains("Example"), "{}", inner.get_name());
                assert!(text.contains("sambung-relay "), "{}", inner.get_name());
            }
        }
        check(&Cli::command());
    }

    #[test]
    fn times_are_minutes_hours_or_days() {
        assert_eq!(parse_time("30m"), Ok(Duration::from_mins(30)));
        assert_eq!(parse_time("12h"), Ok(Duration::from_hours(12)));
        assert_eq!(parse_time("7d"), Ok(Duration::from_hours(168)));
        for bad in ["", "7", "d", "0d", "7w", "-1d", "367d", "1é", "99999999999999999999d"] {
            assert!(parse_time(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_reason_is_neither_empty_nor_endless() {
        assert_eq!(parse_reason(" hilang "), Ok("hilang".to_owned()));
        assert!(parse_reason(&"x".repeat(REASON_MAX)).is_ok());
        assert!(parse_reason(&"x".repeat(REASON_MAX + 1)).is_err());
        assert!(parse_reason("  ").is_err());
    }

    #[test]
    fn init_wants_either_a_new_or_an_old_identity() {
        let parse = |args: &str| Cli::try_parse_from(args.split(' '));
        assert!(parse("sambung-relay init --data d --name n --recovery-out r").is_ok());
        assert!(parse("sambung-relay init --data d --recover r").is_ok());
        assert!(parse("sambung-relay init --data d --recover r --name n").is_ok());
        assert!(parse("sambung-relay init --data d --name n").is_err());
        assert!(parse("sambung-relay init --data d --recover r --recovery-out o --name n").is_err());
    }
}
