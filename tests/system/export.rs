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
            "--set", "nama_lengkap==HYPERLINK(\"http://uji\") Siti", "--set", "alamat=Jl. \"Uji\"; baris\nkedua",
            "--set", "tahun_lahir=1984", "--set", "boleh_diketahui_desa=ya", "--add", "telepon=0812-0000-0001",
            "--add", "telepon=+886900000001", "--add", "nama_panggilan=@siti|'ani", "--set",
            "area=35.13.02.2004",
        ],
    );
    case.make(
        "worker_private",
        &["--of", &siti, "--set", "nik=3513024505840001", "--set", "tanggal_lahir=1984-05", "--set", "catatan=-"],
    );
    case.make("placement", &["--set", &format!("worker={siti}"), "--set", "negara=TW", "--set", "mulai=2026-02"]);
    case.make(
        "case",
        &["--set", "prioritas={\"tingkat\":\"TINGGI\"}", "--add", "klarifikasi={\"ke\":1,\"dipenuhi\":\"ya\"}"],
    );
    siti
}
