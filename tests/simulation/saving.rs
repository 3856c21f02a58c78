//! What people do: make records, write into the same fields at several places, move matters on, move people, decide,
//! report and open what was reported.

use std::collections::BTreeSet;

use sambung_domain::RecordId;
use sambung_replica::command::{Command, Create, EditRecord, Fields, Move, Outcome, Resolve, Transition};
use sambung_replica::parcel::{OpenComplaint, Seal};
use sambung_replica::{Circumstances, Replica, ReplicaError};
use serde_json::{Value as Json, json};

use crate::cast::{CAST, CENTRE, DESA, KANTOR, LUMAJANG, THERE, entitled};
use crate::ledger::Value;
use crate::world::{Kept, RECORDS, Violation, World, broken};

/// Fields into which everybody writes.
const FIELDS: [&str; 2] = ["dusun", "alamat"];
/// States of a case that follow each other in any order here.
const STATES: [&str; 3] = ["BARU", "VERIFIKASI", "SELESAI"];
/// People that the centre moves in one run, at most.
const MOVES: usize = 3;

impl World {
    pub(crate) fn save(&mut self, at: usize) -> Kept {
        if self.ledger.places.len() < RECORDS {
            return self.create_worker(at);
        }
        match self.seed.below(20) {
            0 => self.create_worker(at),
            1 => self.create_case(at),
            2 | 3 => self.transition(at),
            4 => self.relocate(),
            5 | 6 => self.resolve(at),
            7 => self.report(),
            _ => self.edit(at),
        }
    }

    fn create_worker(&mut self, at: usize) -> Kept {
        let area = *self.seed.pick(CAST[at].places);
        let village_may_know = at == DESA || self.seed.once_in(2);
        let readers = entitled(area, village_may_know).into_iter().chain([at]);
        let marker = self.ledger.marker(&mut self.seed, readers);
        let mut set = vec![("nama_lengkap", json!(format!("Uji {marker}"))), ("area", json!(area))];
        if at != DESA {
            let answer = if village_may_know { "ya" } else { "tidak" };
            set.push(("boleh_diketahui_desa", json!(answer)));
        }
        let saved = self.run(at, &Command::Create(create("worker", set)))?;
        if let Some(outcome) = saved {
            self.ledger.born(outcome.id, "worker", area, village_may_know);
            self.ledger.belongs(&marker, outcome.id);
        }
        Ok(())
    }

    fn create_case(&mut self, at: usize) -> Kept {
        if at == DESA {
            return self.edit(at);
        }
        let area = *self.seed.pick(CAST[at].places);
        let marker = self.ledger.marker(&mut self.seed, entitled(area, false));
        let set = vec![("nomor_sisko", json!(marker)), ("area", json!(area))];
        let saved = self.run(at, &Command::Create(create("case", set)))?;
        if let Some(outcome) = saved {
            self.ledger.born(outcome.id, "case", area, false);
        }
        Ok(())
    }

    fn some(&mut self, kind: &str) -> Option<RecordId> {
        let records = self.ledger.records(kind);
        if records.is_empty() { None } else { Some(*self.seed.pick(&records)) }
    }

    fn edit(&mut self, at: usize) -> Kept {
        let Some(id) = self.some("worker") else { return Ok(()) };
        let field = *self.seed.pick(&FIELDS);
        let readers = self.ledger.readers(id, at);
        let value = self.ledger.marker(&mut self.seed, readers);
        let seen = self.devices[at].changes_of(id);
        let fields = Fields { set: [(field.to_owned(), json!(value))].into(), ..Fields::default() };
        let saved = self.run(at, &Command::Edit(EditRecord { id, fields, reason: None }))?;
        self.gave(at, saved, id, field, value, seen)
    }

    fn resolve(&mut self, at: usize) -> Kept {
        let Some(id) = self.some("worker") else { return Ok(()) };
        let field = *self.seed.pick(&FIELDS);
        let Ok(open) = self.devices[at].replica.conflicts_of(id) else { return Ok(()) };
        if !open.iter().any(|conflict| conflict.field == field) {
            return Ok(());
        }
        let readers = self.ledger.readers(id, at);
        let value = self.ledger.marker(&mut self.seed, readers);
        let seen = self.devices[at].changes_of(id);
        let resolve = Resolve {
            id,
            field: field.to_owned(),
            choose: None,
            value: Some(json!(value)),
            reason: "ditanyakan".to_owned(),
            seen: Vec::new(),
        };
        let saved = self.run(at, &Command::Resolve(resolve))?;
        if saved.is_some() {
            self.tally.note("decided");
        }
        self.gave(at, saved, id, field, value, seen)
    }

    /// Notes the value that a save gave a field.
    fn gave(
        &mut self,
        at: usize,
        saved: Option<Outcome>,
        record: RecordId,
        field: &'static str,
        value: String,
        seen: BTreeSet<String>,
    ) -> Kept {
        let Some(outcome) = saved else { return Ok(()) };
        let Some(change) = outcome.change else {
            return broken("G1", format!("{record}: a save of a new value made no change"));
        };
        if !self.ledger.own[at].contains(&(record, change.clone())) {
            return broken("G3", format!("{record}: the save returned and {change} is not there"));
        }
        self.ledger.belongs(&value, record);
        self.ledger.last_read[at].insert((record, field), value.clone());
        self.ledger.values.push(Value { record, field, value, change, seen });
        Ok(())
    }

    fn transition(&mut self, at: usize) -> Kept {
        let Some(id) = self.some("case") else { return self.create_case(at) };
        let to = (*self.seed.pick(&STATES)).to_owned();
        let reason = Some("uji".to_owned());
        self.run(at, &Command::Transition(Transition { id, to, field: None, reason }))?;
        Ok(())
    }

    /// The centre moves somebody from the first kabupaten to the second.
    fn relocate(&mut self) -> Kept {
        let moved = self.ledger.places.values().filter(|place| place.moved).count();
        let Some(id) = self.some("worker") else { return Ok(()) };
        if moved >= MOVES || self.ledger.places[&id].area == THERE {
            return Ok(());
        }
        let office = Some(LUMAJANG.parse().unwrap());
        let relocate = Move { id, to: THERE.parse().unwrap(), office, reason: "menikah".to_owned() };
        if self.run(CENTRE, &Command::Move(relocate))?.is_some() {
            self.ledger.moves(id);
            self.tally.note("moved");
        }
        Ok(())
    }

    /// The village reports; from then on nothing of it is here.
    fn report(&mut self) -> Kept {
        let marker = self.ledger.marker(&mut self.seed, [CENTRE, KANTOR]);
        let mut create = create("complaint", vec![("pelapor_nama", json!("Uji Siti"))]);
        create.fields.add.push(("kronologi".to_owned(), json!({ "isi": marker })));
        let seal = Seal { create, to: None, draft: None };
        match self.devices[DESA].with(self.now, |replica, with| replica.seal(&seal, with)) {
            Ok(_) => {
                self.ledger.saves += 1;
                self.tally.note("sealed");
                self.ledger.reports.push(marker);
                self.check_pages(DESA)
            }
            Err(error) => broken("G1", format!("the village cannot report: {error}")),
        }
    }

    /// The office opens what has arrived.
    pub(crate) fn open_complaints(&mut self) -> Kept {
        for arrived in self.devices[KANTOR].replica.unopened().unwrap() {
            let open = OpenComplaint { item: arrived.item, case: None };
            let opened = match self.saved(KANTOR, |replica, with| replica.open_complaint(&open, with)) {
                Ok(opened) => opened,
                Err(error) => return broken("G1", format!("a complaint cannot be opened: {error}")),
            };
            self.tally.note("opened");
            let area = self.devices[KANTOR].replica.show(opened.complaint).unwrap().fields["area"].clone();
            let area = area.as_str().unwrap_or_default();
            self.ledger.born(opened.complaint, "complaint", area, false);
            self.ledger.born(opened.case, "case", area, false);
        }
        Ok(())
    }

    /// What a node does by itself after a sync: it seals items anew for those who have come meanwhile.
    pub(crate) fn open_alone(&mut self, at: usize) -> Kept {
        match self.devices[at].with(self.now, Replica::open_private_parts) {
            Ok(done) => {
                self.tally.note_many("sealed anew", done.resealed);
                Ok(())
            }
            Err(error) => broken("G1", format!("{} cannot look at sealed items: {error}", CAST[at].name)),
        }
    }

    /// A save during which the process is killed.
    pub(crate) fn save_without_return(&mut self, at: usize) {
        let Some(id) = self.some("worker") else { return };
        let fields = Fields { set: [("dusun".to_owned(), json!("Krajan"))].into(), ..Fields::default() };
        let edit = EditRecord { id, fields, reason: None };
        // Whatever it says, nobody hears it.
        drop(self.devices[at].with(self.now, |replica, with| replica.edit(&edit, with)));
    }

    /// Runs a command; `None` where the device does not hold the record or may not do that.
    fn run(&mut self, at: usize, command: &Command) -> Result<Option<Outcome>, Violation> {
        match self.saved(at, |replica, with| replica.run(command, with)) {
            Ok(saved) => Ok(Some(saved)),
            Err(ReplicaError::NotFound(_) | ReplicaError::NotAllowed) => Ok(None),
            Err(error) => broken("G1", format!("{} cannot save {command:?}: {error}", CAST[at].name)),
        }
    }

    /// Saves, and notes every change that there is when the save has returned.
    fn saved<T>(
        &mut self,
        at: usize,
        command: impl FnOnce(&mut Replica, &mut Circumstances<'_>) -> Result<T, ReplicaError>,
    ) -> Result<T, ReplicaError> {
        let outcome = self.devices[at].with(self.now, command)?;
        let own = self.devices[at].own();
        self.ledger.own[at].extend(own);
        self.ledger.saves += 1;
        self.tally.note("saved");
        Ok(outcome)
    }
}

fn create(kind: &str, set: Vec<(&str, Json)>) -> Create {
    let set = set.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    Create { kind: kind.to_owned(), of: None, fields: Fields { set, ..Fields::default() } }
}
