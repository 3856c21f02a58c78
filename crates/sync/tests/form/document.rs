//! Documents through the library's own eyes: edits, conflicts, content.

use sambung_domain::value::Value;
use sambung_sync::document::{Document, DocumentError, Edit, Held, Node, Scalar};

use crate::record::{actor, begin, birth, born, edit, genesis, message, put, yes};

fn shown(document: &Document, path: &[&str]) -> Vec<Value> {
    let value = |held| match held {
        Held::Scalar(scalar) => scalar.shown(),
        Held::Object(kind) => Value::Text(format!("{kind:?}")),
    };
    document.live(path).unwrap().into_iter().map(|live| value(live.held)).collect()
}

#[test]
fn what_is_written_is_read_saved_and_loaded() {
    let (mut history, mut document) = born();
    edit(&mut history, &mut document, 2, &[put(&["nama_lengkap"], "Siti"), yes(&["telepon", "+62 811"])]);
    let again = Document::load(&document.save().unwrap()).unwrap();
    assert_eq!(again.heads(), history.heads());
    let content = again.content().unwrap();
    assert_eq!(content, document.content().unwrap());
    let Node::Map(phones) = &content["telepon"] else { panic!("{content:?}") };
    let Node::Value(values) = &phones["+62 811"] else { panic!("{phones:?}") };
    assert_eq!(values[0].held, Held::Scalar(Scalar::Bool(true)));
    assert_eq!(shown(&again, &["nama_lengkap"]), [Value::from("Siti")]);
    assert_eq!(shown(&again, &["nama_lengkap", "x"]), []);
    assert_eq!(shown(&again, &["tiada"]), []);
    assert_eq!(shown(&again, &["telepon"]), [Value::from("Map")]);
}

#[test]
fn a_put_of_what_is_there_writes_nothing_unless_it_settles_a_conflict() {
    let (mut history, mut document) = born();
    edit(&mut history, &mut document, 2, &[put(&["rt"], "1")]);
    let same = document.edit(actor(2), 0, &message(), &[put(&["rt"], "1")]).unwrap();
    assert_eq!(same, None);
    let nothing = [Edit::Delete { path: vec!["rw".to_owned()] }];
    assert_eq!(document.edit(actor(2), 0, &message(), &nothing).unwrap(), None);
    let there = [Edit::PutMap { path: vec!["telepon".to_owned()] }];
    assert_eq!(document.edit(actor(2), 0, &message(), &there).unwrap(), None);

    let mut other = Document::load(&document.save().unwrap()).unwrap();
    let (_, raw) = other.edit(actor(3), 0, &message(), &[put(&["rt"], "3")]).unwrap().unwrap();
    edit(&mut history, &mut document, 2, &[put(&["rt"], "2")]);
    history.admit(history.check(&raw).unwrap()).unwrap();
    document.apply(&[&raw]).unwrap();
    document.apply(&[&raw]).unwrap();
    assert_eq!(shown(&document, &["rt"]), [Value::from("3"), Value::from("2")]);
    edit(&mut history, &mut document, 2, &[put(&["rt"], "3")]);
    assert_eq!(shown(&document, &["rt"]), [Value::from("3")]);
}

#[test]
fn paths_lead_through_maps() {
    for path in
        [vec![], vec![String::new()], vec!["area".to_owned(), "x".to_owned()], vec!["tiada".to_owned(); 2]]
    {
        let (_, mut document) = born();
        let refused = document.edit(actor(2), 0, &message(), &[Edit::Put { path, value: Value::Int(1) }]);
        assert!(matches!(refused, Err(DocumentError::Path(_))), "{refused:?}");
    }
}

#[test]
fn an_edit_too_large_for_peers_is_refused_where_it_is_made() {
    let (_, mut document) = born();
    let refused = document.edit(actor(2), 0, &message(), &[put(&["catatan"], "x".repeat(70_000).as_str())]);
    assert!(matches!(refused, Err(DocumentError::Form(_))), "{refused:?}");
}

#[test]
fn a_change_without_its_dependencies_is_an_error() {
    let (mut history, mut document) = begin(&genesis());
    edit(&mut history, &mut document, 1, &birth());
    let (_, later) = edit(&mut history, &mut document, 1, &[put(&["rt"], "1")]);
    let (_, mut behind) = begin(&genesis());
    assert_eq!(behind.apply(&[&later]), Err(DocumentError::Heads));
}

#[test]
fn a_batch_may_come_in_any_order_and_more_than_once() {
    let (mut history, mut document) = begin(&genesis());
    let (_, first) = edit(&mut history, &mut document, 1, &birth());
    let (_, second) = edit(&mut history, &mut document, 1, &[put(&["rt"], "1")]);
    let (_, mut behind) = begin(&genesis());
    behind.apply(&[&second, &first, &second]).unwrap();
    assert_eq!(behind.heads(), document.heads());
    behind.apply(&[&first]).unwrap();
    behind.apply(&[]).unwrap();
    assert_eq!(behind.content().unwrap(), document.content().unwrap());
}

#[test]
fn damaged_bytes_do_not_load() {
    let (_, document) = born();
    let saved = document.save().unwrap();
    assert!(Document::load(&saved[..saved.len() - 1]).is_err());
    assert!(Document::load(b"not a document").is_err());
}
