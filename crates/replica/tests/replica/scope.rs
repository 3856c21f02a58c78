//! Nobody is sent, and no disk keeps, what its device may not see: random offices, desks and villages work offline,
//! move and hide records, are given other areas and are revoked, and a naive reading of the role table over all that
//! the relay holds says what each of them may have.

#[expect(dead_code, reason = "here it says who reads, at the relay also who may write")]
#[path = "../../../../server/tests/relay/rights/oracle.rs"]
mod oracle;

use std::collections::{BTreeMap, BTreeSet};

use oracle::{PACK, Person, View};
use sambung_domain::RecordId;
use sambung_relay::clock;
use sambung_replica::exchange::{Step, SyncError};
use sambung_sync::document::{Document, Genesis};
use sambung_sync::frame::{AnswerFrame, unpack};
use sambung_testkit::Seed;
use sambung_trust::order::Deed;

use crate::bytes::{contains, marker, pages};
use crate::site::{Office, Site};

const WORLDS: u64 = 8;
const STEPS: usize = 90;
/// Rounds in which everybody syncs until nobody has anything left to say.
const ROUNDS: usize = 5;

const AREAS: [&str; 4] = ["35.13.02.2004", "35.13.03.2001", "35.08.01.2001", "35.09.13.2001"];
const SCOPES: [&str; 6] = ["35", "35.13", "35.13.02", "35.13.02.2004", "35.08", "35.09"];
const OFFICES: [&str; 2] = ["P4MI-3513", "BLK-3509"];
const ROLES: [&str; 6] =
    ["front_office", "complaint_officer", "central", "field_officer", "village_officer", "verifier"];
/// Kinds, each with a field for a text.
const KINDS: [(&str, &str); 4] =
    [("worker", "nama_lengkap"), ("household", "alamat"), ("pendataan", "judul"), ("opp_session", "tempat")];

struct Member {
    office: Office,
    person: Person,
    revoked: bool,
}

struct Record {
    id: RecordId,
    kind: &'static str,
    field: &'static str,
    /// What stands in it and nowhere else.
    markers: Vec<String>,
    /// Who wrote to it.
    authors: BTreeSet<usize>,
}

/// What the relay has accepted of a record.
struct Held {
    /// Where it lies; `None` before its birth.
    view: Option<View>,
    /// Those of its markers that came.
    markers: Vec<String>,
}

/// What has happened.
#[derive(Debug, Default)]
struct Tally {
    readable: usize,
    denied: usize,
    offline_moves: usize,
    narrowed: usize,
    revoked: usize,
    late: u64,
    left_behind: usize,
}

struct World {
    seed: Seed,
    site: Site,
    members: Vec<Member>,
    records: Vec<Record>,
    tally: Tally,
}

#[test]
fn no_message_and_no_disk_holds_what_is_outside_its_receivers_scope() {
    let mut all = Tally::default();
    for seed in 0..WORLDS {
        let mut world = World::new(Seed::new(seed));
        for step in 0..STEPS {
            world.step(&format!("world {seed}, step {step}"));
        }
        world.settle(&format!("world {seed}, at the end"));
        all.add(&world.tally);
    }
    eprintln!("{all:?}");
    let fifth = (all.readable + all.denied) / 5;
    assert!(all.denied >= fifth && all.readable >= fifth, "{all:?}");
    let happened = [all.offline_moves, all.narrowed, all.revoked];
    assert!(happened.into_iter().all(|count| count >= 4) && all.late >= 1, "{all:?}");
}

impl Tally {
    fn add(&mut self, other: &Tally) {
        self.readable += other.readable;
        self.denied += other.denied;
        self.offline_moves += other.offline_moves;
        self.narrowed += other.narrowed;
        self.revoked += other.revoked;
        self.late += other.late;
        self.left_behind += other.left_behind;
    }
}

impl World {
    fn new(mut seed: Seed) -> World {
        let site = Site::start();
        let members = (0..ROLES.len()).map(|number| member(&site, &mut seed, number)).collect();
        World { seed, site, members, records: Vec::new(), tally: Tally::default() }
    }

    fn step(&mut self, at: &str) {
        let by = self.seed.below(self.members.len());
        match self.seed.below(80) {
            0 => self.revoke(by),
            1..5 => self.regrant(by),
            5..25 => self.sync(at, by),
            25..45 => self.create(by),
            45..65 => self.edit(by),
            _ => self.reroute(by),
        }
    }

    fn create(&mut self, by: usize) {
        let (kind, field) = *self.seed.pick(&KINDS);
        let (text, area) = (marker(), *self.seed.pick(&AREAS));
        let mut set = vec![(field, text.as_str())];
        if self.seed.once_in(2) {
            set.push(("area", area));
        }
        if let Ok(id) = self.members[by].office.create_kind(kind, None, &set) {
            self.records.push(Record { id, kind, field, markers: vec![text], authors: [by].into() });
        }
    }

    /// One of the records that somebody sees on his device.
    fn one_of(&mut self, by: usize) -> Option<usize> {
        let replica = &self.members[by].office.replica;
        let shown: Vec<usize> =
            (0..self.records.len()).filter(|at| replica.show(self.records[*at].id).is_ok()).collect();
        (!shown.is_empty()).then(|| *self.seed.pick(&shown))
    }

    fn edit(&mut self, by: usize) {
        let Some(at) = self.one_of(by) else { return };
        let text = marker();
        let record = &mut self.records[at];
        if let Ok(Some(_)) = self.members[by].office.edit(record.id, &[(record.field, &text)]) {
            record.markers.push(text);
            record.authors.insert(by);
        }
    }

    /// Moves, hides, protects or shares, where the device lets him; nobody else knows of it yet.
    fn reroute(&mut self, by: usize) {
        let Some(at) = self.one_of(by) else { return };
        let someone = self.members[self.seed.below(ROLES.len())].person.staff.clone();
        let seed = &mut self.seed;
        let (key, value) = match seed.below(8) {
            0..4 => ("area", (*seed.pick(&AREAS)).to_owned()),
            4 => ("access", (*seed.pick(&["ordinary", "restricted"])).to_owned()),
            5 => ("+partners", (*seed.pick(&OFFICES)).to_owned()),
            6 => ("+readers", someone),
            _ => ("+excluded", someone),
        };
        let record = &mut self.records[at];
        if let Ok(Some(_)) = self.members[by].office.edit(record.id, &[(key, &value)]) {
            record.authors.insert(by);
            self.tally.offline_moves += usize::from(key == "area");
        }
    }

    fn regrant(&mut self, by: usize) {
        let areas: Vec<&str> = (0..=self.seed.below(2)).map(|_| *self.seed.pick(&SCOPES)).collect();
        let member = &mut self.members[by];
        if member.revoked {
            return;
        }
        self.site.regrant_areas(&member.office, &areas);
        member.person.areas = areas.into_iter().map(str::to_owned).collect();
        self.tally.narrowed += 1;
    }

    fn revoke(&mut self, by: usize) {
        let member = &mut self.members[by];
        if !std::mem::replace(&mut member.revoked, true) {
            self.site.order(&member.office, Deed::Revoke);
            self.tally.revoked += 1;
        }
    }

    /// A whole sync; every answer is looked through.
    fn sync(&mut self, at: &str, by: usize) {
        let mut session = self.members[by].office.session();
        loop {
            let replica = &mut self.members[by].office.replica;
            let request = session.request(replica, clock::now()).unwrap();
            let (status, body) = self.site.answer(&request);
            self.look_through(at, by, &body);
            let replica = &mut self.members[by].office.replica;
            match session.receive(replica, status, &body, clock::now()) {
                Ok(Step::Continue) => {}
                Ok(Step::Done(report)) => {
                    self.tally.late += report.verdicts.get("late").copied().unwrap_or_default();
                    return;
                }
                Err(SyncError::Closed(_)) if self.members[by].revoked => return,
                Err(error) => panic!("{at}: {error}"),
            }
        }
    }

    /// Nothing in an answer is of a record that its receiver does not read as things stand at the relay.
    fn look_through(&mut self, at: &str, by: usize, body: &[u8]) {
        let Ok(frame) = unpack::<AnswerFrame>(body) else { return };
        let now = self.at_the_relay();
        for (record, held) in self.records.iter().zip(&now) {
            let reads = self.members[by].reads(record, held);
            *(if reads { &mut self.tally.readable } else { &mut self.tally.denied }) += 1;
            let sent = record.markers.iter().any(|marker| contains(&frame.body, marker));
            assert!(reads || !sent, "{at}: {} was sent to {:?}", record.kind, self.members[by].person);
        }
    }

    /// What the relay has accepted of every record.
    fn at_the_relay(&self) -> Vec<Held> {
        let ids: Vec<RecordId> = self.records.iter().map(|record| record.id).collect();
        let held = self.site.chunks(&ids);
        self.records.iter().zip(held).map(|(record, chunks)| record.after(&chunks)).collect()
    }

    /// Everybody syncs until nothing moves; then every disk holds what its owner reads, and nothing else.
    fn settle(&mut self, at: &str) {
        for _ in 0..ROUNDS {
            for by in 0..self.members.len() {
                self.sync(at, by);
            }
        }
        let quarantined: BTreeSet<RecordId> =
            self.site.quarantine().into_iter().map(|change| change.record).collect();
        let disks: BTreeMap<usize, Vec<u8>> = (0..self.members.len())
            .filter(|by| !self.members[*by].revoked)
            .map(|by| (by, pages(&self.members[by].office)))
            .collect();
        let now = self.at_the_relay();
        for (record, held) in self.records.iter().zip(&now) {
            let (readers, others): (Vec<usize>, Vec<usize>) =
                disks.keys().partition(|by| self.members[**by].reads(record, held));
            for by in &readers {
                let person = &self.members[*by].person;
                let lacking = held.markers.iter().filter(|marker| !contains(&disks[by], marker)).count();
                assert_eq!(lacking, 0, "{at}: {} is not whole at {person:?}", record.kind);
            }
            for by in others {
                let person = &self.members[by].person;
                if record.markers.iter().all(|marker| !contains(&disks[&by], marker)) {
                    continue;
                }
                // Own work stays until somebody else is known to hold it.
                let safe = !readers.is_empty() && !quarantined.contains(&record.id);
                let stays = record.authors.contains(&by) && !safe;
                assert!(stays, "{at}: {} lies on the disk of {person:?}\n{:?}", record.kind, held.view);
                self.tally.left_behind += 1;
            }
        }
    }
}

impl Record {
    fn after(&self, chunks: &[Vec<u8>]) -> Held {
        let genesis = Genesis { kind: self.kind.to_owned(), record: self.id, generation: 1 };
        let mut document = Document::genesis(&genesis, &PACK.kinds[self.kind].genesis_maps()).unwrap();
        if !chunks.is_empty() {
            document.apply(&chunks.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
        }
        let came = |marker: &&String| chunks.iter().any(|chunk| contains(chunk, marker));
        Held { view: View::of(&document), markers: self.markers.iter().filter(came).cloned().collect() }
    }
}

impl Member {
    fn reads(&self, record: &Record, held: &Held) -> bool {
        let inside = |view: &View| self.person.reads(record.kind, view);
        !self.revoked && held.view.as_ref().is_some_and(inside)
    }
}

fn member(site: &Site, seed: &mut Seed, number: usize) -> Member {
    let role = ROLES[number];
    let areas: Vec<&str> = (0..=seed.below(2)).map(|_| *seed.pick(&SCOPES)).collect();
    let seat = (!seed.once_in(3)).then(|| *seed.pick(&OFFICES));
    let name = format!("alat-{number}");
    let office = match seat {
        Some(seat) => site.seated(&name, (role, &areas), seat, &[]),
        None => site.device(&name, role, &areas),
    };
    let person = Person {
        role: role.parse().unwrap(),
        areas: areas.iter().map(|area| (*area).to_owned()).collect(),
        office: seat.map(str::to_owned),
        staff: office.staff.to_string(),
    };
    Member { office, person, revoked: false }
}
