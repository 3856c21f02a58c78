//! A disk that is full, and one that is read-only: real file systems, mounted for the test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Deployment, Ended, Office, create_arguments, say, texts};

/// A small file system of its own; unmounted when dropped.
struct Disk {
    at: PathBuf,
}

impl Disk {
    /// None where this user may not mount: then nothing can be shown here.
    fn mount(at: PathBuf) -> Option<Disk> {
        fs::create_dir_all(&at).unwrap();
        let mounted = mount(&["-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs"], &at);
        if !mounted {
            say("skipped: this user may not mount a file system, and a full one cannot be had otherwise");
        }
        mounted.then_some(Disk { at })
    }

    fn remount(&self, how: &str) {
        assert!(mount(&["-o", &format!("remount,{how}"), "tmpfs"], &self.at));
    }

    /// Fills it up to so many bytes.
    fn fill(&self, free: usize) {
        let filler = self.filler();
        fs::write(&filler, []).unwrap();
        let mut bytes = Vec::new();
        while fs::write(&filler, &bytes).is_ok() {
            bytes.resize(bytes.len() + 64 * 1024, 1);
        }
        fs::write(&filler, &bytes[..bytes.len().saturating_sub(64 * 1024 + free)]).unwrap();
    }

    fn filler(&self) -> PathBuf {
        self.at.join("pengisi")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.at).status());
    }
}

fn mount(arguments: &[&str], at: &Path) -> bool {
    let done = Command::new("mount").args(arguments).arg(at).output();
    done.is_ok_and(|output| output.status.success())
}

fn create(office: &Office, name: &str) -> Ended {
    office.run(&texts(&create_arguments(&[("nama_lengkap", name)])))
}

#[test]
fn a_full_disk_refuses_saves_loses_nothing_and_lets_work_go_on_afterwards() {
    let deployment = Deployment::start();
    let Some(disk) = Disk::mount(deployment.folder().join("Kraksaan")) else { return };
    let home = deployment.folder().join("Kraksaan").join("sambung");
    let office = Office::in_folder(&disk.at, "sambung");
    let enrolled = office.enrol(&deployment.url(), &deployment.invite("front_office", "35.13"));
    assert_eq!(enrolled.code, Some(0), "{enrolled:?}");
    let mut saved = vec![create(&office, "Siti Uji awal")];
    disk.fill(384 * 1024);
    let full = loop {
        let ended = create(&office, &format!("Siti Uji {}", saved.len()));
        if ended.code != Some(0) {
            break ended;
        }
        saved.push(ended);
        assert!(saved.len() < 300, "the disk does not fill");
    };
    assert_eq!((full.code, full.error_code()), (Some(1), "storage_full"), "{full:?}");
    assert!(full.err.contains("disk is full"), "{full:?}");
    disk.fill(0);
    for _ in 0..3 {
        let ended = create(&office, "Siti Uji lagi");
        assert_eq!((ended.code, ended.error_code()), (Some(1), "storage_full"), "{ended:?}");
    }
    let backup = office.run(&["backup", home.join("cadangan").to_str().unwrap()]);
    assert_eq!((backup.code, backup.error_code()), (Some(1), "storage_full"), "{backup:?}");
    assert!(!home.join("cadangan").exists() && !home.join("cadangan.partial").exists());

    fs::remove_file(disk.filler()).unwrap();
    let rows = office.list();
    assert_eq!(rows.len(), saved.len(), "everything that returned, and nothing that did not");
    for ended in &saved {
        let id = ended.out.trim();
        assert!(rows.iter().any(|row| row["id"] == id), "{id}");
    }
    assert_eq!(office.run(&["verify"]).code, Some(0));
    assert_eq!(create(&office, "Siti Uji sesudah").code, Some(0));
    office.sync();
    assert_eq!((&office.status()["waiting"], office.list().len()), (&0.into(), saved.len() + 1));
}

#[test]
fn a_read_only_disk_is_named_and_left_alone() {
    let deployment = Deployment::start();
    let Some(disk) = Disk::mount(deployment.folder().join("Lumajang")) else { return };
    let office = Office::in_folder(&disk.at, "sambung");
    let enrolled = office.enrol(&deployment.url(), &deployment.invite("front_office", "35.13"));
    assert_eq!(enrolled.code, Some(0), "{enrolled:?}");
    let id = create(&office, "Siti Uji").out;
    disk.remount("ro");
    for arguments in [&["status"][..], &["record", "create", "worker", "--set", "nama_lengkap=x"]] {
        let ended = office.run(arguments);
        assert_eq!((ended.code, ended.error_code()), (Some(3), "configuration"), "{arguments:?}: {ended:?}");
    }
    disk.remount("rw");
    assert_eq!(office.show(id.trim())["fields"]["nama_lengkap"], "Siti Uji");
    assert_eq!(office.list().len(), 1);
}
