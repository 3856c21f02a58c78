//! What a source file may be called, how long it may be, and which words it may hold.

use crate::tidy::code::{code_only, has_word, line_of, positions};
use crate::tidy::{Repository, hold};

const PRODUCTION_LINES: usize = 500;
const TEST_LINES: usize = 800;

/// Names that say nothing about the idea inside.
const EMPTY_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "misc"];

/// Paths of somebody's machine, in two pieces: this file is checked as well.
const MACHINE_PATHS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/")];

/// Words that promise work, in two pieces.
const PROMISES: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME")];

const CODE: &[&str] = &["rs", "ts", "svelte"];

#[test]
fn files_are_short() {
    hold(
        "Split these files by idea (500 lines, tests 800; a generated file says `@generated` at its top):",
        &too_long(&Repository::open()),
    );
}

#[test]
fn file_names_name_an_idea() {
    hold("Name these files after the idea they hold:", &badly_named(&Repository::open()));
}

#[test]
fn no_path_of_a_machine_stands_anywhere() {
    hold("Replace these paths, which exist on one machine only:", &machine_paths(&Repository::open()));
}

#[test]
fn promised_work_has_a_reference() {
    hold(
        "Do it now, or say in brackets where it is described, as in `(docs/adr/0003)`:",
        &promises(&Repository::open()),
    );
}

#[test]
fn unsafe_code_is_explained() {
    hold(
        "Write it safely, or give the package its own lints with a line `# unsafe: why` in its Cargo.toml:",
        &unexplained_unsafe(&Repository::open()),
    );
}

fn too_long(repository: &Repository) -> Vec<String> {
    let sources = CODE.iter().flat_map(|extension| repository.with_extension(extension));
    sources
        .filter(|(_, text)| !text.lines().take(3).any(|line| line.contains("@generated")))
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(path, lines)| *lines > if is_test(path) { TEST_LINES } else { PRODUCTION_LINES })
        .map(|(path, lines)| format!("{path}: {lines} lines"))
        .collect()
}

fn is_test(path: &str) -> bool {
    let mut parts = path.split('/');
    parts.any(|part| matches!(part, "tests" | "benches" | "fuzz" | "tests.rs"))
        || path.contains(".test.")
        || path.contains(".spec.")
}

fn badly_named(repository: &Repository) -> Vec<String> {
    let names = CODE.iter().chain(&["js", "mjs"]).flat_map(|extension| repository.with_extension(extension));
    names
        .map(|(path, _)| path)
        .filter(|path| {
            let path = path.strip_suffix("/mod.rs").unwrap_or(path);
            let name = path.rsplit('/').next().unwrap_or(path);
            EMPTY_NAMES.contains(&name.split('.').next().unwrap_or(name))
        })
        .map(str::to_owned)
        .collect()
}

fn machine_paths(repository: &Repository) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in repository.files() {
        for word in MACHINE_PATHS {
            let starts = |at: usize| {
                !text[..at].ends_with(|before: char| before.is_alphanumeric() || "_-.}".contains(before))
            };
            let places = text.match_indices(word).map(|(at, _)| at).filter(|&at| starts(at));
            found.extend(places.map(|at| format!("{path}:{}", line_of(text, at))));
        }
    }
    found
}

fn promises(repository: &Repository) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in repository.files().filter(|(path, _)| !path.ends_with(".md")) {
        for word in PROMISES {
            let places = positions(text, word).filter(|at| !text[at + word.len()..].starts_with('('));
            found.extend(places.map(|at| format!("{path}:{}", line_of(text, at))));
        }
    }
    found
}

fn unexplained_unsafe(repository: &Repository) -> Vec<String> {
    let explained = |path: &str| {
        let manifest = manifest_of(repository, path);
        manifest.is_some_and(|text| text.lines().any(|line| line.starts_with("# unsafe: ")))
    };
    repository
        .with_extension("rs")
        .filter(|(path, text)| has_word(&code_only(text), "unsafe") && !explained(path))
        .map(|(path, _)| path.to_owned())
        .collect()
}

/// The text of the nearest Cargo.toml at or above a file.
fn manifest_of<'a>(repository: &'a Repository, path: &str) -> Option<&'a str> {
    let mut folder = path;
    while let Some((parent, _)) = folder.rsplit_once('/') {
        let manifest = format!("{parent}/Cargo.toml");
        if repository.has(&manifest) {
            return Some(repository.text(&manifest));
        }
        folder = parent;
    }
    None
}

#[test]
fn long_files_are_found() {
    let lines = |count: usize| "x\n".repeat(count);
    let repository = Repository::of(&[
        ("crates/a/src/long.rs", &lines(501)),
        ("crates/a/src/right.rs", &lines(500)),
        ("crates/a/src/b/tests.rs", &lines(800)),
        ("crates/a/tests/main.rs", &lines(801)),
        ("client/web/src/Page.svelte", &lines(501)),
        ("client/web/src/page.test.ts", &lines(700)),
        ("client/web/src/api.ts", &format!("// @generated\n{}", lines(900))),
        ("docs/long.md", &lines(900)),
    ]);
    let expected = [
        "crates/a/src/long.rs: 501 lines",
        "crates/a/tests/main.rs: 801 lines",
        "client/web/src/Page.svelte: 501 lines",
    ];
    assert_eq!(too_long(&repository), expected);
}

#[test]
fn empty_names_are_found() {
    let paths =
        ["a/src/utils.rs", "a/src/helpers/mod.rs", "a/src/helper/x.rs", "w/util.test.ts", "a/src/utility.rs"];
    let files: Vec<(&str, &str)> = paths.iter().map(|path| (*path, "")).collect();
    assert_eq!(
        badly_named(&Repository::of(&files)),
        ["a/src/helpers/mod.rs", "a/src/utils.rs", "w/util.test.ts"]
    );
}

#[test]
fn machine_paths_are_found() {
    let bad = format!("one\n\"{}x\" and ({}y)", MACHINE_PATHS[0], MACHINE_PATHS[1]);
    let good = format!(
        "https://example.org{}x, api/v1{}, ${{HOME}}{}",
        MACHINE_PATHS[0], MACHINE_PATHS[0], MACHINE_PATHS[1]
    );
    assert_eq!(machine_paths(&Repository::of(&[("a.md", &bad), ("b.sh", &good)])), ["a.md:2", "a.md:2"]);
}

#[test]
fn promises_without_a_reference_are_found() {
    let [first, second] = [PROMISES[0], PROMISES[1]];
    let text = format!("// {first} later\n// {first}(docs/adr/0003): later\n// {second}: x\n// {first}S\n");
    assert_eq!(promises(&Repository::of(&[("a.rs", &text), ("a.md", &text)])), ["a.rs:1", "a.rs:3"]);
}

#[test]
fn unexplained_unsafe_is_found() {
    let repository = Repository::of(&[
        ("a/Cargo.toml", "[package]\n"),
        ("a/src/lib.rs", "#![forbid(unsafe_code)] // unsafe\n"),
        ("a/src/deep/x.rs", "fn f() { unsafe { g() } }"),
        ("b/Cargo.toml", "# unsafe: the browser calls in by name\n[package]\n"),
        ("b/src/lib.rs", "#[unsafe(no_mangle)]\nfn f() {}"),
    ]);
    assert_eq!(unexplained_unsafe(&repository), ["a/src/deep/x.rs"]);
}
