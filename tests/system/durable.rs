//! Verify, repair, backup, restore, doctor and attention as people call them.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rusqlite::Connection;
use serde_json::Value;

use crate::harness::{Deployment, Office, run};

/// The office's database from outside, with the key beside it.
fn database(office: &Office) -> Connection {
    let text = fs::read_to_string(office.dir().join("device.key")).unwrap();
    let key: Value = serde_json::from_str(&text).unwrap();
    let connection = Connection::open(office.dir().join("replica.db")).unwrap();
    let pragma = format!("PRAGMA key = \"x'{}'\";", key["key"].as_str().unwrap());
    connection.execute_batch(&pragma).unwrap();
    connection
}

fn with_records(deployment: &Deployment) -> (Office, Vec<String>) {
    let office = deployment.office("Kraksaan", "front_office", "35.13");
    let ids = ["Satu", "Dua", "Tiga"].map(|name| office.create(&[("nama_lengkap", name)])).to_vec();
    office.sync();
    (office, ids)
}

#[test]
fn verify_with_the_relay_says_set_by_set_whether_both_held_the_same() {
    let deployment = Deployment::start();
    let (office, _) = with_records(&deployment);
    let equal = office.run(&["verify", "--with-relay", "--json"]);
    assert_eq!((equal.code, &equal.json()["relay"]["equal"]), (Some(0), &true.into()), "{equal:?}");
    let of_area = |report: &Value| {
        let sets = report["relay"]["sets"].as_array().unwrap().clone();
        sets.into_iter().find(|set| set["set"] == "a:35.13").unwrap()
    };
    let set = of_area(&equal.json());
    assert_eq!((&set["equal"], &set["here"], &set["centre"]), (&true.into(), &3.into(), &3.into()));
    // One record is taken for unread here.
    database(&office)
        .execute_batch(
            "UPDATE change SET shard = NULL, sequence = NULL WHERE record = 2; DELETE FROM named WHERE name = 'counted'",
        )
        .unwrap();
    let mended = office.run(&["verify", "--with-relay", "--json"]);
    assert_eq!((mended.code, &mended.json()["relay"]["equal"]), (Some(0), &true.into()), "{mended:?}");
    assert_eq!(of_area(&mended.json())["equal"], false);
}

#[test]
fn verify_names_what_is_wrong_and_repair_heals_it() {
    let deployment = Deployment::start();
    let (office, ids) = with_records(&deployment);
    let sound = office.run(&["verify", "--json"]);
    assert_eq!((sound.code, &sound.json()["verified"]["findings"]), (Some(0), &0.into()), "{sound:?}");
    assert_eq!(sound.json()["verified"]["records"], 3);
    database(&office).execute_batch("UPDATE projection SET content = '{}' WHERE record = 2").unwrap();
    let found = office.run(&["verify", "--json"]);
    assert_eq!(found.code, Some(4), "{found:?}");
    let expected = serde_json::json!([{
        "code": "projection",
        "record": &ids[1],
        "detail": "lists do not show the document",
    }]);
    assert_eq!(found.json()["findings"], expected);
    let told = office.run(&["verify"]);
    assert!(told.out.contains(&ids[1]) && told.out.contains("verify --repair"), "{told:?}");
    let repaired = office.run(&["verify", "--repair", "--json"]);
    assert_eq!((repaired.code, &repaired.json()["repaired"]["rebuilt"]), (Some(0), &1.into()));
    assert!(office.list().iter().any(|row| row["fields"]["nama_lengkap"] == "Dua"));
}

#[test]
fn a_backup_makes_a_new_replica_that_goes_on() {
    let deployment = Deployment::start();
    let (office, ids) = with_records(&deployment);
    let (file, key) = (deployment.folder().join("cadangan"), deployment.folder().join("kunci"));
    let file = file.to_str().unwrap();
    let backup = office.run(&["backup", file, "--json"]);
    assert_eq!((backup.code, &backup.json()["records"]), (Some(0), &3.into()), "{backup:?}");
    let again = office.run(&["backup", file]);
    assert_eq!((again.code, again.error_code()), (Some(3), "configuration"), "{again:?}");
    fs::copy(office.dir().join("device.key"), &key).unwrap();
    let key = key.to_str().unwrap();
    let later = office.create(&[("nama_lengkap", "Sesudah")]);
    office.sync();

    let other = deployment.newcomer("Pulih");
    let keyless = other.run(&["restore", file]);
    assert_eq!((keyless.code, keyless.error_code()), (Some(3), "configuration"), "{keyless:?}");
    fs::remove_dir_all(office.dir()).unwrap();
    let restored = other.run(&["restore", file, "--key-file", key]);
    assert_eq!(restored.code, Some(0), "{restored:?}");
    other.create(&[("nama_lengkap", "Setelah Pulih")]);
    other.sync();
    assert_eq!(other.show(&later)["fields"]["nama_lengkap"], "Sesudah");
    assert!(ids.iter().all(|id| other.show(id)["state"] == "centre"));
    assert_eq!((other.list().len(), &other.status()["waiting"]), (5, &0.into()));

    let held = other.run(&["restore", file]);
    assert_eq!((held.code, held.error_code()), (Some(3), "configuration"), "{held:?}");
    let forced = other.run(&["restore", file, "--force"]);
    assert_eq!(forced.code, Some(0), "{forced:?}");
    other.sync();
    assert_eq!(other.list().len(), 5);
    let kept = fs::read_dir(other.dir()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(kept.filter(|name| name.to_string_lossy().starts_with("replica.db.20")).count(), 1);
}

#[test]
fn a_replica_in_use_is_not_put_aside() {
    let deployment = Deployment::start();
    let (office, _) = with_records(&deployment);
    let file = deployment.folder().join("cadangan");
    let file = file.to_str().unwrap();
    assert_eq!(office.run(&["backup", file]).code, Some(0));
    let in_use = database(&office);
    in_use.query_row("SELECT count(*) FROM change", [], |_| Ok(())).unwrap();
    let refused = office.run(&["restore", file, "--force"]);
    assert_eq!((refused.code, refused.error_code()), (Some(3), "configuration"), "{refused:?}");
    assert!(refused.err.contains("another process"), "{refused:?}");
    drop(in_use);
    assert_eq!(office.list().len(), 3);
    assert_eq!(office.run(&["restore", file, "--force"]).code, Some(0));
}

#[test]
fn doctor_finds_what_is_around_the_replica() {
    let deployment = Deployment::start();
    let (office, _) = with_records(&deployment);
    let failing = |arguments: &[&str], shift: &str| -> (Option<i32>, Vec<String>) {
        let ended = run(office.command(arguments).env("SAMBUNG_CLOCK_SHIFT_S", shift));
        let checks = ended.json()["checks"].as_array().unwrap().clone();
        let failed = checks.iter().filter(|check| check["ok"] == false);
        (ended.code, failed.map(|check| check["check"].as_str().unwrap().to_owned()).collect())
    };
    let doctor = ["doctor", "--json"];
    assert_eq!(failing(&doctor, "0"), (Some(0), vec![]));
    assert_eq!(failing(&doctor, "-3600"), (Some(4), vec!["clock".to_owned()]));
    assert_eq!(failing(&doctor, "864000"), (Some(4), vec!["exchange".to_owned()]));
    let key = office.dir().join("device.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(failing(&doctor, "0"), (Some(4), vec!["key_file".to_owned()]));
    fs::rename(&key, office.dir().join("hilang")).unwrap();
    assert_eq!(failing(&doctor, "0"), (Some(4), vec!["key_file".to_owned(), "database".to_owned()]));
    for command in ["status", "verify", "sync"] {
        let ended = office.run(&[command]);
        assert_eq!((ended.code, ended.error_code()), (Some(3), "configuration"), "{ended:?}");
    }
}

#[test]
fn attention_lists_reasons_in_both_languages() {
    let deployment = Deployment::start();
    let (office, ids) = with_records(&deployment);
    assert_eq!(office.run(&["attention"]).code, Some(0));
    database(&office)
        .execute_batch(
            "UPDATE change SET refused = 'form_time', judged = 0, receipt = NULL, sequence = NULL WHERE record = 1",
        )
        .unwrap();
    let listed = office.run(&["attention", "--json"]);
    assert_eq!(listed.code, Some(4), "{listed:?}");
    let matter = &listed.json()["matters"][0];
    assert_eq!((&matter["what"], &matter["record"]), (&"refused".into(), &ids[0].as_str().into()));
    assert_eq!(matter["since"], "1970-01-01T00:00:00Z");
    assert!(matter["sentence"]["id"].as_str().unwrap().contains("dicatat ulang"));
    assert!(matter["sentence"]["en"].as_str().unwrap().contains("year 9999"));
    let told = office.run(&["attention"]);
    assert!(told.out.starts_with("ditolak\t") && told.out.contains(&ids[0]), "{told:?}");
}
