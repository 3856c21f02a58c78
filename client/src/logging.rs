//! The log of a serving node: standard error, JSON unless a person is looking.

use std::io::{self, IsTerminal};

use tracing::Metadata;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt, registry};

/// Whose words are never logged, whatever the filter says: at their most verbose these libraries quote what they work
/// on, records and requests.
const SILENT: [&str; 2] = ["automerge", "axum::rejection"];

/// Starts logging; `SAMBUNG_LOG` sets the level or a filter. Commands that end by themselves have messages instead of a
/// log, and log only if that is set.
pub(crate) fn start(serves: bool) {
    let asked = EnvFilter::try_from_env("SAMBUNG_LOG").ok();
    let Some(filter) = asked.or_else(|| serves.then(|| EnvFilter::new("info"))) else { return };
    let lines = fmt::layer().with_writer(io::stderr);
    let lines = if io::stderr().is_terminal() {
        lines.with_target(false).boxed()
    } else {
        lines.json().flatten_event(true).with_span_list(false).boxed()
    };
    // Logging that was started already goes on.
    drop(registry().with(filter).with(filter_fn(speaks)).with(lines).try_init());
}

fn speaks(what: &Metadata<'_>) -> bool {
    !SILENT.iter().any(|silent| what.target().starts_with(silent))
}
