//! Replicas in this process against the real relay and its real store: no sockets, every byte of the exchange.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail")]

mod attention;
mod backup;
mod derivation;
mod exchange;
mod kills;
mod merge;
mod refusals;
mod restore;
mod saving;
mod site;
mod verify;
