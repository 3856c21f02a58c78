//! The promises, looked at after steps where that is cheap and once more when all is calm.

use std::collections::{BTreeMap, BTreeSet};

use sambung_domain::RecordId;

use crate::cast::{CAST, CENTRE, DESA, KANTOR, entitled};
use crate::device::Projection;
use crate::relay::Name;
use crate::world::{Kept, World, broken};

/// Rounds in which everybody exchanges once, after which nothing may be left to say.
const ROUNDS_MAX: usize = 12;
/// Requests and answers after which a sync over a calm network has come to its end.
const MESSAGES_MAX: usize = 200;
/// Most bytes of an exchange in which nothing is new, both ways.
const IDLE_MAX: u64 = 300;
/// What the receipt takes that a device names while its late work rests on it alone: in a record that has left, beside
/// work that waits for somebody's decision.
const RECEIPT: u64 = 48;
/// What a change that is held back adds, with the batch that it is offered in.
const HELD: u64 = 1_024;

impl World {
    /// G1, G9: what a device takes for confirmed, the relay has.
    pub(crate) fn check_confirmed(&self, at: usize) -> Kept {
        if self.relay.was_replaced {
            return Ok(());
        }
        let there = self.relay.changes();
        let missing: Vec<Name> =
            self.devices[at].confirmed().into_iter().filter(|name| !there.contains(name)).collect();
        let apart = self.relay.quarantined();
        let lost: Vec<&Name> = missing.iter().filter(|name| !apart.contains_key(name)).collect();
        if lost.is_empty() {
            return Ok(());
        }
        broken("G1", format!("the relay lacks what {} was told it has: {lost:?}", CAST[at].name))
    }

    /// G1 of what is sealed: a parcel waits in the village until office and centre hold what it became.
    pub(crate) fn check_parcels(&self) -> Kept {
        let is_held = |record: &RecordId| {
            [CENTRE, KANTOR].iter().all(|&at| !self.devices[at].changes_of(*record).is_empty())
        };
        let safe = self.ledger.records("complaint").iter().filter(|record| is_held(record)).count();
        let waiting = self.devices[DESA].replica.status(self.now).unwrap().sealed;
        let missing = self.ledger.reports.len().saturating_sub(safe);
        if usize::try_from(waiting).unwrap_or(0) >= missing {
            return Ok(());
        }
        broken("G1", format!("{waiting} parcels wait, and {missing} reports are held by fewer than two"))
    }

    /// G3, G1: after a crash everything that returned is there, and reads as it was written.
    pub(crate) fn check_after_crash(&self, at: usize) -> Kept {
        self.check_own(at, "G3")?;
        for ((record, field), value) in &self.ledger.last_read[at] {
            let Ok(view) = self.devices[at].replica.show(*record) else {
                return broken("G3", format!("{} lost sight of {record} in a crash", CAST[at].name));
            };
            let reads = view.fields.get(*field);
            // In a conflict another value may be shown; the own one is among them.
            let is_there = reads.is_some_and(|shown| shown == value.as_str())
                || view
                    .conflicts
                    .get(*field)
                    .is_some_and(|values| values.iter().any(|one| one.value == serde_json::json!(value)));
            if !is_there {
                let name = CAST[at].name;
                return broken(
                    "G3",
                    format!("{name} wrote {value} into {field} of {record} and reads {reads:?}"),
                );
            }
        }
        Ok(())
    }

    /// Every own change is here, or at the relay.
    fn check_own(&self, at: usize, promise: &'static str) -> Kept {
        let held = self.devices[at].own();
        let mut lost: Vec<&Name> = self.ledger.own[at].iter().filter(|name| !held.contains(*name)).collect();
        if !lost.is_empty() {
            let there = self.relay.changes();
            // What was safe could go from here; a relay that forgot is given it back by those who hold it.
            let is_elsewhere = |name: &Name| self.devices.iter().any(|device| device.holds(name));
            lost.retain(|name| !(there.contains(*name) || self.relay.was_replaced && is_elsewhere(name)));
        }
        if lost.is_empty() {
            return Ok(());
        }
        broken(promise, format!("{} lost {lost:?}", CAST[at].name))
    }

    /// Faults stop; everybody exchanges until nothing is left to say.
    pub(crate) fn calm_down(&mut self) -> Kept {
        self.network.clear();
        self.network.is_calm = true;
        for device in &mut self.devices {
            device.session = None;
        }
        let mut before = self.picture();
        for round in 0..ROUNDS_MAX {
            for at in 0..self.devices.len() {
                self.sync(at)?;
                self.open_complaints()?;
            }
            let after = self.picture();
            if after == before && round > 0 {
                self.tally.note_many("rounds to quiescence", u64::try_from(round).unwrap_or(0));
                return Ok(());
            }
            before = after;
        }
        broken("G2", format!("after {ROUNDS_MAX} rounds something is still new"))
    }

    /// A whole sync over the calm network.
    fn sync(&mut self, at: usize) -> Kept {
        self.now = self.now.plus_ms(1_000);
        self.post(at)?;
        for _ in 0..MESSAGES_MAX {
            if self.devices[at].session.is_none() {
                return Ok(());
            }
            self.arrive()?;
        }
        broken("G7", format!("a sync of {} finds no end", CAST[at].name))
    }

    /// What must not change any more once all is said.
    fn picture(&self) -> impl PartialEq + use<> {
        let devices: Vec<_> = self
            .devices
            .iter()
            .map(|device| {
                let status = device.replica.status(self.now).unwrap();
                (
                    device.projections(),
                    status.waiting,
                    status.safe,
                    status.sealed,
                    status.unopened,
                    status.leaving,
                )
            })
            .collect();
        (self.relay.ends(), devices)
    }

    pub(crate) fn check_all(&mut self) -> Kept {
        self.check_nothing_lost()?;
        self.check_convergence()?;
        self.check_overwritten()?;
        for at in 0..self.devices.len() {
            self.check_pages(at)?;
            self.check_counts(at)?;
        }
        self.check_reports()?;
        self.check_idle()
    }

    /// G1: every save that returned is at the relay, apart with a reason, or waits at its author.
    fn check_nothing_lost(&mut self) -> Kept {
        let (there, apart) = (self.relay.changes(), self.relay.quarantined());
        for (at, own) in self.ledger.own.iter().enumerate() {
            let waiting = self.devices[at].waiting();
            let held =
                |name: &&Name| there.contains(*name) || apart.contains_key(*name) || waiting.contains(*name);
            let lost: Vec<&Name> = own.iter().filter(|name| !held(name)).collect();
            if !lost.is_empty() {
                return broken("G1", format!("saved at {} and nowhere any more: {lost:?}", CAST[at].name));
            }
            let waits = own.iter().filter(|name| waiting.contains(*name)).count();
            self.tally.note_many("still waiting at the end", u64::try_from(waits).unwrap_or(0));
        }
        self.tally.note_many("quarantined at the end", u64::try_from(apart.len()).unwrap_or(0));
        Ok(())
    }

    /// G2: who may hold a record holds it, with the same heads and content as everybody else; G4: nobody else does.
    fn check_convergence(&self) -> Kept {
        let shown: Vec<BTreeMap<RecordId, Projection>> = self
            .devices
            .iter()
            .map(|device| device.projections().into_iter().map(|one| (one.id, one)).collect())
            .collect();
        for (record, place) in &self.ledger.places {
            let holders = entitled(&place.area, place.village_may_know);
            for (at, shown_here) in shown.iter().enumerate() {
                let here = shown_here.get(record);
                let name = CAST[at].name;
                if holders.contains(&at) {
                    if here.is_none() || here != shown[CENTRE].get(record) {
                        let centre = shown[CENTRE].get(record);
                        return broken(
                            "G2",
                            format!("{record} at {name}: {here:?}, at the centre: {centre:?}"),
                        );
                    }
                } else if here.is_some() {
                    return broken("G4", format!("{name} shows {record}, which lies in {}", place.area));
                }
            }
        }
        Ok(())
    }

    /// G6: every value is in the history, and where several stand nobody was asked to forget one.
    fn check_overwritten(&mut self) -> Kept {
        let there = self.relay.changes();
        let mut histories: BTreeMap<RecordId, BTreeSet<(String, String)>> = BTreeMap::new();
        let centre = &self.devices[CENTRE].replica;
        for value in &self.ledger.values {
            if !there.contains(&(value.record, value.change.clone())) {
                continue;
            }
            let history = histories.entry(value.record).or_insert_with(|| {
                let entries = centre.history(value.record).unwrap();
                entries.into_iter().map(|entry| (entry.change, entry.field)).collect()
            });
            if !history.contains(&(value.change.clone(), value.field.to_owned())) {
                return broken("G6", format!("the history of {} lacks {value:?}", value.record));
            }
        }
        let mut in_conflict = 0;
        for ((record, field), live) in self.ledger.live(&there) {
            let view = centre.show(record).unwrap();
            let mut expected: Vec<&str> = live.iter().map(|value| value.value.as_str()).collect();
            expected.sort_unstable();
            let mut found: Vec<String> = match view.conflicts.get(field) {
                Some(values) => {
                    values.iter().filter_map(|one| one.value.as_str().map(str::to_owned)).collect()
                }
                None => view
                    .fields
                    .get(field)
                    .and_then(|value| value.as_str())
                    .map(str::to_owned)
                    .into_iter()
                    .collect(),
            };
            found.sort_unstable();
            if found != expected {
                return broken("G6", format!("{field} of {record} stands at {found:?}, not at {expected:?}"));
            }
            in_conflict += u64::from(expected.len() > 1);
        }
        self.tally.note_many("in conflict at the end", in_conflict);
        Ok(())
    }

    /// G9: what the status says is what is so.
    fn check_counts(&self, at: usize) -> Kept {
        let status = self.devices[at].replica.status(self.now).unwrap();
        let (there, apart) = (self.relay.changes(), self.relay.quarantined());
        let own = self.devices[at].own();
        let count =
            |wanted: &dyn Fn(&Name) -> bool| u64::try_from(own.iter().filter(|name| wanted(name)).count());
        let confirmed = count(&|name| there.contains(name)).unwrap_or(0);
        let apart = count(&|name| apart.contains_key(name) && !there.contains(name)).unwrap_or(0);
        let all = count(&|_| true).unwrap_or(0);
        // Of a record that has left, the log is not sent any more: late work has its receipt and that is all.
        let left = self.devices[at].left();
        let unsettled = count(&|name| left.contains(name) && there.contains(name)).unwrap_or(0);
        let records = u64::try_from(self.devices[at].projections().len()).unwrap_or(0);
        let expected = (confirmed, confirmed - unsettled, all - confirmed - apart, records, 0);
        let found = (
            status.confirmed,
            status.settled,
            status.waiting,
            status.records,
            status.pending + status.underived,
        );
        if found == expected {
            return Ok(());
        }
        broken("G9", format!("{} says {found:?}, which is {expected:?}", CAST[at].name))
    }

    /// G1 of what is sealed: every report was opened, and the village keeps nothing that is safe.
    fn check_reports(&mut self) -> Kept {
        let pages = self.devices[CENTRE].pages();
        let (_, found) = self.ledger.forbidden(&pages, CENTRE);
        let text = String::from_utf8_lossy(&pages);
        let lost: Vec<&String> =
            self.ledger.reports.iter().filter(|marker| !text.contains(*marker)).collect();
        if !lost.is_empty() || found == 0 {
            return broken("G1", format!("reported and never seen at the centre: {lost:?}"));
        }
        let sealed = self.devices[DESA].replica.status(self.now).unwrap().sealed;
        if sealed == 0 { Ok(()) } else { broken("G9", format!("{sealed} parcels wait although all is safe")) }
    }

    /// G9: an exchange in which nothing is new is one small round trip and changes nothing.
    fn check_idle(&mut self) -> Kept {
        for (at, part) in CAST.iter().enumerate() {
            let before = self.picture();
            let (attempt, path, request) = match self.devices[at].request(self.now) {
                Ok(request) => request,
                Err(error) => return broken("G9", format!("{error}")),
            };
            let (status, answer) = self.relay.answer(path, &request, self.now);
            let report = match self.devices[at].receive(status, &answer, self.now) {
                Ok(sambung_replica::exchange::Step::Done(report)) => report,
                other => return broken("G9", format!("{} has more to say: {other:?}", part.name)),
            };
            let bytes = report.bytes_up + report.bytes_down;
            // What builds on work that is kept apart waits visibly, and is offered anew with every sync.
            let held = self.devices[at].replica.status(self.now).unwrap().held;
            let most = IDLE_MAX + if report.attention > 0 { RECEIPT } else { 0 } + held * HELD;
            if report.pulled + report.pushed + report.sealed > 0 || bytes > most || before != self.picture() {
                let name = part.name;
                return broken(
                    "G9",
                    format!("an idle exchange of {name} ({attempt}) did something: {report:?}"),
                );
            }
        }
        Ok(())
    }
}
