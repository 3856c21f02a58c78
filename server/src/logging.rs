//! The log: standard error, JSON unless a person is looking.

use std::io::{self, IsTerminal};

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

/// What is never logged, whatever the filter says: why a library refused a request, in words that may quote it.
const SILENT: &str = "axum::rejection=off";

/// How lines are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// As text on a terminal, else as JSON
    #[default]
    Auto,
    /// One JSON object a line
    Json,
    /// For people
    Text,
}

/// Starts logging; `SAMBUNG_LOG` sets the level or a filter.
pub fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_env("SAMBUNG_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let filter = match SILENT.parse() {
        Ok(silent) => filter.add_directive(silent),
        Err(_) => filter,
    };
    let text = match format {
        LogFormat::Auto => io::stderr().is_terminal(),
        LogFormat::Json => false,
        LogFormat::Text => true,
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    // Logging that was started already goes on.
    drop(if text {
        builder.with_ansi(io::stderr().is_terminal()).try_init()
    } else {
        builder.json().flatten_event(true).with_span_list(false).try_init()
    });
}
