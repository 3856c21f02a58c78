//! SIGKILL at every place, beside a ledger that nobody else writes: what was acknowledged is there afterwards.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use sambung_testkit::Seed;

use crate::harness::{
    Deployment, Office, Plan, Running, audit, create_arguments, edit_arguments, open, say, texts,
};

/// Kills of the relay. The soak has more.
const RELAY_KILLS: usize = 32;
/// Kills of the office node.
const NODE_KILLS: usize = 48;
const SEED: u64 = 20_261_125;

/// What an office was told is saved: the value of each field of each record.
#[derive(Default)]
struct Ledger {
    saved: BTreeMap<(String, &'static str), String>,
    own: Vec<String>,
}

impl Ledger {
    fn note(&mut self, id: &str, key: &'static str, value: &str) {
        self.saved.insert((id.to_owned(), key), value.to_owned());
    }

    /// A new record, and sometimes an edit of an older one, each acknowledged.
    fn work(&mut self, office: &Office, seed: &mut Seed, round: usize) {
        for part in 0..=seed.below(2) {
            let name = format!("Siti Uji {round}-{part}");
            let id = office.create(&[("nama_lengkap", &name)]);
            self.note(&id, "nama_lengkap", &name);
            self.own.push(id);
        }
        if seed.once_in(2) {
            let (id, value) = (seed.pick(&self.own).clone(), format!("Dusun {round}"));
            office.edit(&id, &[("dusun", &value)]);
            self.note(&id, "dusun", &value);
        }
    }

    fn is_at(&self, office: &Office) {
        let mut shown = BTreeMap::new();
        for ((id, key), value) in &self.saved {
            let record = shown.entry(id).or_insert_with(|| office.show(id));
            assert_eq!(record["fields"][*key], value.as_str(), "{id} {key} at {}", office.name);
        }
    }
}

fn place(seed: &mut Seed, round: usize) -> (&'static str, Plan) {
    match round % 4 {
        0 => ("in the request", Plan::KillInRequest(seed.below(1_000))),
        1 => {
            let delay = Duration::from_micros(u64::try_from(seed.below(6_000)).unwrap());
            ("after the request", Plan::KillAfterRequest(delay))
        }
        2 => ("in the answer", Plan::KillInAnswer(seed.below(1_000))),
        _ => ("after the answer", Plan::KillInAnswer(1_000)),
    }
}

/// What an office holds a receipt for is on the relay's disk.
fn receipts_hold(deployment: &Deployment, office: &Office, ids: &[String]) -> u64 {
    let connection = open(&deployment.database());
    let mut receipts = 0;
    for id in ids {
        let stored = office.show(id)["stored"].as_u64().unwrap();
        let record = id.parse::<sambung_domain::RecordId>().unwrap();
        let sql = "SELECT count(*) FROM change WHERE record = ?1";
        let held: u64 = connection.query_row(sql, [record.0], |row| row.get(0)).unwrap();
        assert!(held >= stored, "{id}: a receipt for {stored} changes, {held} on the disk");
        receipts += stored;
    }
    receipts
}

#[test]
fn a_relay_killed_anywhere_loses_nothing_that_was_acknowledged() {
    let deployment = Deployment::start();
    let offices = ["Kraksaan", "Lumajang"].map(|name| deployment.office(name, "front_office", "35.13,35.08"));
    let mut ledgers = [Ledger::default(), Ledger::default()];
    let mut seed = Seed::new(SEED);
    let mut kills: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for round in 0..RELAY_KILLS {
        let (office, ledger) = (&offices[round / 4 % 2], &mut ledgers[round / 4 % 2]);
        let (name, plan) = place(&mut seed, round);
        if name == "after the answer" {
            // What earlier cuts left open goes first: the answer then is the one to this round's work.
            office.sync();
        }
        ledger.work(office, &mut seed, round);
        deployment.line().plan(plan);
        let ended = office.try_sync();
        let unreachable = ended.code == Some(75) && ended.error_code() == "unreachable";
        assert!(unreachable || ended.code == Some(0), "{name}: {ended:?}");
        kills.entry(name).or_default()[usize::from(unreachable)] += 1;
        deployment.restart();
        let last = ledger.own.len().saturating_sub(6);
        receipts_hold(&deployment, office, &ledger.own[last..]);
    }
    say(&format!("kills by place, [sync ended well, sync was cut]: {kills:?}"));
    assert!(kills.values().all(|[well, cut]| well + cut == RELAY_KILLS / 4));
    assert!(kills["in the request"][0] == 0 && kills["after the answer"][1] == 0, "{kills:?}");

    for (office, ledger) in offices.iter().zip(&ledgers) {
        assert!(receipts_hold(&deployment, office, &ledger.own) > 0);
        office.sync();
    }
    offices[0].sync();
    for (office, ledger) in offices.iter().zip(&ledgers) {
        assert_eq!(office.status()["waiting"], 0);
        ledgers.iter().for_each(|ledger| ledger.is_at(office));
        for id in &ledger.own {
            assert_eq!(offices[0].show(id)["heads"], offices[1].show(id)["heads"]);
        }
    }
    let audited = audit(&deployment.database());
    assert_eq!(audited.records.len(), ledgers[0].own.len() + ledgers[1].own.len());
}

/// The outcome of commands that were killed: what they had said, and what may or may not have happened.
#[derive(Default)]
struct Killed {
    created: BTreeMap<String, String>,
    /// Values of the edited field that may stand: the last acknowledged one and those tried after it.
    possible: Vec<String>,
    silent: usize,
}

impl Killed {
    /// Starts a command, kills it, and notes what it had said.
    fn one(&mut self, office: &Office, target: &str, number: usize, delay: Option<Duration>) {
        let value = format!("Siti Uji {number}");
        let edits = number % 3 == 2;
        let arguments = if edits {
            edit_arguments(target, &[("dusun", &value)])
        } else {
            create_arguments(&[("nama_lengkap", &value), ("dusun", "Krajan")])
        };
        let mut running = Running::start(&mut office.command(&texts(&arguments)));
        match delay {
            Some(delay) => std::thread::sleep(delay),
            None => drop(running.first_line()),
        }
        let ended = running.kill();
        let said = ended.out.strip_suffix('\n').map(str::to_owned);
        self.silent += usize::from(said.is_none());
        match said {
            Some(_) if edits => self.possible = vec![value],
            Some(id) => drop(self.created.insert(id, value)),
            None if edits => self.possible.push(value),
            None => {}
        }
    }
}

#[test]
fn a_node_killed_anywhere_keeps_what_it_said() {
    let deployment = Deployment::start();
    let office = deployment.office("Kraksaan", "front_office", "35.13");
    let begun = Instant::now();
    let target = office.create(&[("nama_lengkap", "Siti Uji Awal"), ("dusun", "Awal")]);
    let usual = begun.elapsed();
    let mut seed = Seed::new(SEED);
    let mut killed = Killed { possible: vec!["Awal".to_owned()], ..Killed::default() };
    for number in 0..NODE_KILLS {
        // Every fourth dies the moment it has spoken; the others at any moment of their usual time.
        let micros = usize::try_from(usual.as_micros()).unwrap();
        let delay = Duration::from_micros(u64::try_from(seed.below(micros)).unwrap());
        killed.one(&office, &target, number, (number % 4 != 0).then_some(delay));
        office.status();
    }
    say(&format!(
        "{NODE_KILLS} kills within {usual:?}: {} records acknowledged, {} commands said nothing",
        killed.created.len(),
        killed.silent
    ));
    assert!(killed.created.len() >= NODE_KILLS / 8 && killed.silent > 0);
    for (id, name) in &killed.created {
        let shown = office.show(id);
        assert_eq!((&shown["fields"]["nama_lengkap"], &shown["changes"]), (&name.as_str().into(), &1.into()));
    }
    let dusun = office.show(&target)["fields"]["dusun"].clone();
    assert!(killed.possible.iter().any(|value| dusun == value.as_str()), "{dusun}: {:?}", killed.possible);
    // A command that said nothing has done everything or nothing.
    let rows = office.list();
    assert!(rows.iter().all(|row| row["fields"]["dusun"].is_string() && row["fields"]["area"].is_string()));
    assert!(rows.len() > killed.created.len());
    office.sync();
    assert_eq!(office.status()["waiting"], 0);
    assert_eq!(audit(&deployment.database()).records.len(), rows.len());
}
