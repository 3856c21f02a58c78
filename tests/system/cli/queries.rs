//! Searching and a person's page over the real binaries: the command line and the local API say the same.

use serde_json::{Value, json as body};

use super::shape::redacted;
use crate::harness::{Deployment, Office, Served};

fn json(office: &Office, arguments: &[&str]) -> Value {
    let ended = office.run(arguments);
    assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
    ended.json()
}

#[test]
fn a_person_is_found_and_shown_with_everything_that_names_them() {
    let deployment = Deployment::start();
    let office = deployment.office("Kraksaan", "front_office", "35.13,35.08");
    let village = "35.13.08.2006";
    let id = office.create(&[("nama_lengkap", "Siti Uji Zulaikha"), ("area", village)]);
    office.create(&[("nama_lengkap", "Siti Uji Kedua"), ("area", "35.13.02.2004")]);
    let worker = format!("worker={id}");
    let placement = office.run(&["record", "create", "placement", "--set", &worker, "--set", "negara=HK"]);
    assert_eq!(placement.code, Some(0), "{placement:?}");

    // The served node syncs in the background: what it shows must not depend on when.
    office.sync();
    office.sync();
    let found = json(&office, &["search", "siti", "krucil", "--json"]);
    assert_eq!(
        (found["hits"][0]["id"].as_str(), found["hits"].as_array().unwrap().len()),
        (Some(id.as_str()), 1)
    );
    insta::assert_json_snapshot!("search_found", redacted(&json(&office, &["search", "laikha", "--json"])));
    let person = json(&office, &["person", &id, "--json"]);
    insta::assert_json_snapshot!("person_page", redacted(&person));
    let lines = office.run(&["search", "siti"]).out;
    assert_eq!(lines.lines().count(), 2, "{lines}");
    assert!(office.run(&["person", &id]).out.contains("placement"));

    let served = Served::start(&office);
    assert_eq!(served.post("/api/v1/search", &body!({ "text": "siti krucil" })), found);
    assert_eq!(served.get(&format!("/api/v1/persons/{id}")), person);
    let asked = body!({ "kind": "worker", "sort": "-nama_lengkap", "filters": [["dusun", ""]] });
    let page = served.post("/api/v1/lists", &asked);
    assert_eq!(page["rows"][0]["id"], id.as_str());
}

#[test]
fn what_cannot_be_searched_is_usage_and_what_is_not_here_not_found() {
    let deployment = Deployment::start();
    let office = deployment.office("Kraksaan", "front_office", "35.13");
    let unknown = "0".repeat(26);
    for (arguments, code, exit) in [
        (&["search", "\"*"][..], "usage", 2),
        (&["search", "siti", "--kind", "pekerja"], "usage", 2),
        (&["person", &unknown], "not_found", 1),
        (&["record", "list", "worker", "--sort", "-nama"], "usage", 2),
    ] {
        let ended = office.run(arguments);
        assert_eq!((ended.code, ended.error_code()), (Some(exit), code), "{arguments:?}: {ended:?}");
        assert!(ended.out.is_empty());
    }
}
