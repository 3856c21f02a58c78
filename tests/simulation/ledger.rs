//! What was saved and by whom, kept beside the replicas: the oracle.

use std::collections::{BTreeMap, BTreeSet};

use sambung_domain::RecordId;
use sambung_testkit::Seed;

use crate::cast::{CAST, CENTRE, KANTOR_LAIN, THERE, entitled};
use crate::relay::Name;

/// What every marker begins with; it occurs in nothing else.
const PREFIX: &[u8] = b"zqx";
/// Length of a marker.
const LENGTH: usize = 14;

/// One value that somebody gave one field, in a save that returned.
#[derive(Debug, Clone)]
pub(crate) struct Value {
    pub(crate) record: RecordId,
    pub(crate) field: &'static str,
    pub(crate) value: String,
    pub(crate) change: String,
    /// What its author held of the record before.
    pub(crate) seen: BTreeSet<String>,
}

/// Where a record lies.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) kind: &'static str,
    pub(crate) area: String,
    pub(crate) village_may_know: bool,
    /// Whoever was ever entitled to it.
    pub(crate) ever: BTreeSet<usize>,
    /// The centre has moved it to the other kabupaten.
    pub(crate) moved: bool,
}

#[derive(Default)]
pub(crate) struct Ledger {
    /// Every change of a save that returned, by device.
    pub(crate) own: [BTreeSet<Name>; CAST.len()],
    pub(crate) values: Vec<Value>,
    pub(crate) places: BTreeMap<RecordId, Place>,
    /// Who may hold a marker.
    allowed: BTreeMap<String, BTreeSet<usize>>,
    /// The markers of each record: its whole history goes where it goes.
    markers: BTreeMap<RecordId, Vec<String>>,
    /// What each device wrote last and nothing from elsewhere can have replaced.
    pub(crate) last_read: [BTreeMap<(RecordId, &'static str), String>; CAST.len()],
    pub(crate) saves: usize,
    /// Markers of what the village reported.
    pub(crate) reports: Vec<String>,
}

impl Ledger {
    /// A text that occurs nowhere else, which only these may hold.
    pub(crate) fn marker(&mut self, seed: &mut Seed, allowed: impl IntoIterator<Item = usize>) -> String {
        let letters = (0..LENGTH - PREFIX.len()).map(|_| char::from(b'a' + seed.byte() % 26));
        let marker: String = "zqx".chars().chain(letters).collect();
        self.allowed.insert(marker.clone(), allowed.into_iter().collect());
        marker
    }

    /// Who may be sent what a device writes into a record.
    pub(crate) fn readers(&self, record: RecordId, author: usize) -> BTreeSet<usize> {
        let place = &self.places[&record];
        // Whoever knows of the move writes where it lies now; others wrote before, or late.
        if place.moved && (author == CENTRE || author == KANTOR_LAIN) {
            return entitled(&place.area, place.village_may_know).into_iter().chain([author]).collect();
        }
        place.ever.iter().copied().chain([author]).collect()
    }

    pub(crate) fn born(&mut self, record: RecordId, kind: &'static str, area: &str, village_may_know: bool) {
        let ever = entitled(area, village_may_know).into_iter().collect();
        let place = Place { kind, area: area.to_owned(), village_may_know, ever, moved: false };
        self.places.entry(record).or_insert(place);
    }

    /// Notes whose marker this is.
    pub(crate) fn belongs(&mut self, marker: &str, record: RecordId) {
        self.markers.entry(record).or_default().push(marker.to_owned());
    }

    pub(crate) fn moves(&mut self, record: RecordId) {
        let Some(place) = self.places.get_mut(&record) else { return };
        THERE.clone_into(&mut place.area);
        place.moved = true;
        let new = entitled(THERE, place.village_may_know);
        place.ever.extend(&new);
        for marker in self.markers.get(&record).into_iter().flatten() {
            self.allowed.entry(marker.clone()).or_default().extend(&new);
        }
    }

    /// The records of a kind, in the order of their ids.
    pub(crate) fn records(&self, kind: &str) -> Vec<RecordId> {
        self.places.iter().filter(|(_, place)| place.kind == kind).map(|(id, _)| *id).collect()
    }

    /// Markers in these bytes that a device may not hold, and how many there are in all.
    pub(crate) fn forbidden(&self, bytes: &[u8], device: usize) -> (Vec<String>, usize) {
        let mut found = BTreeSet::new();
        let mut at = 0;
        while let Some(place) = find(&bytes[at..], PREFIX) {
            at += place;
            if let Some(marker) =
                bytes.get(at..at + LENGTH).and_then(|marker| std::str::from_utf8(marker).ok())
            {
                found.insert(marker.to_owned());
            }
            at += 1;
        }
        found.retain(|marker| self.allowed.contains_key(marker));
        let total = found.len();
        found.retain(|marker| !self.allowed[marker].contains(&device));
        (found.into_iter().collect(), total)
    }

    /// For every field the values that nobody who knew them has replaced, among changes that are `admitted`.
    pub(crate) fn live(&self, admitted: &BTreeSet<Name>) -> BTreeMap<(RecordId, &'static str), Vec<&Value>> {
        let is_admitted = |value: &&Value| admitted.contains(&(value.record, value.change.clone()));
        let mut by_field: BTreeMap<_, Vec<&Value>> = BTreeMap::new();
        for value in self.values.iter().filter(is_admitted) {
            by_field.entry((value.record, value.field)).or_default().push(value);
        }
        for values in by_field.values_mut() {
            let replaced: BTreeSet<String> = values
                .iter()
                .filter(|value| values.iter().any(|later| later.seen.contains(&value.change)))
                .map(|value| value.change.clone())
                .collect();
            values.retain(|value| !replaced.contains(&value.change));
        }
        by_field
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[test]
fn forbidden_markers_are_found_in_bytes() {
    let mut ledger = Ledger::default();
    let mut seed = Seed::new(1);
    let open = ledger.marker(&mut seed, [0, 1]);
    let closed = ledger.marker(&mut seed, [0]);
    let bytes = format!("..zqx.{open}zqxzqx{closed}..zq");
    assert_eq!(ledger.forbidden(bytes.as_bytes(), 1), (vec![closed.clone()], 2));
    assert_eq!(ledger.forbidden(bytes.as_bytes(), 0), (vec![], 2));
    assert_eq!(ledger.forbidden(&closed.as_bytes()[..10], 1), (vec![], 0));
}

#[test]
fn what_nobody_who_knew_it_replaced_is_live() {
    let record = RecordId([1; 16]);
    let value = |change: &str, seen: &[&str]| Value {
        record,
        field: "dusun",
        value: change.to_owned(),
        change: change.to_owned(),
        seen: seen.iter().map(|&change| change.to_owned()).collect(),
    };
    let values = vec![value("a", &[]), value("b", &["a"]), value("c", &["a"]), value("d", &["a", "c"])];
    let ledger = Ledger { values, ..Ledger::default() };
    let live = |admitted: &[&str]| {
        let admitted = admitted.iter().map(|&change| (record, change.to_owned())).collect();
        let live = ledger.live(&admitted);
        live.values().flatten().map(|value| value.value.clone()).collect::<Vec<_>>()
    };
    assert_eq!(live(&["a", "b", "c", "d"]), ["b", "d"]);
    assert_eq!(live(&["a", "b", "c"]), ["b", "c"]);
    assert_eq!(live(&["a"]), ["a"]);
}
