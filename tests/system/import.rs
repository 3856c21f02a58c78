//! Lists taken in by the real binary.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::harness::{Deployment, Ended, Office, Running, say};

/// Rows written in one transaction, as docs/limits.md has it.
const ROWS_PER_TRANSACTION: u64 = 200;
/// Greatest length of a list, as docs/limits.md has it.
const FILE_MAX: u64 = 64 * 1024 * 1024;
/// How much longer the write-ahead log is at each further kill, in bytes: about what a transaction takes.
const LOG_STEP: u64 = 768 * 1024;
/// A NIK that must stand in no message.
const NIK: &str = "3513024505840001";

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
        self.import_file(&self.file("daftar.csv", text), more)
    }

    fn import_file(&self, path: &std::path::Path, more: &[&str]) -> Ended {
        let mut arguments = vec!["import", "worker", path.to_str().unwrap(), "--json"];
        arguments.extend(more);
        self.office.run(&arguments)
    }

    /// Everything that a dry run could have touched.
    fn everything(&self) -> [Value; 3] {
        let told = |arguments: &[&str]| self.office.run(arguments).json();
        let mut status = self.office.status();
        status.as_object_mut().unwrap().retain(|key, _| !key.ends_with("_s"));
        [status, Value::from(self.office.list()), told(&["draft", "list", "--json"])]
    }
}

/// Row and column of each remark.
fn places(remarks: &Value) -> Vec<(u64, &str)> {
    let remarks = remarks.as_array().unwrap().iter();
    remarks.map(|one| (one["row"].as_u64().unwrap(), one["column"].as_str().unwrap())).collect()
}

const SISKO: &str = "NIK;NAMA;JENIS KELAMIN;TGL LAHIR;NO HP;NEGARA TUJUAN;NO SK;MULAI KONTRAK\r\n\
    3513024505840001;Uji Siti;P;05-05-1984;'+6281200000001;Taiwan;SK-1;01/02/2026\r\n\
    12;Uji Budi;Laki-laki;17/05/1984;;HONGKONG;SK-2;2026\r\n";

#[test]
fn the_list_of_the_national_system_becomes_workers_private_parts_and_placements() {
    let case = case();
    let before = case.everything();
    let dry = case.import(SISKO, &["--map", "siskop2mi", "--dry-run"]);
    assert_eq!(dry.code, Some(0), "{dry:?}");
    let expected = json!({ "worker": 2, "worker_private": 2, "placement": 2 });
    assert_eq!((&dry.json()["records"], &dry.json()["made"]), (&expected, &json!(0)));
    assert_eq!(dry.json()["ignored"], json!(["NO SK"]));
    assert_eq!(case.everything(), before, "a dry run writes nothing");

    let ended = case.import(SISKO, &["--map", "siskop2mi"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let said = ended.json();
    assert_eq!((&said["made"], &said["good_rows"]), (&json!(6), &json!(2)));
    assert_eq!(places(&said["warnings"])[0], (3, "NIK"), "a short NIK is remarked on and kept: {said}");
    let shown = |kind: &str, key: &str| {
        let listed = case.office.run(&["record", "list", kind, "--json"]).json();
        let mut values: Vec<Value> =
            listed["rows"].as_array().unwrap().iter().map(|row| row["fields"][key].clone()).collect();
        values.sort_by_key(ToString::to_string);
        values
    };
    assert_eq!(shown("worker", "nama_lengkap"), [json!("Uji Budi"), json!("Uji Siti")]);
    assert_eq!(shown("worker", "telepon")[0], json!(["+6281200000001"]));
    assert_eq!(shown("worker_private", "tanggal_lahir"), [json!("1984-05-05"), json!("1984-05-17")]);
    assert_eq!(shown("placement", "negara"), [json!("HK"), json!("TW")]);
    assert_eq!(shown("placement", "mulai"), [json!("2026"), json!("2026-02-01")]);

    let again = case.import(SISKO, &["--map", "siskop2mi"]).json();
    assert_eq!((&again["made"], &again["present_rows"]), (&json!(0), &json!(2)), "{again}");
    case.office.sync();
    assert_eq!(case.office.status()["waiting"], 0);
}

#[test]
fn one_bad_row_stops_the_list_and_is_told_by_its_row_and_column() {
    let case = case();
    let list = "nama_lengkap;tahun_lahir;area;telepon\r\n\"Uji\r\nSiti\";1984;35.13.02.2004;0812|0813\r\n\
                Uji Budi;delapan;;\r\n\r\nUji Ani;1990;33.01;\r\nUji Tuti;1990;;;5\r\n";
    let refused = case.import(list, &[]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    let said = refused.json();
    assert_eq!(places(&said["bad"]), [(3, "tahun_lahir"), (5, ""), (6, "")], "{said}");
    let message = &said["bad"][0]["message"];
    assert!(message["id"].to_string().contains("angka bulat"), "{said}");
    assert!(message["en"].to_string().contains("a whole number") && !said.to_string().contains("delapan"));
    assert!(case.office.list().is_empty());

    let path = case.file("daftar.csv", list);
    let told = case.office.run(&["import", "worker", path.to_str().unwrap()]);
    assert!(told.err.contains("1 baris bisa masuk, 3 tidak. / 1 rows can go in, 3 cannot."), "{told:?}");
    assert!(told.err.contains("Belum ada yang disimpan."), "{told:?}");

    let partial = case.import(list, &["--partial"]);
    assert_eq!((partial.code, &partial.json()["made"]), (Some(4), &json!(1)), "{partial:?}");
    assert_eq!(case.office.list()[0]["fields"]["telepon"], json!(["0812", "0813"]));

    let unknown = case.import("nama_lengkp\nUji\n", &[]);
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    assert!(unknown.err.contains("did you mean nama_lengkap"), "{unknown:?}");
}

#[test]
fn a_corrected_list_makes_only_what_is_missing() {
    let case = case();
    let list = "nama_lengkap;tahun_lahir;telepon\nUji Siti;1984;0812|0813\nUji Budi;1x;\nUji Ani;1990;\n";
    let first = case.import(list, &["--partial"]).json();
    assert_eq!((&first["made"], &first["bad_rows"]), (&json!(2), &json!(1)), "{first}");
    // Corrected, in another order of rows, columns and entries, and with a row that stands twice.
    let corrected = "telepon;tahun_lahir;nama_lengkap\n;1991;Uji Budi\n0813|0812;1984;Uji Siti\n;1990;Uji Ani\n\
                     ;1991;Uji Budi\n";
    let dry = case.import(corrected, &["--dry-run"]).json();
    assert_eq!((&dry["records"], &dry["present_rows"]), (&json!({ "worker": 1 }), &json!(3)), "{dry}");
    let second = case.import(corrected, &[]).json();
    assert_eq!((&second["made"], &second["present_rows"]), (&json!(1), &json!(3)), "{second}");
    assert_eq!(places(&second["warnings"]), [(5, "")], "the row that stands twice is told");
    assert_eq!(case.office.list().len(), 3);
}

#[test]
fn two_rows_with_one_nik_are_told_apart_by_people() {
    let case = case();
    let list = format!("NIK;NAMA\n{NIK};Uji Siti\n;Uji Ani\n3513 0245 0584 0001;Uji Sitti\n{NIK};Uji Siti\n");
    let map = ["--map", "siskop2mi"];
    let dry = case.import(&list, &[&map[..], &["--dry-run"]].concat());
    assert_eq!(dry.code, Some(1), "{dry:?}");
    let said = dry.json();
    assert_eq!(places(&said["bad"]), [(4, "NIK")], "{said}");
    assert!(said["bad"][0]["message"]["en"].to_string().contains("row 2"), "{said}");
    assert_eq!(said["present_rows"], 1, "the identical row is the same record: {said}");
    assert!(!dry.out.contains(&NIK[6..]) && !dry.err.contains(&NIK[6..]), "{dry:?}");

    let partial = case.import(&list, &[&map[..], &["--partial"]].concat()).json();
    assert_eq!(partial["bad_rows"], 1, "{partial}");
    let workers = case.office.list();
    let siti = workers.iter().find(|row| row["fields"]["nama_lengkap"] == "Uji Siti").unwrap();
    let other = case.import(&format!("NIK;NAMA\n{NIK};Uji Siti Aminah\n"), &map);
    assert_eq!(other.code, Some(0), "a NIK that a record has already is no reason to refuse: {other:?}");
    let said = other.json();
    let warned = said["warnings"].to_string();
    assert!(warned.contains(siti["id"].as_str().unwrap()) && !warned.contains(NIK), "{said}");
    assert_eq!(said["made"], 2);
}

#[test]
fn an_import_killed_in_the_middle_goes_on_where_it_was() {
    let case = case();
    let total = 10 * ROWS_PER_TRANSACTION;
    let rows: String = (0..total).map(|at| format!("Uji Siti {at};35.13.02.2004\n")).collect();
    let path = case.file("besar.csv", &format!("nama_lengkap;area\n{rows}"));
    let arguments = ["import", "worker", path.to_str().unwrap(), "--json"];
    let mut in_the_middle = 0;
    for attempt in 1..=4 {
        let office = case.deployment.office(&format!("Kantor {attempt}"), "front_office", "35.13");
        // The write-ahead log says from outside how far it is.
        let log = office.dir().join("replica.db-wal");
        let running = Running::start(&mut office.command(&arguments));
        while std::fs::metadata(&log).map_or(0, |found| found.len()) < attempt * LOG_STEP {
            std::thread::yield_now();
        }
        let killed = running.kill();
        assert_eq!(killed.code, None, "it was over already: {killed:?}");
        let held = || office.status()["records"].as_u64().unwrap();
        let before = held();
        say(&format!("killed with {before} of {total} rows written"));
        assert!(before.is_multiple_of(ROWS_PER_TRANSACTION), "transactions are whole: {before}");
        in_the_middle += u32::from(before > 0 && before < total);

        let ended = office.run(&arguments);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let said = ended.json();
        assert_eq!(said["present_rows"], before, "{said}");
        assert_eq!(said["made"].as_u64().unwrap() + before, total);
        assert_eq!(held(), total);
    }
    assert!(in_the_middle > 0, "no kill fell between the first and the last transaction");
}

#[test]
fn while_a_long_list_goes_in_others_can_save() {
    let case = case();
    let total = 40 * ROWS_PER_TRANSACTION;
    let rows: String = (0..total).map(|at| format!("Uji Siti {at}\n")).collect();
    let path = case.file("besar.csv", &format!("nama_lengkap\n{rows}"));
    let running = Running::start(&mut case.office.command(&["import", "worker", path.to_str().unwrap()]));
    let log = case.office.dir().join("replica.db-wal");
    while std::fs::metadata(&log).map_or(0, |found| found.len()) < LOG_STEP {
        std::thread::yield_now();
    }
    let saved = case.office.create(&[("nama_lengkap", "Uji Ani")]);
    let killed = running.kill();
    assert_eq!(killed.code, None, "the other saved before the list was in: {killed:?}");
    assert_eq!(case.office.show(&saved)["fields"]["nama_lengkap"], "Uji Ani");
    let records = case.office.status()["records"].as_u64().unwrap();
    assert!((1..total).contains(&records), "{records}");
}

#[test]
fn what_is_no_list_is_refused() {
    let case = case();
    let quote = "nama_lengkap\n\"Uji Siti\nUji Budi\n";
    for (text, code, error) in [
        ("", 1, "import_invalid"),
        ("PK\u{3}\u{4}\0\0", 1, "import_invalid"),
        (quote, 1, "import_invalid"),
        ("nama_lengkap;nama_lengkap\n1;2\n", 2, "usage"),
    ] {
        let ended = case.import(text, &[]);
        assert_eq!((ended.code, ended.error_code()), (Some(code), error), "{ended:?}");
    }
    let path = case.file("daftar.json", "{}");
    assert_eq!(case.import_file(&path, &[]).error_code(), "import_invalid");
    let big = case.deployment.folder().join("besar.csv");
    let file = std::fs::File::create(&big).unwrap();
    for (length, refused) in [(FILE_MAX + 1, "longer than 67108864 bytes"), (FILE_MAX, "is it a list?")] {
        file.set_len(length).unwrap();
        let ended = case.import_file(&big, &[]);
        assert!(ended.err.contains(refused), "{length}: {ended:?}");
    }
    assert!(case.office.list().is_empty());
}

#[test]
fn a_list_in_json_says_what_a_table_cannot() {
    let case = case();
    let list = json!([
        { "nama_lengkap": "Uji Siti", "tahun_lahir": 1984, "boleh_diketahui_desa": true,
          "telepon": ["+6281200000001", "+6281200000002"] },
        { "nama_lengkap": "Uji Budi", "telepon": null },
    ]);
    let path = case.file("daftar.json", &list.to_string());
    let ended = case.import_file(&path, &[]);
    let expected = json!({
        "kind": "worker", "dry_run": false, "rows": 2, "good_rows": 2, "bad_rows": 0, "present_rows": 0,
        "records": { "worker": 2 }, "made": 2, "bad": [], "warnings": [], "ignored": [],
    });
    assert_eq!((ended.code, ended.json()), (Some(0), expected));
    let siti = case.office.list().into_iter().find(|row| row["fields"]["tahun_lahir"] == 1984).unwrap();
    assert_eq!(siti["fields"]["boleh_diketahui_desa"], true);
    let path = case.file("daftar.json", r#"[{ "nama_lengkap": ["Uji"] }]"#);
    assert_eq!(places(&case.import_file(&path, &["--dry-run"]).json()["bad"]), [(1, "nama_lengkap")]);
}
