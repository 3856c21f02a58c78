//! Counting tests from what the runners print.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;

/// How many tests passed, failed, and were not run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    pub(crate) skipped: u32,
}

impl Tally {
    pub(crate) fn one_passed() -> Tally {
        Tally { passed: 1, ..Tally::default() }
    }

    pub(crate) fn one_failed() -> Tally {
        Tally { failed: 1, ..Tally::default() }
    }

    /// Reads nextest's `Summary [ 0.1s] 7 tests run: 5 passed (1 slow), 1 failed, 1 timed out, 2 skipped`.
    pub(crate) fn from_nextest(line: &str) -> Option<Tally> {
        let (_, counts) = line.trim_start().strip_prefix("Summary [")?.split_once(" run: ")?;
        Some(Tally::from_counts(&without_brackets(counts), ','))
    }

    /// Reads libtest's `test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; …`.
    pub(crate) fn from_libtest(line: &str) -> Option<Tally> {
        let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
        Some(Tally::from_counts(counts, ';'))
    }

    /// Sums `N word` pairs; a word that is not known as a success or as not run is a failure.
    fn from_counts(counts: &str, separator: char) -> Tally {
        let mut tally = Tally::default();
        for (number, word) in counts.split(separator).filter_map(|count| count.trim().split_once(' ')) {
            let Ok(number) = number.parse::<u32>() else { continue };
            match word {
                "passed" => tally.passed += number,
                "skipped" | "ignored" | "filtered out" => tally.skipped += number,
                "measured" => {}
                _ => tally.failed += number,
            }
        }
        tally
    }
}

fn without_brackets(text: &str) -> String {
    let mut depth = 0_u32;
    text.chars()
        .filter(|&character| {
            match character {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => return depth == 0,
            }
            false
        })
        .collect::<String>()
        .replace(" ,", ",")
}

impl Add for Tally {
    type Output = Tally;

    fn add(self, other: Tally) -> Tally {
        Tally {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl Sum for Tally {
    fn sum<I: Iterator<Item = Tally>>(tallies: I) -> Tally {
        tallies.fold(Tally::default(), Add::add)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(passed: u32, failed: u32, skipped: u32) -> Tally {
        Tally { passed, failed, skipped }
    }

    #[test]
    fn nextest_summaries_are_read() {
        for (line, expected) in [
            ("     Summary [   0.013s] 30 tests run: 30 passed, 0 skipped\n", Some(tally(30, 0, 0))),
            ("     Summary [   1.200s] 1 test run: 0 passed, 1 failed, 4 skipped\n", Some(tally(0, 1, 4))),
            (
                "     Summary [  61.0s] 9/9 tests run: 6 passed (1 slow, 2 leaky), 1 failed, 1 exec failed, 1 timed out, 3 skipped\n",
                Some(tally(6, 3, 3)),
            ),
            ("        PASS [   0.005s] (1/2) sambung-domain area::tests::codes\n", None),
            ("     Running 3 tests run: 3 passed\n", None),
        ] {
            assert_eq!(Tally::from_nextest(line), expected, "{line}");
        }
    }

    #[test]
    fn libtest_summaries_are_read() {
        for (line, expected) in [
            (
                "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.00s\n",
                Some(tally(5, 0, 3)),
            ),
            (
                "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n",
                Some(tally(1, 2, 0)),
            ),
            ("test area::tests::codes ... ok\n", None),
        ] {
            assert_eq!(Tally::from_libtest(line), expected, "{line}");
        }
    }
}
