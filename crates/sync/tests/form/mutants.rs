//! Mutants with a right checksum: whatever the check takes must do no harm, in any order of arrival; what an
//! honest program writes must be taken.

use std::collections::BTreeMap;

use sambung_sync::document::Document;
use sambung_sync::form::{History, Rejected};
use sambung_testkit::Seed;
use sambung_testkit::circle::Circle;
use sambung_testkit::mutant::{consequences, mutate_bytes, mutate_fields, reordered};

use crate::record::{begin, genesis, message};

const MUTANTS: usize = 24_000;
/// Mutants made of one record's changes.
const A_RECORD: usize = 1_000;
const HONEST_CHANGES: usize = 5_000;
const ORDERS: usize = 3;
/// What a browser's worker or a small thread has.
const STACK: usize = 512 * 1024;

fn on_a_small_stack(work: fn()) {
    std::thread::Builder::new().stack_size(STACK).spawn(work).unwrap().join().unwrap();
}

fn admitted(chunks: &[Vec<u8>]) -> Result<History, Rejected> {
    let (mut history, _) = begin(&genesis());
    let genesis = genesis_of(&history);
    for chunk in chunks.iter().filter(|chunk| **chunk != genesis) {
        history.admit(history.check(chunk)?)?;
    }
    Ok(history)
}

fn genesis_of(history: &History) -> Vec<u8> {
    history.changes().next().unwrap().raw.clone()
}

fn circle(count: u8) -> Circle {
    let (history, _) = begin(&genesis());
    Circle::new(&genesis_of(&history), &message(), count).unwrap()
}

/// The documents of the crate, in one order: batch, save, load, content.
fn documented(chunks: &[Vec<u8>], history: &History) {
    let (_, mut document) = begin(&genesis());
    let chunks: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
    document.apply(&chunks).unwrap();
    assert_eq!(document.heads(), history.heads());
    let again = Document::load(&document.save().unwrap()).unwrap();
    assert_eq!(again.heads(), document.heads());
    assert_eq!(again.content().unwrap(), document.content().unwrap());
}

struct Base {
    chunks: Vec<Vec<u8>>,
    history: History,
    victims: Vec<Vec<u8>>,
}

fn base(seed: &mut Seed) -> Base {
    let mut circle = circle(4);
    for _ in 0..20 {
        circle.step(seed).unwrap();
    }
    let chunks = circle.changes().unwrap();
    let history = admitted(&chunks).unwrap();
    let victims = circle.next_changes(seed, 6).unwrap();
    for victim in &victims {
        history.check(victim).unwrap();
    }
    Base { chunks, history, victims }
}

fn mutate(seed: &mut Seed, base: &Base) -> Option<Vec<u8>> {
    let victim = seed.pick(&base.victims).clone();
    let mutant = if seed.once_in(2) {
        mutate_bytes(seed, &victim)
    } else {
        let actors = [vec![0], vec![1; 8], vec![2; 8], vec![3; 8], vec![4; 8]];
        mutate_fields(seed, &victim, &actors, 60)?
    };
    (mutant != victim).then_some(mutant)
}

/// Lets a mutant in beside two honest changes of the same moment, in several orders.
fn let_in(seed: &mut Seed, base: &Base, mutant: &[u8]) {
    let mut chunks = base.chunks.clone();
    chunks.extend(base.victims.iter().take(2).cloned());
    chunks.push(mutant.to_vec());
    let mut heads = None;
    for _ in 0..ORDERS {
        let chunks = reordered(seed, &chunks);
        match admitted(&chunks) {
            Ok(history) => {
                consequences(&chunks).unwrap_or_else(|broken| panic!("{broken}: {mutant:02x?}"));
                documented(&chunks, &history);
                assert_eq!(*heads.get_or_insert(history.heads()), history.heads());
            }
            // A mutant of a change under its own actor and number: whichever comes second is refused.
            Err(Rejected::Bad(bad)) => assert_eq!(bad.code(), "form_equivocation"),
            Err(other) => panic!("{other:?}"),
        }
    }
}

/// Makes mutants of the next changes of many records; returns how many met which verdict.
fn judged(seed: u64, mutants: usize) -> BTreeMap<&'static str, usize> {
    let mut seed = Seed::new(seed);
    let mut verdicts: BTreeMap<&str, usize> = BTreeMap::new();
    while verdicts.values().sum::<usize>() < mutants {
        let base = base(&mut seed);
        for _ in 0..A_RECORD {
            let Some(mutant) = mutate(&mut seed, &base) else { continue };
            let verdict = match base.history.check(&mutant) {
                Ok(change) => {
                    assert_eq!(change.raw, mutant);
                    let_in(&mut seed, &base, &mutant);
                    "accepted"
                }
                Err(Rejected::Bad(bad)) => bad.code(),
                Err(Rejected::Missing(_)) => "missing",
                Err(Rejected::Duplicate(_)) => "duplicate",
            };
            *verdicts.entry(verdict).or_default() += 1;
        }
    }
    verdicts
}

#[test]
fn no_accepted_mutant_does_harm() {
    on_a_small_stack(|| {
        let verdicts = judged(20_260_101, MUTANTS);
        println!("{verdicts:#?}");
        assert!(verdicts["accepted"] > MUTANTS / 100, "too few pass to say anything");
        assert!(verdicts.len() > 10, "too few reasons to say anything");
    });
}

#[test]
#[ignore = "takes minutes"]
fn no_accepted_mutant_does_harm_in_a_long_run() {
    on_a_small_stack(|| println!("{:#?}", judged(1, 10 * MUTANTS)));
}

#[test]
fn no_honest_change_is_refused() {
    let mut checked = 0;
    let mut number = 0;
    while checked < HONEST_CHANGES {
        number += 1;
        let mut seed = Seed::new(number);
        let mut circle = circle(4);
        for _ in 0..40 {
            circle.step(&mut seed).unwrap();
        }
        let chunks = circle.changes().unwrap();
        let history = admitted(&reordered(&mut seed, &chunks));
        let history = history.unwrap_or_else(|refused| panic!("seed {number}: {refused}"));
        assert_eq!(history.len(), chunks.len());
        documented(&chunks, &history);
        checked += chunks.len() - 1;
    }
    println!("{checked} honest changes of {number} records: none refused");
}
