//! The shapes that `--json` prints, with everything that differs from run to run replaced by its kind.

use serde_json::Value;

use crate::harness::Deployment;

/// Replaces ids, hashes and times by what they are; sizes by their existence.
pub(super) fn redacted(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::from(kind_of(text)),
        Value::Array(items) => items.iter().map(redacted).collect(),
        Value::Object(entries) => {
            let entry = |(key, value): (&String, &Value)| {
                let sized = key.starts_with("bytes_") || key.ends_with("_s");
                (key.clone(), if sized && value.is_u64() { Value::from("[number]") } else { redacted(value) })
            };
            entries.iter().map(entry).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn kind_of(text: &str) -> &str {
    let all = |allowed: fn(char) -> bool| text.chars().all(allowed);
    match text.len() {
        64 if all(|c| c.is_ascii_hexdigit()) => "[hash]",
        26 if all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()) => "[id]",
        _ if text.starts_with("20") && text.ends_with('Z') && text.contains('T') => "[time]",
        _ => text,
    }
}

#[test]
fn printed_json_keeps_its_shape() {
    let deployment = Deployment::start();
    let office = deployment.office("Kraksaan", "front_office", "35.13,35.08");
    let other = deployment.office("Lumajang", "front_office", "35.13,35.08");
    let id = office.create(&[("nama_lengkap", "Siti Uji 001"), ("boleh_diketahui_desa", "ya")]);
    insta::assert_json_snapshot!("status_waiting", redacted(&office.status()));
    insta::assert_json_snapshot!("show_here", redacted(&office.show(&id)));
    insta::assert_json_snapshot!("sync_pushed", redacted(&office.sync()));
    insta::assert_json_snapshot!("sync_pulled", redacted(&other.sync()));
    for (office, dusun) in [(&office, "Krajan"), (&other, "Tengah")] {
        office.edit(&id, &[("dusun", dusun)]);
        office.sync();
    }
    office.sync();
    insta::assert_json_snapshot!("show_conflict", conflicts_sorted(redacted(&office.show(&id))));
    insta::assert_json_snapshot!("status_conflict", redacted(&office.status()));
}

/// Which of two concurrent values comes first hangs on the actors' random names.
fn conflicts_sorted(mut shown: Value) -> Value {
    let values = shown["conflicts"]["dusun"].as_array_mut().unwrap();
    values.sort_by_key(|value| value["value"].to_string());
    shown["fields"]["dusun"] = Value::from("[either]");
    for value in shown["conflicts"]["dusun"].as_array_mut().unwrap() {
        value["device"] = Value::from("[fingerprint]");
    }
    shown
}
