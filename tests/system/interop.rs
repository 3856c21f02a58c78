//! Records as Automerge files, edited by the published JavaScript library and taken back.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Deployment, Ended, Office, run};

/// What JavaScript said.
fn javascript(folder: &Path, request: &Value) -> Value {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop");
    assert!(
        scripts.join("node_modules").is_dir(),
        "the JavaScript library is not here: `cargo xtask prepare` installs it (needs node and npm)"
    );
    let asked = folder.join("request.json");
    std::fs::write(&asked, request.to_string()).unwrap();
    let ended = run(Command::new("node").arg(scripts.join("edit.mjs")).arg(&asked));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended.json()
}

/// An office with one record that went out as a file.
struct Case {
    deployment: Deployment,
    office: Office,
    id: String,
    out: PathBuf,
    back: PathBuf,
    exported: Value,
}

fn exported() -> Case {
    let deployment = Deployment::start();
    let office = deployment.office("Kraksaan", "front_office", "35.13");
    let id = office.create(&[
        ("nama_lengkap", "Uji Siti"),
        ("tahun_lahir", "1984"),
        ("dusun", "Krajan"),
        ("rt", "1"),
        ("area", "35.13.02.2004"),
    ]);
    let (out, back) = (deployment.folder().join("out.automerge"), deployment.folder().join("back.automerge"));
    let exported = office.run(&["record", "export", &id, "--automerge", text(&out), "--json"]);
    assert_eq!(exported.code, Some(0), "{exported:?}");
    Case { exported: exported.json(), deployment, office, id, out, back }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

impl Case {
    fn edit(&self, mut request: Value) -> Value {
        request["file"] = json!(self.out);
        request["out"] = json!(self.back);
        javascript(self.deployment.folder(), &request)
    }

    /// Edits under the actor that was given out, with the message it asks for.
    fn edit_as_issued(&self, edits: &Value) -> Value {
        self.edit(
            json!({ "actor": self.exported["actor"], "message": self.exported["message"], "edits": edits }),
        )
    }

    fn import(&self, file: &Path) -> Ended {
        self.office.run(&["record", "import", "--automerge", text(file), "--json"])
    }

    fn imported(&self) -> Value {
        let ended = self.import(&self.back);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended.json()
    }

    /// What is saved is sound and the relay takes it.
    fn is_sound(&self) {
        let verified = self.office.run(&["verify", "--json"]);
        assert_eq!(verified.code, Some(0), "{verified:?}");
        self.office.sync();
        assert_eq!(self.office.show(&self.id)["state"], "centre");
        let other = self.deployment.office("Lumajang", "front_office", "35.13");
        other.sync();
        assert_eq!(other.show(&self.id)["heads"], self.office.show(&self.id)["heads"]);
        assert_eq!(other.show(&self.id)["fields"], self.office.show(&self.id)["fields"]);
    }

    /// A file that is refused changes nothing.
    fn is_refused(&self, file: &Path, code: &str) -> String {
        let before = self.office.show(&self.id);
        let ended = self.import(file);
        assert_eq!((ended.code, ended.error_code()), (Some(1), code), "{ended:?}");
        assert_eq!(self.office.show(&self.id), before);
        ended.err
    }
}

#[test]
fn edits_under_the_actor_given_out_come_back_as_they_are_and_meet_edits_made_here() {
    let case = exported();
    let said = case.edit_as_issued(&json!([
        { "set": [["nama_lengkap"], "Uji Siti Aminah"] },
        { "set": [["telepon", "+6281234567890"], true] },
        { "unset": ["rt"] },
    ]));
    assert_eq!(said["before"]["nama_lengkap"], "Uji Siti");
    assert_eq!(said["before"]["tahun_lahir"], 1984);
    assert_eq!(said["before"]["telepon"], json!({}));
    case.office.edit(&case.id, &[("dusun", "Wetan")]);

    let imported = case.imported();
    assert_eq!((&imported["taken"], &imported["replayed"]), (&json!(3), &json!(0)), "{imported}");
    let shown = case.office.show(&case.id);
    let fields = &shown["fields"];
    assert_eq!(
        (&fields["nama_lengkap"], &fields["telepon"], &fields["dusun"]),
        (&json!("Uji Siti Aminah"), &json!(["+6281234567890"]), &json!("Wetan"))
    );
    assert_eq!(fields.get("rt"), None);
    assert_eq!(shown["heads"].as_array().unwrap().len(), 2, "two sides met");

    // What JavaScript says after merging what stands here now is what stands here.
    let again = case.deployment.folder().join("again.automerge");
    let ended = case.office.run(&["record", "export", &case.id, "--automerge", text(&again)]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let merged = javascript(case.deployment.folder(), &json!({ "file": case.back, "merge": again }));
    assert_eq!(merged["heads"], shown["heads"]);
    assert_eq!(merged["after"]["dusun"], "Wetan");
    assert_eq!(merged["after"]["nama_lengkap"], "Uji Siti Aminah");

    let repeated = case.imported();
    assert_eq!((&repeated["taken"], &repeated["replayed"]), (&json!(0), &json!(0)), "{repeated}");
    assert_eq!(case.office.show(&case.id)["heads"], shown["heads"]);
    case.is_sound();
}

#[test]
fn what_another_actor_wrote_is_written_again_as_own_edits_and_texts_become_values() {
    let case = exported();
    let edits = json!([
        { "text": [["nama_lengkap"], "Uji Siti Rahayu"] },
        { "set": [["tahun_lahir"], 1985] },
        { "set": [["telepon", "0812-3456-7890"], true] },
        { "unset": ["rt"] },
        { "text": [["catatan_lain"], "dari program lain"] },
    ]);
    case.edit(json!({ "edits": edits }));
    case.office.edit(&case.id, &[("tahun_lahir", "1983")]);
    let imported = case.imported();
    assert_eq!((&imported["taken"], &imported["replayed"]), (&json!(0), &json!(5)), "{imported}");
    let shown = case.office.show(&case.id);
    let fields = &shown["fields"];
    assert_eq!(fields["nama_lengkap"], "Uji Siti Rahayu");
    assert_eq!(fields["telepon"], json!(["0812-3456-7890"]));
    assert_eq!(fields["tahun_lahir"], shown["conflicts"]["tahun_lahir"][0]["value"]);
    assert_eq!(fields["catatan_lain"], "dari program lain", "unknown keys are kept");
    assert_eq!(fields.get("rt"), None);
    let years: Vec<&Value> =
        shown["conflicts"]["tahun_lahir"].as_array().unwrap().iter().map(|one| &one["value"]).collect();
    assert!(
        years.contains(&&json!(1983)) && years.contains(&&json!(1985)),
        "the edit made here stays: {years:?}"
    );

    // The same file again says nothing new; grown, only what is new in it.
    assert_eq!(case.imported()["replayed"], 0);
    assert_eq!(case.office.show(&case.id)["heads"], shown["heads"]);
    let grown = json!({ "file": case.back, "out": case.back, "edits": [{ "text": [["dusun"], "Wetan"] }] });
    javascript(case.deployment.folder(), &grown);
    assert_eq!(case.imported()["replayed"], 1);
    let shown = case.office.show(&case.id);
    assert_eq!(shown["fields"]["dusun"], "Wetan");
    assert_eq!(shown["conflicts"].as_object().unwrap().keys().collect::<Vec<_>>(), ["tahun_lahir"]);
    let history = case.office.run(&["record", "history", &case.id, "--json"]).json();
    let last = history.as_array().unwrap().iter().rfind(|entry| entry["field"] == "dusun").unwrap().clone();
    assert_eq!((last["command"].as_str(), last["new"].as_str()), (Some("interop"), Some("Wetan")));
    case.office.edit(&case.id, &[("tahun_lahir", "1985")]);
    case.is_sound();
}

#[test]
fn the_actor_given_out_is_not_enough_where_a_command_would_write_otherwise() {
    let case = exported();
    // The library's own texts, and changes without the message, are written again.
    case.edit(json!({
        "actor": case.exported["actor"],
        "message": case.exported["message"],
        "edits": [{ "set": [["dusun"], "Kidul"] }, { "text": [["nama_lengkap"], "Uji Siti Lestari"] }],
    }));
    let imported = case.imported();
    assert_eq!((&imported["taken"], &imported["replayed"]), (&json!(1), &json!(1)), "{imported}");
    let shown = case.office.show(&case.id);
    assert_eq!(shown["fields"]["nama_lengkap"], "Uji Siti Lestari");
    assert_eq!(shown["fields"]["dusun"], "Kidul");
    assert_eq!(shown["conflicts"], json!({}));
    case.is_sound();
}

#[test]
fn what_cannot_be_recorded_is_refused_by_its_place_and_changes_nothing() {
    let case = exported();
    for (edit, said) in [
        (json!({ "set": [["tahun_lahir"], 19.5] }), "`tahun_lahir`: holds a fraction"),
        (json!({ "text": [["jenis_kelamin"], "laki"] }), "`jenis_kelamin`: is not in the list"),
        (json!({ "set": [["telepon"], true] }), "`telepon`: holds entries"),
        (json!({ "set": [["status_pmi"], "BEKERJA"] }), "`status_pmi`: is computed"),
        (json!({ "set": [["created_by"], "x"] }), "`created_by`: is not changed from outside"),
        (json!({ "unset": ["area"] }), "`area`: decides where the record belongs"),
        (json!({ "set": [["catatan_lain"], ["a"]] }), "`catatan_lain`: holds a list"),
    ] {
        case.edit(json!({ "edits": [edit] }));
        let complaint = case.is_refused(&case.back, "import_invalid");
        assert!(complaint.contains(said), "{complaint}");
    }
    case.edit_as_issued(&json!([{ "set": [["area"], "35.08"] }]));
    case.is_refused(&case.back, "not_found");
}

#[test]
fn hostile_and_damaged_files_are_refused_and_cost_little() {
    let case = exported();
    let folder = case.deployment.folder();
    let whole = std::fs::read(&case.out).unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    for length in [0, 1, 9, whole.len() / 2, whole.len() - 1] {
        case.is_refused(&write("cut", &whole[..length]), "import_invalid");
    }
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    case.is_refused(&write("flipped", &flipped), "import_invalid");
    case.is_refused(&write("noise", &[0xa5; 4096]), "import_invalid");
    for bomb in bombs() {
        case.is_refused(&write("bomb", &bomb), "import_invalid");
    }
    let long = std::fs::File::create(folder.join("long")).unwrap();
    long.set_len(16 * 1024 * 1024 + 1).unwrap();
    let complaint = case.is_refused(&folder.join("long"), "import_invalid");
    assert!(complaint.contains("longer than"), "{complaint}");
    case.is_refused(&folder.join("not there"), "file");
}

/// Little files that would cost a believing reader gigabytes or hours.
fn bombs() -> Vec<Vec<u8>> {
    use sambung_testkit::mutant::{Forged, chunk};
    use std::io::Write;

    let zeros = vec![0; 1 << 20];
    let mut deflate = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..2_048 {
        deflate.write_all(&zeros).unwrap();
    }
    let inflates = chunk(2, &deflate.finish().unwrap());
    assert!(inflates.len() < 16 * 1024 * 1024);
    vec![Forged::run(1 << 40).chunk(), inflates]
}

#[test]
fn a_file_of_another_record_or_another_beginning_is_refused() {
    let case = exported();
    let elsewhere = exported();
    case.is_refused(&elsewhere.out, "not_found");
    // A document made from nothing that only claims to be of this record.
    let claimed = case.deployment.folder().join("claimed");
    let made = json!({ "file": case.out, "copy": true, "out": claimed });
    javascript(case.deployment.folder(), &made);
    let complaint = case.is_refused(&claimed, "import_invalid");
    assert!(complaint.contains("does not begin as"), "{complaint}");
    // An actor given out for one record is nobody in another.
    let second = case.office.create(&[("nama_lengkap", "Uji Ani")]);
    let out = case.deployment.folder().join("second");
    let ended = case.office.run(&["record", "export", &second, "--automerge", text(&out)]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    javascript(
        case.deployment.folder(),
        &json!({
            "file": out, "out": case.back, "actor": case.exported["actor"], "message": case.exported["message"],
            "edits": [{ "set": [["dusun"], "Kidul"] }],
        }),
    );
    let imported = case.imported();
    assert_eq!((&imported["taken"], &imported["replayed"]), (&json!(0), &json!(1)), "{imported}");
}

#[test]
fn an_export_never_writes_over_a_file() {
    let case = exported();
    let ended = case.office.run(&["record", "export", &case.id, "--automerge", text(&case.out)]);
    assert_eq!((ended.code, ended.error_code()), (Some(1), "file"));
}
