//! No Rust file is forgotten: each is reached from a target of its package.

use std::collections::BTreeSet;

use crate::tidy::code::{code_only, positions};
use crate::tidy::{Repository, hold};

#[test]
fn every_rust_file_is_part_of_a_target() {
    hold(
        "Declare these files with `mod` (plainly: no #[path], not inside another module) or delete them:",
        &forgotten(&Repository::open()),
    );
}

#[test]
fn a_package_has_one_integration_test_binary() {
    hold(
        "Make these the modules of one tests/main.rs: every further binary is linked once more:",
        &many_test_binaries(&Repository::open()),
    );
}

fn forgotten(repository: &Repository) -> Vec<String> {
    let mut reached = BTreeSet::new();
    for package in packages(repository) {
        for root in targets(repository, package) {
            follow(repository, &root, true, &mut reached);
        }
    }
    let sources = repository.with_extension("rs").map(|(path, _)| path.to_owned());
    sources.filter(|path| !reached.contains(path)).collect()
}

fn many_test_binaries(repository: &Repository) -> Vec<String> {
    packages(repository)
        .map(|package| (package, test_targets(repository, package).len()))
        .filter(|(_, count)| *count > 1)
        .map(|(package, count)| format!("{package}: {count} test binaries"))
        .collect()
}

/// The folders, with a `/` at their end, that hold a package.
fn packages(repository: &Repository) -> impl Iterator<Item = &str> {
    let manifests =
        repository.files().filter_map(|(path, text)| Some((path.strip_suffix("Cargo.toml")?, text)));
    manifests.filter(|(_, text)| text.lines().any(|line| line == "[package]")).map(|(folder, _)| folder)
}

/// The files a package's targets start from: those cargo finds by itself and those its manifest names.
fn targets(repository: &Repository, package: &str) -> BTreeSet<String> {
    let mut found = test_targets(repository, package);
    let alone = ["src/lib.rs", "src/main.rs", "build.rs"].map(|file| format!("{package}{file}"));
    found.extend(alone.into_iter().filter(|path| repository.has(path)));
    for folder in ["src/bin", "examples", "benches"] {
        found.extend(discovered(repository, package, folder));
    }
    found.extend(named(repository, package, |_| true));
    found
}

fn test_targets(repository: &Repository, package: &str) -> BTreeSet<String> {
    let mut found = discovered(repository, package, "tests");
    found.extend(named(repository, package, |section| section == "[[test]]"));
    found
}

/// `folder/*.rs` and `folder/*/main.rs`.
fn discovered(repository: &Repository, package: &str, folder: &str) -> BTreeSet<String> {
    let prefix = format!("{package}{folder}/");
    let is_target = |path: &str| {
        path.strip_prefix(&prefix).is_some_and(|rest| match rest.split_once('/') {
            None => true,
            Some((_, file)) => file == "main.rs",
        })
    };
    repository.with_extension("rs").map(|(path, _)| path.to_owned()).filter(|path| is_target(path)).collect()
}

/// The Rust files that the chosen sections of a manifest name with `path = "…"`.
fn named(repository: &Repository, package: &str, chosen: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let mut section = "";
    let mut found = BTreeSet::new();
    for line in repository.text(&format!("{package}Cargo.toml")).lines() {
        if line.starts_with('[') {
            section = line.trim();
        } else if let Some(file) = line.strip_prefix("path = \"").and_then(|rest| rest.strip_suffix(".rs\""))
            && chosen(section)
        {
            found.insert(format!("{package}{file}.rs"));
        }
    }
    found
}

/// Adds a file and the modules it declares.
fn follow(repository: &Repository, path: &str, is_root: bool, reached: &mut BTreeSet<String>) {
    if !repository.has(path) || !reached.insert(path.to_owned()) {
        return;
    }
    let own_folder = match path.rsplit_once('/') {
        Some((folder, file)) if is_root || file == "mod.rs" => folder,
        _ => path.strip_suffix(".rs").unwrap_or(path),
    };
    for module in declared(repository.text(path)) {
        follow(repository, &format!("{own_folder}/{module}.rs"), false, reached);
        follow(repository, &format!("{own_folder}/{module}/mod.rs"), false, reached);
    }
}

/// The modules declared as `mod name;`.
fn declared(text: &str) -> Vec<String> {
    let code = code_only(text);
    let rests = positions(&code, "mod").map(|at| &code[at + "mod".len()..]);
    rests
        .filter_map(|rest| rest.split_once(';'))
        .map(|(name, _)| name.trim())
        .filter(|name| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn forgotten_files_are_found() {
    let repository = Repository::of(&[
        ("Cargo.toml", "[workspace]\n"),
        ("a/Cargo.toml", "[package]\n[[bin]]\nname = \"x\"\npath = \"cli/x.rs\"\n"),
        ("a/src/lib.rs", "pub mod b;\n// mod lost;\nmod c { }\nmod d;"),
        ("a/src/b.rs", "mod e;"),
        ("a/src/b/e.rs", ""),
        ("a/src/d/mod.rs", "mod f;"),
        ("a/src/d/f.rs", ""),
        ("a/src/e.rs", ""),
        ("a/src/lost.rs", ""),
        ("a/cli/x.rs", ""),
        ("a/cli/y.rs", ""),
        ("a/tests/main.rs", "mod cases;"),
        ("a/tests/cases/mod.rs", ""),
        ("a/tests/lost/deep.rs", ""),
        ("tests/Cargo.toml", "[package]\n[[test]]\npath = \"system/main.rs\"\n"),
        ("tests/system/main.rs", "mod tidy;"),
        ("tests/system/tidy.rs", ""),
        ("tests/system/lost.rs", ""),
    ]);
    let expected =
        ["a/cli/y.rs", "a/src/e.rs", "a/src/lost.rs", "a/tests/lost/deep.rs", "tests/system/lost.rs"];
    assert_eq!(forgotten(&repository), expected);
}

#[test]
fn further_test_binaries_are_found() {
    let repository = Repository::of(&[
        ("a/Cargo.toml", "[package]\n"),
        ("a/tests/one.rs", ""),
        ("a/tests/two/main.rs", ""),
        ("b/Cargo.toml", "[package]\n[[bin]]\npath = \"src/x.rs\"\n[[test]]\npath = \"all/main.rs\"\n"),
        ("b/all/main.rs", ""),
    ]);
    assert_eq!(many_test_binaries(&repository), ["a/: 2 test binaries"]);
}
