//! A bound on how often something may go wrong.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Wrong invitation codes a relay takes in a [`WINDOW`], from everybody together.
const FAILURES_MAX: usize = 30;
/// The window.
const WINDOW: Duration = Duration::from_mins(1);

/// Remembers when things went wrong, as far back as it matters.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    failures: VecDeque<Instant>,
}

impl Throttle {
    /// How long to wait before the next try; `None` for not at all.
    pub(super) fn wait(&mut self, now: Instant) -> Option<Duration> {
        while self.failures.front().is_some_and(|then| now.duration_since(*then) >= WINDOW) {
            self.failures.pop_front();
        }
        let oldest = self.failures.front()?;
        (self.failures.len() >= FAILURES_MAX).then(|| WINDOW.saturating_sub(now.duration_since(*oldest)))
    }

    /// Counts a failure.
    pub(super) fn count(&mut self, now: Instant) {
        if self.failures.len() >= FAILURES_MAX {
            self.failures.pop_front();
        }
        self.failures.push_back(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_failures_a_minute_are_borne() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut throttle = Throttle::default();
        for second in 0..29 {
            throttle.count(at(second));
        }
        assert_eq!(throttle.wait(at(29)), None);
        throttle.count(at(29));
        assert_eq!(throttle.wait(at(30)), Some(Duration::from_secs(30)));
        assert_eq!(throttle.wait(at(60)), None);
    }
}
