//! The log: standard error, JSON unless a person is looking.

use std::io::{self, IsTerminal};

use clap::ValueEnum;
use tracing::Metadata;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt, registry};

/// Whose words are never logged, whatever the filter says: at their most verbose these libraries quote what they work
/// on, records and requests.
const SILENT: [&str; 2] = ["automerge", "axum::rejection"];

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
    let text = match format {
        LogFormat::Auto => io::stderr().is_terminal(),
        LogFormat::Json => false,
        LogFormat::Text => true,
    };
    let lines = fmt::layer().with_writer(io::stderr);
    let lines = if text {
        lines.with_ansi(io::stderr().is_terminal()).boxed()
    } else {
        lines.json().flatten_event(true).with_span_list(false).boxed()
    };
    // Logging that was started already goes on.
    drop(registry().with(filter).with(filter_fn(speaks)).with(lines).try_init());
}

fn speaks(what: &Metadata<'_>) -> bool {
    !SILENT.iter().any(|silent| what.target().starts_with(silent))
}
