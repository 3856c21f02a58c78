//! Rights that end, over the real programs: a lost telephone, a narrowed right, a record that moved, a relay that was
//! restored. No work is lost, and nobody is sent what is not his any more.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Deployment, Office, Served, run};

/// The device of an office, as the relay lists it.
fn device(deployment: &Deployment, office: &Office) -> String {
    let listed = deployment.relay_json(&["device", "list"]);
    let named = listed.as_array().unwrap().iter().find(|device| device["name"] == *office.name).unwrap();
    named["device"].as_str().unwrap().to_owned()
}

/// Two offices that both hold a worker of the first's.
fn two(deployment: &Deployment) -> (Office, Office, String) {
    let one = deployment.office("Kraksaan", "front_office", "35.13,35.08");
    let two = deployment.office("Lumajang", "front_office", "35.13");
    let id = one.create(&[("nama_lengkap", "Uji Siti"), ("area", "35.13.02.2004")]);
    one.sync();
    two.sync();
    (one, two, id)
}

/// Looks at what waits of a device: one change of `id` and two of `new`. Releases the latter and discards the first.
fn decide(deployment: &Deployment, name: &str, id: &str, new: &str) {
    let waiting = deployment.relay_json(&["quarantine", "list"]);
    let waiting = waiting.as_array().unwrap();
    assert_eq!(waiting.len(), 3);
    for change in waiting {
        assert_eq!((&change["device"], &change["code"]), (&json!(name), &json!("quarantine_revoked")));
        assert!(change["bytes"].as_u64().unwrap() > 50 && change["state"] == "waiting");
    }
    let all = deployment.relay(&["quarantine", "list"]).out + &serde_json::to_string(waiting).unwrap();
    assert!(!all.contains("Uji") && !all.contains("nama_lengkap"), "never content: {all}");
    let of = |record: &str| {
        waiting
            .iter()
            .filter(|change| change["record"] == record)
            .map(|change| change["change"].as_str().unwrap())
            .collect::<Vec<_>>()
    };
    let later = of(new)[1];
    let early = deployment.relay(&["quarantine", "release", later, "--reason", "sah"]);
    assert_eq!(early.code, Some(1), "its base is not in the log: {early:?}");
    let released =
        deployment.relay_json(&["quarantine", "release", "--record", new, "--reason", "sah, sudah ditanya"]);
    assert_eq!(released.as_array().unwrap().len(), 2);
    let discarded =
        deployment.relay_json(&["quarantine", "discard", &of(id)[0][..12], "--reason", "bukan dari petugas"]);
    assert_eq!(
        (&discarded[0]["state"], &discarded[0]["reason"]),
        (&json!("discarded"), &json!("bukan dari petugas"))
    );
    assert_eq!(deployment.relay_json(&["quarantine", "list"]), json!([]));
    assert_eq!(deployment.relay_json(&["quarantine", "show", later])["state"], "released");
}

/// The local interface of a device whose right was taken: nothing to look at, and work is still saved.
fn shows_nothing_to_browsers(office: &Office, id: &str) {
    let served = Served::start(office);
    for (method, path, body) in [
        ("GET", format!("/api/v1/records/{id}"), Value::Null),
        ("GET", format!("/api/v1/records/{id}/history"), Value::Null),
        ("GET", format!("/api/v1/persons/{id}"), Value::Null),
        ("GET", "/api/v1/conflicts".to_owned(), Value::Null),
        ("GET", "/api/v1/offers".to_owned(), Value::Null),
        ("POST", "/api/v1/lists".to_owned(), json!({"kind": "worker"})),
        ("POST", "/api/v1/search".to_owned(), json!({"text": "siti"})),
    ] {
        let (status, answer) = served.ask(method, &path, &body);
        assert_eq!((status, &answer["code"]), (403, &json!("grant_ended")), "{path}: {answer}");
    }
    assert!(served.get("/api/v1/status")["waiting"].is_u64());
    let edit = json!({"command": "edit", "id": id, "set": {"dusun": "Krajan"}});
    assert!(served.post("/api/v1/commands", &edit)["change"].is_string());
}

#[test]
fn a_lost_telephone_is_revoked_and_what_it_had_is_decided_about() {
    let deployment = Deployment::start();
    let (one, lost, id) = two(&deployment);
    lost.edit(&id, &[("rt", "3")]);
    let new = lost.create(&[("nama_lengkap", "Uji Budi")]);
    let name = device(&deployment, &lost);
    assert_eq!(deployment.relay(&["device", "revoke", &name]).code, Some(2), "a reason is asked for");
    let revoked = deployment.relay_json(&["device", "revoke", &name, "--reason", "hilang di terminal"]);
    assert_eq!(
        (&revoked["standing"], &revoked["orders"][0]["reason"]),
        (&json!("revoked"), &json!("hilang di terminal"))
    );
    let unknown = deployment.relay(&["device", "revoke", "0000000000000000", "--reason", "x"]);
    assert_eq!(unknown.code, Some(1));

    let told = lost.try_sync();
    assert_eq!((told.code, told.error_code()), (Some(3), "grant_ended"));
    assert!(told.err.contains("dicabut") && told.err.contains("revoked"), "{}", told.err);
    let status = lost.status();
    assert_eq!(
        (&status["waiting"], &status["quarantined"], &status["closed"]),
        (&json!(0), &json!(2), &json!("revoked"))
    );
    lost.edit(&new, &[("rw", "9")]);
    assert_eq!(lost.try_sync().code, Some(3), "and saves as before");
    assert_eq!(one.sync()["pulled"], 0);

    decide(&deployment, &name, &id, &new);
    assert_eq!(lost.try_sync().code, Some(3));
    let status = lost.status();
    assert_eq!((&status["released"], &status["discarded"]), (&json!(2), &json!(1)));
    for look in [vec!["show", &id], vec!["history", &id], vec!["list", "worker"]] {
        let refused = lost.run(&[&["record"][..], &look, &["--json"]].concat());
        assert_eq!((refused.code, refused.error_code()), (Some(3), "grant_ended"), "{refused:?}");
        assert!(refused.err.contains("dicabut") && refused.err.contains("revoked") && refused.out.is_empty());
    }
    shows_nothing_to_browsers(&lost, &id);
    let matters = lost.run(&["attention", "--json"]).json();
    assert_eq!(
        (&matters["matters"][0]["what"], &matters["matters"][0]["reason"]),
        (&json!("discarded"), &json!("bukan dari petugas"))
    );
    assert_eq!(one.sync()["pulled"], 2);
    assert_eq!(one.show(&new)["fields"]["rw"], "9");
    assert_eq!(one.show(&id)["fields"].get("rt"), None);
    deployment.audit();
}

#[test]
fn a_narrowed_right_takes_what_was_done_before() {
    let deployment = Deployment::start();
    let (one, two, id) = two(&deployment);
    two.edit(&id, &[("rt", "3")]);
    let name = device(&deployment, &two);
    let given =
        deployment.relay_json(&["device", "regrant", &name, "--area", "35.08", "--reason", "pindah tugas"]);
    assert_eq!((&given["areas"], &given["orders"][0]["order"]), (&json!(["a:35.08", "a:00"]), &json!("end")));
    assert_eq!(two.sync()["verdicts"], json!({"late": 1}));
    assert_eq!(two.run(&["record", "show", &id]).code, Some(1), "it left with the right to it");
    assert_eq!(one.sync()["pulled"], 1);
    assert_eq!(one.show(&id)["fields"]["rt"], "3");
    let there = one.create(&[("nama_lengkap", "Uji Wati"), ("area", "35.08.01.2001")]);
    one.sync();
    assert_eq!(two.sync()["pulled"], 1);
    two.edit(&there, &[("rt", "1")]);
    assert_eq!(two.sync()["verdicts"], json!({"stored": 1}));
}

#[test]
fn an_edit_of_a_record_that_moved_while_offline_arrives_late() {
    let deployment = Deployment::start();
    let (one, two, id) = two(&deployment);
    two.edit(&id, &[("rt", "3")]);
    one.edit(&id, &[("area", "35.08.01.2001")]);
    one.sync();
    assert_eq!(two.sync()["verdicts"], json!({"late": 1}));
    one.sync();
    let fields = &one.show(&id)["fields"];
    assert_eq!((&fields["rt"], &fields["area"]), (&json!("3"), &json!("35.08.01.2001")));
    assert_eq!(deployment.relay_json(&["quarantine", "list"]), json!([]));
}

#[test]
fn a_relay_restored_from_an_old_backup_is_given_the_revocation_back() {
    let deployment = Deployment::start();
    let (one, lost, _id) = two(&deployment);
    let backup = deployment.folder().join("cadangan.sqlite");
    let made = run(deployment.command("backup").arg(&backup));
    assert_eq!(made.code, Some(0), "{made:?}");
    let name = device(&deployment, &lost);
    deployment.relay_json(&["device", "revoke", &name, "--reason", "hilang"]);
    one.sync();

    deployment.kill();
    for end in ["-wal", "-shm"] {
        drop(fs::remove_file(format!("{}{end}", deployment.database().display())));
    }
    fs::copy(&backup, deployment.database()).unwrap();
    deployment.restart();
    assert_eq!(deployment.relay_json(&["device", "show", &name])["standing"], "live", "it has forgotten");
    one.sync();
    let shown = deployment.relay_json(&["device", "show", &name]);
    assert_eq!((&shown["standing"], &shown["orders"][0]["reason"]), (&json!("revoked"), &Value::Null));
    assert_eq!(lost.try_sync().code, Some(3));
    deployment.relay_json(&[
        "device",
        "regrant",
        &device(&deployment, &one),
        "--area",
        "35.13",
        "--reason",
        "uji",
    ]);
    let idle = [one.sync(), one.sync()];
    assert_eq!(idle[1]["rounds"], 1);
    let bytes = idle[1]["bytes_up"].as_u64().unwrap() + idle[1]["bytes_down"].as_u64().unwrap();
    assert!(bytes <= 300, "{bytes} bytes with orders in the set");
}
