//! Replicas in this process against the real relay and its real store: no sockets, every byte of the exchange.

#![expect(
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests say what they did, and their helpers may fail"
)]

mod astray;
mod attention;
mod backup;
mod bytes;
mod cards;
mod commands;
mod conflicts;
mod derivation;
mod digests;
mod drafts;
mod exchange;
mod import;
mod kills;
mod lanes;
mod lists;
mod merge;
mod onlooker;
mod orders;
mod person;
mod purge;
mod rebuild;
mod reconcile;
mod refusals;
mod restore;
mod safe;
mod same;
mod saving;
mod scope;
mod sealed;
mod search;
mod sets;
mod site;
mod transfer;
mod verify;
