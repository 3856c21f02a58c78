//! The sums over what is in the log, kept in the transaction that writes it.

use std::collections::{BTreeMap, BTreeSet};

use sambung_domain::{RecordId, Routing, Set, Timestamp};
use sambung_trust::DeploymentKey;
use sambung_trust::decide::reads_collection;

use super::answer::stored;
use super::{Caller, Collection, Counted, RecordRow, Relay, RelayError, RelayStore};
use crate::chunk;
use crate::digest::{Item, SetSum, Sum, heads};
use crate::document::ChangeHash;

/// Records looked at in one step when everything is counted.
const STEP: usize = 500;

/// A record's name.
type Name = (RecordId, u32);

/// What a transaction changes of the sums, written once at its end: a record that gets a thousand changes costs one
/// subtraction and one addition.
#[derive(Debug, Default)]
pub(super) struct Ledger(BTreeMap<Name, Touched>);

#[derive(Debug)]
struct Touched {
    kind: String,
    /// How it was counted before the transaction; `None` for not at all.
    before: Option<(Item, Routing)>,
    heads: Vec<ChangeHash>,
    after: Routing,
}

impl Ledger {
    /// Notes that a record's settled heads are these now, and where it lies with them.
    pub(super) fn note<S: RelayStore>(
        &mut self,
        store: &mut S,
        name: Name,
        row: &RecordRow,
        (heads, after): (Vec<ChangeHash>, &Routing),
    ) -> Result<(), RelayError<S::Error>> {
        if let Some(touched) = self.0.get_mut(&name) {
            (touched.heads, touched.after) = (heads, after.clone());
            return Ok(());
        }
        let before = stored(store.counted(name.0, name.1))?;
        let before = before.map(|counted| (counted.item, row.routing.clone()));
        let (kind, after) = (row.kind.clone(), after.clone());
        self.0.insert(name, Touched { kind, before, heads, after });
        Ok(())
    }

    /// Writes what was noted.
    pub(super) fn close<S: RelayStore>(
        self,
        store: &mut S,
        key: &DeploymentKey,
    ) -> Result<(), RelayError<S::Error>> {
        let mut sums: BTreeMap<Collection, Sum> = BTreeMap::new();
        for ((record, generation), touched) in self.0 {
            let Touched { kind, before, heads, after } = touched;
            if let Some((item, routing)) = before {
                for collection in collections(&kind, &routing) {
                    sums.entry(collection).or_default().remove(item);
                }
            }
            let Some(item) = Item::of(key, record, generation, &heads) else { continue };
            for collection in collections(&kind, &after) {
                sums.entry(collection).or_default().add(item);
            }
            stored(store.put_counted(record, generation, &Counted { heads, item }))?;
        }
        for (collection, sum) in sums.into_iter().filter(|(_, sum)| *sum != Sum::default()) {
            stored(store.add_to_sum(&collection, sum))?;
        }
        Ok(())
    }
}

/// The collections that a record counts in.
pub fn collections(kind: &str, routing: &Routing) -> BTreeSet<Collection> {
    let (Some(access), Some(first)) =
        (routing.access, routing.areas.iter().map(sambung_domain::Area::shard).min())
    else {
        return BTreeSet::new();
    };
    let collection = |set: Set, shard| Collection { set, shard, kind: kind.to_owned(), access };
    let mut found = BTreeSet::new();
    for set in routing.sets() {
        for wide in set.wider() {
            let shard = match &wide {
                Set::Area(area) if !wide.spans_shards() => area.shard(),
                Set::Area(_) | Set::Office(_) | Set::Person(_) => first.clone(),
            };
            found.insert(collection(wide, shard));
        }
    }
    found
}

impl Relay {
    /// The sum of every set of the caller's grant: of what it is sent through the set.
    pub(super) fn sums_of<S: RelayStore>(
        &self,
        store: &mut S,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<Vec<SetSum>, RelayError<S::Error>> {
        let grant = &caller.grant;
        if !grant.holds_at(now) {
            return Ok(Vec::new());
        }
        let excluded = excluded_from(store, caller)?;
        let mut sums = Vec::new();
        for set in grant.sets.iter().collect::<BTreeSet<_>>() {
            let mut sum = Sum::default();
            for (collection, part) in stored(store.sums(set))? {
                if reads_collection(grant, &collection.kind, Some(collection.access), set) {
                    sum = sum.plus(part);
                }
            }
            for (row, item) in &excluded {
                if row.routing.is_in(set) && reads_collection(grant, &row.kind, row.routing.access, set) {
                    sum.remove(*item);
                }
            }
            sums.push(SetSum { set: set.clone(), epoch: grant.epoch(set), sum });
        }
        Ok(sums)
    }

    /// Counts everything anew from the changes, if it was not counted yet: in a database from before there were sums.
    ///
    /// # Errors
    /// [`RelayError::Store`].
    pub fn count<S: RelayStore>(&self, store: &mut S) -> Result<(), RelayError<S::Error>> {
        if stored(store.is_counted())? {
            return Ok(());
        }
        stored(store.forget_sums())?;
        let mut after = None;
        loop {
            let names = stored(store.records_after(after, STEP))?;
            let Some(last) = names.last() else { break };
            after = Some(*last);
            let mut ledger = Ledger::default();
            for name in names {
                let Some(row) = stored(store.record(name.0, name.1))? else { continue };
                // Written again so that the store notes where the record lies.
                stored(store.put_record(name.0, name.1, &row))?;
                let heads = heads_of(store, name)?;
                let (kind, after) = (row.kind, row.routing);
                ledger.0.insert(name, Touched { kind, before: None, heads, after });
            }
            ledger.close(store, &self.keys.deployment)?;
        }
        stored(store.set_counted())
    }
}

/// The heads of a record's changes, from their bytes.
///
/// # Errors
/// [`RelayError::Store`].
pub fn heads_of<S: RelayStore>(store: &mut S, name: Name) -> Result<Vec<ChangeHash>, RelayError<S::Error>> {
    let changes = stored(store.changes(name.0, name.1))?;
    Ok(heads(changes.iter().map(|change| (change.hash, chunk::deps(&change.chunk)))))
}

/// The records that exclude the caller, with their items.
fn excluded_from<S: RelayStore>(
    store: &mut S,
    caller: &Caller,
) -> Result<Vec<(RecordRow, Item)>, RelayError<S::Error>> {
    let grant = &caller.grant;
    let staff = grant.staff.iter().map(RecordId::to_string);
    let mut names = BTreeSet::new();
    for name in staff.chain(grant.office.as_ref().map(ToString::to_string)) {
        names.extend(stored(store.excluding(&name))?);
    }
    let mut excluded = Vec::new();
    for (record, generation) in names {
        let Some(row) = stored(store.record(record, generation))? else { continue };
        let Some(counted) = stored(store.counted(record, generation))? else { continue };
        if row.routing.excludes(&grant.staff, grant.office.as_ref()) {
            excluded.push((row, counted.item));
        }
    }
    Ok(excluded)
}
