//! What `cargo xtask test` prints at its end.

use std::fmt;
use std::time::Duration;

use crate::test::tally::Tally;

/// Above this the next thing to do is to cut, not to add.
const BUDGET_MINUTES: f64 = 35.0;

/// How one stage went.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) stage: &'static str,
    pub(crate) tally: Tally,
    pub(crate) took: Duration,
}

impl Outcome {
    /// A stage that could not be run because the build before it failed.
    pub(crate) fn skipped(stage: &'static str) -> Outcome {
        Outcome { stage, tally: Tally { passed: 0, failed: 0, skipped: 1 }, took: Duration::ZERO }
    }
}

/// Every stage's outcome. Its text ends with the closing line, alone.
#[derive(Debug, Default)]
pub(crate) struct Report(Vec<Outcome>);

impl Report {
    pub(crate) fn add(&mut self, outcome: Outcome) {
        self.0.push(outcome);
    }

    /// Whether something was tested and nothing failed.
    pub(crate) fn is_good(&self) -> bool {
        let total = self.total();
        total.failed == 0 && total.passed > 0
    }

    fn total(&self) -> Tally {
        self.0.iter().map(|outcome| outcome.tally).sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nminutes  stage")?;
        for outcome in &self.0 {
            let verdict = if outcome.tally.failed > 0 { "  FAILED" } else { "" };
            writeln!(f, "{:>7.2}  {}{verdict}", minutes(outcome.took), outcome.stage)?;
        }
        let all = minutes(self.0.iter().map(|outcome| outcome.took).sum());
        writeln!(f, "{all:>7.2}  in all")?;
        if all > BUDGET_MINUTES {
            writeln!(f, "over {BUDGET_MINUTES} minutes: make it faster before adding to it")?;
        }
        writeln!(f, "{}", self.total())
    }
}

fn minutes(duration: Duration) -> f64 {
    duration.as_secs_f64() / 60.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_lists_minutes_and_ends_with_the_closing_line() {
        let mut report = Report::default();
        let passed = |passed| Tally { passed, failed: 0, skipped: 0 };
        report.add(Outcome { stage: "fmt", tally: passed(1), took: Duration::from_secs(30) });
        report.add(Outcome {
            stage: "tests",
            tally: Tally::one_failed(),
            took: Duration::from_secs(36 * 60),
        });
        report.add(Outcome::skipped("demo"));
        let expected = "\nminutes  stage\n   0.50  fmt\n  36.00  tests  FAILED\n   0.00  demo\n  36.50  in all\n\
                        over 35 minutes: make it faster before adding to it\n1 passed, 1 failed, 1 skipped\n";
        assert_eq!(report.to_string(), expected);
    }
}
