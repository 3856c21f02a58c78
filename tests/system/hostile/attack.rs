//! The attacks: what is pushed, and the word that the relay must have for it.

use std::io::Write;

use sambung_domain::RecordId;
use sambung_domain::value::Value;
use sambung_sync::document::Edit;
use sambung_sync::gate::CHANGE_MAX;
use sambung_sync::message::PushItem;
use sambung_testkit::mutant::{
    ActorId, ExpandedChange, Forged, ObjType, ScalarValue, chunk, forge, legacy, op_id, signed, unsigned,
};

use crate::harness::{Device, Worker, item};

/// What it is, the code of its refusal (or `held`, where nothing more is said), and how it is made.
pub(super) type Attack = (&'static str, &'static str, fn(&mut Device) -> PushItem);

pub(super) const ATTACKS: &[Attack] = &[
    ("a run of 30 million operations in fifty bytes", "form_operations", |device| run(device, 30_000_000)),
    ("a run of 2^39 operations", "form_operations", |device| run(device, 1 << 39)),
    ("a run of 2^63 operations", "form_operations", |device| run(device, i64::MIN)),
    ("58 KB that inflate to 60 MB", "form_type", |device| deflated(device, 60)),
    ("194 KB that inflate to 200 MB", "form_length", |device| deflated(device, 200)),
    ("a whole document", "form_type", document),
    ("300 nested maps", "form_nesting", nested),
    ("operations from 1", "form_start_op", |device| started(device, 1)),
    ("operations from 2", "form_start_op", |device| started(device, 2)),
    ("operations from 2^32 - 2", "form_start_op", |device| started(device, (1 << 32) - 2)),
    ("operations from 2^32 - 1", "form_start_op", |device| started(device, (1 << 32) - 1)),
    ("operations from 2^32", "form_start_op", |device| started(device, 1 << 32)),
    ("a wrong checksum", "form_hash", wrong_checksum),
    ("bytes behind the change", "form_extra", |device| {
        altered(device, |change| change.extra_bytes = vec![7; 9])
    }),
    ("a change of one byte more than 64 KiB", "form_length", oversize),
    ("nothing", "form_length", |device| on_born(device, |_, _| Vec::new())),
    ("a change of another record", "held", replayed),
    ("a change that builds on nothing", "form_genesis", |device| {
        altered(device, |change| change.deps.clear())
    }),
    ("a change by actor 00", "form_actor", squatting),
    ("a change by another incarnation", "form_actor", foreign_actor),
    ("a second change of the same number", "form_equivocation", equivocation),
    ("a gap in the author's numbers", "form_sequence", |device| altered(device, |change| change.seq += 1)),
    ("a reference to what its author could not know", "form_reference", outside_the_past),
    ("no message", "form_message", |device| altered(device, |change| change.message = None)),
    ("a message that is none", "form_message", |device| {
        altered(device, |change| change.message = Some("halo".to_owned()))
    }),
    ("a time beyond all clocks", "form_time", |device| altered(device, |change| change.time = i64::MAX)),
    ("an area removed", "form_routing", |device| {
        edited(device, &[Edit::Delete { path: vec!["area".to_owned()] }])
    }),
    ("an area that is a counter", "form_routing", |device| {
        added(device, "area", legacy::OpType::Put(ScalarValue::counter(1)))
    }),
    ("an area that is a map", "form_routing", |device| {
        added(device, "area", legacy::OpType::Make(ObjType::Map))
    }),
    ("an access that is none", "form_routing", |device| edited(device, &[put("access", "umum")])),
    ("a birth without an area", "form_birth", birth_without_area),
    ("a record taken from its beginning", "form_birth", theft),
    ("a record born again in a foreign area", "held", second_birth),
    ("a birth in a foreign area", "held", foreign_birth),
    ("a kind that is none", "held_pack", unknown_kind),
];

fn put(key: &str, value: &str) -> Edit {
    Edit::Put { path: vec![key.to_owned()], value: Value::from(value) }
}

/// A chunk made from a born record's next honest change.
fn on_born(device: &mut Device, make: impl FnOnce(&mut Worker, Vec<u8>) -> Vec<u8>) -> PushItem {
    let mut worker = Worker::at_relay(device);
    let mut other = worker.copy();
    let honest = other.put(device, &[("nama_lengkap", "Siti Uji"), ("rt", "1")]);
    let hostile = make(&mut worker, honest);
    item(device, worker.record, vec![hostile])
}

fn altered(device: &mut Device, alter: impl FnOnce(&mut ExpandedChange)) -> PushItem {
    on_born(device, |_, honest| forge(&honest, alter).unwrap())
}

fn edited(device: &mut Device, edits: &[Edit]) -> PushItem {
    let mut worker = Worker::at_relay(device);
    let chunk = worker.edit(device, edits);
    item(device, worker.record, vec![chunk])
}

fn added(device: &mut Device, key: &str, action: legacy::OpType) -> PushItem {
    altered(device, |change| change.operations.push(operation(key, action)))
}

fn operation(key: &str, action: legacy::OpType) -> legacy::Op {
    legacy::Op {
        action,
        obj: legacy::ObjectId::Root,
        key: legacy::Key::Map(key.into()),
        pred: legacy::SortedVec::new(),
        insert: false,
    }
}

fn run(device: &mut Device, count: i64) -> PushItem {
    let bomb = Forged::run(count).chunk();
    assert!(bomb.len() < 110, "{}", bomb.len());
    on_born(device, |_, _| bomb)
}

fn deflated(device: &mut Device, megabytes: usize) -> PushItem {
    let mut deflate = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = vec![0; 1_000_000];
    (0..megabytes).for_each(|_| deflate.write_all(&zeros).unwrap());
    let bomb = chunk(2, &deflate.finish().unwrap());
    assert!(bomb.len() < megabytes * 1_000);
    on_born(device, |_, _| bomb)
}

fn document(device: &mut Device) -> PushItem {
    on_born(device, |worker, _| worker.document.save().unwrap())
}

fn nested(device: &mut Device) -> PushItem {
    altered(device, |change| {
        let (start, author) = (change.start_op.get(), change.actor_id.to_bytes().to_vec());
        let inside = |level: u64| legacy::ObjectId::Id(op_id(start + level - 1, &author));
        change.operations = (0..300)
            .map(|level| legacy::Op {
                obj: if level == 0 { legacy::ObjectId::Root } else { inside(level) },
                ..operation("k", legacy::OpType::Make(ObjType::Map))
            })
            .collect();
    })
}

fn started(device: &mut Device, start: u64) -> PushItem {
    altered(device, |change| change.start_op = start.try_into().unwrap())
}

fn wrong_checksum(device: &mut Device) -> PushItem {
    on_born(device, |_, mut honest| {
        honest[4] ^= 1;
        honest
    })
}

/// One value, as long as it takes.
fn oversize(device: &mut Device) -> PushItem {
    let sized = |length: usize| {
        let (mut forged, mut meta) = (Forged::run(1), Vec::new());
        signed(1, &mut meta);
        unsigned(u64::try_from(length).unwrap() << 4 | 7, &mut meta);
        forged.columns[3].1 = meta;
        forged.columns.insert(4, (87, vec![0; length]));
        forged.chunk()
    };
    let overhead = sized(60_000).len() - 60_000;
    let bomb = sized(CHANGE_MAX + 1 - overhead);
    assert_eq!(bomb.len(), CHANGE_MAX + 1);
    on_born(device, |_, _| bomb)
}

fn replayed(device: &mut Device) -> PushItem {
    let (mut worker, other) = (Worker::at_relay(device), Worker::at_relay(device));
    let chunk = worker.put(device, &[("nama_lengkap", "Bukan Dia")]);
    item(device, other.record, vec![chunk])
}

fn squatting(device: &mut Device) -> PushItem {
    altered(device, |change| {
        change.actor_id = ActorId::from(&[0][..]);
        change.seq = 2;
    })
}

fn foreign_actor(device: &mut Device) -> PushItem {
    let mut worker = Worker::at_relay(device);
    let incarnation = device.incarnation;
    device.reincarnate();
    let chunk = worker.put(device, &[("nama_lengkap", "Siti Uji")]);
    device.incarnation = incarnation;
    item(device, worker.record, vec![chunk])
}

fn equivocation(device: &mut Device) -> PushItem {
    let mut worker = Worker::at_relay(device);
    let mut other = worker.copy();
    let first = worker.put(device, &[("nama_lengkap", "Siti")]);
    let first = item(device, worker.record, vec![first]);
    assert!(device.push(vec![first])[0].is_at_relay());
    let second = other.put(device, &[("nama_lengkap", "Sita")]);
    item(device, worker.record, vec![second])
}

/// One incarnation writes; another, which has not seen it, overwrites exactly that.
fn outside_the_past(device: &mut Device) -> PushItem {
    let mut worker = Worker::at_relay(device);
    let mut other = worker.copy();
    let seen = worker.put(device, &[("nama_lengkap", "Siti")]);
    let author = device.actor();
    let unseen = item(device, worker.record, vec![seen]);
    assert!(device.push(vec![unseen])[0].is_at_relay());
    device.reincarnate();
    let honest = other.put(device, &[("nama_lengkap", "Sita")]);
    let hostile = forge(&honest, |change| {
        let foreign = op_id(change.start_op.get(), author.as_bytes());
        change.operations[0].pred = std::iter::once(foreign).collect();
    });
    item(device, worker.record, vec![hostile.unwrap()])
}

fn birth_without_area(device: &mut Device) -> PushItem {
    let mut worker = Worker::unborn(RecordId(crate::harness::random()));
    let chunk = worker.put(device, &[("access", "ordinary"), ("office", "P4MI-3513"), ("rt", "1")]);
    item(device, worker.record, vec![chunk])
}

fn theft(device: &mut Device) -> PushItem {
    let record = Worker::at_relay(device).record;
    device.reincarnate();
    let chunk = Worker::unborn(record).put(device, &[("area", "35.13.03.2001")]);
    item(device, record, vec![chunk])
}

const ABROAD: [(&str, &str); 3] = [("area", "91.71"), ("access", "ordinary"), ("office", "P4MI-3513")];

fn second_birth(device: &mut Device) -> PushItem {
    let record = Worker::at_relay(device).record;
    device.reincarnate();
    let chunk = Worker::unborn(record).put(device, &ABROAD);
    item(device, record, vec![chunk])
}

fn foreign_birth(device: &mut Device) -> PushItem {
    let record = RecordId(crate::harness::random());
    let chunk = Worker::unborn(record).put(device, &ABROAD);
    item(device, record, vec![chunk])
}

fn unknown_kind(device: &mut Device) -> PushItem {
    let (worker, birth) = Worker::born(device);
    PushItem { kind: "pesawat".to_owned(), ..item(device, worker.record, vec![birth]) }
}
