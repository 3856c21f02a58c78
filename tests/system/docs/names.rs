//! What documents name exists: tests, codes, limits, commands.

use sambung_sync::form::BadForm;

use super::{document, files, hold, root};

#[test]
fn tests_named_in_documents_exist() {
    let sources = files(".rs");
    // Fields and settings with as many underscores stand in the schema pack.
    let schema = files(".toml");
    let known = |name: &str| {
        let (head, code) = (format!("fn {name}("), format!("\"{name}\""));
        sources.iter().any(|(_, text)| text.contains(&head) || text.contains(&code))
            || schema.iter().any(|(_, text)| text.contains(name))
    };
    let mut missing = Vec::new();
    for (path, text) in files(".md") {
        let names = quoted(&text).filter(|name| is_test_name(name) && !known(name));
        missing.extend(names.map(|name| format!("{path}: {name}")));
    }
    hold("Correct these names of tests, or write the tests:", &missing);
}

#[test]
fn every_code_is_explained() {
    let (protocol, errors) = (document("docs/protocol.md"), document("docs/errors.md"));
    let row = |text: &str, code: &str| text.lines().any(|line| line.starts_with(&format!("| `{code}` |")));
    let forms = BadForm::ALL.iter().map(|bad| bad.code()).filter(|code| !row(&protocol, code));
    let refusals = ["frame_invalid", "nonce_stale", "invite_invalid", "grant_ended", "replica_cloned"];
    let others = ["usage", "not_found", "storage_full", "storage_damaged", "relay_unknown", "unreachable"];
    let codes = refusals.iter().chain(&others).copied().filter(|code| !row(&errors, code));
    let missing: Vec<String> = forms.chain(codes).map(str::to_owned).collect();
    hold("Explain these codes in docs/protocol.md (form_…) or docs/errors.md:", &missing);
}

#[test]
fn every_limit_stands_in_the_table_with_its_value() {
    let limits = document("docs/limits.md");
    let stands = |(name, value): &(&str, u64)| {
        let value = grouped(*value);
        limits.lines().any(|line| line.starts_with(&format!("| `{name}`")) && line.contains(&value))
    };
    let wrong: Vec<String> = values()
        .iter()
        .filter(|limit| !stands(limit))
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    hold("Correct docs/limits.md:", &wrong);
}

#[test]
fn constants_in_the_table_of_limits_exist_where_it_says() {
    let mut wrong = Vec::new();
    for line in document("docs/limits.md").lines() {
        let Some((name, rest)) = line.strip_prefix("| `").and_then(|rest| rest.split_once('`')) else {
            continue;
        };
        let Some(path) = rest.strip_prefix(" ([").and_then(|rest| rest.split("](../").nth(1)) else {
            continue;
        };
        let path = path.split(')').next().unwrap_or_default();
        let source = std::fs::read_to_string(root().join(path)).unwrap_or_default();
        if !source.contains(&format!("const {name}:")) {
            wrong.push(format!("{name} is not in {path}"));
        }
    }
    hold("Correct docs/limits.md:", &wrong);
}

/// A task that documents print is there, unless the line says that it is not yet.
#[test]
fn tasks_in_documents_exist() {
    let tasks = document("xtask/src/main.rs");
    let mut wrong = Vec::new();
    for (path, text) in files(".md") {
        let later = text.split("## Not yet").nth(1).unwrap_or_default();
        for line in text.lines().filter(|line| line.contains("`cargo xtask ")) {
            for rest in line.split("`cargo xtask ").skip(1) {
                let name = rest.split(['`', ' ']).next().unwrap_or_default();
                let is_there = tasks.contains(&format!("name: \"{name}\""));
                let is_later = line.contains("not yet") || later.contains(line);
                if is_there == is_later {
                    wrong.push(format!("{path}: cargo xtask {name}"));
                }
            }
        }
    }
    hold("Say `not yet` on the line of a task that is not there, and only there:", &wrong);
}

/// What stands between backticks on a line.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// A sentence with underscores: constants are in capitals, codes and fields are shorter or stand in the code as
/// texts.
fn is_test_name(word: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    word.matches('_').count() >= 3 && word.bytes().all(plain)
}

fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let first = digits.len() % 3;
    let (head, tail) = digits.split_at(first);
    let groups = tail.as_bytes().chunks(3).map(|group| String::from_utf8_lossy(group).into_owned());
    let head = (!head.is_empty()).then(|| head.to_owned());
    head.into_iter().chain(groups).collect::<Vec<_>>().join(",")
}

fn values() -> Vec<(&'static str, u64)> {
    use sambung_sync::{document, form, gate, limits};
    use sambung_trust::{grant, merkle, nonce};

    let count = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
    vec![
        ("CHANGE_MAX", count(gate::CHANGE_MAX)),
        ("DEPENDENCIES_MAX", count(gate::DEPENDENCIES_MAX)),
        ("OPERATIONS_MAX", gate::OPERATIONS_MAX),
        ("OTHER_ACTORS_MAX", gate::OTHER_ACTORS_MAX),
        ("KEY_MAX", gate::KEY_MAX),
        ("MESSAGE_MAX", count(gate::MESSAGE_MAX)),
        ("COMMAND_MAX", count(form::COMMAND_MAX)),
        ("COUNTER_MAX", gate::COUNTER_MAX),
        ("TIME_MAX", gate::TIME_MAX.unsigned_abs()),
        ("NESTING_MAX", count(document::NESTING_MAX)),
        ("BODY_MAX", count(limits::BODY_MAX)),
        ("FRAME_MAX", count(limits::FRAME_MAX)),
        ("PUSH_CHANGES_MAX", count(limits::PUSH_CHANGES_MAX)),
        ("PUSH_BYTES_MAX", count(limits::PUSH_BYTES_MAX)),
        ("LEAVES_MAX", count(merkle::LEAVES_MAX)),
        ("PULL_BYTES", u64::from(limits::PULL_BYTES)),
        ("PULL_BYTES_MIN", u64::from(limits::PULL_BYTES_MIN)),
        ("PULL_SCAN_MAX", count(limits::PULL_SCAN_MAX)),
        ("SCOPES_MAX", count(limits::SCOPES_MAX)),
        ("LEAVING_MAX", count(limits::LEAVING_MAX)),
        ("NAME_MAX", count(limits::NAME_MAX)),
        ("NONCE_MS", nonce::NONCE_MS.unsigned_abs()),
        ("LEASE_DAYS_VILLAGE", grant::LEASE_DAYS_VILLAGE.unsigned_abs()),
        ("LEASE_DAYS_OFFICE", grant::LEASE_DAYS_OFFICE.unsigned_abs()),
    ]
}

#[test]
fn numbers_are_grouped_and_test_names_told_from_codes() {
    for (value, text) in [(8, "8"), (512, "512"), (4_096, "4,096"), (253_402_300_799, "253,402,300,799")] {
        assert_eq!(grouped(value), text);
    }
    assert!(is_test_name("nesting_is_bounded_here") && !is_test_name("form_start_op"));
    assert!(!is_test_name("LEASE_DAYS_OF_OFFICE") && !is_test_name("a b_c_d_e"));
    assert_eq!(quoted("a `b` c\n`d` `e`").collect::<Vec<_>>(), ["b", "d", "e"]);
}
