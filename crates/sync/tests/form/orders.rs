//! The order of arrival, as long as each change comes behind what it builds on, changes nothing.

use proptest::prelude::*;
use sambung_sync::form::{History, Rejected};
use sambung_sync::routing::{routing, routing_at};
use sambung_testkit::Seed;
use sambung_testkit::circle::Circle;
use sambung_testkit::mutant::reordered;

use crate::record::{begin, genesis, message};

fn admit(chunks: &[Vec<u8>]) -> History {
    let (mut history, _) = begin(&genesis());
    for chunk in chunks {
        match history.check(chunk) {
            Ok(change) => history.admit(change).unwrap(),
            Err(refused) => assert_eq!(refused, Rejected::Duplicate(history.genesis())),
        }
    }
    history
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn heads_clocks_and_routing_do_not_depend_on_the_order(number: u64, steps in 1usize..30) {
        let mut seed = Seed::new(number);
        let (history, _) = begin(&genesis());
        let first = history.changes().next().unwrap().raw.clone();
        let mut circle = Circle::new(&first, &message(), 4).unwrap();
        for _ in 0..steps {
            circle.step(&mut seed).unwrap();
        }
        let chunks = circle.changes().unwrap();
        let one = admit(&reordered(&mut seed, &chunks));
        let two = admit(&reordered(&mut seed, &chunks));
        prop_assert_eq!(one.heads(), two.heads());
        prop_assert_eq!(routing(&one), routing(&two));
        for change in one.changes() {
            prop_assert_eq!(one.clock_of(&change.deps), two.clock_of(&change.deps));
            prop_assert_eq!(routing_at(&one, &change.deps), routing_at(&two, &change.deps));
        }
    }
}
