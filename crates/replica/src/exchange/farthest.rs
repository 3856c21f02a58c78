//! Whether a session comes any farther, or goes round in circles.

use super::session::SyncReport;

/// How far a session has come. What is sent and settled again and again brings it no farther, as verdicts alone would
/// make believe.
#[derive(Debug, Default)]
pub(super) struct Farthest {
    /// What came or was new to the relay.
    done: (u64, u64, u64, u64, u64),
    /// The fewest changes that waited; `None` before the first answer.
    fewest_waiting: Option<u64>,
    /// The most that was read of the logs.
    read: u64,
}

impl Farthest {
    /// Takes a state with so much waiting and read; whether that is farther in any way.
    pub(super) fn moves_to(&mut self, report: &SyncReport, (waiting, read): (u64, u64)) -> bool {
        let done = (report.pushed, report.pulled, report.returned, report.sealed, report.arrived);
        let farther = done != self.done
            || read > self.read
            || self.fewest_waiting.is_none_or(|fewest| waiting < fewest);
        self.done = done;
        self.read = self.read.max(read);
        self.fewest_waiting = Some(self.fewest_waiting.map_or(waiting, |fewest| fewest.min(waiting)));
        farther
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_again_and_again_leads_no_farther() {
        let mut farthest = Farthest::default();
        let mut report = SyncReport::default();
        assert!(farthest.moves_to(&report, (5, 10)));
        assert!(farthest.moves_to(&report, (3, 10)), "less waits");
        for (duplicates, waiting) in [(2, 5), (4, 3), (6, 5)] {
            report.verdicts.insert("duplicate".to_owned(), duplicates);
            assert!(!farthest.moves_to(&report, (waiting, 10)), "{duplicates}");
        }
        assert!(farthest.moves_to(&report, (5, 11)), "more was read");
        report.pulled = 1;
        assert!(farthest.moves_to(&report, (5, 0)), "something came");
    }
}
