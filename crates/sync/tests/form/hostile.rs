//! Named attacks, each with the reason it is refused for.

use sambung_domain::RecordId;
use sambung_sync::document::{ChangeHash, Document, Edit, Genesis, genesis_chunk};
use sambung_sync::form::{BadForm, History, Rejected};
use sambung_testkit::mutant::{ActorId, ExpandedChange, ObjType, ScalarValue, forge, legacy, op_id};

use crate::record::{actor, begin, birth, born, edit, genesis, message, pack, put, yes};

fn next(document: &mut Document, who: u8, edits: &[Edit]) -> Vec<u8> {
    document.edit(actor(who), 1_790_000_001, &message(), edits).unwrap().unwrap().1
}

fn copy(document: &Document) -> Document {
    Document::load(&document.save().unwrap()).unwrap()
}

fn verdict(history: &History, raw: &[u8]) -> BadForm {
    match history.check(raw) {
        Err(Rejected::Bad(bad)) => bad,
        other => panic!("{other:?}"),
    }
}

/// A change on a born record, altered.
fn altered(alter: impl FnOnce(&mut ExpandedChange)) -> BadForm {
    let (history, mut document) = born();
    let honest = next(&mut document, 2, &[put(&["nama_lengkap"], "Siti"), put(&["rt"], "1")]);
    assert!(history.check(&honest).is_ok());
    verdict(&history, &forge(&honest, alter).unwrap())
}

fn op(key: &str, action: legacy::OpType) -> legacy::Op {
    legacy::Op {
        action,
        obj: legacy::ObjectId::Root,
        key: legacy::Key::Map(key.into()),
        pred: legacy::SortedVec::new(),
        insert: false,
    }
}

fn text(key: &str, value: &str) -> legacy::Op {
    op(key, legacy::OpType::Put(value.into()))
}

#[test]
fn forged_counters_are_refused() {
    for start in [1u64, 2, 3, 100, 1 << 31, (1 << 32) - 2, (1 << 32) - 1] {
        let bad = altered(|change| change.start_op = start.try_into().unwrap());
        assert_eq!(bad, BadForm::StartOp, "{start}");
    }
    let bad = altered(|change| change.start_op = (1u64 << 32).try_into().unwrap());
    assert_eq!(bad, BadForm::StartOp);
}

#[test]
fn sequences_go_on_without_gaps() {
    assert_eq!(altered(|change| change.seq = 0), BadForm::Sequence);
    assert_eq!(altered(|change| change.seq = 2), BadForm::Sequence);
    assert_eq!(altered(|change| change.seq = u64::MAX), BadForm::Sequence);
}

#[test]
fn an_actor_must_know_its_own_last_change() {
    let (mut history, mut document) = born();
    let mut behind = copy(&document);
    edit(&mut history, &mut document, 2, &[put(&["rt"], "1")]);
    let forked = next(&mut behind, 3, &[put(&["rw"], "1")]);
    let raw = forge(&forked, |change| {
        change.actor_id = ActorId::from(&[2; 8]);
        change.seq = 2;
    });
    assert_eq!(verdict(&history, &raw.unwrap()), BadForm::Sequence);
}

#[test]
fn of_two_changes_with_one_number_the_second_is_refused() {
    let (mut history, mut document) = born();
    let mut clone = copy(&document);
    let (_, first) = edit(&mut history, &mut document, 2, &[put(&["rt"], "1")]);
    let second = next(&mut clone, 2, &[put(&["rt"], "2")]);
    assert_eq!(verdict(&history, &second), BadForm::Equivocation);
    assert!(matches!(history.check(&first), Err(Rejected::Duplicate(_))));

    let (mut other, _) = born();
    let one = other.check(&first).unwrap();
    let two = other.check(&second).unwrap();
    other.admit(one).unwrap();
    assert_eq!(other.admit(two), Err(Rejected::Bad(BadForm::Equivocation)));
}

#[test]
fn unknown_dependencies_are_named_and_may_come_later() {
    let (mut history, mut document) = born();
    let first = next(&mut document, 2, &[put(&["rt"], "1")]);
    let second = next(&mut document, 2, &[put(&["rt"], "2")]);
    let known = history.check(&first).unwrap();
    assert_eq!(history.check(&second), Err(Rejected::Missing(vec![known.hash])));
    history.admit(known).unwrap();
    assert!(history.check(&second).is_ok());
}

#[test]
fn dependencies_are_in_strict_order() {
    let (mut history, mut document) = born();
    let mut other = copy(&document);
    edit(&mut history, &mut document, 2, &[put(&["rt"], "1")]);
    let (hash, raw) = other.edit(actor(3), 0, &message(), &[put(&["rw"], "1")]).unwrap().unwrap();
    history.admit(history.check(&raw).unwrap()).unwrap();
    document.apply(&[&raw]).unwrap();
    let merged = next(&mut document, 2, &[put(&["dusun"], "Krajan")]);
    let deps = history.check(&merged).unwrap().deps;
    assert_eq!(deps.len(), 2);
    assert!(deps.contains(&hash));
    let at = merged.windows(32).position(|window| window == deps[0].0).unwrap();
    let mut swapped = merged.clone();
    swapped[at..at + 64].rotate_left(32);
    let mut doubled = merged;
    doubled.copy_within(at..at + 32, at + 32);
    for bad in [swapped, doubled] {
        let bad = sambung_testkit::mutant::chunk(1, sambung_testkit::mutant::body(&bad));
        assert_eq!(verdict(&history, &bad), BadForm::Dependencies);
    }
}

#[test]
fn a_change_of_one_record_or_generation_does_not_fit_another() {
    let (history, _) = born();
    let stolen: Vec<Vec<u8>> = history.changes().skip(1).map(|change| change.raw.clone()).collect();
    for other in [Genesis { record: RecordId([8; 16]), ..genesis() }, Genesis { generation: 2, ..genesis() }]
    {
        let (target, _) = begin(&other);
        for raw in &stolen {
            assert!(matches!(target.check(raw), Err(Rejected::Missing(_))));
        }
    }
}

#[test]
fn what_builds_on_nothing_is_the_genesis_or_refused() {
    let (history, _) = born();
    let pack = pack();
    let maps = pack.kind("worker").unwrap().genesis_maps();
    let (hash, raw) = genesis_chunk(&genesis(), &maps);
    assert_eq!(history.check(&raw), Err(Rejected::Duplicate(hash)));
    let foreign = Genesis { record: RecordId([8; 16]), ..genesis() };
    assert_eq!(verdict(&history, &genesis_chunk(&foreign, &maps).1), BadForm::Genesis);
    assert_eq!(altered(|change| change.deps.clear()), BadForm::Genesis);
}

#[test]
fn nobody_may_write_as_a_reserved_actor() {
    for reserved in [0, 1, 255] {
        let as_reserved = |change: &mut ExpandedChange| change.actor_id = ActorId::from(&[reserved][..]);
        assert_eq!(altered(as_reserved), BadForm::Actor);
    }
    let squat = |change: &mut ExpandedChange| {
        change.actor_id = ActorId::from(&[0][..]);
        change.seq = 2;
    };
    assert_eq!(altered(squat), BadForm::Actor);
    assert_eq!(altered(|change| change.actor_id = ActorId::from(&[7; 16])), BadForm::Actor);
}

#[test]
fn changes_are_signed_by_a_person_and_a_command() {
    assert_eq!(altered(|change| change.message = None), BadForm::Message);
    assert_eq!(altered(|change| change.message = Some("hello".to_owned())), BadForm::Message);
}

#[test]
fn a_change_does_something_and_nothing_besides() {
    assert_eq!(altered(|change| change.operations.clear()), BadForm::Operations);
    assert_eq!(altered(|change| change.extra_bytes = vec![0]), BadForm::Extra);
    assert_eq!(altered(|change| change.extra_bytes = vec![1, 3, 7, 7, 7]), BadForm::Extra);
}

#[test]
fn values_and_objects_of_other_kinds_are_refused() {
    let unknown = ScalarValue::Unknown { type_code: 10, bytes: vec![1] };
    let put_unknown =
        |change: &mut ExpandedChange| change.operations.push(op("x", legacy::OpType::Put(unknown)));
    assert_eq!(altered(put_unknown), BadForm::Value);
    let table = |change: &mut ExpandedChange| {
        change.operations.push(op("x", legacy::OpType::Make(ObjType::Table)));
    };
    assert_eq!(altered(table), BadForm::Value);
    let mark = |change: &mut ExpandedChange| change.operations.push(op("x", legacy::OpType::MarkEnd(false)));
    assert_eq!(altered(mark), BadForm::Value);
    let marked = |change: &mut ExpandedChange| change.operations.push(op("x", legacy::OpType::MarkEnd(true)));
    assert_eq!(altered(marked), BadForm::Columns);
}

#[test]
fn counts_cannot_overflow() {
    let start = |count: i64| {
        altered(|change| change.operations.push(op("x", legacy::OpType::Put(ScalarValue::counter(count)))))
    };
    let (history, mut document) = born();
    let honest = next(&mut document, 2, &[put(&["rt"], "1")]);
    let greatest = |change: &mut ExpandedChange| {
        change.operations.push(op("x", legacy::OpType::Put(ScalarValue::counter(1 << 31))));
    };
    assert!(history.check(&forge(&honest, greatest).unwrap()).is_ok());
    for beyond in [(1 << 31) + 1, -(1 << 31) - 1, i64::MAX, i64::MIN] {
        assert_eq!(start(beyond), BadForm::Value);
        let add = |change: &mut ExpandedChange| {
            let counter = op_id(change.start_op.get() + 2, change.actor_id.to_bytes());
            change.operations.push(op("x", legacy::OpType::Put(ScalarValue::counter(1 << 31))));
            change.operations.push(legacy::Op {
                pred: std::iter::once(counter).collect(),
                ..op("x", legacy::OpType::Increment(beyond))
            });
        };
        assert_eq!(altered(add), BadForm::Value);
    }
}

#[test]
fn references_must_fit() {
    let add = |added: legacy::Op| altered(|change| change.operations.push(added));
    let own = |counter: u64| op_id(counter, &[2; 8]);
    let genesis_op = |counter: u64| op_id(counter, &[0]);
    let preds = |ids: &[legacy::OpId]| ids.iter().cloned().collect::<legacy::SortedVec<_>>();
    let head = || legacy::Key::Seq(legacy::ElementId::Head);
    assert_eq!(add(op("", legacy::OpType::Put(1.into()))), BadForm::Key);
    for bad in [
        legacy::Op { pred: preds(&[own(99)]), ..text("x", "1") },
        legacy::Op { pred: preds(&[genesis_op(1)]), ..text("x", "1") },
        legacy::Op { obj: legacy::ObjectId::Id(own(99)), ..text("x", "1") },
        legacy::Op { obj: legacy::ObjectId::Id(genesis_op(1)), ..text("x", "1") },
        legacy::Op { key: head(), ..text("x", "1") },
        legacy::Op { key: head(), insert: true, ..text("x", "1") },
        legacy::Op { key: legacy::Key::Seq(legacy::ElementId::Id(genesis_op(4))), ..text("x", "1") },
        legacy::Op { insert: true, ..text("x", "1") },
        op("x", legacy::OpType::Delete),
        op("x", legacy::OpType::Increment(1)),
    ] {
        assert_eq!(add(bad.clone()), BadForm::Reference, "{bad:?}");
    }
}

#[test]
fn a_value_is_replaced_once_and_only_counters_are_added_to() {
    let with = |second: legacy::OpType, twice: bool| {
        altered(|change| {
            let name = op_id(change.start_op.get(), change.actor_id.to_bytes());
            let over = |action| legacy::Op {
                pred: std::iter::once(name.clone()).collect(),
                ..op("nama_lengkap", action)
            };
            if twice {
                change.operations.push(over(legacy::OpType::Put("a".into())));
            }
            change.operations.push(over(second));
        })
    };
    assert_eq!(with(legacy::OpType::Put("b".into()), true), BadForm::Reference);
    assert_eq!(with(legacy::OpType::Delete, true), BadForm::Reference);
    assert_eq!(with(legacy::OpType::Increment(1), false), BadForm::Reference);
}

/// A text grows and shrinks; Automerge panics when a character that one overwrites is removed by another.
#[test]
fn characters_are_never_overwritten() {
    let (history, mut document) = born();
    let honest = next(&mut document, 2, &[put(&["rt"], "1")]);
    let written = |last: &dyn Fn(legacy::OpId) -> legacy::Op| {
        forge(&honest, |change| {
            let start = change.start_op.get();
            let id = |offset| op_id(start + offset, &[2; 8]);
            change.operations = vec![
                op("cerita", legacy::OpType::Make(ObjType::Text)),
                legacy::Op {
                    obj: legacy::ObjectId::Id(id(0)),
                    key: legacy::Key::Seq(legacy::ElementId::Head),
                    insert: true,
                    ..text("", "a")
                },
            ];
            change.operations.push(legacy::Op { obj: legacy::ObjectId::Id(id(0)), ..last(id(1)) });
        })
        .unwrap()
    };
    let at = |element: legacy::OpId| legacy::Key::Seq(legacy::ElementId::Id(element));
    let behind = |action: legacy::OpType| {
        written(&|first| legacy::Op { key: at(first), insert: true, ..op("", action.clone()) })
    };
    assert!(history.check(&behind(legacy::OpType::Put("b".into()))).is_ok());
    let removed = written(&|first| legacy::Op {
        key: at(first.clone()),
        pred: std::iter::once(first).collect(),
        ..op("", legacy::OpType::Delete)
    });
    assert!(history.check(&removed).is_ok());
    for action in [legacy::OpType::Put(1.into()), legacy::OpType::Make(ObjType::Map)] {
        assert_eq!(verdict(&history, &behind(action)), BadForm::Reference);
    }
    let over = written(&|first| legacy::Op { key: at(first), ..text("", "b") });
    assert_eq!(verdict(&history, &over), BadForm::Reference);
}

/// The author could not know what happened elsewhere at the same time. A document that gets the reference
/// first panics, one that gets it second does not: so it is refused in either order.
#[test]
fn references_outside_the_causal_past_are_refused_in_either_order() {
    let (_, document) = born();
    let mut elsewhere = copy(&document);
    let concurrent = next(
        &mut elsewhere,
        3,
        &[put(&["access"], "secret"), yes(&["readers", &RecordId([5; 16]).to_string()])],
    );
    let mut made = copy(&document);
    let map = Edit::PutMap { path: vec!["peta".to_owned()] };
    let object = next(&mut made, 4, &[map]);

    let mut here = copy(&document);
    let honest = next(&mut here, 2, &[put(&["access"], "ordinary"), put(&["access"], "open")]);
    let (clean, _) = born();
    let start = clean.check(&honest).unwrap().start_op;
    let with = |alter: &dyn Fn(&mut legacy::Op)| {
        forge(&honest, |change| {
            change.operations.truncate(1);
            alter(&mut change.operations[0]);
        })
        .unwrap()
    };
    let overwrite = with(&|op| op.pred = op.pred.iter().cloned().chain([op_id(start, &[3; 8])]).collect());
    let delete = with(&|op| {
        op.action = legacy::OpType::Delete;
        op.pred = std::iter::once(op_id(start, &[3; 8])).collect();
    });
    let into = with(&|op| {
        op.obj = legacy::ObjectId::Id(op_id(start, &[4; 8]));
        op.key = legacy::Key::Map("x".into());
        op.pred = legacy::SortedVec::new();
    });
    for hostile in [overwrite, delete, into] {
        let (mut history, _) = born();
        assert_eq!(verdict(&history, &hostile), BadForm::Reference);
        for other in [&concurrent, &object] {
            history.admit(history.check(other).unwrap()).unwrap();
        }
        assert_eq!(verdict(&history, &hostile), BadForm::Reference);
    }
}

#[test]
fn a_record_cannot_be_stolen_from_its_genesis() {
    let (history, _) = born();
    let (_, mut thief) = begin(&genesis());
    let theft = next(&mut thief, 6, &[put(&["area"], "91.71")]);
    assert_eq!(verdict(&history, &theft), BadForm::Birth);
    let (_, mut again) = begin(&genesis());
    let second_birth = next(&mut again, 6, &birth());
    assert!(history.check(&second_birth).is_ok(), "its authority is judged elsewhere");
}

#[test]
fn reserved_keys_are_written_as_commands_write_them() {
    let add = |added: legacy::Op| altered(|change| change.operations.push(added));
    let null = || legacy::OpType::Put(ScalarValue::Null);
    let mut bad: Vec<legacy::Op> = vec![
        text("area", "3513"),
        text("access", "public"),
        text("office", "kantor"),
        op("area", legacy::OpType::Put(ScalarValue::counter(3))),
        op("access", legacy::OpType::Put(3.into())),
    ];
    for key in ["kind", "record", "generation", "partners", "readers", "excluded", "area", "access", "office"]
    {
        bad.push(op(key, null()));
    }
    for key in sambung_domain::pack::RESERVED_KEYS {
        bad.push(op(key, legacy::OpType::Make(ObjType::Map)));
    }
    for bad in bad {
        assert_eq!(add(bad.clone()), BadForm::Routing, "{bad:?}");
    }
}

#[test]
fn routing_keys_are_never_removed() {
    for key in ["area", "access", "office", "kind", "readers"] {
        let (history, mut document) = born();
        let raw = next(&mut document, 2, &[Edit::Delete { path: vec![key.to_owned()] }]);
        assert_eq!(verdict(&history, &raw), BadForm::Routing, "{key}");
    }
    let (mut history, mut document) = born();
    let staff = RecordId([5; 16]).to_string();
    edit(&mut history, &mut document, 2, &[yes(&["readers", &staff])]);
    let raw = next(&mut document, 2, &[Edit::Delete { path: vec!["readers".to_owned(), staff] }]);
    assert_eq!(verdict(&history, &raw), BadForm::Routing);
}

#[test]
fn routing_entries_are_names_that_say_yes_or_no() {
    let staff = RecordId([5; 16]).to_string();
    let entry = |map: &str, name: &str| {
        let (history, mut document) = born();
        history.check(&next(&mut document, 2, &[yes(&[map, name])])).err()
    };
    let bad = Some(Rejected::Bad(BadForm::Routing));
    for (map, name) in
        [("partners", "P4MI-3513"), ("readers", &staff), ("excluded", &staff), ("excluded", "P4MI-3513")]
    {
        assert_eq!(entry(map, name), None, "{map} {name}");
    }
    for (map, name) in [
        ("partners", staff.as_str()),
        ("readers", "P4MI-3513"),
        ("readers", &staff.to_uppercase()),
        ("excluded", "x"),
    ] {
        assert_eq!(entry(map, name), bad, "{map} {name}");
    }
    let (history, mut document) = born();
    let raw = next(&mut document, 2, &[put(&["readers", &staff], "yes")]);
    assert_eq!(history.check(&raw).err(), bad);
    let raw = next(&mut document, 2, &[Edit::PutMap { path: vec!["readers".to_owned(), staff.clone()] }]);
    assert!(matches!(history.check(&raw), Err(Rejected::Missing(_))));
}

#[test]
fn a_change_is_checked_against_the_history_it_joins() {
    let (history, mut document) = born();
    let raw = next(&mut document, 2, &[put(&["rt"], "1")]);
    let change = history.check(&raw).unwrap();
    let (mut other, _) = begin(&Genesis { record: RecordId([8; 16]), ..genesis() });
    assert!(matches!(other.admit(change), Err(Rejected::Missing(_))));
    assert_eq!(other.len(), 1);
    assert!(!other.contains(&ChangeHash([0; 32])));
}

#[test]
fn a_stored_history_is_restored_without_judging_again() {
    let (mut history, mut document) = born();
    edit(&mut history, &mut document, 2, &[put(&["rt"], "1")]);
    let (mut again, _) = begin(&genesis());
    for change in history.changes() {
        again.restore(&change.raw).unwrap();
    }
    assert!(again.changes().eq(history.changes()));
    assert_eq!(again.heads(), history.heads());
    assert_eq!(again.clock_of(&again.heads()), history.clock_of(&history.heads()));
    let last = history.changes().last().unwrap();
    assert_eq!(again.restore(&last.raw), Err(Rejected::Duplicate(last.hash)));
}
