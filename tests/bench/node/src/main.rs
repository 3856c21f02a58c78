//! The work of `cargo xtask bench`; figures are printed as one JSON object a line.
//!
//! A full node: `fill DIR N` makes it, `measure DIR` measures what is done with it, `catch-up DIR` derives what an
//! update left. First syncs: `write STATE ADDRESS CODE N` fills a relay as a device that is kept in a file, `spread`
//! does so with each record's changes in as many batches, `change STATE ADDRESS N` changes some more, `edit DIR N`
//! does so at a node, `floor RELAY.sqlite FLOOR.db` and `weigh RELAY.sqlite AFTER` measure what lies under them,
//! `admitted RELAY.sqlite` says after what. The morning: `ingest DATA ADDRESS DIR`, `ingest-together` in one kabupaten, and, for another engine, `bulk-docs
//! ADDRESS DATABASE`. `records FROM N` prints the records for other engines.

mod device;
mod floor;
mod http;
mod ingest;
mod node;
mod people;
mod worker;

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use device::Device;
use node::Node;
use sambung_bench_floor::{figures, print, timed};
use sambung_domain::RecordId;
use sambung_relay::clock;
use sambung_replica::command::{EditRecord, Fields};
use sambung_replica::query::{List, PersonPage};
use sambung_replica::search::Search;
use sambung_testkit::seed::Seed;

/// Records of each person.
const OF_A_PERSON: usize = 3;
/// People made in one transaction.
const AT_ONCE: usize = 300;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["fill", dir, records] => fill(Path::new(dir), records.parse()?),
        ["catch-up", dir] => catch_up(Path::new(dir)),
        ["measure", dir] => measure(Path::new(dir)),
        ["records", from, records] => say_records(from.parse()?, records.parse()?),
        ["write", state, address, code, records] => write(state, address, code, (records, false)),
        ["spread", state, address, code, records] => write(state, address, code, (records, true)),
        ["change", state, address, count] => change(Path::new(state), address, count.parse()?),
        ["edit", dir, count] => edit(Path::new(dir), count.parse()?),
        ["floor", relay, floor] => floor::measure(Path::new(relay), Path::new(floor)),
        ["admitted", relay] => floor::say_admitted(Path::new(relay)),
        ["weigh", relay, after] => floor::weigh(Path::new(relay), after.parse()?),
        ["ingest", data, address, dir] => ingest::measure(Path::new(data), address, Path::new(dir), false),
        ["ingest-together", data, address, dir] => {
            ingest::measure(Path::new(data), address, Path::new(dir), true)
        }
        ["bulk-docs", address, database] => ingest::bulk_docs(address, database),
        _ => bail!("no such work; see the source"),
    }
}

/// Prints records for other engines, one a line.
fn say_records(from: usize, records: usize) -> Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for number in from..from + records {
        writeln!(out, "{}", worker::as_json(number))?;
    }
    Ok(out.flush()?)
}

/// Fills a relay as another device would have.
fn write(state: &str, address: &str, code: &str, (records, spread): (&str, bool)) -> Result<()> {
    let mut device = Device::enrol(address, code)?;
    device.fill(records.parse()?, spread)?;
    device.keep(Path::new(state))
}

/// That device changes the last so many records once more.
fn change(state: &Path, address: &str, count: usize) -> Result<()> {
    let mut device = Device::resume(state, address)?;
    device.change(count)?;
    device.keep(state)
}

/// Somebody at a node changes some records.
fn edit(dir: &Path, count: usize) -> Result<()> {
    let mut node = Node::open(dir)?;
    let list = List { kind: "worker".to_owned(), limit: Some(u32::try_from(count)?), ..List::default() };
    let people: Vec<RecordId> = node.replica.list(&list)?.rows.iter().map(|row| row.id).collect();
    anyhow::ensure!(people.len() == count, "{} of {count} records", people.len());
    for (at, id) in people.into_iter().enumerate() {
        let set = [("dusun".to_owned(), serde_json::json!(format!("Sumber {at}")))].into();
        let command = EditRecord { id, fields: Fields { set, ..Fields::default() }, reason: None };
        node.command(|replica, with| replica.edit(&command, with))?;
    }
    Ok(())
}

fn fill(dir: &Path, records: usize) -> Result<()> {
    let mut node = Node::make(dir)?;
    let mut seed = Seed::new(1);
    let begun = Instant::now();
    let people = records.div_ceil(OF_A_PERSON);
    for first in (0..people).step_by(AT_ONCE) {
        let mut commands = Vec::new();
        for at in first..people.min(first + AT_ONCE) {
            commands.extend(people::person(&mut seed, RecordId(clock::random()?), at));
        }
        node.command(|replica, with| replica.create_all(&commands, with))?;
    }
    print("fill", (people * OF_A_PERSON) as f64 / begun.elapsed().as_secs_f64(), "records/s");
    let begun = Instant::now();
    let rebuilt = node.replica.rebuild()?;
    print("rebuild", rebuilt as f64 / begun.elapsed().as_secs_f64(), "records/s");
    Ok(())
}

/// Derives what an update has left behind.
fn catch_up(dir: &Path) -> Result<()> {
    let begun = Instant::now();
    let derived = Node::open(dir)?.replica.derive()?;
    print("catch-up", derived.records as f64 / begun.elapsed().as_secs_f64(), "records/s");
    Ok(())
}

fn measure(dir: &Path) -> Result<()> {
    let mut node = Node::open(dir)?;
    keep(Node::open(dir)?);
    let mut seed = Seed::new(2);
    let people = everybody(&node)?;
    let mut number = 10 * people.len();
    let mut saves = |what: &str, takes: fn(usize) -> bool| {
        figures(what, 0.99, |at| {
            let id = *seed.pick(&people);
            number += 1;
            let made = people::one(&mut seed, number);
            if takes(at) {
                return timed(|| node.command(|replica, with| replica.create(&made, with)).map(drop));
            }
            let command = EditRecord { id, fields: people::renamed(made), reason: None };
            timed(|| node.command(|replica, with| replica.edit(&command, with)).map(drop))
        })
    };
    saves("save", |at| at.is_multiple_of(2))?;
    saves("create alone", |_| true)?;
    saves("new name and hamlet alone", |_| false)?;
    figures("list page", 0.95, |at| {
        let list = list(&mut seed, at, &people);
        timed(|| Ok(node.replica.list(&list).map(drop)?))
    })?;
    figures("search", 0.95, |_| {
        let search = Search { text: fragment(&mut seed), ..Search::default() };
        timed(|| Ok(node.replica.search(&search, None).map(drop)?))
    })?;
    figures("person page", 0.95, |_| {
        let id = *seed.pick(&people);
        timed(|| Ok(node.replica.person(id, &PersonPage::default()).map(drop)?))
    })?;
    Ok(())
}

/// Copies the write-ahead log every second, as a serving node does.
fn keep(node: Node) {
    std::thread::spawn(move || {
        while node.replica.checkpoint().is_ok() {
            std::thread::sleep(Duration::from_secs(1));
        }
    });
}

/// Every person of a node.
fn everybody(node: &Node) -> Result<Vec<RecordId>> {
    let mut all = Vec::new();
    let mut list = List { kind: "worker".to_owned(), limit: Some(1_000), ..List::default() };
    loop {
        let page = node.replica.list(&list)?;
        all.extend(page.rows.iter().map(|row| row.id));
        list.after = page.next;
        if list.after.is_none() {
            return Ok(all);
        }
    }
}

/// A page as people open it: sorted, filtered, somewhere in the middle.
fn list(seed: &mut Seed, at: usize, people: &[RecordId]) -> List {
    let (kind, filters, sort, further): (&str, &[(&str, &str)], &str, bool) = match at % 8 {
        0 => ("worker", &[], "nama_lengkap", true),
        1 => ("worker", &[("jenis_kelamin", "P")], "nama_lengkap", true),
        2 => ("worker", &[("area", "35.13.02")], "nama_lengkap", false),
        3 => ("worker", &[("dusun", "Krajan 7"), ("jenis_kelamin", "L")], "-tahun_lahir", false),
        4 => ("worker", &[], "-created_at", true),
        5 => ("placement", &[("negara", "HK")], "kontak_terakhir", false),
        6 => ("worker", &[("petugas_pendamping", ""), ("area", "35.13.05.2003")], "", false),
        _ => ("worker", &[("tahun_lahir", "1984")], "nama_lengkap", false),
    };
    List {
        kind: kind.to_owned(),
        filters: filters.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        sort: (!sort.is_empty()).then(|| sort.to_owned()),
        withdrawn: false,
        limit: Some(50),
        after: further.then(|| *seed.pick(people)),
    }
}

/// A piece of a name, sometimes with another or a number.
fn fragment(seed: &mut Seed) -> String {
    let name = people::name(seed, 0).to_lowercase().replace(['.', '\''], "");
    let words: Vec<&str> = name.split(' ').skip(1).filter(|word| word.len() >= 3).collect();
    let word = *seed.pick(&words);
    match seed.below(6) {
        0 => word.to_owned(),
        1 => word[..3].to_owned(),
        2 => word[word.len() - 3..].to_owned(),
        3 => words.join(" "),
        4 => format!("{} {}", &word[..2], words[words.len() - 1]),
        _ => format!("0800{:06}", seed.below(60_000))[4..].to_owned(),
    }
}
