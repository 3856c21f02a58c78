//! The recipe of docs/operations.md, line by line, and what devices make of a relay that was restored.

use std::path::Path;
use std::process::Command;

use crate::harness::{Deployment, relay_program, run};

/// The commands of the first block below a heading.
fn recipe<'a>(guide: &'a str, heading: &str) -> Vec<Vec<&'a str>> {
    let (_, section) = guide.split_once(&format!("\n### {heading}\n")).unwrap();
    let block = section.split("```").nth(1).unwrap();
    block.trim().lines().map(|line| line.split(' ').collect()).collect()
}

/// Runs commands of the guide with its places moved into a folder.
fn follow(folder: &Path, recipe: &[Vec<&str>]) {
    for words in recipe {
        let program = if words[0] == "sambung-relay" { relay_program() } else { words[0].into() };
        let moved = words[1..].iter().map(|word| match word.strip_prefix('/') {
            Some(place) => folder.join(place).into_os_string(),
            None => word.into(),
        });
        let ended = run(Command::new(program).args(moved));
        assert_eq!(ended.code, Some(0), "{words:?}: {ended:?}");
    }
}

#[test]
fn a_relay_comes_back_as_the_guide_says() {
    let guide = include_str!("../../docs/operations.md");
    let deployment = Deployment::start();
    let office = deployment.office("Kraksaan", "front_office", "35.13");
    let folder = deployment.folder();
    let lib = folder.join("var/lib");
    for place in ["mnt/kunci", "mnt/cadangan", "var/lib"] {
        std::fs::create_dir_all(folder.join(place)).unwrap();
    }
    std::os::unix::fs::symlink(deployment.data(), lib.join("sambung")).unwrap();
    let before = office.create(&[("nama_lengkap", "Uji Siti Sebelum")]);
    office.sync();

    let backup = recipe(guide, "Back up");
    assert!(backup.len() == 3 && backup.iter().any(|words| words.contains(&"backup")), "{backup:?}");
    follow(folder, &backup);
    office.edit(&before, &[("dusun", "Krajan")]);
    office.sync();

    deployment.kill();
    follow(folder, &recipe(guide, "Restore"));
    std::fs::rename(deployment.data(), folder.join("hilang")).unwrap();
    std::fs::rename(lib.join("sambung-2"), deployment.data()).unwrap();
    deployment.restart();
    office.try_sync();
    let centre = deployment.office("Pusat", "central", "35");
    centre.sync();
    office.sync();
    assert_eq!(office.status()["waiting"], 0);
    let audited = deployment.audit();
    assert_eq!(audited.records.len(), 1);
    centre.sync();
    assert_eq!(centre.show(&before)["fields"]["dusun"], "Krajan", "what the backup lacked came back");
}
