//! `domain`, `sync` and `trust` reach no file, socket, clock, environment, randomness or hash order.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tidy::code::{code_only, has_word};
use crate::tidy::{Repository, hold, root};

const PURE: &[&str] = &["domain", "sync", "trust"];

/// What each `clippy.toml` of a pure crate must refuse at least.
const REFUSED: &[&str] = &[
    "automerge::ActorId::random",
    "getrandom::fill",
    "rand::random",
    "rand::rng",
    "std::collections::HashMap",
    "std::collections::HashSet",
    "std::env::var",
    "std::fs::File",
    "std::fs::read",
    "std::fs::write",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::UdpSocket",
    "std::thread::spawn",
    "std::time::Instant::now",
    "std::time::SystemTime::now",
];

/// Words that have no place in a pure crate's `src`, nor has an exception to the rule.
const WORDS: &[&str] = &[
    "std::env",
    "std::fs",
    "std::net",
    "std::os",
    "std::process",
    "std::thread",
    "HashMap",
    "HashSet",
    "Instant",
    "SystemTime",
    "disallowed_methods",
    "disallowed_types",
];

/// The replica has a database, hence files, but neither a network nor a clock of its own.
const REPLICA_WORDS: &[&str] = &["std::net", "Instant", "SystemTime"];

#[test]
fn clippy_is_told_the_rule() {
    hold("Repair the clippy.toml of the pure crates:", &wrongly_told(&Repository::open()));
}

#[test]
fn clippy_enforces_the_rule() {
    let complaint = complaint_about(IMPURE);
    for path in REFUSED.iter().filter(|path| path.starts_with("std::")) {
        assert!(complaint.contains(&format!("`{path}`")), "clippy lets {path} pass:\n{complaint}");
    }
    assert_eq!(complaint_about("pub fn add(a: u32, b: u32) -> u32 { a.wrapping_add(b) }"), "");
}

#[test]
fn pure_sources_name_nothing_impure() {
    let repository = Repository::open();
    for name in PURE {
        let rule = format!(
            "crates/{name} is pure: take bytes, time and randomness as parameters, BTreeMap for maps:"
        );
        hold(&rule, &naming(&repository, &format!("crates/{name}/src/"), WORDS));
    }
}

#[test]
fn the_replica_names_no_clock_and_no_network() {
    hold(
        "crates/replica takes the time as a parameter and leaves the network to hosts:",
        &naming(&Repository::open(), "crates/replica/src/", REPLICA_WORDS),
    );
}

/// Clippy reads the nearest file only, so each repeats the root's settings, and all three say the same.
fn wrongly_told(repository: &Repository) -> Vec<String> {
    let path = |name: &str| format!("crates/{name}/clippy.toml");
    let first = repository.text(&path(PURE[0]));
    let mut wrong = Vec::new();
    for name in PURE.iter().map(|name| path(name)) {
        if !repository.has(&name) || repository.text(&name) != first {
            wrong.push(format!("{name} must be the same as {}", path(PURE[0])));
        }
    }
    let settings = repository.text("clippy.toml").lines().filter(|line| line.contains(" = "));
    let forgotten = settings.filter(|setting| !first.lines().any(|line| line == *setting));
    wrong.extend(forgotten.map(|setting| format!("repeat `{setting}` of the root's clippy.toml")));
    let unlisted = REFUSED.iter().filter(|refused| !first.contains(&format!("path = \"{refused}\"")));
    wrong.extend(unlisted.map(|refused| format!("refuse `{refused}`")));
    wrong
}

fn naming(repository: &Repository, folder: &str, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in repository.with_extension("rs").filter(|(path, _)| path.starts_with(folder)) {
        let code = code_only(text);
        let named = words.iter().filter(|word| has_word(&code, word));
        found.extend(named.map(|word| format!("{path}: {word}")));
    }
    found
}

const IMPURE: &str = r#"
use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
pub fn files() -> bool { fs::read("a").is_ok() | std::fs::write("a", "b").is_ok() }
pub fn open(_: File, _: std::net::TcpListener, _: std::net::TcpStream, _: std::net::UdpSocket) {}
pub fn time() -> bool {
    let start = std::time::Instant::now();
    drop(start);
    std::time::SystemTime::now() > std::time::UNIX_EPOCH
}
pub fn maps(_: HashMap<u8, u8>, _: HashSet<u8>) {}
pub fn rest() { std::thread::spawn(|| std::env::var("A").is_ok()); }
"#;

/// What clippy, configured as for a pure crate, says about a source text.
fn complaint_about(source: &str) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("purity");
    std::fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let file: PathBuf = folder.join("sample.rs");
    std::fs::write(&file, source).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let output = Command::new("clippy-driver")
        .env("CLIPPY_CONF_DIR", root().join("crates").join(PURE[0]))
        .args(["--edition", "2024", "--crate-type", "lib", "--emit", "metadata", "--out-dir"])
        .arg(&folder)
        .arg(&file)
        .output()
        .unwrap_or_else(|error| panic!("clippy-driver: {error}; run `rustup component add clippy`"));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_wrong_clippy_file_is_found() {
    let right = REFUSED.iter().map(|path| format!("{{ path = \"{path}\" }},\n")).collect::<String>();
    let right = format!("limit = 70\n{right}");
    let files = |domain: &str, sync: &str| {
        wrongly_told(&Repository::of(&[
            ("clippy.toml", "limit = 70\n"),
            ("crates/domain/clippy.toml", domain),
            ("crates/sync/clippy.toml", sync),
            ("crates/trust/clippy.toml", domain),
        ]))
    };
    assert!(files(&right, &right).is_empty());
    assert_eq!(files(&right, "other").len(), 1);
    let lacking = right.replace("limit = 70", "limit = 90").replace("rand::rng", "rand::ring");
    assert_eq!(
        files(&lacking, &lacking),
        ["repeat `limit = 70` of the root's clippy.toml", "refuse `rand::rng`"]
    );
}

#[test]
fn impure_names_are_found() {
    let repository = Repository::of(&[
        ("crates/sync/src/lib.rs", "//! No HashMap.\nuse std::collections::BTreeMap;"),
        (
            "crates/sync/src/a.rs",
            "#[expect(clippy::disallowed_types, reason = \"x\")]\nuse std::collections::HashMap;",
        ),
        ("crates/sync/tests/main.rs", "use std::fs;"),
    ]);
    let expected = ["crates/sync/src/a.rs: HashMap", "crates/sync/src/a.rs: disallowed_types"];
    assert_eq!(naming(&repository, "crates/sync/src/", WORDS), expected);
}
