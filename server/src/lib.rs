//! The relay: the one place that everybody can reach when there is a network.
//!
//! It holds the logs, checks rights, confirms what is on its disk, and shows nothing. What it answers is decided
//! in [`sambung_sync::relay`]; this crate is the host around it: the log store on SQLite ([`store`]), the keys
//! and where they lie ([`keys`], [`data`]), the HTTP side ([`http`], [`serve`]), what is told to whoever watches it
//! ([`metrics`], [`logging`]) and the command line ([`cli`], [`command`]).

#![forbid(unsafe_code)]

pub mod cli;
pub mod clock;
pub mod command;
pub mod data;
pub mod ending;
pub mod events;
pub mod file;
pub mod host;
pub mod http;
pub mod keys;
pub mod logging;
pub mod metrics;
pub mod output;
pub mod serve;
pub mod store;
