//! Whole-system tests over the real binaries.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail")]

mod cards;
mod cli;
mod diskfull;
mod docs;
mod durable;
mod export;
mod harness;
mod hostile;
mod hostile_log;
mod idle;
mod import;
mod interop;
mod kill;
mod live;
mod private;
mod restore;
mod review;
mod rights;
mod sets;
mod slow_line;
mod tidy;
mod transfer;
