//! What the packages depend on and which lints they live under.

use std::collections::BTreeSet;
use std::process::Command;

use crate::tidy::code::{code_only, has_word, positions};
use crate::tidy::{Repository, hold, root};

/// Crates that bring sockets, a runtime or a database.
const RUNTIME: &[&str] = &["axum", "hyper", "mio", "reqwest", "socket2", "tokio"];
const DATABASE: &[&str] = &["libsqlite3-sys", "rusqlite", "sqlite-wasm-rs"];

/// Second TLS stacks: ours is rustls. SQLCipher links libcrypto by itself.
const BANNED: &[&str] = &["native-tls", "openssl", "openssl-sys"];

#[test]
fn pure_crates_reach_no_runtime_and_no_database() {
    for package in ["sambung-domain", "sambung-sync", "sambung-trust"] {
        let rule = format!("{package} is pure: move what needs these into `replica` or a host:");
        hold(&rule, &reached(package, &[RUNTIME, DATABASE].concat()));
    }
}

#[test]
fn the_replica_reaches_no_network() {
    hold(
        "`replica` has a database and no network: move what needs these into a host:",
        &reached("sambung-replica", RUNTIME),
    );
}

#[test]
fn automerge_is_used_in_one_place() {
    hold(
        "Only crates/sync/src/document speaks to Automerge: call it instead:",
        &automerge_elsewhere(&Repository::open()),
    );
}

#[test]
fn no_second_tls_stack_is_locked() {
    let repository = Repository::open();
    let lock = repository.text("Cargo.lock");
    hold(
        "Choose features without these packages (`cargo tree -i NAME` says who asks for them):",
        &locked(lock, BANNED),
    );
}

#[test]
fn packages_inherit_the_workspace_lints() {
    let repository = Repository::open();
    hold("Add `[lints]` with `workspace = true`:", &without_lints(&repository));
    let workspace = repository.text("Cargo.toml");
    for lint in ["missing_docs = \"warn\"", "unsafe_code = \"forbid\""] {
        assert!(
            section(workspace, "[workspace.lints.rust]").any(|line| line == lint),
            "Cargo.toml lost `{lint}`"
        );
    }
}

#[test]
fn public_items_are_documented() {
    hold(
        "Write what the items are instead of switching the lint `missing_docs` off:",
        &documentation_switched_off(&Repository::open()),
    );
}

/// Which of the banned crates a package reaches, natively or in the browser.
fn reached(package: &str, banned: &[&str]) -> Vec<String> {
    let mut found = BTreeSet::new();
    for target in [None, Some("wasm32-unknown-unknown")] {
        let tree = dependencies(package, target);
        assert!(
            tree.lines().any(|line| line.starts_with(package)),
            "no dependency tree of {package}: {tree}"
        );
        found.extend(in_tree(&tree, banned));
    }
    found.into_iter().collect()
}

/// `cargo tree`'s list, one crate a line. Offline, so what other targets need must have been fetched before.
fn dependencies(package: &str, target: Option<&str>) -> String {
    let mut command = Command::new("cargo");
    command.current_dir(root()).args(["tree", "--quiet", "--locked", "--offline", "--edges", "normal"]);
    command.args(["--prefix", "none", "--package", package]);
    if let Some(target) = target {
        command.args(["--target", target]);
    }
    let output = command.output().unwrap_or_else(|error| panic!("cargo cannot be started: {error}"));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "cargo tree failed; if it lacks packages, run `cargo fetch`:\n{complaint}"
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn in_tree(tree: &str, banned: &[&str]) -> Vec<String> {
    let lines = tree.lines().filter_map(|line| line.split_once(" v"));
    lines.filter(|(name, _)| banned.contains(name)).map(|(name, _)| name.to_owned()).collect()
}

fn automerge_elsewhere(repository: &Repository) -> Vec<String> {
    let may = |path: &str| {
        path == "crates/sync/src/document.rs"
            || path.starts_with("crates/sync/src/document/")
            || path.starts_with("crates/testkit/")
            || path.split('/').any(|part| matches!(part, "tests" | "benches" | "fuzz"))
    };
    let uses = |text: &str| {
        let code = code_only(text);
        positions(&code, "automerge").any(|at| {
            code[at + "automerge".len()..].trim_start().starts_with("::")
                || code[..at].trim_end().ends_with("use")
        })
    };
    let sources = repository.with_extension("rs").filter(|(path, _)| !may(path));
    sources.filter(|(_, text)| uses(text)).map(|(path, _)| path.to_owned()).collect()
}

fn locked(lock: &str, banned: &[&str]) -> Vec<String> {
    let names = lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    names.filter(|name| banned.contains(name)).map(str::to_owned).collect()
}

/// Packages outside the workspace's lints; one outside `crates/` may have its own if it says why.
fn without_lints(repository: &Repository) -> Vec<String> {
    let explained = |path: &str, text: &str| {
        !path.starts_with("crates/") && text.lines().any(|line| line.starts_with("# unsafe: "))
    };
    repository
        .files()
        .filter(|(path, text)| path.ends_with("Cargo.toml") && text.lines().any(|line| line == "[package]"))
        .filter(|(_, text)| !section(text, "[lints]").any(|line| line == "workspace = true"))
        .filter(|(path, text)| !explained(path, text))
        .map(|(path, _)| path.to_owned())
        .collect()
}

fn documentation_switched_off(repository: &Repository) -> Vec<String> {
    let sources = repository.with_extension("rs").filter(|(path, _)| path.starts_with("crates/"));
    sources
        .filter(|(_, text)| has_word(&code_only(text), "missing_docs"))
        .map(|(path, _)| path.to_owned())
        .collect()
}

/// The lines of one section of a manifest.
fn section<'a>(manifest: &'a str, header: &'a str) -> impl Iterator<Item = &'a str> {
    let lines = manifest.lines().skip_while(move |line| *line != header).skip(1);
    lines.take_while(|line| !line.starts_with('['))
}

#[test]
fn banned_crates_are_found_in_a_tree() {
    let tree = "sambung-sync v0.1.0 (/a/sync)\ntokio v1.54.1\ntokio-util v0.7.1\nserde v1.0.1 (*)\nrusqlite v0.43.0 (*)\n";
    assert_eq!(in_tree(tree, &["tokio", "rusqlite", "axum"]), ["tokio", "rusqlite"]);
    let own = dependencies("sambung-tests", None);
    assert_eq!(in_tree(&own, &["sambung-tests"]), ["sambung-tests"]);
}

#[test]
fn banned_packages_are_found_in_the_lock_file() {
    let lock =
        "[[package]]\nname = \"openssl-probe\"\n\n[[package]]\nname = \"openssl-sys\"\nversion = \"1\"\n";
    assert_eq!(locked(lock, BANNED), ["openssl-sys"]);
}

#[test]
fn automerge_elsewhere_is_found() {
    let repository = Repository::of(&[
        ("crates/sync/src/document.rs", "use automerge::AutoCommit;"),
        ("crates/sync/src/document/load.rs", "fn f(d: &automerge::Automerge) {}"),
        ("crates/sync/src/gate.rs", "fn f(d: &automerge::Automerge) {}"),
        ("crates/replica/src/save.rs", "use automerge;"),
        ("crates/replica/tests/main.rs", "use automerge::AutoCommit;"),
        ("crates/testkit/src/lib.rs", "use automerge::AutoCommit;"),
        ("client/src/export.rs", "struct Export { automerge: bool } // automerge::x"),
    ]);
    assert_eq!(automerge_elsewhere(&repository), ["crates/replica/src/save.rs", "crates/sync/src/gate.rs"]);
}

#[test]
fn packages_without_lints_are_found() {
    let repository = Repository::of(&[
        ("Cargo.toml", "[workspace]\n"),
        ("crates/a/Cargo.toml", "[package]\n[lints]\nworkspace = true\n"),
        ("crates/b/Cargo.toml", "# unsafe: no\n[package]\n[lints.rust]\nworkspace = true\n"),
        ("client/Cargo.toml", "[package]\n[lints]\n[x]\nworkspace = true\n"),
        ("client/browser/Cargo.toml", "# unsafe: the browser calls in by name\n[package]\n"),
    ]);
    assert_eq!(without_lints(&repository), ["client/Cargo.toml", "crates/b/Cargo.toml"]);
}

#[test]
fn switched_off_documentation_is_found() {
    let repository = Repository::of(&[
        ("crates/a/src/lib.rs", "#![expect(missing_docs, reason = \"later\")]"),
        ("crates/a/src/b.rs", "// missing_docs"),
        ("client/src/main.rs", "#![allow(missing_docs)]"),
    ]);
    assert_eq!(documentation_switched_off(&repository), ["crates/a/src/lib.rs"]);
}
