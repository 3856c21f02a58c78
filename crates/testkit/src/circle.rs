//! Honest writers of one record, on Automerge itself: the counter-check to everything that refuses.

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, AutoCommit, AutomergeError, Change, ObjId, ObjType, ROOT, ReadDoc, ScalarValue};

use crate::Seed;

const AREAS: [&str; 5] = ["35.13.02.2004", "35.13.02", "35.09", "35.13", "00"];
const ACCESS: [&str; 4] = ["open", "ordinary", "restricted", "secret"];
const OFFICES: [&str; 3] = ["P4MI-3513", "BP3MI-35", "MPP-3509"];
/// Ids of people in their printed form.
const STAFF: [&str; 3] =
    ["00000000000000000000000001", "00000000000000000000000002", "00000000000000000000000003"];

/// Some people, each with a copy of one record, who edit and now and then meet. They write maps, lists,
/// texts, counters, deletions and routing keys, always as the library does it for an honest program.
#[derive(Debug)]
pub struct Circle {
    people: Vec<AutoCommit>,
    message: String,
    time: i64,
}

/// What Automerge says went wrong; in an honest circle nothing does.
pub type Result<T> = std::result::Result<T, AutomergeError>;

impl Circle {
    /// `count` people who start from a genesis chunk and a birth by the first of them. The document also gets
    /// a list (`catatan`), a text (`cerita`), a counter (`kunjungan`) and a map (`kontak`).
    ///
    /// # Errors
    /// What Automerge says.
    ///
    /// # Panics
    /// If the genesis is no change chunk.
    #[expect(clippy::unwrap_used, reason = "a helper of tests may fail")]
    pub fn new(genesis: &[u8], message: &str, count: u8) -> Result<Circle> {
        let mut first = AutoCommit::new();
        first.apply_changes([Change::try_from(genesis).unwrap()])?;
        first.set_actor(ActorId::from(&[1; 8]));
        for (key, value) in [("area", AREAS[0]), ("access", ACCESS[1]), ("office", OFFICES[0])] {
            first.put(ROOT, key, value)?;
        }
        first.put_object(ROOT, "catatan", ObjType::List)?;
        first.put_object(ROOT, "cerita", ObjType::Text)?;
        first.put_object(ROOT, "kontak", ObjType::Map)?;
        first.put(ROOT, "kunjungan", ScalarValue::counter(0))?;
        let mut circle = Circle { people: vec![first], message: message.to_owned(), time: 1_790_000_000 };
        circle.commit(0);
        for number in 1..count {
            let mut person = circle.people[0].fork();
            person.set_actor(ActorId::from(&[number + 1; 8]));
            circle.people.push(person);
        }
        Ok(circle)
    }

    /// One person edits; then perhaps hears from another, or restarts from disk.
    ///
    /// # Errors
    /// What Automerge says.
    pub fn step(&mut self, seed: &mut Seed) -> Result<()> {
        let at = seed.below(self.people.len());
        for _ in 0..=seed.below(3) {
            self.edit(seed, at)?;
        }
        self.commit(at);
        let other = seed.below(self.people.len());
        if other != at && seed.once_in(2) {
            let mut other = self.people[other].clone();
            self.people[at].merge(&mut other)?;
        }
        if seed.once_in(8) {
            let actor = self.people[at].get_actor().clone();
            self.people[at] = AutoCommit::load(&self.people[at].save())?;
            self.people[at].set_actor(actor);
        }
        Ok(())
    }

    /// All changes of all people, each behind those it builds on, the genesis first.
    ///
    /// # Errors
    /// What Automerge says.
    pub fn changes(&mut self) -> Result<Vec<Vec<u8>>> {
        let mut all = self.people[0].clone();
        for person in &mut self.people[1..] {
            all.merge(person)?;
        }
        Ok(all.get_changes(&[]).iter().map(|change| change.raw_bytes().to_vec()).collect())
    }

    /// One more change of each of several kinds on top of everything, by people not seen before: chunks to
    /// make mutants of. None builds on another.
    ///
    /// # Errors
    /// What Automerge says.
    pub fn next_changes(&mut self, seed: &mut Seed, count: u8) -> Result<Vec<Vec<u8>>> {
        let mut all = self.people[0].clone();
        for person in &mut self.people[1..] {
            all.merge(person)?;
        }
        let heads = all.get_heads();
        let mut chunks = Vec::new();
        for number in 0..count {
            let mut person = all.fork();
            person.set_actor(ActorId::from(&[0x80 + number; 8]));
            let mut circle = Circle { people: vec![person], message: self.message.clone(), time: self.time };
            for _ in 0..6 {
                circle.edit(seed, 0)?;
            }
            circle.commit(0);
            let made = circle.people[0].get_changes(&heads);
            chunks.extend(made.iter().map(|change| change.raw_bytes().to_vec()));
        }
        Ok(chunks)
    }

    fn commit(&mut self, at: usize) {
        self.time += 1;
        let options = CommitOptions::default().with_message(self.message.as_str()).with_time(self.time);
        self.people[at].commit_with(options);
    }

    fn edit(&mut self, seed: &mut Seed, at: usize) -> Result<()> {
        let person = &mut self.people[at];
        match seed.below(17) {
            0 => person.put(ROOT, "area", *seed.pick(&AREAS)),
            1 => person.put(ROOT, "access", *seed.pick(&ACCESS)),
            2 => person.put(ROOT, "office", *seed.pick(&OFFICES)),
            3 => route(person, seed),
            4 => person.put(ROOT, "nama_lengkap", format!("Siti {}", seed.below(50))),
            5 => person.delete(ROOT, "nama_lengkap"),
            6 => person.put(ROOT, *seed.pick(&["rt", "rw"]), i64::from(seed.byte())),
            7 => count(person, seed),
            8..=10 => list(person, seed),
            11 | 12 => text(person, seed),
            13 => entry(person, seed),
            14 => remove(person, seed),
            15 => person.put(ROOT, "transfer", *seed.pick(&["BP3MI-35", "MPP-3509", ""])),
            _ => item(person, seed),
        }
    }
}

fn object(person: &AutoCommit, key: &str) -> Result<ObjId> {
    person.get(ROOT, key)?.map(|(_, id)| id).ok_or(AutomergeError::Fail)
}

fn route(person: &mut AutoCommit, seed: &mut Seed) -> Result<()> {
    let (map, names) = match seed.below(4) {
        0 => ("partners", OFFICES),
        1 => ("readers", STAFF),
        2 => ("excluded", STAFF),
        _ => ("excluded", OFFICES),
    };
    let map = object(person, map)?;
    person.put(&map, *seed.pick(&names), seed.once_in(2))
}

fn count(person: &mut AutoCommit, seed: &mut Seed) -> Result<()> {
    if seed.once_in(4) {
        return person.put(ROOT, "kunjungan", ScalarValue::counter(i64::from(seed.byte())));
    }
    person.increment(ROOT, "kunjungan", 1)
}

fn list(person: &mut AutoCommit, seed: &mut Seed) -> Result<()> {
    let list = object(person, "catatan")?;
    let length = person.length(&list);
    let at = seed.below(length);
    match seed.below(4) {
        0 if length > 0 => person.delete(&list, at),
        1 if length > 0 => person.put(&list, at, i64::from(seed.byte())),
        2 => {
            let item = person.insert_object(&list, at, ObjType::Map)?;
            person.put(&item, "isi", "kunjungan rumah")
        }
        _ => person.insert(&list, seed.below(length + 1), i64::from(seed.byte())),
    }
}

fn text(person: &mut AutoCommit, seed: &mut Seed) -> Result<()> {
    let text = object(person, "cerita")?;
    let length = person.length(&text);
    let at = seed.below(length + 1);
    let removed = if at < length { 1 } else { 0 };
    let added = *seed.pick(&["aé😀", "x", ""]);
    person.splice_text(&text, at, removed, added)
}

fn entry(person: &mut AutoCommit, seed: &mut Seed) -> Result<()> {
    let map = object(person, "kontak")?;
    let key = format!("k{}", seed.below(4));
    let contact = person.put_object(&map, key, ObjType::Map)?;
    person.put(&contact, "nomor", "+62 811 0000 0000")
}

fn remove(person: &mut AutoCommit, seed: &mut Seed) -> Result<()> {
    let map = object(person, "kontak")?;
    person.delete(&map, format!("k{}", seed.below(4)))
}

fn item(person: &mut AutoCommit, seed: &mut Seed) -> Result<()> {
    let map = object(person, "kontak")?;
    let keys: Vec<String> = person.keys(&map).collect();
    let Some(key) = keys.first() else { return person.put(&map, "k9", 1) };
    match person.get(&map, key.as_str())? {
        Some((automerge::Value::Object(_), contact)) => {
            person.put(&contact, "hubungan", *seed.pick(&["ibu", "suami"]))
        }
        _ => person.put(&map, key.as_str(), i64::from(seed.byte())),
    }
}
