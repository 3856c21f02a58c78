//! A morning at the relay: many replicas push at once what they did since yesterday.

use std::path::Path;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use sambung_bench_floor::{print, share};
use sambung_domain::RecordId;
use sambung_relay::clock;
use sambung_relay::data::DataDir;
use sambung_replica::command::EditRecord;
use sambung_replica::exchange::{Session, Step, SyncReport};
use sambung_sync::frame::MEDIA_TYPE;
use sambung_testkit::seed::Seed;
use serde_json::{Value as Json, json};

use crate::http::{Answer, Connection};
use crate::node::{Node, invite};
use crate::{people, worker};

/// Replicas that push at once.
const REPLICAS: usize = 200;
/// Changes of each of them: half are births, half edits of what was born before.
const CHANGES: usize = 20;
/// Measured rounds.
const ROUNDS: usize = 3;
/// Kabupaten and kota of the province, each a log of its own at the relay.
const KABUPATEN: usize = 29;
const KOTA: usize = 9;
/// The first record of the peer's documents: far from those a first sync has.
const FIRST: usize = 500_000;

/// One replica with its line to the relay and what it is about to send.
struct Pusher {
    node: Node,
    connection: Connection,
    known: Vec<RecordId>,
    session: Session,
    body: Vec<u8>,
}

/// Where a replica is at home: a village somewhere in the province, or, together, one of one kabupaten.
fn home(at: usize, together: bool) -> String {
    if together {
        return format!("35.13.{:02}.2{:03}", 1 + at % 24, 1 + at / 24);
    }
    let number = at % (KABUPATEN + KOTA);
    let code = if number < KABUPATEN { 1 + number } else { 71 + number - KABUPATEN };
    format!("35.{code:02}.{:02}.2001", 1 + at / (KABUPATEN + KOTA))
}

/// Measures how many changes a second a relay takes that many replicas push at once, each durable when it is answered.
pub(crate) fn measure(data: &Path, address: &str, dir: &Path, together: bool) -> Result<()> {
    let enrol = |at: usize| Pusher::enrol(data, address, &dir.join(at.to_string()), &home(at, together));
    let mut pushers: Vec<Pusher> = (0..REPLICAS).map(enrol).collect::<Result<_>>()?;
    let mut seed = Seed::new(4);
    let mut number = FIRST;
    let (mut speeds, mut times) = (Vec::new(), Vec::new());
    // The first round is not measured: nothing is there to be edited yet, and nothing is warm.
    for round in 0..=ROUNDS {
        for pusher in &mut pushers {
            pusher.sync()?;
            pusher.work(&mut seed, &mut number)?;
        }
        let bodies = pushers.iter_mut().map(|pusher| (&mut pusher.connection, pusher.body.as_slice()));
        let (elapsed, answers) = at_once(bodies.collect(), |connection, body| {
            connection.post("/sync/v1/exchange", MEDIA_TYPE, body)
        })?;
        if round > 0 {
            speeds.push((REPLICAS * CHANGES) as f64 / elapsed.as_secs_f64());
            times.extend(answers.iter().map(|(time, _)| time.as_secs_f64() * 1000.0));
        }
        for (pusher, (_, answer)) in pushers.iter_mut().zip(answers) {
            let report = pusher.take(answer)?;
            ensure!(report.pushed == u64::try_from(CHANGES)?, "{report:?}");
        }
    }
    say(&mut speeds, &mut times);
    Ok(())
}

fn say(speeds: &mut [f64], times: &mut [f64]) {
    print("ingest", share(speeds, 0.5), "changes/s");
    print("exchange p99", share(times, 0.99), "ms");
    print("exchange p50", share(times, 0.5), "ms");
}

impl Pusher {
    fn enrol(data: &Path, address: &str, dir: &Path, area: &str) -> Result<Pusher> {
        let code = invite(&DataDir::at(data), area)?;
        let mut connection = Connection::open(address)?;
        let node = Node::enrol(dir, &mut connection, &code)?;
        let session = Session::begin(node.staff);
        Ok(Pusher { node, connection, known: Vec::new(), session, body: Vec::new() })
    }

    /// Takes what others did, so that it does not come under what is measured.
    fn sync(&mut self) -> Result<()> {
        self.session = Session::begin(self.node.staff);
        let body = self.session.request(&mut self.node.replica, clock::now())?;
        let answer = self.connection.post("/sync/v1/exchange", MEDIA_TYPE, &body)?;
        self.take(answer).map(drop)
    }

    /// Does a day's work and signs what is sent of it.
    fn work(&mut self, seed: &mut Seed, number: &mut usize) -> Result<()> {
        let born = if self.known.is_empty() { CHANGES } else { CHANGES / 2 };
        let births: Vec<_> = (0..born)
            .map(|_| {
                *number += 1;
                (None, people::at_home(seed, *number))
            })
            .collect();
        let edited: Vec<RecordId> = self.known.iter().rev().take(CHANGES - born).copied().collect();
        let made = self.node.command(|replica, with| replica.create_all(&births, with))?;
        for id in edited {
            *number += 1;
            let fields = people::renamed(people::at_home(seed, *number));
            let command = EditRecord { id, fields, reason: None };
            self.node.command(|replica, with| replica.edit(&command, with))?;
        }
        self.known.extend(made.iter().map(|outcome| outcome.id));
        self.session = Session::begin(self.node.staff);
        self.body = self.session.request(&mut self.node.replica, clock::now())?;
        Ok(())
    }

    /// Takes the answer to what was sent, and goes on to the end of the sync.
    fn take(&mut self, (mut status, mut answer): Answer) -> Result<SyncReport> {
        loop {
            let step = self.session.receive(&mut self.node.replica, status, &answer, clock::now())?;
            if let Step::Done(report) = step {
                return Ok(report);
            }
            let body = self.session.request(&mut self.node.replica, clock::now())?;
            let path = format!("/sync/v1/{}", self.session.path());
            (status, answer) = self.connection.post(&path, MEDIA_TYPE, &body)?;
        }
    }
}

/// What everybody got, each with the time it took.
type Answers = Vec<(Duration, Answer)>;

/// Everybody sends at the same moment; gives the time until the last has an answer.
fn at_once(
    senders: Vec<(&mut Connection, &[u8])>,
    send: impl Fn(&mut Connection, &[u8]) -> Result<Answer> + Sync,
) -> Result<(Duration, Answers)> {
    let start = Barrier::new(senders.len() + 1);
    std::thread::scope(|scope| {
        let sending: Vec<_> = senders
            .into_iter()
            .map(|(connection, body)| {
                let (start, send) = (&start, &send);
                scope.spawn(move || -> Result<(Duration, Answer)> {
                    let connected = connection.renew();
                    start.wait();
                    connected?;
                    let begun = Instant::now();
                    let answer = send(connection, body)?;
                    Ok((begun.elapsed(), answer))
                })
            })
            .collect();
        start.wait();
        let begun = Instant::now();
        let answers: Vec<_> = sending.into_iter().map(|thread| thread.join().ok()).collect();
        let elapsed = begun.elapsed();
        let answers = answers.into_iter().map(|answer| answer.context("a sender failed")?);
        Ok((elapsed, answers.collect::<Result<_>>()?))
    })
}

/// The same morning at a server that speaks CouchDB's protocol: as many clients, as many documents each.
pub(crate) fn bulk_docs(address: &str, database: &str) -> Result<()> {
    let mut connections: Vec<Connection> =
        (0..REPLICAS).map(|_| Connection::open(address)).collect::<Result<_>>()?;
    let path = format!("/{database}/_bulk_docs");
    let (mut speeds, mut times) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let bodies: Vec<Vec<u8>> = (0..REPLICAS).map(|at| documents(round * REPLICAS + at)).collect();
        let senders = connections.iter_mut().zip(bodies.iter().map(Vec::as_slice)).collect();
        let (elapsed, answers) =
            at_once(senders, |connection, body| connection.post(&path, "application/json", body))?;
        for (_, (status, answer)) in &answers {
            let taken: Json = serde_json::from_slice(answer)?;
            let all = taken.as_array().is_some_and(|all| all.iter().all(|one| one["ok"] == true));
            ensure!(*status == 201 && all, "HTTP {status}: {taken}");
        }
        if round > 0 {
            speeds.push((REPLICAS * CHANGES) as f64 / elapsed.as_secs_f64());
            times.extend(answers.iter().map(|(time, _)| time.as_secs_f64() * 1000.0));
        }
    }
    say(&mut speeds, &mut times);
    Ok(())
}

/// As many new documents as a replica pushes changes: the births of workers.
fn documents(at: usize) -> Vec<u8> {
    let documents: Vec<Json> = (0..CHANGES)
        .map(|number| {
            let mut record = worker::as_json(FIRST + at * CHANGES + number);
            let mut document = record["changes"][0].take();
            document["_id"] = record["id"].take();
            document
        })
        .collect();
    json!({ "docs": documents }).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn everybody_is_at_home_in_another_village() {
        for (together, kabupaten) in [(false, KABUPATEN + KOTA), (true, 1)] {
            let homes: BTreeSet<String> = (0..REPLICAS).map(|at| home(at, together)).collect();
            assert_eq!(homes.len(), REPLICAS);
            assert!(homes.iter().all(|home| home.parse::<sambung_domain::Area>().is_ok()), "{homes:?}");
            assert_eq!(homes.iter().map(|home| &home[..5]).collect::<BTreeSet<_>>().len(), kabupaten);
        }
    }
}
