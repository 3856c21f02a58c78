//! Somebody moves to another kabupaten, over the real programs: the old village loses her, the new one has her, and no
//! work is lost on the way.

use serde_json::json;

use crate::harness::{Deployment, Office};

const VILLAGE: &str = "35.13.02.2004";
const THERE: &str = "35.08.01.2001";

/// Makes a record; gives its id.
fn make(office: &Office, arguments: &[&str]) -> String {
    let made = office.run(&[&["record", "create"], arguments].concat());
    assert_eq!(made.code, Some(0), "{made:?}");
    made.out.trim().to_owned()
}

fn has(office: &Office, id: &str) -> bool {
    let shown = office.run(&["record", "show", id, "--json"]);
    assert!(shown.code == Some(0) || shown.error_code() == "not_found", "{shown:?}");
    shown.code == Some(0)
}

#[test]
fn somebody_moves_to_another_kabupaten_with_everything_that_is_hers() {
    let deployment = Deployment::start();
    let one = deployment.desk("Kraksaan", ("front_office", "35.13", "P4MI-3513"));
    let two = deployment.desk("Lumajang", ("front_office", "35.08", "P4MI-3508"));
    let old = deployment.office("Desa", "village_officer", VILLAGE);
    let new = deployment.office("Desa-baru", "village_officer", THERE);
    let name = [("nama_lengkap", "Uji Siti"), ("area", VILLAGE), ("boleh_diketahui_desa", "ya")];
    let worker = one.create(&name);
    let of = format!("worker={worker}");
    let private = make(&one, &["worker_private", "--of", &worker, "--set", "tempat_lahir=Uji"]);
    let placement = make(&one, &["placement", "--set", &of, "--set", "negara=HK"]);
    let visit = make(&one, &["visit", "--set", &format!("worker_id={worker}")]);
    for office in [&one, &old] {
        office.sync();
    }
    assert!(has(&old, &visit) && has(&old, &placement) && !has(&old, &private));

    let moved = ["pindah", &worker, "--to", THERE, "--office", "P4MI-3508", "--reason", "menikah", "--json"];
    let moved = one.run(&moved);
    assert_eq!((moved.code, &moved.json()["offered"]), (Some(0), &json!("P4MI-3508")));
    assert_eq!(moved.json()["followed"].as_array().unwrap().len(), 3);
    one.sync();
    two.sync();
    let offers = two.run(&["transfer", "list", "--json"]).json();
    assert_eq!((&offers["offers"][0]["way"], &offers["offers"][0]["area"]), (&json!("to_us"), &json!(THERE)));
    old.edit(&worker, &[("rt", "3")]);
    let accepted = two.run(&["transfer", "accept", &worker, "--json"]);
    assert_eq!((accepted.code, accepted.json()["followed"].as_array().unwrap().len()), (Some(0), 3));
    two.sync();
    assert_eq!(old.sync()["verdicts"], json!({"late": 1}));
    for office in [&two, &one, &new, &two, &new, &one, &old] {
        office.sync();
    }
    assert_eq!(two.show(&worker)["fields"]["rt"], "3", "late work is at the new place");
    for id in [&worker, &private, &placement, &visit] {
        assert_eq!(two.show(id)["fields"]["area"], THERE);
        assert!(!has(&old, id) && !has(&one, id));
        assert_eq!(has(&new, id), *id != private);
    }
    for office in [&old, &one] {
        let status = office.status();
        assert_eq!((&status["records"], &status["leaving"]), (&json!(0), &json!(0)), "{}", office.name);
    }
    let history = two.run(&["record", "history", &worker, "--json"]).json();
    let area = history.as_array().unwrap().iter().rfind(|entry| entry["field"] == "area").unwrap().clone();
    assert_eq!(area["command"], "accept");
    let declined = two.run(&["transfer", "decline", &worker, "--reason", "keliru"]);
    assert_eq!((declined.code, declined.error_code()), (Some(2), "usage"), "nothing is offered any more");
    let verified = deployment.command("verify").output().unwrap();
    assert!(verified.status.success(), "{verified:?}");
}

#[test]
fn a_device_out_of_contact_shows_nothing_and_saves() {
    let deployment = Deployment::start();
    let village = deployment.office("Desa", "village_officer", VILLAGE);
    let id = village.create(&[("nama_lengkap", "Uji Siti")]);
    village.sync();
    let on = |days: i64, arguments: &[&str]| {
        let mut command = village.command(arguments);
        command.env("SAMBUNG_CLOCK_SHIFT_S", (days * 86_400).to_string());
        crate::harness::run(&mut command)
    };
    assert_eq!(on(25, &["record", "show", &id]).code, Some(0));
    assert_eq!(on(50, &["record", "show", &id]).code, Some(0));
    for look in
        [&["record", "show", &id][..], &["record", "list", "worker"], &["search", "siti"], &["person", &id]]
    {
        let refused = on(70, look);
        assert_eq!((refused.code, refused.error_code()), (Some(3), "grant_ended"), "{refused:?}");
        assert!(
            refused.out.is_empty() && refused.err.contains("tersambung") && refused.err.contains("contact")
        );
    }
    for goes_on in [&["record", "edit", &id, "--set", "rt=3"][..], &["status"], &["verify"]] {
        assert_eq!(on(70, goes_on).code, Some(0), "{goes_on:?}");
    }
    assert_eq!(on(70, &["sync"]).code, Some(0));
    assert_eq!(on(70, &["record", "show", &id]).code, Some(0), "until the next contact");
}
