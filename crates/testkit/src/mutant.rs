//! Hostile changes: mutants of honest chunks with the checksum made right again, changes forged by hand, and
//! what Automerge does with a change once it is let in.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU64;
use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::transaction::{CommitOptions, Transactable};
pub use automerge::{ActorId, ExpandedChange, ObjType, ScalarValue, legacy};
use automerge::{AutoCommit, Automerge, AutomergeError, Change, ChangeHash, ROOT, ReadDoc, Value};
use sha2::{Digest, Sha256};

use crate::Seed;

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const LENGTH_AT: usize = 9;

/// Appends an unsigned LEB128 number.
pub fn unsigned(mut number: u64, out: &mut Vec<u8>) {
    loop {
        let low = number.to_le_bytes()[0] & 0x7f;
        number >>= 7;
        if number == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

/// Appends a signed LEB128 number.
pub fn signed(mut number: i64, out: &mut Vec<u8>) {
    loop {
        let low = number.to_le_bytes()[0] & 0x7f;
        number >>= 7;
        let negative = low & 0x40 != 0;
        if (number == 0 && !negative) || (number == -1 && negative) {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

/// A chunk of a type around a body, with the right length and checksum.
#[must_use]
pub fn chunk(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut hashed = vec![kind];
    unsigned(u64::try_from(body.len()).unwrap_or(u64::MAX), &mut hashed);
    hashed.extend_from_slice(body);
    let checksum = &Sha256::digest(&hashed)[..4];
    [&MAGIC, checksum, &hashed].concat()
}

/// The body of a well-formed chunk.
#[must_use]
pub fn body(chunk: &[u8]) -> &[u8] {
    let header = chunk[LENGTH_AT..].iter().take_while(|byte| **byte & 0x80 != 0).count();
    &chunk[LENGTH_AT + header + 1..]
}

/// A change chunk written by hand, so that it may claim what no library writes.
#[derive(Debug, Clone)]
pub struct Forged {
    /// Hashes it builds on.
    pub deps: Vec<[u8; 32]>,
    /// Its actor.
    pub actor: Vec<u8>,
    /// Its message.
    pub message: Vec<u8>,
    /// Other actors it names.
    pub other_actors: Vec<Vec<u8>>,
    /// Specification number and bytes of each column.
    pub columns: Vec<(u64, Vec<u8>)>,
    /// Bytes behind the columns.
    pub extra: Vec<u8>,
}

impl Forged {
    /// A change that claims to put null at the key `a`, `count` times.
    #[must_use]
    pub fn run(count: i64) -> Forged {
        let run = |value: &[u8]| {
            let mut column = Vec::new();
            signed(count, &mut column);
            column.extend_from_slice(value);
            column
        };
        let mut inserts = Vec::new();
        unsigned(count.unsigned_abs(), &mut inserts);
        Forged {
            deps: Vec::new(),
            actor: vec![9; 8],
            message: Vec::new(),
            other_actors: Vec::new(),
            columns: vec![
                (21, run(b"\x01a")),
                (52, inserts),
                (66, run(&[1])),
                (86, run(&[0])),
                (112, run(&[0])),
            ],
            extra: Vec::new(),
        }
    }

    /// The chunk.
    #[must_use]
    pub fn chunk(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let length = |length: usize, out: &mut Vec<u8>| unsigned(u64::try_from(length).unwrap_or(0), out);
        length(self.deps.len(), &mut out);
        out.extend(self.deps.concat());
        length(self.actor.len(), &mut out);
        out.extend_from_slice(&self.actor);
        out.extend([1, 1, 0]);
        length(self.message.len(), &mut out);
        out.extend_from_slice(&self.message);
        length(self.other_actors.len(), &mut out);
        for actor in &self.other_actors {
            length(actor.len(), &mut out);
            out.extend_from_slice(actor);
        }
        length(self.columns.len(), &mut out);
        for (spec, column) in &self.columns {
            unsigned(*spec, &mut out);
            length(column.len(), &mut out);
        }
        out.extend(self.columns.iter().flat_map(|(_, column)| column));
        out.extend_from_slice(&self.extra);
        chunk(1, &out)
    }
}

/// Takes a well-formed chunk apart, lets `forge` do what it likes, and encodes the result; `None` if Automerge
/// cannot read the chunk or write the result.
pub fn forge(raw: &[u8], forge: impl FnOnce(&mut ExpandedChange)) -> Option<Vec<u8>> {
    catch_unwind(AssertUnwindSafe(|| {
        let mut change = Change::try_from(raw).ok()?.decode();
        forge(&mut change);
        Some(Change::from(change).raw_bytes().to_vec())
    }))
    .ok()
    .flatten()
}

/// The name of an operation.
#[must_use]
pub fn op_id(counter: u64, actor: &[u8]) -> legacy::OpId {
    legacy::OpId::new(counter, &ActorId::from(actor))
}

/// The chunk with one to three bytes of its body flipped, replaced, inserted or removed.
#[must_use]
pub fn mutate_bytes(seed: &mut Seed, raw: &[u8]) -> Vec<u8> {
    let mut body = body(raw).to_vec();
    for _ in 0..=seed.below(3) {
        let at = seed.below(body.len());
        match seed.below(4) {
            0 => body[at] ^= 1 << seed.below(8),
            1 => body[at] = seed.byte(),
            2 => body.insert(at, seed.byte()),
            _ => {
                body.remove(at);
            }
        }
    }
    chunk(1, &body)
}

/// The change with one or two of its fields or operations altered. References are drawn from the operations
/// of `actors` up to `counter_max`. `None` if the result cannot be written.
pub fn mutate_fields(seed: &mut Seed, raw: &[u8], actors: &[Vec<u8>], counter_max: usize) -> Option<Vec<u8>> {
    forge(raw, |change| {
        for _ in 0..=seed.below(2) {
            mutate_field(seed, change, actors, counter_max);
        }
    })
}

fn mutate_field(seed: &mut Seed, change: &mut ExpandedChange, actors: &[Vec<u8>], counter_max: usize) {
    let id = |seed: &mut Seed| {
        let counter = u64::try_from(seed.below(counter_max)).unwrap_or(0) + 1;
        let actor = if seed.once_in(4) { change.actor_id.to_bytes() } else { seed.pick(actors) };
        op_id(counter, actor)
    };
    let ids = [id(seed), id(seed)];
    let [first, _] = ids.clone();
    if seed.once_in(8) {
        mutate_header(seed, change);
        return;
    }
    let at = seed.below(change.operations.len());
    let Some(operation) = change.operations.get_mut(at) else { return };
    match seed.below(8) {
        0 => operation.obj = legacy::ObjectId::Id(first),
        1 => operation.obj = legacy::ObjectId::Root,
        2 => operation.key = legacy::Key::Seq(legacy::ElementId::Id(first)),
        3 => operation.key = legacy::Key::Map((*seed.pick(&["area", "nama_lengkap", "catatan", ""])).into()),
        4 => operation.pred = ids.into_iter().take(seed.below(3)).collect(),
        5 => operation.insert = !operation.insert,
        6 => operation.action = action(seed),
        _ => {
            let again = operation.clone();
            change.operations.insert(at, again);
        }
    }
}

fn mutate_header(seed: &mut Seed, change: &mut ExpandedChange) {
    match seed.below(4) {
        0 => {
            let forged = *seed.pick(&[1, 5, 20, 40, 1 << 31, u64::from(u32::MAX) - 2]);
            change.start_op = NonZeroU64::new(forged).unwrap_or(NonZeroU64::MIN);
        }
        1 => change.seq += 1,
        2 => change.deps.truncate(change.deps.len() / 2),
        _ => change.time = i64::MIN,
    }
}

fn action(seed: &mut Seed) -> legacy::OpType {
    seed.pick(&[
        legacy::OpType::Delete,
        legacy::OpType::Increment(1),
        legacy::OpType::Make(ObjType::List),
        legacy::OpType::Make(ObjType::Map),
        legacy::OpType::Make(ObjType::Table),
        legacy::OpType::MarkEnd(true),
        legacy::OpType::Put(ScalarValue::Int(1)),
        legacy::OpType::Put(ScalarValue::counter(1)),
    ])
    .clone()
}

/// The changes in another order that still puts each behind those it builds on.
///
/// # Panics
/// If a chunk is no change, or builds on what is not among them.
#[must_use]
#[expect(clippy::unwrap_used, reason = "a helper of tests may fail")]
pub fn reordered(seed: &mut Seed, chunks: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut waiting: BTreeMap<ChangeHash, Change> = BTreeMap::new();
    for chunk in chunks {
        let change = Change::try_from(&chunk[..]).unwrap();
        waiting.insert(change.hash(), change);
    }
    let mut order = Vec::new();
    while !waiting.is_empty() {
        let ready: Vec<ChangeHash> = waiting
            .values()
            .filter(|change| change.deps().iter().all(|dep| !waiting.contains_key(dep)))
            .map(Change::hash)
            .collect();
        let next = waiting.remove(seed.pick(&ready)).unwrap();
        order.push(next.raw_bytes().to_vec());
    }
    order
}

/// What Automerge does with these changes, in this order: applies them one by one and at once, saves, loads,
/// shows everything, takes an honest edit of everything it holds, and all of it again. `Err` says what broke.
///
/// # Errors
/// The first thing that went wrong.
pub fn consequences(chunks: &[Vec<u8>]) -> Result<(), String> {
    let work = || -> Result<(), String> {
        let read = |chunk: &Vec<u8>| Change::try_from(&chunk[..]).map_err(|error| error.to_string());
        let changes = chunks.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let mut one_by_one = AutoCommit::new();
        for change in &changes {
            one_by_one.apply_changes([change.clone()]).map_err(|error| error.to_string())?;
        }
        let mut heads: BTreeSet<ChangeHash> = changes.iter().map(Change::hash).collect();
        for dep in changes.iter().flat_map(Change::deps) {
            heads.remove(dep);
        }
        let mut at_once = AutoCommit::new();
        at_once.apply_changes(changes).map_err(|error| error.to_string())?;
        for document in [&mut one_by_one, &mut at_once] {
            if document.get_heads().into_iter().collect::<BTreeSet<_>>() != heads {
                return Err("the heads are not those of the changes".to_owned());
            }
            let mut again = reload(document)?;
            edit_everything(&mut again).map_err(|error| error.to_string())?;
            reload(&mut again)?;
        }
        Ok(())
    };
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err("panic".to_owned()))
}

fn reload(document: &mut AutoCommit) -> Result<AutoCommit, String> {
    let saved = document.save();
    let loaded = Automerge::load(&saved).map_err(|error| format!("does not load: {error}"))?;
    let heads = document.get_heads();
    if loaded.get_heads() != heads {
        return Err("other heads after loading".to_owned());
    }
    if document.hydrate(ROOT, None) != Ok(loaded.hydrate(None)) {
        return Err("other content after loading".to_owned());
    }
    AutoCommit::load(&saved).map_err(|error| error.to_string())
}

fn edit_everything(document: &mut AutoCommit) -> Result<(), AutomergeError> {
    document.set_actor(ActorId::from(&[77; 8]));
    let keys: Vec<String> = document.keys(ROOT).collect();
    for key in keys {
        match document.get(ROOT, key.as_str())? {
            Some((Value::Object(ObjType::Map | ObjType::Table), id)) => document.put(&id, "sesudah", 1)?,
            Some((Value::Object(ObjType::Text), id)) => {
                let end = document.length(&id).min(2);
                document.splice_text(&id, end, 0, "zz")?;
            }
            Some((Value::Object(ObjType::List), id)) => {
                let end = document.length(&id);
                document.insert(&id, end, 5)?;
                document.put(&id, 0, 6)?;
            }
            Some((Value::Scalar(_), _)) => document.put(ROOT, key.as_str(), 9)?,
            None => {}
        }
    }
    document.commit_with(CommitOptions::default().with_time(1));
    Ok(())
}
