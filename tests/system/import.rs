//! Lists taken in by the real binary.

use std::path::PathBuf;

use serde_json::json;

use crate::harness::{Deployment, Ended, Office};

struct Case {
    deployment: Deployment,
    office: Office,
}

fn case() -> Case {
    let deployment = Deployment::start();
    let office = deployment.office("Kraksaan", "front_office", "35.13");
    Case { deployment, office }
}

impl Case {
    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.deployment.folder().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn import(&self, text: &str, more: &[&str]) -> Ended {
        let path = self.file("daftar.csv", text);
        let mut arguments = vec!["import", "worker", path.to_str().unwrap(), "--json"];
        arguments.extend(more);
        self.office.run(&arguments)
    }
}

const SISKO: &str = "NIK;NAMA;JENIS KELAMIN;TGL LAHIR;NO HP;NEGARA TUJUAN;NO SK;MULAI KONTRAK\r\n\
    3513024505840001;Uji Siti;P;05-05-1984;'+6281200000001;Taiwan;SK-1;01/02/2026\r\n\
    12;Uji Budi;Laki-laki;17/05/1984;;HONGKONG;SK-2;2026\r\n";

#[test]
fn the_list_of_the_national_system_becomes_workers_private_parts_and_placements() {
    let case = case();
    let dry = case.import(SISKO, &["--map", "siskop2mi", "--dry-run"]);
    assert_eq!(dry.code, Some(0), "{dry:?}");
    let expected = json!({ "worker": 2, "worker_private": 2, "placement": 2 });
    assert_eq!((&dry.json()["records"], &dry.json()["made"]), (&expected, &json!(0)));
    assert!(case.office.list().is_empty());

    let ended = case.import(SISKO, &["--map", "siskop2mi"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let said = ended.json();
    assert_eq!(said["made"], 6);
    assert!(said["warnings"].to_string().contains("NIK"), "a short NIK is remarked on and kept: {said}");
    let mut names: Vec<_> =
        case.office.list().iter().map(|row| row["fields"]["nama_lengkap"].clone()).collect();
    names.sort_by_key(ToString::to_string);
    assert_eq!(names, [json!("Uji Budi"), json!("Uji Siti")]);
    let placements = case.office.run(&["record", "list", "placement", "--json"]).json();
    let mut countries: Vec<_> =
        placements["rows"].as_array().unwrap().iter().map(|row| row["fields"]["negara"].clone()).collect();
    countries.sort_by_key(ToString::to_string);
    assert_eq!(countries, [json!("HK"), json!("TW")]);

    let again = case.import(SISKO, &["--map", "siskop2mi"]).json();
    assert_eq!((&again["made"], &again["present"]), (&json!(0), &json!(6)));
    case.office.sync();
    assert_eq!(case.office.status()["waiting"], 0);
}

#[test]
fn one_bad_row_stops_the_list_and_is_told_by_its_row_and_column() {
    let case = case();
    let list = "nama_lengkap;tahun_lahir;area;telepon\n\"Uji\nSiti\";1984;35.13.02.2004;0812|0813\nUji Budi;delapan;;\nUji Ani;1990;33.01;\n";
    let refused = case.import(list, &[]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    let said = refused.json();
    let places: Vec<_> =
        said["bad"].as_array().unwrap().iter().map(|bad| (&bad["row"], &bad["column"])).collect();
    assert_eq!(places, [(&json!(3), &json!("tahun_lahir")), (&json!(4), &json!(""))], "{said}");
    assert!(case.office.list().is_empty());
    let partial = case.import(list, &["--partial"]);
    assert_eq!((partial.code, &partial.json()["made"]), (Some(4), &json!(1)), "{partial:?}");
    assert_eq!(case.office.list()[0]["fields"]["telepon"], json!(["0812", "0813"]));
    let unknown = case.import("nama_lengkp\nUji\n", &[]);
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    assert!(unknown.err.contains("did you mean nama_lengkap"), "{unknown:?}");
}

#[test]
fn an_import_killed_in_the_middle_goes_on_where_it_was() {
    let case = case();
    let rows: String = (0..900).map(|at| format!("Uji Siti {at};35.13.02.2004\n")).collect();
    let path = case.file("besar.csv", &format!("nama_lengkap;area\n{rows}"));
    let arguments = ["import", "worker", path.to_str().unwrap(), "--json"];
    let running = crate::harness::Running::start(&mut case.office.command(&arguments));
    let some = || case.office.status()["records"].as_u64().unwrap();
    while some() == 0 {}
    running.kill();
    let before = some();
    assert!(before.is_multiple_of(200), "transactions are whole: {before}");
    let ended = case.office.run(&arguments);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let said = ended.json();
    assert_eq!(said["present"], before);
    assert_eq!(said["made"].as_u64().unwrap() + before, 900);
    assert_eq!(some(), 900);
}

#[test]
fn what_is_no_list_is_refused() {
    let case = case();
    for text in ["", "PK\u{3}\u{4}\0\0", "a;a\n1;2\n"] {
        let ended = case.import(text, &[]);
        assert!(matches!(ended.code, Some(1 | 2)), "{ended:?}");
    }
    assert!(case.office.list().is_empty());
}
