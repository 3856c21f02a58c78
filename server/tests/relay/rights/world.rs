//! Devices of random people, who write random things and ask what is new.

use std::collections::{BTreeMap, BTreeSet};

use sambung_domain::value::Value;
use sambung_domain::{Area, RecordId, Role, Timestamp};
use sambung_relay::clock;
use sambung_sync::document::{ChangeHash, Document, Edit, Genesis};
use sambung_sync::form::Message;
use sambung_sync::message::{Disposition, ExchangeRequest, ExchangeResponse, Lane, PullAnswer, PushItem};
use sambung_sync::relay::Invitation;
use sambung_testkit::Seed;
use sambung_trust::batch::Seen;
use sambung_trust::signed::encode;

use super::oracle::{BOARD, PACK, Person, View, is_posted};
use crate::device::{Device, Stranger};
use crate::record::name;
use crate::site::{Site, invite_with};

const AREAS: [&str; 5] = ["35.13.02.2004", "35.13.03.2001", "35.09.13.2001", "33.74.01.1001", BOARD];
const SCOPES: [&str; 6] = ["35", "35.13", "35.13.02", "35.13.02.2004", "35.09", "33.74"];
const OFFICES: [&str; 3] = ["P4MI-3513", "BLK-3509", "DINAS-33"];
const KINDS: [&str; 7] =
    ["worker", "worker_private", "case", "statement", "opp_session", "rules", "status_card"];
const LEVELS: [&str; 4] = ["open", "ordinary", "restricted", "secret"];
const DEVICES: usize = 9;

struct Member {
    device: Device,
    person: Person,
    /// Through which sets it was sent each record.
    sets: BTreeMap<RecordId, BTreeSet<String>>,
    /// Which changes of each record it was sent.
    sent: BTreeMap<RecordId, BTreeSet<ChangeHash>>,
    /// Which it wrote itself.
    wrote: BTreeMap<RecordId, BTreeSet<ChangeHash>>,
}

struct Record {
    id: RecordId,
    kind: &'static str,
    chunks: Vec<Vec<u8>>,
    /// What stands in it and nowhere else.
    markers: Vec<String>,
}

pub(super) struct World {
    seed: Seed,
    _site: Site,
    members: Vec<Member>,
    records: Vec<Record>,
    next: u32,
    pub(super) allowed: usize,
    pub(super) denied: usize,
}

impl Record {
    /// The document after some of its changes.
    fn document(&self, changes: usize) -> Document {
        let genesis = Genesis { kind: self.kind.to_owned(), record: self.id, generation: 1 };
        let mut document = Document::genesis(&genesis, &PACK.kinds[self.kind].genesis_maps()).unwrap();
        let chunks: Vec<&[u8]> = self.chunks[..changes].iter().map(Vec::as_slice).collect();
        if !chunks.is_empty() {
            document.apply(&chunks).unwrap();
        }
        document
    }

    fn view(&self) -> View {
        View::of(&self.document(self.chunks.len())).unwrap()
    }
}

fn put(key: &str, value: &str) -> Edit {
    Edit::Put { path: vec![key.to_owned()], value: Value::from(value) }
}

/// Names somebody in a routing map, or takes the name off.
fn name_in(map: &str, name: &str, yes: bool) -> Edit {
    Edit::Put { path: vec![map.to_owned(), name.to_owned()], value: Value::Bool(yes) }
}

impl World {
    pub(super) fn new(mut seed: Seed) -> World {
        let site = Site::start();
        let members = (0..DEVICES).map(|number| member(&site, &mut seed, number)).collect();
        World { seed, _site: site, members, records: Vec::new(), next: 0, allowed: 0, denied: 0 }
    }

    fn marker(&mut self) -> String {
        self.next += 1;
        format!("penanda-{:016x}-{}", self.seed.number(), self.next)
    }

    /// Somebody writes something; the relay says what the table says.
    pub(super) fn write(&mut self, at: &str) {
        if self.records.len() < 4 || self.seed.once_in(4) {
            self.bear(at);
        } else {
            self.change(at);
        }
    }

    fn bear(&mut self, at: &str) {
        let by = self.seed.below(self.members.len());
        let kind = *self.seed.pick(&KINDS);
        let marker = self.marker();
        let record = Record { id: RecordId(clock::random().unwrap()), kind, chunks: vec![], markers: vec![] };
        let mut edits = self.birth(by, kind);
        edits.push(put("uji", marker.as_str()));
        let (hash, chunk) = write(&mut record.document(0), &mut self.members[by], &edits).unwrap();
        let record = Record { chunks: vec![chunk], markers: vec![marker], ..record };
        let may = self.members[by].person.may_create(kind, &record.view());
        self.push(at, by, &record, may);
        if may {
            self.members[by].wrote.entry(record.id).or_default().insert(hash);
            self.records.push(record);
        }
    }

    /// The routing of a birth, mostly at a place of its author.
    fn birth(&mut self, by: usize, kind: &str) -> Vec<Edit> {
        let seed = &mut self.seed;
        let person = &self.members[by].person;
        let near: Vec<&str> = AREAS
            .into_iter()
            .filter(|area| person.areas.iter().any(|own| area.starts_with(own.as_str())))
            .collect();
        let area = match near[..] {
            _ if is_posted(kind) && !seed.once_in(8) => BOARD,
            [] => *seed.pick(&AREAS),
            _ if seed.once_in(4) => *seed.pick(&AREAS),
            _ => *seed.pick(&near),
        };
        let office = match &person.office {
            Some(own) if !seed.once_in(3) => own.clone(),
            _ => (*seed.pick(&OFFICES)).to_owned(),
        };
        let usual = PACK.kinds[kind].access.as_str();
        let access = if seed.once_in(4) { *seed.pick(&LEVELS) } else { usual };
        let mut edits = vec![put("area", area), put("office", office.as_str()), put("access", access)];
        if access == "secret" || seed.once_in(3) {
            edits.push(name_in("readers", &person.staff, true));
        }
        if seed.once_in(4) {
            edits.push(name_in("partners", seed.pick::<&str>(&OFFICES), true));
        }
        edits
    }

    fn change(&mut self, at: &str) {
        let number = self.seed.below(self.records.len());
        let by = self.author(number);
        let edits = self.edits(by, number);
        let (known, kind) = (self.records[number].chunks.len(), self.records[number].kind);
        // Mostly from what stands now, sometimes from an older state, sometimes as if he had never seen it.
        let from = match self.seed.below(8) {
            0 => self.seed.below(known),
            1 => known.saturating_sub(1).max(1),
            _ => known,
        };
        let edits = if from == 0 { self.birth(by, kind) } else { edits };
        let marker = self.marker();
        let edits: Vec<Edit> = edits.into_iter().chain([put("uji", marker.as_str())]).collect();
        let record = &self.records[number];
        let mut document = record.document(from);
        let seen = View::of(&document);
        let Some((hash, chunk)) = write(&mut document, &mut self.members[by], &edits) else { return };
        let mut after = record.document(known);
        after.apply(&[&chunk]).unwrap();
        let (here, after) = (record.view(), View::of(&after).unwrap());
        let may = self.members[by].person.may_change(kind, seen.as_ref(), &here, &after);
        let pushed = Record { id: record.id, kind, chunks: vec![chunk.clone()], markers: vec![] };
        let at = format!("{at}\n{:?}\n{seen:?}\n{here:?}\n{after:?}", self.members[by].person);
        self.push(&at, by, &pushed, may);
        if may {
            let record = &mut self.records[number];
            record.chunks.push(chunk);
            record.markers.push(marker);
            self.members[by].wrote.entry(pushed.id).or_default().insert(hash);
        }
    }

    /// Mostly somebody who reads the record, else anybody.
    fn author(&mut self, number: usize) -> usize {
        let (kind, view) = (self.records[number].kind, self.records[number].view());
        let readers: Vec<usize> =
            (0..self.members.len()).filter(|at| self.members[*at].person.reads(kind, &view)).collect();
        if readers.is_empty() || self.seed.once_in(3) {
            self.seed.below(self.members.len())
        } else {
            *self.seed.pick(&readers)
        }
    }

    fn edits(&mut self, by: usize, number: usize) -> Vec<Edit> {
        let staff = self.members[self.seed.below(DEVICES)].person.staff.clone();
        let own = self.members[by].person.office.clone();
        let seed = &mut self.seed;
        let yes = !seed.once_in(3);
        let office = match own {
            Some(own) if seed.once_in(2) => own,
            _ => (*seed.pick(&OFFICES)).to_owned(),
        };
        match seed.below(16) {
            0 | 1 => vec![put("area", seed.pick::<&str>(&AREAS))],
            2 | 3 => vec![put("access", seed.pick::<&str>(&LEVELS))],
            4 => vec![put("office", office.as_str())],
            5 | 6 => vec![name_in("partners", &office, yes)],
            7 | 8 => vec![name_in("readers", &staff, yes)],
            9 => vec![name_in("excluded", if seed.once_in(2) { &staff } else { &office }, yes)],
            10 => vec![put("transfer", if yes { office.as_str() } else { "" })],
            11 => vec![
                put("office", office.as_str()),
                put("area", AREAS[number % AREAS.len()]),
                put("transfer", ""),
            ],
            _ => vec![],
        }
    }

    fn push(&mut self, at: &str, by: usize, record: &Record, may: bool) {
        let member = &mut self.members[by];
        let item = PushItem {
            record: record.id,
            generation: 1,
            kind: record.kind.to_owned(),
            nonce: member.device.incarnation,
            chunks: record.chunks.iter().cloned().map(Into::into).collect(),
        };
        let push = member.device.sign(vec![item]);
        let verdict = member.device.push(&push).unwrap().verdicts[0].clone();
        let taken = verdict.disposition == Disposition::Stored && verdict.lane == Lane::Normal;
        let apart = verdict.disposition == Disposition::Held || verdict.lane == Lane::Quarantined;
        assert_eq!((taken, apart), (may, !may), "{at}\n{} {:?} {verdict:?}", record.kind, member.person);
        *(if may { &mut self.allowed } else { &mut self.denied }) += 1;
    }

    /// Everybody asks what is new, and has afterwards what the table gives him.
    pub(super) fn look(&mut self, at: &str) {
        let World { members, records, .. } = self;
        for member in members {
            while member.pull(at, records) {}
            for record in records.iter() {
                let (view, held) = (record.view(), member.sets.contains_key(&record.id));
                let may = member.person.reads(record.kind, &view);
                assert_eq!(held, may, "{at}: {} {view:?}\n{:?}", record.kind, member.person);
                if may {
                    member.has_all(at, record);
                }
            }
        }
    }
}

impl Member {
    /// Takes one answer; whether there is more.
    fn pull(&mut self, at: &str, records: &[Record]) -> bool {
        let budget = None;
        let request =
            ExchangeRequest { scopes: Some(self.device.scopes.clone()), budget, ..self.device.request() };
        let response = self.device.exchange(&request).unwrap();
        let bytes = encode(&response);
        for record in records.iter().filter(|record| !self.person.reads(record.kind, &record.view())) {
            for marker in &record.markers {
                let found = bytes.windows(marker.len()).any(|window| window == marker.as_bytes());
                assert!(!found, "{at}: {} was sent to {:?}", record.kind, self.person);
            }
        }
        self.take(&response);
        self.device.settle(&response);
        response.more == Some(true)
    }

    fn take(&mut self, response: &ExchangeResponse) {
        let mut left = Vec::new();
        for pull in response.pulls.iter().flatten() {
            let PullAnswer::Delta { leaves, known, left: gone, .. } = &pull.answer else {
                panic!("{pull:?}")
            };
            for leaf in leaves {
                self.sets.entry(leaf.record).or_default().insert(pull.set.to_string());
                let hashes = leaf.changes.iter().map(|change| name(&change.chunk));
                self.sent.entry(leaf.record).or_default().extend(hashes);
            }
            for change in known {
                self.sets.entry(change.record).or_default().insert(pull.set.to_string());
            }
            left.extend(gone.iter().map(|(record, _)| (*record, pull.set.to_string())));
        }
        for (record, set) in left {
            let Some(sets) = self.sets.get_mut(&record) else { continue };
            sets.remove(&set);
            if sets.is_empty() {
                self.sets.remove(&record);
                self.sent.remove(&record);
            }
        }
    }

    fn has_all(&self, at: &str, record: &Record) {
        let empty = BTreeSet::new();
        let sent = self.sent.get(&record.id).unwrap_or(&empty);
        let wrote = self.wrote.get(&record.id).unwrap_or(&empty);
        for chunk in &record.chunks {
            let hash = name(chunk);
            assert!(sent.contains(&hash) || wrote.contains(&hash), "{at}: {} lacks a change", record.kind);
        }
    }
}

/// Writes with a fresh incarnation, so that what was seen of the author's own earlier work does not matter.
fn write(document: &mut Document, member: &mut Member, edits: &[Edit]) -> Option<(ChangeHash, Vec<u8>)> {
    member.device.incarnation = clock::random().unwrap();
    let device = &member.device;
    let message =
        Message { command: "uji".to_owned(), reason: None, staff: device.staff() }.encode().unwrap();
    document.edit(device.actor(), 1_790_000_000, &message, edits).unwrap()
}

fn member(site: &Site, seed: &mut Seed, number: usize) -> Member {
    let roles = Role::ALL.map(|(role, _, _)| role);
    // Those who write come more often than those who look on.
    let role = if number < 4 { roles[number] } else { *seed.pick(&roles) };
    let areas: Vec<&str> = (0..=seed.below(2)).map(|_| *seed.pick(&SCOPES)).collect();
    let office = (!seed.once_in(4)).then(|| *seed.pick(&OFFICES));
    let staff = RecordId([u8::try_from(number % 5 + 1).unwrap(); 16]);
    let code = invite_with(&site.data(), |hash| Invitation {
        hash,
        role,
        areas: areas.iter().map(|area| area.parse().unwrap()).collect(),
        sets: vec![],
        office: office.map(|code| code.parse().unwrap()),
        staff: vec![staff],
        expires: Timestamp(clock::now().0 + 60_000),
        used_by: None,
    });
    let person = Person {
        role,
        areas: areas.iter().map(|area| (*area).to_owned()).collect(),
        office: office.map(str::to_owned),
        staff: staff.to_string(),
    };
    let mut device = Stranger::new().enrol(site.address, &code);
    // Who has seen everything is never merely late: the table alone decides.
    let shard = |area: &str| area.parse::<Area>().unwrap().shard();
    device.seen = AREAS.map(|area| Seen { shard: shard(area), sequence: u64::MAX }).to_vec();
    Member { device, person, sets: BTreeMap::new(), sent: BTreeMap::new(), wrote: BTreeMap::new() }
}
