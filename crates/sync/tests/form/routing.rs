//! Routing against the documents: the live values are those of `get_all`, whoever decided what at the same
//! time.

use std::collections::BTreeSet;

use sambung_domain::{Access, RecordId, Routing};
use sambung_sync::document::{Action, Document, Held, Node, OpId, Scalar};
use sambung_sync::form::{BadForm, History, Rejected};
use sambung_sync::routing::{routing, routing_at};
use sambung_testkit::Seed;
use sambung_testkit::circle::Circle;
use sambung_testkit::mutant::{forge, op_id};

use crate::record::{actor, begin, born, edit, genesis, message, put, yes};

const HISTORIES: u64 = 250;

fn texts(document: &Document, key: &str) -> BTreeSet<String> {
    let text = |held: Held| match held {
        Held::Scalar(Scalar::Text(text)) => text,
        Held::Scalar(_) | Held::Object(_) => panic!("{held:?}"),
    };
    document.live(&[key]).unwrap().into_iter().map(|live| text(live.held)).collect()
}

fn names(document: &Document, key: &str) -> BTreeSet<String> {
    let Some(Node::Map(entries)) = document.content().unwrap().remove(key) else { panic!("{key}") };
    let yes = |node: &Node| match node {
        Node::Value(lives) => lives.iter().any(|live| live.held == Held::Scalar(Scalar::Bool(true))),
        Node::Map(_) | Node::List(_) | Node::Text(_) => panic!("{node:?}"),
    };
    entries.into_iter().filter(|(_, node)| yes(node)).map(|(name, _)| name).collect()
}

/// What the document says, read the way a person would.
fn shown(document: &Document) -> Routing {
    let access = texts(document, "access");
    Routing {
        areas: texts(document, "area").iter().map(|area| area.parse().unwrap()).collect(),
        access: access.iter().map(|level| level.parse().unwrap()).max(),
        offices: texts(document, "office").iter().map(|code| code.parse().unwrap()).collect(),
        offered: texts(document, "transfer").iter().filter_map(|code| code.parse().ok()).collect(),
        partners: names(document, "partners").iter().map(|code| code.parse().unwrap()).collect(),
        readers: names(document, "readers").iter().map(|id| id.parse().unwrap()).collect(),
        excluded: names(document, "excluded"),
    }
}

#[test]
fn routing_is_what_the_document_shows() {
    let mut several = [0, 0];
    for number in 0..HISTORIES {
        let mut seed = Seed::new(7_000 + number);
        let (mut history, mut document) = begin(&genesis());
        let first = history.changes().next().unwrap().raw.clone();
        let mut circle = Circle::new(&first, &message(), 4).unwrap();
        for _ in 0..25 {
            circle.step(&mut seed).unwrap();
        }
        let chunks = circle.changes().unwrap();
        for (at, chunk) in chunks.iter().enumerate().skip(1) {
            history.admit(history.check(chunk).unwrap()).unwrap();
            document.apply(&[chunk]).unwrap();
            if at % 8 == 0 || at + 1 == chunks.len() {
                let now = routing(&history);
                assert_eq!(now, shown(&document), "seed {number}, after {at}");
                assert!(now.is_born(), "seed {number}, after {at}: nowhere");
                several[0] += usize::from(now.areas.len() > 1);
                several[1] += usize::from(now.offices.len() > 1);
            }
        }
    }
    assert!(several.iter().all(|times| *times > 50), "too few concurrent moves: {several:?}");
}

#[test]
fn before_birth_a_record_is_nowhere() {
    let (history, _) = begin(&genesis());
    let nowhere = routing(&history);
    assert!(!nowhere.is_born() && nowhere.areas.is_empty() && nowhere.offices.is_empty());
    assert_eq!(nowhere.access, None);
    let (history, _) = born();
    assert!(routing(&history).is_born());
    assert_eq!(routing_at(&history, &[history.genesis()]), nowhere);
}

/// Two at the same time: one raises, one lowers; one moves here, one there; one excludes, one does not.
fn concurrent() -> (History, Document) {
    let (mut history, mut document) = born();
    let staff = RecordId([5; 16]).to_string();
    let mut other = Document::load(&document.save().unwrap()).unwrap();
    let theirs = [put(&["access"], "open"), put(&["area"], "35.09"), put(&["excluded", &staff], no())];
    let (_, raw) = other.edit(actor(3), 0, &message(), &theirs).unwrap().unwrap();
    let ours = [put(&["access"], "restricted"), put(&["area"], "35.13"), yes(&["excluded", &staff])];
    edit(&mut history, &mut document, 2, &ours);
    history.admit(history.check(&raw).unwrap()).unwrap();
    document.apply(&[&raw]).unwrap();
    (history, document)
}

fn no() -> sambung_domain::value::Value {
    sambung_domain::value::Value::Bool(false)
}

#[test]
fn the_more_careful_of_two_decisions_holds_and_nobody_loses_the_record() {
    let (mut history, mut document) = concurrent();
    let both = routing(&history);
    let areas: Vec<&str> = both.areas.iter().map(sambung_domain::Area::as_str).collect();
    assert_eq!(areas, ["35.09", "35.13"]);
    assert_eq!(both.access, Some(Access::Restricted));
    assert_eq!(both.excluded.len(), 1);
    assert_eq!(both, shown(&document));
    edit(&mut history, &mut document, 2, &[put(&["area"], "35.09"), put(&["access"], "ordinary")]);
    let settled = routing(&history);
    assert_eq!(settled.areas.len(), 1);
    assert_eq!(settled.access, Some(Access::Ordinary));
}

/// Putting what wins already is written as the removal of what lost; a removal of anything else is refused.
#[test]
fn only_what_lost_a_conflict_may_be_removed() {
    let (history, mut document) = concurrent();
    let live = document.live(&["area"]).unwrap();
    let Held::Scalar(Scalar::Text(winner)) = live[0].held.clone() else { panic!("{live:?}") };
    let (_, raw) =
        document.edit(actor(2), 0, &message(), &[put(&["area"], winner.as_str())]).unwrap().unwrap();
    let settles = history.check(&raw).unwrap();
    assert_eq!(settles.operations[0].action, Action::Delete);
    assert_eq!(settles.operations[0].preds, [live[1].id]);

    let name = |id: OpId| op_id(id.counter, id.actor.as_bytes());
    for removed in [vec![live[0].id], vec![live[1].id, live[0].id]] {
        let preds = || removed.iter().copied().map(name).collect();
        let raw = forge(&raw, |change| change.operations[0].pred = preds()).unwrap();
        assert_eq!(history.check(&raw), Err(Rejected::Bad(BadForm::Routing)));
    }
    let mut after = history.clone();
    after.admit(settles).unwrap();
    assert_eq!(routing(&after).areas, [winner.parse().unwrap()].into());
}

#[test]
fn the_past_keeps_its_routing() {
    let (mut history, mut document) = born();
    let before = history.heads();
    let then = routing(&history);
    edit(&mut history, &mut document, 2, &[put(&["area"], "35.09"), put(&["office"], "MPP-3509")]);
    assert_eq!(routing_at(&history, &before), then);
    assert_ne!(routing(&history), then);
    assert_eq!(routing_at(&history, &history.heads()), routing(&history));
}
