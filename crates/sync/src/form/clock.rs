//! Vector clocks: what lies in a change's causal past.

use std::collections::BTreeMap;

use crate::document::Actor;

/// Numbers the actors of a record in the order they appear, so that clocks are plain arrays.
#[derive(Debug, Clone, Default)]
pub(super) struct Actors {
    index: BTreeMap<Actor, usize>,
}

impl Actors {
    pub(super) fn find(&self, actor: Actor) -> Option<usize> {
        self.index.get(&actor).copied()
    }

    pub(super) fn insert(&mut self, actor: Actor) -> usize {
        let next = self.index.len();
        *self.index.entry(actor).or_insert(next)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Actor, usize)> {
        self.index.iter().map(|(actor, at)| (*actor, *at))
    }
}

/// For each actor the sequence of its last change that is known; 0 for none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Clock(Vec<u64>);

impl Clock {
    pub(super) fn seen(&self, actor: usize) -> u64 {
        self.0.get(actor).copied().unwrap_or(0)
    }

    pub(super) fn advance(&mut self, actor: usize, seq: u64) {
        if self.0.len() <= actor {
            self.0.resize(actor + 1, 0);
        }
        self.0[actor] = self.0[actor].max(seq);
    }

    pub(super) fn merge(&mut self, other: &Clock) {
        for (actor, seq) in other.0.iter().enumerate() {
            self.advance(actor, *seq);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_merged_clock_knows_what_either_knew() {
        let mut a = Clock::default();
        a.advance(0, 3);
        let mut b = Clock::default();
        b.advance(2, 1);
        b.advance(0, 2);
        a.merge(&b);
        assert_eq!([a.seen(0), a.seen(1), a.seen(2), a.seen(3)], [3, 0, 1, 0]);
    }
}
