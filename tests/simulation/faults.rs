//! Rules that are broken on purpose: each breach is noticed, in a run that keeps every promise without it.

use crate::campaign::PINNED;
use crate::world::{Options, run};

/// Seeds of which one must notice.
const SEEDS: u64 = 12;

/// A rule, how it is broken, and whether that matters only to a relay that forgets.
const FAULTS: [(&str, &str, bool); 5] = [
    ("digest_update", "what came is not added to the sums", false),
    ("scope_filter", "whatever lies in a set is sent", false),
    ("parcel_safe", "a sealed item goes from the village once the relay has it", false),
    ("cursor_chain", "a position in the log is believed without its chain", true),
    ("relay_rolled_back", "what a restored relay lacks of a record counts as still there", true),
];

#[test]
fn every_rule_that_is_broken_on_purpose_is_noticed() {
    for (fault, how, loses_relays) in FAULTS {
        let whole = Options { loses_relays, ..Options::default() };
        let broken = Options { fault: Some(fault), ..whole };
        let noticed = (PINNED..PINNED + SEEDS).find_map(|seed| {
            run(seed, whole).ok()?;
            Some((seed, run(seed, broken).err()?))
        });
        let Some((seed, violation)) = noticed else { panic!("nobody noticed: {how}") };
        eprintln!("{fault}: {how}; seed {seed}: {violation}");
    }
}
