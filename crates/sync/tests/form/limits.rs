//! Every limit of the gate, at its edge and one beyond.

use sambung_domain::value::Value;
use sambung_sync::document::DocumentError;
use sambung_sync::form::BadForm;
use sambung_sync::gate::{
    CHANGE_MAX, DEPENDENCIES_MAX, KEY_MAX, MESSAGE_MAX, OPERATIONS_MAX, OTHER_ACTORS_MAX, TIME_MAX, gate,
};
use sambung_testkit::mutant::{Forged, body, chunk, forge, signed, unsigned};

use crate::record::{actor, born, message, put};

fn verdict(forged: &Forged) -> Option<BadForm> {
    gate(&forged.chunk()).err()
}

fn count(limit: u64) -> usize {
    usize::try_from(limit).unwrap()
}

fn operations(limit: u64) -> i64 {
    i64::try_from(limit).unwrap()
}

#[test]
fn a_plain_change_passes_and_shows_its_header() {
    let (history, _) = born();
    let birth = history.changes().last().unwrap();
    let gate = gate(&birth.raw).unwrap();
    assert_eq!(gate.hash, birth.hash);
    assert_eq!(gate.deps().collect::<Vec<_>>(), [history.genesis()]);
    assert_eq!((gate.actor, gate.seq, gate.start_op), (birth.actor, 1, birth.start_op));
    assert_eq!((gate.time, gate.operations), (birth.time, 3));
    assert_eq!(Some(gate.message), birth.message.as_deref());
}

#[test]
fn a_chunk_may_have_64_kib() {
    let sized = |length: usize| {
        let mut forged = Forged::run(1);
        let mut meta = Vec::new();
        signed(1, &mut meta);
        unsigned(u64::try_from(length).unwrap() << 4 | 7, &mut meta);
        forged.columns[3].1 = meta;
        forged.columns.insert(4, (87, vec![0; length]));
        forged
    };
    let overhead = sized(60_000).chunk().len() - 60_000;
    let largest = sized(CHANGE_MAX - overhead);
    assert_eq!(largest.chunk().len(), CHANGE_MAX);
    assert_eq!(verdict(&largest), None);
    assert_eq!(verdict(&sized(CHANGE_MAX - overhead + 1)), Some(BadForm::Length));
}

#[test]
fn lengths_must_be_true() {
    let whole = Forged::run(1).chunk();
    for end in 0..whole.len() {
        assert!(gate(&whole[..end]).is_err(), "{end}");
    }
    let longer = [&whole[..], &[0]].concat();
    assert_eq!(gate(&longer), Err(BadForm::Length));
    let inside = [body(&whole), &[0]].concat();
    assert_eq!(gate(&chunk(1, &inside)), Err(BadForm::Extra));
}

#[test]
fn only_plain_changes_with_their_own_checksum_pass() {
    let whole = Forged::run(1).chunk();
    for kind in [0, 2, 3, 4, 255] {
        assert_eq!(gate(&chunk(kind, body(&whole))), Err(BadForm::Type));
    }
    for at in 0..4 {
        let mut bad = whole.clone();
        bad[at] ^= 1;
        assert_eq!(gate(&bad), Err(BadForm::Type));
    }
    for at in (4..8).chain(10..whole.len()) {
        let mut bad = whole.clone();
        bad[at] ^= 1;
        assert_eq!(gate(&bad), Err(BadForm::Hash), "{at}");
    }
}

#[test]
fn dependencies_are_counted() {
    let with = |count| Forged { deps: vec![[3; 32]; count], ..Forged::run(1) };
    assert_eq!(verdict(&with(DEPENDENCIES_MAX)), None);
    assert_eq!(verdict(&with(DEPENDENCIES_MAX + 1)), Some(BadForm::Dependencies));
}

#[test]
fn actors_have_one_or_eight_bytes() {
    for length in 0..20 {
        let forged = Forged { actor: vec![9; length], ..Forged::run(1) };
        let other = Forged { other_actors: vec![vec![9; length]], ..Forged::run(1) };
        let expected = if length == 1 || length == 8 { None } else { Some(BadForm::Actor) };
        assert_eq!(verdict(&forged), expected, "{length}");
        assert_eq!(verdict(&other), expected, "{length}");
    }
    let with = |others| Forged { other_actors: vec![vec![1; 8]; others], ..Forged::run(1) };
    assert_eq!(verdict(&with(count(OTHER_ACTORS_MAX))), None);
    assert_eq!(verdict(&with(count(OTHER_ACTORS_MAX) + 1)), Some(BadForm::Actor));
}

#[test]
fn messages_are_bounded_and_texts() {
    let with = |message: Vec<u8>| Forged { message, ..Forged::run(1) };
    assert_eq!(verdict(&with(vec![b'x'; MESSAGE_MAX])), None);
    assert_eq!(verdict(&with(vec![b'x'; MESSAGE_MAX + 1])), Some(BadForm::Message));
    assert_eq!(verdict(&with(vec![0xff])), Some(BadForm::Message));
}

#[test]
fn operations_are_counted_in_every_column() {
    assert_eq!(gate(&Forged::run(operations(OPERATIONS_MAX)).chunk()).unwrap().operations, OPERATIONS_MAX);
    let beyond = Forged::run(operations(OPERATIONS_MAX) + 1);
    assert_eq!(verdict(&beyond), Some(BadForm::Operations));
    for (at, column) in beyond.columns.iter().enumerate() {
        let mut one = Forged::run(1);
        one.columns[at] = column.clone();
        assert_eq!(verdict(&one), Some(BadForm::Operations), "column {}", column.0);
    }
}

#[test]
fn runs_are_summed() {
    let half = i64::try_from(OPERATIONS_MAX / 2).unwrap();
    let split = |second: i64| {
        let mut forged = Forged::run(1);
        let mut column = Vec::new();
        for count in [half, second] {
            signed(count, &mut column);
            column.push(1);
        }
        forged.columns[2].1 = column;
        forged
    };
    assert_eq!(verdict(&split(half)), None);
    assert_eq!(verdict(&split(half + 1)), Some(BadForm::Operations));
}

#[test]
fn empty_cells_and_literals_are_counted() {
    let column = |bytes: Vec<u8>| {
        let mut forged = Forged::run(1);
        forged.columns[2].1 = bytes;
        verdict(&forged)
    };
    let empty = |count: u64| {
        let mut bytes = vec![0];
        unsigned(count, &mut bytes);
        bytes
    };
    assert_eq!(column(empty(0)), Some(BadForm::Columns));
    assert_eq!(column(empty(OPERATIONS_MAX)), None);
    assert_eq!(column(empty(OPERATIONS_MAX + 1)), Some(BadForm::Operations));
    assert_eq!(column(empty(u64::MAX)), Some(BadForm::Operations));
    let literal = |rows: u64| {
        let mut bytes = Vec::new();
        signed(-operations(rows), &mut bytes);
        bytes.extend(vec![1; count(rows)]);
        bytes
    };
    assert_eq!(column(literal(OPERATIONS_MAX)), None);
    assert_eq!(column(literal(OPERATIONS_MAX + 1)), Some(BadForm::Operations));
}

#[test]
fn predecessors_are_counted() {
    let with = |each: u64| {
        let mut forged = Forged::run(2);
        let mut column = Vec::new();
        signed(2, &mut column);
        unsigned(each, &mut column);
        forged.columns[4].1 = column;
        verdict(&forged)
    };
    assert_eq!(with(OPERATIONS_MAX / 2), None);
    assert_eq!(with(OPERATIONS_MAX / 2 + 1), Some(BadForm::Operations));
    assert_eq!(with(u64::MAX), Some(BadForm::Operations));
}

#[test]
fn keys_are_bounded() {
    let with = |length: u64| {
        let mut forged = Forged::run(1);
        let mut column = vec![1];
        unsigned(length, &mut column);
        column.extend(vec![b'k'; count(length)]);
        forged.columns[0].1 = column;
        verdict(&forged)
    };
    assert_eq!(with(KEY_MAX), None);
    assert_eq!(with(KEY_MAX + 1), Some(BadForm::Key));
}

#[test]
fn the_values_bytes_are_all_claimed() {
    let with = |claimed: u64, given: usize| {
        let mut forged = Forged::run(1);
        let mut meta = vec![1];
        unsigned(claimed << 4 | 7, &mut meta);
        forged.columns[3].1 = meta;
        if given > 0 {
            forged.columns.insert(4, (87, vec![0; given]));
        }
        verdict(&forged)
    };
    assert_eq!(with(3, 3), None);
    for (claimed, given) in [(3, 2), (3, 4), (1, 0), (0, 1), (u64::MAX >> 4, 1)] {
        assert_eq!(with(claimed, given), Some(BadForm::Columns), "{claimed} {given}");
    }
}

#[test]
fn only_known_columns_in_their_order_pass() {
    let with = |spec: u64| {
        let mut forged = Forged::run(1);
        forged.columns.push((spec, vec![1, 1]));
        verdict(&forged)
    };
    assert_eq!(with(113), None);
    for unknown in [148, 165, 112, 66, 113 | 8, 116, u64::MAX] {
        assert_eq!(with(unknown), Some(BadForm::Columns), "{unknown}");
    }
    let mut deflated = Forged::run(1);
    deflated.columns[2].0 |= 8;
    assert_eq!(verdict(&deflated), Some(BadForm::Columns));
    let mut empty = Forged::run(1);
    empty.columns[1].1.clear();
    assert_eq!(verdict(&empty), Some(BadForm::Columns));
}

#[test]
fn times_are_those_of_clocks_and_wrong_clocks_still_save() {
    for (clock, written) in
        [(0, 0), (-5, -5), (i64::MAX, TIME_MAX), (i64::MIN, -TIME_MAX), (TIME_MAX, TIME_MAX)]
    {
        let (history, mut document) = born();
        let (_, raw) = document.edit(actor(2), clock, &message(), &[put(&["rt"], "1")]).unwrap().unwrap();
        assert_eq!(history.check(&raw).unwrap().time, written);
        let beyond = forge(&raw, |change| change.time = written.saturating_add(written.signum()));
        let bad = if written.abs() == TIME_MAX { Some(BadForm::Time) } else { None };
        assert_eq!(gate(&beyond.unwrap()).err(), bad);
    }
}

#[test]
fn numbers_have_their_shortest_form() {
    let mut forged = Forged::run(1);
    forged.columns[2].1 = vec![1, 0x81, 0];
    assert_eq!(verdict(&forged), Some(BadForm::Number));
}

#[test]
fn nothing_an_author_can_write_here_is_too_large_for_others() {
    let (mut history, mut document) = born();
    let longest = "k".repeat(count(KEY_MAX));
    crate::record::edit(&mut history, &mut document, 2, &[put(&["telepon", &longest], Value::Bool(true))]);
    let longer = format!("{longest}k");
    let refused = document.edit(actor(2), 0, &message(), &[put(&["telepon", &longer], true_value())]);
    assert_eq!(refused, Err(DocumentError::Form(BadForm::Key)));
}

fn true_value() -> Value {
    Value::Bool(true)
}
