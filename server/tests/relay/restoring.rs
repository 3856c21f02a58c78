//! Backups: made while the relay serves, put back whole or not at all.

use std::path::{Path, PathBuf};

use crate::device::Device;
use crate::process::Place;
use crate::record::Worker;

/// Places of a backup in which a byte is turned.
const FLIPS: usize = 48;

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn push_a_worker(device: &mut Device) {
    let mut worker = Worker::born(device, "35.13.02.2004");
    let item = worker.item(device);
    let push = device.sign(vec![item]);
    device.push(&push).unwrap();
}

/// A relay with a record, and a backup that was made while it served.
fn backed_up() -> (Place, PathBuf) {
    let place = Place::new();
    let served = place.serve();
    push_a_worker(&mut place.enrol(served.address));
    let file = place.path("cadangan.sqlite");
    place.good(&["backup", text(&file)]);
    (place, file)
}

/// The words that restore a backup into a directory of its own.
fn words<'a>(to: &'a Path, keys: &[&'a str], file: &'a Path) -> Vec<&'a str> {
    [&["restore", "--data", text(to)], keys, &[text(file)]].concat()
}

fn with_its_key(place: &Place, to: &Path, file: &Path) -> i32 {
    let key = place.data().keys();
    place.exit(&words(to, &["--key-file", text(&key)], file))
}

#[test]
fn a_backup_made_while_devices_push_comes_back_whole() {
    let place = Place::new();
    let served = place.serve();
    let mut device = place.enrol(served.address);
    let files: Vec<PathBuf> = std::thread::scope(|scope| {
        let pushing = scope.spawn(|| (0..40).for_each(|_| push_a_worker(&mut device)));
        let file = |number: usize| place.path(&format!("cadangan-{number}"));
        let files = (0..4).map(|number| {
            place.good(&["backup", text(&file(number))]);
            file(number)
        });
        let files = files.collect();
        pushing.join().unwrap();
        files
    });
    for (number, file) in files.iter().enumerate() {
        let to = place.path(&format!("dari-{number}"));
        let key = place.data().keys();
        let restored =
            place.json(&[&words(&to, &["--key-file", text(&key)], file)[..], &["--json"]].concat());
        assert_eq!((&restored["findings"], &restored["records"]), (&[0; 0][..].into(), &restored["changes"]));
        assert_eq!(place.json(&["status", "--json", "--data", text(&to)])["devices"], 1);
        assert_eq!(place.exit(&["verify", "--data", text(&to)]), 0);
    }
}

#[test]
fn a_restored_relay_goes_on_with_its_keys_or_with_the_recovery_file() {
    let (place, file) = backed_up();
    let (first, second) = (place.path("satu"), place.path("dua"));
    assert_eq!(with_its_key(&place, &first, &file), 0);
    let recovery = place.path("pemulihan.toml");
    place.good(&words(&second, &["--recover", text(&recovery)], &file));
    for data in [&first, &second] {
        let served = place.serve_with(&["--data", text(data)]);
        let mut device = place.enrol_at(served.address, data);
        push_a_worker(&mut device);
        assert_eq!(place.json(&["status", "--json", "--data", text(data)])["records"], 2);
        drop(served);
        assert_eq!(place.exit(&["verify", "--data", text(data)]), 0);
    }
}

#[test]
fn a_turned_byte_anywhere_in_a_backup_is_found() {
    let (place, file) = backed_up();
    let sound = std::fs::read(&file).unwrap();
    let (damaged, to) = (place.path("rusak.sqlite"), place.path("tujuan"));
    let used: Vec<usize> = (0..sound.len()).filter(|at| sound[*at] != 0).collect();
    let mut found = 0;
    for number in 0..FLIPS {
        let mut bytes = sound.clone();
        let at = used[used.len() * number / FLIPS];
        bytes[at] ^= 0x20;
        std::fs::write(&damaged, &bytes).unwrap();
        if with_its_key(&place, &to, &damaged) == 0 {
            // Remains between the rows may say anything: what came back is what was there.
            assert_eq!(rows(&to.join("relay.sqlite")), rows(&file), "byte {at}");
            std::fs::remove_dir_all(&to).unwrap();
        } else {
            assert!(!to.join("relay.sqlite").exists() && !to.join("relay.key").exists(), "byte {at}");
            found += 1;
        }
    }
    assert!(found >= FLIPS / 3, "{found} of {FLIPS} turned bytes were found");
}

#[test]
fn a_turned_byte_that_nobody_signed_is_found_in_a_backup() {
    let (place, file) = backed_up();
    let database = rusqlite::Connection::open(&file).unwrap();
    let name: String = database.query_row("SELECT name FROM device", [], |row| row.get(0)).unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    let at = bytes.windows(name.len()).position(|window| window == name.as_bytes()).unwrap();
    bytes[at] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let ended = place.run(&words(&place.path("tujuan"), &["--key-file", text(&place.data().keys())], &file));
    assert_eq!(ended.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("does not hold what was backed up"));
}

/// Every row of every table, besides what a database says of itself and that a restored relay is silent.
fn rows(file: &Path) -> Vec<String> {
    let database = rusqlite::Connection::open(file).unwrap();
    let text = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('meta', 'silence', 'sqlite_sequence')";
    let mut statement = database.prepare(text).unwrap();
    let tables = statement.query_map([], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap);
    let rows = |table: String| {
        let mut statement = database.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = statement.column_count();
        let values = |row: &rusqlite::Row<'_>| {
            let value = |column| row.get::<_, rusqlite::types::Value>(column);
            (0..columns).map(value).collect::<Result<Vec<_>, _>>()
        };
        let rows = statement.query_map([], values).unwrap();
        rows.map(|row| format!("{table} {:?}", row.unwrap())).collect::<Vec<_>>()
    };
    tables.flat_map(rows).collect()
}

#[test]
fn a_turned_byte_of_what_is_stored_is_found_in_place() {
    let (place, _) = backed_up();
    let database = rusqlite::Connection::open(place.data().database()).unwrap();
    let chunk: Vec<u8> = database.query_row("SELECT chunk FROM change", [], |row| row.get(0)).unwrap();
    database.pragma_update(None, "wal_checkpoint", "TRUNCATE").unwrap();
    drop(database);
    assert_eq!(place.exit(&["verify"]), 0);
    let mut bytes = std::fs::read(place.data().database()).unwrap();
    let at = bytes.windows(chunk.len()).position(|window| window == chunk).unwrap();
    bytes[at + chunk.len() / 2] ^= 1;
    std::fs::write(place.data().database(), bytes).unwrap();
    let ended = place.run(&["verify"]);
    assert_eq!(ended.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ended.stdout).contains("not what its name says"));
}

#[test]
fn what_cannot_be_restored_is_said_and_leaves_nothing() {
    let (place, file) = backed_up();
    let to = place.path("tujuan");
    let other = Place::new();
    let key = other.data().keys();
    assert_eq!(place.exit(&words(&to, &["--key-file", text(&key)], &file)), 3, "another relay's keys");
    let copy = place.path("salinan.sqlite");
    std::fs::copy(other.data().database(), &copy).unwrap();
    assert_eq!(with_its_key(&place, &to, &copy), 3, "no finished backup");
    assert_eq!(with_its_key(&place, &to, &place.path("tiada")), 1, "no file");
    std::fs::write(&copy, "bukan basis data".repeat(999)).unwrap();
    assert_eq!(with_its_key(&place, &to, &copy), 3, "no database");
    let served = place.serve();
    push_a_worker(&mut place.enrol(served.address));
    assert_eq!(with_its_key(&place, &to, &place.data().database()), 3, "in use");
    assert!(!to.join("relay.sqlite").exists() && !to.join("relay.key").exists());
    assert_eq!(with_its_key(&place, &place.path("data"), &file), 3, "a relay lives there");
    assert_eq!(place.exit(&["status"]), 0);
    assert_eq!(place.exit(&["restore", "--data", text(&to), text(&file)]), 2, "without keys");
}
