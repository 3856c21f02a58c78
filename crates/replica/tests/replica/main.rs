//! Replicas in this process against the real relay and its real store: no sockets, every byte of the exchange.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail")]

mod exchange;
mod merge;
mod restore;
mod saving;
mod site;
