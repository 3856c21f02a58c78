//! A published figure: what was counted, by whom, and how it is divided.

use crate::Seed;

/// One part of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// What was counted: a code of the schema pack's lists where there is one, else the publisher's word.
    pub code: &'static str,
    /// How many; only the proportion to the other parts matters.
    pub weight: u32,
}

/// Counts that somebody published, as weights to draw by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figure {
    /// A short, stable name.
    pub id: &'static str,
    /// What was counted, and when.
    pub counted: &'static str,
    /// Who published it, and what is ours where the publisher does not divide further.
    pub source: &'static str,
    /// The parts.
    pub shares: &'static [Share],
}

impl Figure {
    /// The sum of all weights.
    #[must_use]
    pub fn total(&self) -> u64 {
        total(self.shares)
    }

    /// The weight of a code; 0 for one that was not counted.
    #[must_use]
    pub fn weight(&self, code: &str) -> u32 {
        self.shares.iter().find(|share| share.code == code).map_or(0, |share| share.weight)
    }

    /// The part of a code among all, from 0 to 1.
    #[must_use]
    pub fn part(&self, code: &str) -> f64 {
        f64::from(self.weight(code)) / as_number(self.total())
    }

    /// A code, drawn by the weights.
    pub fn draw(&self, seed: &mut Seed) -> &'static str {
        draw(self.shares, seed)
    }
}

/// A code of some shares, drawn by their weights; nothing if there are none.
pub(super) fn draw(shares: &[Share], seed: &mut Seed) -> &'static str {
    let mut left = seed.number() % total(shares).max(1);
    for share in shares {
        let weight = u64::from(share.weight);
        if left < weight {
            return share.code;
        }
        left -= weight;
    }
    ""
}

fn total(shares: &[Share]) -> u64 {
    shares.iter().map(|share| u64::from(share.weight)).sum()
}

/// Counts of people fit into 32 bits; what does not is as good as the greatest.
fn as_number(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
