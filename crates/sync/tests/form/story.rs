//! The story of a record's fields.

use sambung_domain::value::Value;
use sambung_sync::document::{Document, Edit};
use sambung_sync::field_history::{FieldEvent, field_history};
use sambung_testkit::Seed;
use sambung_testkit::circle::Circle;

use crate::record::{actor, begin, born, edit, genesis, message, put, yes};

fn told(events: &[FieldEvent]) -> Vec<(String, Vec<Value>, Option<Value>)> {
    events.iter().map(|event| (event.path.join("/"), event.old.clone(), event.new.clone())).collect()
}

#[test]
fn every_overwrite_stays_visible() {
    let (mut history, mut document) = born();
    let mut other = Document::load(&document.save().unwrap()).unwrap();
    let (ours, _) = edit(&mut history, &mut document, 2, &[put(&["rt"], "1"), yes(&["telepon", "+62"])]);
    let (theirs, raw) = other.edit(actor(3), 0, &message(), &[put(&["rt"], "2")]).unwrap().unwrap();
    history.admit(history.check(&raw).unwrap()).unwrap();
    document.apply(&[&raw]).unwrap();
    let gone = Edit::Delete { path: vec!["telepon".to_owned(), "+62".to_owned()] };
    let (settled, _) = edit(&mut history, &mut document, 2, &[put(&["rt"], Value::Int(3)), gone]);

    let story = field_history(&history);
    let (birth, rest) = story.split_at(3);
    assert!(birth.iter().all(|event| event.old.is_empty()));
    let changes: Vec<_> = rest.iter().map(|event| event.change).collect();
    assert_eq!(changes, [ours, ours, theirs, settled, settled]);
    assert_eq!(
        told(rest),
        [
            ("rt".to_owned(), vec![], Some(Value::from("1"))),
            ("telepon/+62".to_owned(), vec![], Some(Value::Bool(true))),
            ("rt".to_owned(), vec![], Some(Value::from("2"))),
            ("rt".to_owned(), vec![Value::from("1"), Value::from("2")], Some(Value::Int(3))),
            ("telepon/+62".to_owned(), vec![Value::Bool(true)], None),
        ]
    );
}

#[test]
fn the_last_event_of_a_counter_is_where_it_stands() {
    let (mut history, mut document) = begin(&genesis());
    let first = history.changes().next().unwrap().raw.clone();
    let mut circle = Circle::new(&first, &message(), 1).unwrap();
    let mut seed = Seed::new(5);
    for _ in 0..60 {
        circle.step(&mut seed).unwrap();
    }
    for chunk in circle.changes().unwrap().iter().skip(1) {
        history.admit(history.check(chunk).unwrap()).unwrap();
        document.apply(&[chunk]).unwrap();
    }
    for key in ["kunjungan", "rt", "nama_lengkap", "area"] {
        let story = field_history(&history);
        let last = story.iter().rfind(|event| event.path == [key]).unwrap();
        let live = document.live(&[key]).unwrap();
        let shown = live.first().map(|live| match &live.held {
            sambung_sync::document::Held::Scalar(scalar) => scalar.shown(),
            sambung_sync::document::Held::Object(kind) => panic!("{kind:?}"),
        });
        assert_eq!(last.new, shown, "{key}");
    }
}
