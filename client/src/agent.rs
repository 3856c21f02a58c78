//! Syncing in the background: soon after something was saved, when the relay says that something waits, now and then
//! otherwise, with back-off and jitter when the relay cannot be reached.

use std::path::PathBuf;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use crate::ear::{Ear, Heard};
use crate::failure::Failure;
use crate::node::{Node, SyncLock, random};
use crate::relay::RelayClient;

/// How often the agent looks whether something is waiting.
const TICK: Duration = Duration::from_secs(2);
/// How soon a word of the relay is heeded, a quarter shorter or longer by chance.
const HEED: Duration = Duration::from_millis(200);
/// The first pause after a failure.
const BACK_OFF_FIRST: Duration = Duration::from_secs(5);
/// The longest pause after failures: a network that returns is noticed within a quarter of an hour.
const BACK_OFF_MAX: Duration = Duration::from_secs(15 * 60);

/// Starts the agent.
pub(crate) fn start(node: Node, dir: PathBuf, every_s: u32) -> Result<JoinHandle<()>, Failure> {
    let relay = RelayClient::new(&node.replica.identity().relay)?;
    let every = Duration::from_secs(u64::from(every_s.max(1)));
    let agent = Agent { node, relay, dir, every, ear: Ear::new(), failures: 0, next: Instant::now() };
    Ok(tokio::spawn(agent.run()))
}

struct Agent {
    node: Node,
    relay: RelayClient,
    dir: PathBuf,
    every: Duration,
    ear: Ear,
    failures: u32,
    next: Instant,
}

impl Agent {
    async fn run(mut self) {
        loop {
            if Instant::now() >= self.next || (self.failures == 0 && self.something_new()) {
                self.sync().await;
            }
            self.listen();
            tokio::select! {
                () = sleep_until(self.next.min(Instant::now() + TICK)) => {}
                heard = self.ear.hear() => self.heed(heard),
            }
        }
    }

    /// Asks the relay to tell when something waits, once it has answered an exchange: that gives the nonce to ask with,
    /// and whoever cannot be reached for the one cannot for the other.
    fn listen(&mut self) {
        if self.failures == 0
            && self.ear.wants_to_ask()
            && let Ok(proof) = self.node.replica.listen_request()
        {
            self.ear.ask(&self.relay, &proof);
        }
    }

    /// A relay that speaks can be reached: what it says ends a pause. Many nodes can hear the same word; they do not all
    /// come at once.
    fn heed(&mut self, heard: Heard) {
        tracing::debug!(?heard, "the relay speaks");
        self.next = Instant::now() + jittered(HEED, u32::from_be_bytes(random()));
    }

    /// Whether there is something to send that the last exchange did not leave behind on purpose. A database that
    /// cannot be asked shows when the time of the next exchange has come.
    fn something_new(&self) -> bool {
        self.node.replica.has_new_work().unwrap_or(false)
    }

    async fn sync(&mut self) {
        let outcome = match SyncLock::take(&self.dir) {
            Ok(_lock) => self.relay.sync(&mut self.node).await,
            Err(failure) => Err(failure),
        };
        let pause = match outcome {
            Ok(report) => {
                self.failures = 0;
                tracing::info!(
                    sync.pushed = report.pushed,
                    sync.pulled = report.pulled,
                    sync.rounds = report.rounds,
                    sync.attention = report.attention,
                    "synced"
                );
                self.every
            }
            Err(failure) => {
                self.failures = self.failures.saturating_add(1);
                tracing::warn!(error.code = failure.code(), sync.failures = self.failures, "sync failed");
                back_off(self.failures)
            }
        };
        self.next = Instant::now() + jittered(pause, u32::from_be_bytes(random()));
    }
}

/// The pause after so many failures in a row.
pub(crate) fn back_off(failures: u32) -> Duration {
    BACK_OFF_FIRST
        .saturating_mul(1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX))
        .min(BACK_OFF_MAX)
}

/// Between three quarters and five quarters of a pause, so that a thousand devices that lost the relay at the
/// same moment do not return at the same moment.
pub(crate) fn jittered(pause: Duration, random: u32) -> Duration {
    pause.mul_f64(0.75 + 0.5 * f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_quarter_of_an_hour() {
        let seconds: Vec<u64> = (1..=9).map(|failures| back_off(failures).as_secs()).collect();
        assert_eq!(seconds, [5, 10, 20, 40, 80, 160, 320, 640, 900]);
        assert_eq!(back_off(u32::MAX), BACK_OFF_MAX);
    }

    #[test]
    fn jitter_stays_within_a_quarter() {
        let pause = Duration::from_secs(100);
        assert_eq!(jittered(pause, 0), Duration::from_secs(75));
        assert_eq!(jittered(pause, u32::MAX), Duration::from_secs(125));
    }
}
