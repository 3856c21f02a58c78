//! Service cards over the real programs: printed here, answered there, unknown in the village.

use serde_json::{Value, json};

use crate::harness::{Deployment, Office};

const NOTHING: &str = "Tanpa nomor kartu dan kode kami tidak dapat mengatakan ada atau tidak ada laporan. \
                       Bila ada, petugasnya yang akan menghubungi pelapor.";

fn good(office: &Office, arguments: &[&str]) -> String {
    let ended = office.run(arguments);
    assert_eq!(ended.code, Some(0), "{}: {ended:?}", office.name);
    ended.out
}

fn lacak(office: &Office, number: &str, code: &str) -> Value {
    serde_json::from_str(&good(office, &["lacak", number, code, "--json"])).unwrap()
}

/// Two cards from an office: the rows of both lists, and the path of the second.
fn printed(office: &Office, deployment: &Deployment) -> (Vec<Vec<String>>, Vec<Vec<String>>, String) {
    let out = deployment.folder().join("kartu");
    let folder = out.to_str().unwrap();
    let told = good(office, &["card", "print", "--count", "2", "--out", folder, "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&told).unwrap()["cards"], 2);
    let again = office.run(&["card", "print", "--count", "1", "--out", folder]);
    assert_eq!(again.code, Some(3), "nothing is written over: {again:?}");
    let read = |name: &str| -> Vec<Vec<String>> {
        let text = std::fs::read_to_string(out.join(name)).unwrap();
        let row = |line: &str| line.split(';').map(str::to_owned).collect();
        text.trim_start_matches('\u{feff}').lines().map(row).collect()
    };
    (read("kartu.csv"), read("daftar.csv"), out.join("daftar.csv").to_str().unwrap().to_owned())
}

#[test]
fn any_counter_answers_for_a_card_and_the_village_has_none() {
    let deployment = Deployment::start();
    let office = deployment.office("Kraksaan", "complaint_officer", "35.13");
    let counter = deployment.office("Semarang", "front_office", "33.74");
    let village = deployment.office("Krucil", "village_officer", "35.13.02.2004");
    let (cards, listed, list) = printed(&office, &deployment);
    assert!(cards[0][1].contains("RAHASIA"), "{:?}", cards[0]);
    let (number, code, card) = (cards[1][0].as_str(), cards[1][1].as_str(), listed[1][1].as_str());
    assert!(listed.iter().flatten().all(|cell| cell != code && !cell.contains("RAHASIA")));

    let imported = good(&counter, &["card", "import", &list, "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&imported).unwrap(), json!({ "added": 2, "known": 0 }));
    for refused in [&["card", "import", &list][..], &["card", "print", "--count", "1", "--out", "x"]] {
        let ended = village.run(refused);
        assert_eq!(ended.code, Some(3), "{ended:?}");
        assert!(ended.err.contains("lists of cards are for offices"), "{ended:?}");
    }

    assert_eq!(lacak(&counter, number, code)["found"], false);
    let said = format!("nomor_kartu={number}");
    let complaint = good(&office, &["record", "create", "complaint", "--set", &said]);
    let add = format!("pengaduan={}", complaint.trim());
    let case = good(&office, &["record", "create", "case", "--add", &add]);
    good(&office, &["transition", case.trim(), "VERIFIKASI", "--reason", "berkas lengkap"]);
    for one in [&office, &counter, &village] {
        one.sync();
    }
    let told = lacak(&counter, number, code);
    assert_eq!((&told["found"], &told["state"]), (&json!(true), &json!("SEDANG_DIURUS")));
    assert_eq!(told["sentence"]["id"], "Sedang diurus");
    let shown = good(&counter, &["lacak", &number.to_lowercase(), &code[..4], &code[5..]]);
    assert!(shown.starts_with("Sedang diurus\n"), "{shown}");

    for (number, code) in [(number, "0000-0000"), (&number[1..], code), (cards[2][0].as_str(), code)] {
        let ended = counter.run(&["lacak", number, code, "--json"]);
        assert_eq!((ended.code, &ended.json()["found"], ended.err.as_str()), (Some(0), &json!(false), ""));
        assert_eq!(ended.json()["sentence"]["id"], NOTHING);
        assert!(!ended.out.contains(code) && !ended.out.contains(number));
    }

    assert_eq!(lacak(&village, number, code)["sentence"]["id"], NOTHING);
    assert_eq!(village.run(&["record", "show", card]).code, Some(1));
    let rows = good(&village, &["record", "list", "status_card", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&rows).unwrap()["rows"], json!([]));
    assert_eq!(village.status()["records"], 0);
}

#[cfg(unix)]
#[test]
fn what_the_print_shop_gets_is_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let deployment = Deployment::start();
    let office = deployment.office("Kraksaan", "front_office", "35.13");
    printed(&office, &deployment);
    for name in ["kartu.csv", "daftar.csv"] {
        let mode =
            std::fs::metadata(deployment.folder().join("kartu").join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}");
    }
}

#[test]
fn a_bad_list_of_cards_is_told_row_by_row_and_changes_nothing() {
    let deployment = Deployment::start();
    let office = deployment.office("Kraksaan", "front_office", "35.13");
    let (cards, listed, _) = printed(&office, &deployment);
    let counter = deployment.office("Semarang", "front_office", "33.74");
    let file = deployment.folder().join("rusak.csv");
    let [heading, first, second] = &listed[..] else { panic!("{listed:?}") };
    let text = format!(
        "{}\n{}\n{};{}\nlupa;{}\n",
        heading.join(";"),
        first.join(";"),
        second[0],
        "bukan-kartu",
        second[1]
    );
    std::fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    let ended = counter.run(&["card", "import", file, "--json"]);
    assert_eq!((ended.code, &ended.json()["bad_rows"]), (Some(1), &json!(2)), "{ended:?}");
    assert_eq!(ended.json()["bad"][0]["row"], 3);
    assert!(!ended.out.contains("bukan-kartu"), "what stands there is not repeated");
    // The secret list is none to import.
    let secret = deployment.folder().join("kartu").join("kartu.csv");
    let ended = counter.run(&["card", "import", secret.to_str().unwrap()]);
    assert_eq!(ended.code, Some(1));
    assert!(!ended.err.contains(&cards[1][1]), "{ended:?}");
    let good_list = deployment.folder().join("kartu").join("daftar.csv");
    let told = good(&counter, &["card", "import", good_list.to_str().unwrap(), "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&told).unwrap(), json!({ "added": 2, "known": 0 }));
}
