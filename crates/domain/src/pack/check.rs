//! What must hold of a pack as a whole.

use std::collections::BTreeSet;

use super::{Field, FieldType, Kind, Merge, Pack, PackError, RESERVED_KEYS};

/// Checks every kind of a pack.
pub(super) fn pack(pack: &Pack) -> Result<(), PackError> {
    for kind in pack.kinds.values() {
        check_kind(pack, kind)
            .map_err(|why| PackError { source_name: format!("kinds/{}", kind.name), why })?;
    }
    Ok(())
}

fn check_kind(pack: &Pack, kind: &Kind) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for field in &kind.fields {
        if !seen.insert(field.key.as_str()) {
            return Err(format!("field `{}` stands twice", field.key));
        }
        check_field(pack, kind, field).map_err(|why| format!("field `{}` {why}", field.key))?;
    }
    Ok(())
}

fn check_field(pack: &Pack, kind: &Kind, field: &Field) -> Result<(), String> {
    if RESERVED_KEYS.contains(&field.key.as_str()) {
        return Err("has the name of a root key".to_owned());
    }
    if !field.key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
        return Err("has a key that is not lower-case letters, digits and _".to_owned());
    }
    if field.sensitivity > kind.access {
        return Err(format!("is {} in a kind that is {}", field.sensitivity, kind.access));
    }
    if field.label.id.trim().is_empty() || field.label.en.trim().is_empty() {
        return Err("lacks a label in one of the two languages".to_owned());
    }
    match (&field.codes, field.kind) {
        (Some(list), _) if !pack.codes.contains_key(list) => {
            Err(format!("draws on the unknown list `{list}`"))
        }
        (None, FieldType::Code) => Err("is a code without a list".to_owned()),
        _ if (field.merge == Merge::Union) != field.kind.is_map() && field.merge != Merge::Derived => {
            Err("must merge by union if and only if it is a set".to_owned())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::Pack;

    fn read_with(field: &str) -> Result<Pack, String> {
        let pack = "version = 1\n[roles]\n";
        let codes =
            "[sex]\nsource = \"test\"\ncodes = [{ code = \"L\", label = { id = \"a\", en = \"b\" } }]\n";
        let kind = format!(
            "name = \"thing\"\naccess = \"ordinary\"\ncolumn = \"person\"\nid = \"random\"\n\
             label = {{ id = \"Benda\", en = \"Thing\" }}\n[[field]]\n{field}"
        );
        Pack::read(&[("pack", pack), ("codes/test", codes), ("kinds/thing", &kind)])
            .map_err(|e| e.to_string())
    }

    const GOOD: &str = "key = \"a\"\ntype = \"text\"\nlabel = { id = \"A\", en = \"A\" }\n\
                        merge = \"register\"\nharm = \"other\"\nsensitivity = \"ordinary\"\n";

    #[test]
    fn a_sound_field_is_accepted() {
        assert!(read_with(GOOD).is_ok());
    }

    #[test]
    fn each_broken_rule_is_named() {
        let cases = [
            (GOOD.replace("\"ordinary\"", "\"restricted\""), "is restricted in a kind that is ordinary"),
            (GOOD.replace("key = \"a\"", "key = \"area\""), "has the name of a root key"),
            (GOOD.replace("key = \"a\"", "key = \"A b\""), "lower-case letters"),
            (GOOD.replace("\"text\"", "\"code\""), "is a code without a list"),
            (format!("{GOOD}codes = \"none\"\n"), "draws on the unknown list `none`"),
            (GOOD.replace("\"register\"", "\"union\""), "must merge by union"),
            (GOOD.replace("en = \"A\"", "en = \" \""), "lacks a label"),
            (format!("{GOOD}[[field]]\n{GOOD}"), "stands twice"),
            (format!("{GOOD}colour = \"red\"\n"), "unknown field"),
        ];
        for (source, expected) in cases {
            let error = read_with(&source).unwrap_err();
            assert!(error.contains(expected), "{error} does not say {expected}");
            assert!(error.contains("kinds/thing"), "{error}");
        }
    }
}
