//! Deciding, over the real programs: at the command line and through the local API.

use serde_json::{Value, json};

use crate::harness::{Deployment, Office, Served};

/// A command that must succeed; its JSON.
fn done(office: &Office, arguments: &[&str]) -> Value {
    let ended = office.run(&[arguments, &["--json"]].concat());
    assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
    ended.json()
}

fn meet(one: &Office, two: &Office) {
    for office in [one, two, one] {
        let ended = office.try_sync();
        assert!(matches!(ended.code, Some(0 | 4)), "{ended:?}");
    }
}

#[test]
fn two_offices_differ_one_decides_the_other_sees_it_and_asks_again() {
    let deployment = Deployment::start();
    let one = deployment.office("Kraksaan", "front_office", "35.13");
    let two = deployment.office("Lumajang", "front_office", "35.13");
    let id = one.create(&[("nama_lengkap", "Uji Siti"), ("rt", "1")]);
    meet(&one, &two);
    one.edit(&id, &[("nama_lengkap", "Uji Siti Aminah"), ("rt", "2")]);
    two.edit(&id, &[("nama_lengkap", "Uji Sitti"), ("rw", "3")]);
    meet(&one, &two);

    let listed = one.run(&["conflicts", "list", "--json"]);
    assert_eq!(listed.code, Some(4), "somebody must decide: {listed:?}");
    let conflict = &listed.json()["conflicts"][0];
    assert_eq!(
        (&conflict["field"], &conflict["harm"], &conflict["common"]),
        (&json!("nama_lengkap"), &json!("identity"), &json!(["Uji Siti"]))
    );
    assert_eq!(one.run(&["conflicts", "show", &id]).out.matches("Uji Sit").count(), 3);
    assert_eq!(
        one.run(&["conflicts", "resolve", &id, "--field", "nama_lengkap", "--choose", "1"]).code,
        Some(2)
    );
    let decide = [
        "conflicts",
        "resolve",
        &id,
        "--field",
        "nama_lengkap",
        "--value",
        "Uji Siti Aminah",
        "--reason",
        "KTP dilihat",
    ];
    assert!(done(&one, &decide)["change"].is_string());
    assert_eq!(one.run(&["conflicts", "list"]).code, Some(0));
    meet(&one, &two);

    assert_eq!(two.show(&id)["fields"]["nama_lengkap"], "Uji Siti Aminah");
    let lost = done(&two, &["conflicts", "decided", "--mine"]);
    assert_eq!(lost["decided"][0]["reason"], "KTP dilihat");
    assert_eq!(done(&one, &["conflicts", "decided", "--mine"])["decided"], json!([]));
    done(&two, &["conflicts", "undo", &id, "--field", "nama_lengkap", "--reason", "KK lain"]);
    meet(&one, &two);
    let again = one.run(&["conflicts", "list", "--json"]).json();
    assert_eq!(again["conflicts"][0]["reopened"], true);
    assert_eq!(again["conflicts"][0]["values"].as_array().unwrap().len(), 2);
    assert_eq!(two.status()["conflicts"], 1);
}

#[test]
fn one_person_twice_is_found_and_linked_and_the_link_reaches_the_other_office() {
    let deployment = Deployment::start();
    let one = deployment.office("Kraksaan", "front_office", "35.13");
    let two = deployment.office("Lumajang", "front_office", "35.13");
    let [a, b] = ["Uji Siti", "Uji Sitti"].map(|name| one.create(&[("nama_lengkap", name)]));
    for id in [&a, &b] {
        let nik = ["record", "create", "worker_private", "--of", id, "--set", "nik=3513024101900001"];
        done(&one, &nik);
    }
    meet(&one, &two);
    let found = done(&two, &["same", "candidates"]);
    assert_eq!(found["candidates"][0]["because"], json!(["NIK"]));
    done(&two, &["same", "link", &a, &b, "--because", "NIK", "--reason", "KTP dilihat"]);
    meet(&one, &two);
    let group = done(&one, &["same", "group", &a]);
    assert_eq!(group["members"].as_array().unwrap().len(), 2);
    assert_eq!(group, done(&two, &["same", "group", &b]));
    assert_eq!(done(&one, &["same", "candidates"])["candidates"], json!([]));
    done(&one, &["same", "unlink", &b, &a, "--reason", "kakak beradik"]);
    meet(&one, &two);
    assert_eq!(done(&two, &["same", "group", &a])["members"], json!([a]));
}

#[test]
fn an_odd_value_is_saved_with_a_remark_and_refused_only_if_asked() {
    let deployment = Deployment::start();
    let office = deployment.office("Kraksaan", "front_office", "35.13");
    let id = office.create(&[("nama_lengkap", "Uji")]);
    let odd = ["record", "create", "worker_private", "--of", &id, "--set", "nik=12345"];
    let strict = office.run(&[&odd[..], &["--strict"]].concat());
    assert_eq!((strict.code, strict.error_code()), (Some(1), "odd"));
    let saved = office.run(&odd);
    assert_eq!(saved.code, Some(0));
    assert!(saved.err.contains("nik: "), "{saved:?}");
}

#[test]
fn pages_of_the_local_interface_do_what_the_command_line_does() {
    let deployment = Deployment::start();
    let office = deployment.office("Penanganan", "case_officer", "35.13");
    let served = Served::start(&office);
    let ask = |method: &str, path: &str, body: &Value| served.ask(method, path, body);
    let command = |body: &Value| ask("POST", "/api/v1/commands", body);
    let (status, made) =
        command(&json!({"command": "create", "kind": "case", "set": {"nomor_sisko": "UJI-1"}}));
    assert_eq!(status, 200, "{made}");
    let id = made["id"].as_str().unwrap();
    let step = json!({"command": "transition", "id": id, "to": "BARU", "reason": "uji"});
    assert_eq!(command(&step).0, 200);
    let steps = office.show(id)["fields"]["status"].clone();
    assert_eq!(steps.as_object().unwrap().values().next().unwrap()["kode"], "BARU");
    assert_eq!(command(&json!({"command": "transition", "id": id, "to": "TIDAK_ADA"})).0, 422);
    assert_eq!(command(&json!({"command": "menghapus", "id": id})).0, 422);
    let withdraw = json!({"command": "withdraw", "id": id, "reason": "uji"});
    assert_eq!(command(&withdraw).0, 200);
    assert_eq!(office.show(id)["fields"]["withdrawn"], true);

    let draft = format!("/api/v1/drafts/{}", "1".repeat(26));
    let content = json!({"kind": "worker", "content": {"nama_lengkap": "Uji"}});
    assert_eq!(ask("PUT", &draft, &content).0, 204);
    assert_eq!(ask("GET", &draft, &Value::Null).1["content"], content["content"]);
    assert_eq!(ask("GET", "/api/v1/drafts", &Value::Null).1.as_array().unwrap().len(), 1);
    assert_eq!(ask("DELETE", &draft, &Value::Null).0, 204);
    assert_eq!(ask("GET", &draft, &Value::Null).0, 404);
    for path in ["/api/v1/conflicts", "/api/v1/decisions", "/api/v1/same"] {
        assert_eq!(ask("GET", path, &Value::Null).0, 200, "{path}");
    }
    assert_eq!(ask("GET", &format!("/api/v1/records/{id}/conflicts"), &Value::Null).1, json!([]));
    assert_eq!(ask("GET", &format!("/api/v1/records/{id}/group"), &Value::Null).1["main"], id);
}
