//! Looking after the database in the background, so that nobody waits for it.

use std::time::Duration;

use crate::node::Node;

/// How often the write-ahead log is copied into the database.
const TICK: Duration = Duration::from_secs(1);
/// The pause after a failure: a full disk is not told every second.
const PAUSE: Duration = Duration::from_secs(60);

/// Starts the keeper; it ends with the process, which it may do at any point.
pub(crate) fn start(mut node: Node) {
    std::thread::spawn(move || {
        if let Err(failure) = node.catch_up() {
            tracing::warn!(error.code = failure.code(), "records could not be brought up to date");
        }
        loop {
            let outcome = node.replica.checkpoint();
            if let Err(error) = &outcome {
                tracing::warn!(%error, "the write-ahead log could not be copied");
            }
            std::thread::sleep(if outcome.is_ok() { TICK } else { PAUSE });
        }
    });
}
