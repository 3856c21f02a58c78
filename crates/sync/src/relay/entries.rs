//! The entries of one accepted change: itself, whom the record joined with it, whom it left.
//!
//! A record's entries lie in every shard of its live areas. An office or a person reads them there, wherever the
//! record's person lives, so what concerns their sets is written in all of these shards, and what concerns an area in
//! its own.

use std::collections::BTreeSet;

use sambung_domain::{RecordId, Routing, Set, Shard};

use super::answer::stored;
use super::pushing::Intake;
use super::{RelayError, RelayStore};
use crate::chain::Entry;
use crate::document::ChangeHash;

/// A record's name.
type Name = (RecordId, u32);

/// Writes the entries of a change that took a record from where it lay to where it lies now.
pub(super) fn write<S: RelayStore>(
    intake: &mut Intake<'_, S>,
    name: Name,
    hash: ChangeHash,
    (here, after): (&Routing, &Routing),
) -> Result<(), RelayError<S::Error>> {
    if here != after {
        note_places(intake, here, after)?;
    }
    let (record, generation) = name;
    let seen_in = if here.is_born() { here } else { after };
    for shard in shards(seen_in) {
        intake.append(&shard, &Entry::Change { record, generation, hash })?;
    }
    if here.is_born() && here != after {
        write_moves(intake, name, here, after)?;
    }
    Ok(())
}

/// Who may now read the record through a set and could not before is told that it joined, who may not any more that
/// it left.
fn write_moves<S: RelayStore>(
    intake: &mut Intake<'_, S>,
    (record, generation): Name,
    here: &Routing,
    after: &Routing,
) -> Result<(), RelayError<S::Error>> {
    let wider = after.access < here.access || !here.excluded.is_subset(&after.excluded);
    let narrower = after.access > here.access || !after.excluded.is_subset(&here.excluded);
    let (was, is) = (here.sets(), after.sets());
    for set in is.iter().filter(|set| wider || !was.contains(*set)) {
        for shard in read_in(set, after) {
            let (set, before) = (set.clone(), Box::new(here.clone()));
            intake.append(&shard, &Entry::Joined { record, generation, set, before })?;
        }
    }
    for set in was.iter().filter(|set| narrower || !is.contains(*set)) {
        for shard in read_in(set, here) {
            let (set, before) = (set.clone(), Box::new(here.clone()));
            intake.append(&shard, &Entry::Left { record, generation, set, before })?;
        }
    }
    Ok(())
}

/// Offices and persons look into the shards where they have records, from the first one's entries on.
fn note_places<S: RelayStore>(
    intake: &mut Intake<'_, S>,
    here: &Routing,
    after: &Routing,
) -> Result<(), RelayError<S::Error>> {
    let (was, in_shards) = (here.sets(), shards(here));
    for set in after.sets().iter().filter(|set| !matches!(set, Set::Area(_))) {
        for shard in shards(after) {
            if !(was.contains(set) && in_shards.contains(&shard)) {
                let first = intake.next(&shard)?;
                stored(intake.store.put_placed(set, &shard, first))?;
            }
        }
    }
    Ok(())
}

/// The shards in which a set of a record is read.
fn read_in(set: &Set, routing: &Routing) -> BTreeSet<Shard> {
    match set {
        Set::Area(area) => [area.shard()].into(),
        Set::Office(_) | Set::Person(_) => shards(routing),
    }
}

/// The shards that a record's entries lie in.
pub(super) fn shards(routing: &Routing) -> BTreeSet<Shard> {
    routing.areas.iter().map(sambung_domain::Area::shard).collect()
}
