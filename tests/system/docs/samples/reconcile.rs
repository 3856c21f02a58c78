//! The messages of a comparison.

use sambung_sync::digest::Item;
use sambung_sync::message::{
    Answer, AnsweredSet, Asked, AskedSet, Bucket, Compared, Ends, Level, Listed, ReconcileRequest,
    ReconcileResponse, Word,
};

use super::*;

pub(super) fn least_reconcile() -> ReconcileRequest {
    ReconcileRequest { replica: [5; 16], grant: [200; 8], levels: None, asked: None }
}

pub(super) fn full_reconcile() -> ReconcileRequest {
    let level = |set| Level { set, epoch: [2; 8], count: u64::MAX, depth: 3, sums: vec![1; 8].into() };
    let asked = |heads| Asked { record: record(), generation: 1, heads };
    let set =
        |set| AskedSet { set, epoch: [2; 8], records: vec![asked(vec![ChangeHash([3; 32])]), asked(vec![])] };
    let [first, ..] = sets();
    let none = AskedSet { set: first, epoch: [2; 8], records: vec![] };
    ReconcileRequest {
        levels: Some(sets().map(level).to_vec()),
        asked: Some(sets().map(set).into_iter().chain([none]).collect()),
        ..least_reconcile()
    }
}

pub(super) fn emptied_reconcile() -> ReconcileRequest {
    ReconcileRequest { levels: Some(vec![]), asked: Some(vec![]), ..least_reconcile() }
}

pub(super) fn least_reconciled() -> ReconcileResponse {
    ReconcileResponse {
        relay_time: Timestamp(0),
        nonce: [1; 24],
        want: None,
        closed: None,
        compared: None,
        answered: None,
        batches: None,
        leaves: None,
        admission: None,
    }
}

fn ends(some: bool) -> Ends {
    let mark = ShardMark { shard: shard(), mark: mark() };
    Ends { log: [7; 16], marks: some.then_some(mark).into_iter().collect() }
}

pub(super) fn full_reconciled() -> ReconcileResponse {
    let listed = Listed { record: record(), generation: 1, item: Item(u128::MAX) };
    let buckets =
        vec![Bucket { number: 4_095, records: vec![listed] }, Bucket { number: 0, records: vec![] }];
    let compared =
        |set| Compared { set, count: 1, depth: 3, buckets: buckets.clone(), more: true, ends: ends(true) };
    let has = |heads| Word::Has { heads, shard: shard() };
    let words = [has(vec![ChangeHash([3; 32])]), has(vec![]), Word::Left, Word::Erased, Word::Refused];
    let answers: Vec<Answer> = (0..).zip(words).map(|(at, word)| Answer { at, word }).collect();
    let answered = |set| AnsweredSet { set, looked_at: 5, answers: answers.clone(), ends: ends(true) };
    let [set, ..] = sets();
    let equal =
        Compared { set: set.clone(), count: 0, depth: 0, buckets: vec![], more: false, ends: ends(false) };
    let silent = AnsweredSet { set, looked_at: 0, answers: vec![], ends: ends(false) };
    ReconcileResponse {
        want: Some(Want::Grant),
        closed: Some(Closed::Revoked),
        compared: Some(sets().map(compared).into_iter().chain([equal]).collect()),
        answered: Some(sets().map(answered).into_iter().chain([silent]).collect()),
        batches: Some(vec![PulledBatch { batch: batch(vec![]), leaves: 1, proof: vec![] }]),
        leaves: Some(vec![leaf(None)]),
        admission: Some(admission()),
        ..least_reconciled()
    }
}

pub(super) fn emptied_reconciled() -> ReconcileResponse {
    ReconcileResponse {
        compared: Some(vec![]),
        answered: Some(vec![]),
        batches: Some(vec![]),
        leaves: Some(vec![]),
        ..least_reconciled()
    }
}
