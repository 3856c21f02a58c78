//! The log: standard error, JSON unless a person is looking.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

/// Starts logging; `SAMBUNG_LOG` sets the level or a filter.
pub fn start() {
    let filter = EnvFilter::try_from_env("SAMBUNG_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    // Logging that was started already goes on.
    drop(if io::stderr().is_terminal() {
        builder.try_init()
    } else {
        builder.json().flatten_event(true).try_init()
    });
}
