//! Lists given out by the real binary.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::harness::{Deployment, Ended, Office};

struct Case {
    deployment: Deployment,
    office: Office,
}

fn case() -> Case {
    let deployment = Deployment::start();
    let office = deployment.office("Kraksaan", "front_office", "35.13,35.08");
    Case { deployment, office }
}

impl Case {
    fn path(&self, name: &str) -> PathBuf {
        self.deployment.folder().join(name)
    }

    fn make(&self, kind: &str, arguments: &[&str]) -> String {
        let ended = self.office.run(&[&["record", "create", kind], arguments].concat());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended.out.trim().to_owned()
    }

    fn export(&self, kind: &str, name: &str, more: &[&str]) -> Ended {
        let path = self.path(name);
        let format = name.rsplit('.').next().unwrap();
        let out = path.to_str().unwrap();
        self.office.run(&[&["export", kind, "--format", format, "--out", out], more].concat())
    }

    /// The exported file.
    fn exported(&self, kind: &str, name: &str, more: &[&str]) -> String {
        let ended = self.export(kind, name, more);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Takes a file of another case in and gives what it said.
    fn take(&self, kind: &str, other: &Case, name: &str, more: &[&str]) -> Value {
        let path = other.path(name);
        let ended = self.office.run(&[&["import", kind, path.to_str().unwrap(), "--json"], more].concat());
        assert_eq!(ended.code, Some(0), "{kind}: {ended:?}");
        ended.json()
    }

    fn temporary_files(&self) -> usize {
        let entries = std::fs::read_dir(self.deployment.folder()).unwrap();
        entries.filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with('.')).count()
    }
}

const KINDS: [&str; 4] = ["worker", "worker_private", "placement", "case"];

/// A person with everything that a cell can hold.
fn people(case: &Case) -> String {
    let siti = case.make(
        "worker",
        &[
            "--set",
            "nama_lengkap==HYPERLINK(\"http://uji\") Siti",
            "--set",
            "alamat=Jl. \"Uji\"; baris\nkedua",
            "--set",
            "tahun_lahir=1984",
            "--set",
            "boleh_diketahui_desa=ya",
            "--add",
            "telepon=0812-0000-0001",
            "--add",
            "telepon=+886900000001",
            "--add",
            "nama_panggilan=@siti|'ani",
            "--set",
            "area=35.13.02.2004",
        ],
    );
    case.make(
        "worker_private",
        &[
            "--of",
            &siti,
            "--set",
            "nik=3513024505840001",
            "--set",
            "tanggal_lahir=1984-05",
            "--set",
            "tempat_lahir=-",
        ],
    );
    case.make(
        "placement",
        &["--set", &format!("worker={siti}"), "--set", "negara=TW", "--set", "mulai=2026-02"],
    );
    case.make(
        "case",
        &[
            "--set",
            "prioritas={\"tingkat\":\"TINGGI\"}",
            "--add",
            "klarifikasi={\"ke\":1,\"dipenuhi\":\"ya\"}",
        ],
    );
    siti
}

/// A list without the names of items, which are new wherever they are taken in.
fn without_item_names(list: &str) -> Vec<Value> {
    let mut rows: Vec<Value> = serde_json::from_str(list).unwrap();
    for row in &mut rows {
        if let Some(Value::Object(items)) = row.get_mut("klarifikasi") {
            *items = items.values().enumerate().map(|(at, item)| (at.to_string(), item.clone())).collect();
        }
    }
    rows
}

#[test]
fn what_was_given_out_is_taken_in_elsewhere_as_it_was() {
    let (here, there) = (case(), case());
    people(&here);
    let lists: Vec<String> =
        KINDS.iter().map(|kind| here.exported(kind, &format!("{kind}.csv"), &[])).collect();
    for kind in KINDS {
        here.exported(kind, &format!("{kind}.json"), &[]);
        let name = format!("{kind}.csv");
        let dry = there.take(kind, &here, &name, &["--dry-run"]);
        assert_eq!((&dry["bad"], &dry["records"][kind]), (&json!([]), &json!(1)), "{kind}: {dry}");
        assert_eq!(there.take(kind, &here, &name, &[])["made"], 1);
    }
    for (kind, list) in KINDS.iter().zip(&lists) {
        if *kind != "case" {
            assert_eq!(&there.exported(kind, &format!("{kind}.csv"), &[]), list, "{kind}");
        }
        let [mine, theirs] = [&here, &there]
            .map(|case| without_item_names(&case.exported(kind, &format!("{kind}.json"), &[])));
        assert_eq!(mine, theirs, "{kind}");
        // Taken in where it came from, it is there already: rows name their records.
        for name in [format!("{kind}.csv"), format!("{kind}.json")] {
            let again = here.take(kind, &here, &name, &[]);
            assert_eq!((&again["made"], &again["present_rows"]), (&json!(0), &json!(1)), "{name}: {again}");
        }
    }
    let third = case();
    for kind in KINDS {
        assert_eq!(third.take(kind, &here, &format!("{kind}.json"), &[])["made"], 1, "{kind}");
    }
}

#[test]
fn a_spreadsheet_computes_no_cell_and_the_file_is_its_owners() {
    let case = case();
    people(&case);
    let list = case.exported("worker", "daftar.csv", &[]);
    assert!(list.starts_with("\u{feff}id;area;office;access;nama_lengkap;"), "{list}");
    assert!(list.contains("\"'=HYPERLINK(\"\"http://uji\"\") Siti\""), "{list}");
    assert!(list.contains(";'+886900000001|0812-0000-0001;"), "{list}");
    let mode = std::fs::metadata(case.path("daftar.csv")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(case.temporary_files(), 0);
    let piped = case.office.run(&["export", "worker", "--out", "-"]);
    assert_eq!((piped.code, &piped.out), (Some(0), &list));
}

#[test]
fn the_same_records_are_given_out_as_are_listed() {
    let case = case();
    let siti = people(&case);
    let budi = case.make("worker", &["--set", "nama_lengkap=Uji Budi", "--set", "area=35.08.01"]);
    let names = |list: &str| {
        let rows: Vec<Value> = serde_json::from_str(list).unwrap();
        rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let here = case.exported("worker", "daftar.json", &["--where", "area=35.08"]);
    assert_eq!(names(&here), [budi.as_str()]);
    let withdrawn = case.office.run(&["record", "withdraw", &budi, "--reason", "salah catat"]);
    assert_eq!(withdrawn.code, Some(0), "{withdrawn:?}");
    assert_eq!(names(&case.exported("worker", "daftar.json", &[])), [siti.as_str()]);
    assert_eq!(names(&case.exported("worker", "daftar.json", &["--withdrawn"])), [budi.as_str()]);
    assert_eq!(case.exported("vacancy", "daftar.json", &[]), "[]\n");

    let told = case.export("worker", "daftar.csv", &["--json"]).json();
    let expected = json!({ "kind": "worker", "records": 1, "differing": 0, "long_cells": 0,
                           "file": case.path("daftar.csv") });
    assert_eq!(told, expected);
    let before = std::fs::read(case.path("daftar.csv")).unwrap();
    for (arguments, error) in
        [(["--where", "warna=merah"], "usage"), (["--where", "tahun_lahir=delapan"], "usage")]
    {
        let ended = case.export("worker", "daftar.csv", &arguments);
        assert_eq!((ended.code, ended.error_code()), (Some(2), error), "{ended:?}");
    }
    assert_eq!(std::fs::read(case.path("daftar.csv")).unwrap(), before, "what was there is left");
    assert_eq!(case.temporary_files(), 0);
    let mixed = case.office.run(&["export", "worker", "--out", "-", "--json"]);
    assert_eq!(mixed.code, Some(2), "{mixed:?}");
}

#[test]
fn a_village_gives_out_only_what_it_may_see() {
    let case = case();
    people(&case);
    case.office.sync();
    let village = case.deployment.office("Desa", "village_officer", "35.13.02.2004");
    village.sync();
    let given = |kind: &str| {
        let ended = village.run(&["export", kind, "--format", "json", "--out", "-"]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended.json().as_array().unwrap().len()
    };
    assert_eq!(KINDS.map(given), [1, 0, 1, 0]);
}

#[test]
fn differing_values_are_counted_and_the_shown_one_is_written() {
    let case = case();
    let other = case.deployment.office("Lumajang", "front_office", "35.13,35.08");
    let id = case.office.create(&[("nama_lengkap", "Uji Siti")]);
    case.office.sync();
    other.sync();
    for (office, dusun) in [(&case.office, "Krajan"), (&other, "Tengah")] {
        office.edit(&id, &[("dusun", dusun)]);
        office.sync();
    }
    case.office.sync();
    let shown = case.office.show(&id)["fields"]["dusun"].clone();
    let told = case.export("worker", "daftar.json", &["--json"]).json();
    assert_eq!(told["differing"], 1);
    let rows: Vec<Value> =
        serde_json::from_str(&std::fs::read_to_string(case.path("daftar.json")).unwrap()).unwrap();
    assert_eq!(rows[0]["dusun"], shown);
}

#[test]
fn a_list_of_many_pages_is_whole() {
    let case = case();
    let total = 2_300;
    let rows: String = (0..total).map(|at| format!("Uji Siti {at}\n")).collect();
    std::fs::write(case.path("besar.csv"), format!("nama_lengkap\n{rows}")).unwrap();
    case.take("worker", &case, "besar.csv", &[]);
    let rows: Vec<Value> = serde_json::from_str(&case.exported("worker", "daftar.json", &[])).unwrap();
    let names: std::collections::BTreeSet<String> =
        rows.iter().map(|row| row["nama_lengkap"].as_str().unwrap().to_owned()).collect();
    assert_eq!((rows.len(), names.len()), (total, total));
}
