//! The documents say what the code does: its wire format, its codes, its limits, the tests they name.

mod cddl;
mod names;
mod samples;

use cddl::{Cddl, Met};

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn document(path: &str) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The repository's files with an ending, each with its path and text.
fn files(ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect(&root(), ending, &mut found);
    assert!(!found.is_empty(), "no file ends with {ending}");
    found
}

fn collect(folder: &Path, ending: &str, found: &mut Vec<(String, String)>) {
    let entries = folder.read_dir().unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_ours = !name.starts_with('.') && !name.starts_with("target") && name != "node_modules";
        if path.is_dir() && is_ours {
            collect(&path, ending, found);
        } else if name.ends_with(ending) {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            found.push((path.to_string_lossy().into_owned(), text));
        }
    }
}

/// Fails with what to do and where.
fn hold(rule: &str, offenders: &[String]) {
    assert!(offenders.is_empty(), "{rule}\n  {}\n", offenders.join("\n  "));
}

#[test]
fn the_wire_format_is_the_documented_one() {
    let cddl = Cddl::read(&document("docs/protocol.cddl"));
    let mut met = Met::new();
    for (rule, bytes) in samples::all() {
        if let Err(why) = cddl.compare(rule, &bytes, &mut met) {
            panic!("docs/protocol.cddl: a message of the code does not fit the rule `{rule}`: {why}");
        }
    }
    let left: Vec<String> =
        cddl.all().difference(&met).map(|(path, what)| format!("{path} ({what})")).collect();
    hold("docs/protocol.cddl describes what no sample message has:", &left);
}
