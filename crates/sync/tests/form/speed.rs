//! What the check costs. Run with `--ignored --nocapture`; nothing here fails on time.

use std::hint::black_box;
use std::time::Instant;

use sambung_domain::value::Value;
use sambung_sync::gate::gate;
use sambung_sync::routing::routing;

use crate::record::{actor, begin, born, edit, genesis, message, put};

const ROUNDS: u32 = 20_000;

#[expect(clippy::print_stdout, reason = "what it is for")]
fn micros(name: &str, rounds: u32, mut work: impl FnMut()) {
    let began = Instant::now();
    for _ in 0..rounds {
        work();
    }
    println!("{name}: {:.2} µs", began.elapsed().as_secs_f64() * 1e6 / f64::from(rounds));
}

#[test]
#[ignore = "prints figures"]
fn cost_of_the_check() {
    let (mut history, mut document) = born();
    for number in 0..8 {
        edit(
            &mut history,
            &mut document,
            2,
            &[put(&["rt"], Value::Int(number)), put(&["nama_lengkap"], "Siti Aminah")],
        );
    }
    let edits = [put(&["rt"], Value::Int(100)), put(&["rw"], Value::Int(3))];
    let (_, raw) = document.edit(actor(3), 0, &message(), &edits).unwrap().unwrap();
    micros("gate", ROUNDS, || drop(black_box(gate(&raw))));
    micros("check, history decoded", ROUNDS, || drop(black_box(history.check(&raw))));
    micros("routing of 10 changes", ROUNDS, || drop(black_box(routing(&history))));
    let stored: Vec<Vec<u8>> = history.changes().map(|change| change.raw.clone()).collect();
    let (empty, _) = begin(&genesis());
    micros("restore 10 changes", ROUNDS / 10, || {
        let mut again = empty.clone();
        stored.iter().for_each(|raw| again.restore(raw).unwrap());
        black_box(again);
    });
    micros("check and admit 10 changes", ROUNDS / 10, || {
        let mut again = empty.clone();
        for raw in &stored[1..] {
            again.admit(again.check(raw).unwrap()).unwrap();
        }
        black_box(again);
    });
}
