//! What must hold of a field and its parts.

use std::collections::BTreeSet;

use super::text;
use crate::Access;
use crate::pack::{COUNTRY_LIST, Field, FieldType, Kind, Merge, Pack, PersonalData, RESERVED_KEYS};

/// Greatest number of characters a field may allow: a change is at most 64 KiB.
const MAX_LIMIT: u16 = 60_000;

/// Checks a field of a kind.
pub(super) fn check(pack: &Pack, kind: &Kind, field: &Field) -> Result<(), String> {
    if RESERVED_KEYS.contains(&field.key.as_str()) {
        return Err("has the name of a root key".to_owned());
    }
    check_one(pack, kind, field)?;
    let mut seen = BTreeSet::new();
    for part in &field.parts {
        if !seen.insert(part.key.as_str()) {
            return Err(format!("has the part `{}` twice", part.key));
        }
        check_part(pack, kind, field, part).map_err(|why| format!("has a part `{}` that {why}", part.key))?;
    }
    if field.kind.has_parts() == field.parts.is_empty() {
        return Err("must have parts if and only if its type has them".to_owned());
    }
    Ok(())
}

/// A part is one value: no map, and in a block no second block.
fn check_part(pack: &Pack, kind: &Kind, field: &Field, part: &Field) -> Result<(), String> {
    if part.kind.is_map() || (field.kind.is_register_of_parts() && part.kind.is_register_of_parts()) {
        return Err(format!("cannot be {} inside {}", part.kind.name(), field.kind.name()));
    }
    check_one(pack, kind, part)?;
    for inner in &part.parts {
        check_part(pack, kind, part, inner).map_err(|why| format!("has `{}` that {why}", inner.key))?;
    }
    if part.kind.has_parts() == part.parts.is_empty() {
        return Err("must have parts if and only if its type has them".to_owned());
    }
    Ok(())
}

/// What holds of fields and parts alike.
fn check_one(pack: &Pack, kind: &Kind, field: &Field) -> Result<(), String> {
    text::name(&field.key)?;
    text::both(&field.label, "a label")?;
    if let Some(help) = &field.help {
        text::both(help, "help")?;
    }
    if field.sensitivity > kind.access {
        return Err(format!("is {} in a kind that is {}", field.sensitivity, kind.access));
    }
    if field.personal == PersonalData::Specific && field.sensitivity == Access::Open {
        return Err("is specific personal data that everybody may read".to_owned());
    }
    if field.merge.suits(field.kind) {
        check_type(pack, field)
    } else if field.kind == FieldType::Set || field.merge == Merge::Union {
        Err("must merge by union if and only if it is a set or items".to_owned())
    } else {
        Err("merges in a way its type cannot".to_owned())
    }
}

/// Lists, targets and limits stand where the type uses them, and exist.
fn check_type(pack: &Pack, field: &Field) -> Result<(), String> {
    let draws = matches!(field.kind, FieldType::Code | FieldType::Set | FieldType::Stage);
    let set_of = if field.kind == FieldType::Set { field.of } else { None };
    match (&field.codes, &field.target) {
        (Some(list), _) if !pack.codes.contains_key(list) => {
            return Err(format!("draws on the unknown list `{list}`"));
        }
        (Some(_), _) if !draws => return Err("draws on a list that its type does not use".to_owned()),
        (None, _) if matches!(field.kind, FieldType::Code | FieldType::Stage) => {
            return Err(format!("is a {} without a list", field.kind.name()));
        }
        (_, Some(target)) if pack.kind(target).is_none() => {
            return Err(format!("names records of the unknown kind `{target}`"));
        }
        (_, target) if target.is_some() != field.names_records() => {
            return Err("must say which kind of record it names, and only then".to_owned());
        }
        _ => {}
    }
    if field.number.is_some() && !(field.kind == FieldType::Text || (set_of.is_none() && is_plain_set(field)))
    {
        return Err("is a number although it is no text".to_owned());
    }
    if field.of.is_some() && (field.kind != FieldType::Set || field.codes.is_some()) {
        return Err("has entries of a type although it is no plain set".to_owned());
    }
    if set_of.is_some_and(|of| !of.is_text() || matches!(of, FieldType::Code | FieldType::Sealed)) {
        return Err("has entries of a type that is not one text".to_owned());
    }
    let countries = [Some(field.kind), set_of].contains(&Some(FieldType::Country));
    if countries && !pack.codes.contains_key(COUNTRY_LIST) {
        return Err(format!("is a country, and there is no list `{COUNTRY_LIST}`"));
    }
    check_limits(field)
}

fn is_plain_set(field: &Field) -> bool {
    field.kind == FieldType::Set && field.codes.is_none()
}

fn check_limits(field: &Field) -> Result<(), String> {
    if field.max.is_some_and(|max| max == 0 || max > MAX_LIMIT) {
        return Err(format!("allows no length from 1 to {MAX_LIMIT}"));
    }
    match field.range {
        Some(_) if field.kind != FieldType::Int => Err("has a range although it is no int".to_owned()),
        Some([low, high]) if low > high => Err("has a range without numbers".to_owned()),
        _ => Ok(()),
    }
}
