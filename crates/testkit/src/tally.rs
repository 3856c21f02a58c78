//! How often each fault fired, in a run and over all of them.

use std::collections::BTreeMap;
use std::fmt;

/// Counts by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    fired: BTreeMap<&'static str, u64>,
    /// In how many of the runs added up; 1 in a run of its own.
    runs: BTreeMap<&'static str, u64>,
}

impl Tally {
    /// Notes that something happened in this run.
    pub fn note(&mut self, name: &'static str) {
        self.note_many(name, 1);
    }

    /// Notes that something happened so many times in this run.
    pub fn note_many(&mut self, name: &'static str, times: u64) {
        if times > 0 {
            *self.fired.entry(name).or_default() += times;
            self.runs.insert(name, 1);
        }
    }

    /// Adds another run.
    pub fn add(&mut self, run: &Tally) {
        for (name, times) in &run.fired {
            *self.fired.entry(name).or_default() += times;
        }
        for (name, runs) in &run.runs {
            *self.runs.entry(name).or_default() += runs;
        }
    }

    /// How often something happened.
    #[must_use]
    pub fn times(&self, name: &str) -> u64 {
        self.fired.get(name).copied().unwrap_or(0)
    }

    /// Which of the names happened in fewer than `percent` of `runs` runs.
    #[must_use]
    pub fn rare<'a>(&self, names: &[&'a str], runs: u64, percent: u64) -> Vec<&'a str> {
        let in_runs = |name: &str| self.runs.get(name).copied().unwrap_or(0);
        names.iter().copied().filter(|name| in_runs(name) * 100 < runs * percent).collect()
    }
}

impl fmt::Display for Tally {
    /// One line a name: how often, and in how many runs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, times) in &self.fired {
            let runs = self.runs.get(name).copied().unwrap_or(0);
            writeln!(f, "  {name:<28} {times:>8} times in {runs} runs")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_too_seldom_is_named() {
        let mut all = Tally::default();
        for run in 0..20 {
            let mut tally = Tally::default();
            tally.note("often");
            tally.note_many("never", 0);
            if run == 0 {
                tally.note_many("once", 500);
            }
            all.add(&tally);
        }
        assert_eq!((all.times("often"), all.times("once"), all.times("never")), (20, 500, 0));
        assert_eq!(all.rare(&["often", "once", "never"], 20, 10), ["once", "never"]);
        assert!(all.rare(&["once"], 20, 5).is_empty());
        assert!(all.to_string().contains("500 times in 1 runs"));
    }
}
