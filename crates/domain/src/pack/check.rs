//! What must hold of a pack as a whole.

mod field;
mod form;
mod text;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::{CARD_STATES, CodeList, FieldType, IdRule, Kind, Pack, PackError};
use crate::Access;

/// Checks every part of a pack.
pub(super) fn pack(pack: &Pack) -> Result<(), PackError> {
    let fail = |folder: &str, name: &str, why: String| PackError {
        source_name: if name.is_empty() { folder.to_owned() } else { format!("{folder}/{name}") },
        why,
    };
    for (name, list) in &pack.codes {
        check_codes(name, list).map_err(|why| fail("codes", name, why))?;
        check_cards(pack, list).map_err(|why| fail("codes", name, why))?;
    }
    for kind in pack.kinds.values() {
        check_kind(pack, kind).map_err(|why| fail("kinds", &kind.name, why))?;
    }
    for (name, form) in &pack.forms {
        form::check(pack, form).map_err(|why| fail("forms", name, why))?;
    }
    for (name, map) in &pack.imports {
        text::name(name)
            .and_then(|()| text::both(&map.label, "a label"))
            .and_then(|()| super::import::check(pack, map))
            .map_err(|why| fail("imports", name, why))?;
    }
    for (name, setting) in &pack.settings {
        text::name(name)
            .and_then(|()| text::both(&setting.label, "a label"))
            .and_then(|()| text::source(&setting.source))
            .map_err(|why| fail("settings", "", format!("`{name}` {why}")))?;
    }
    for (name, message) in &pack.messages {
        text::both(message, "a text")
            .and_then(|()| text::same_places(message))
            .map_err(|why| fail("messages", "", format!("`{name}` {why}")))?;
    }
    Ok(())
}

fn check_codes(name: &str, list: &CodeList) -> Result<(), String> {
    text::name(name).map_err(|why| format!("the list {why}"))?;
    text::source(&list.source)?;
    let mut seen = BTreeSet::new();
    for code in &list.codes {
        let well_formed = (1..=64).contains(&code.code.len())
            && code.code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        if !well_formed {
            return Err(format!("code `{}` is not capital letters, digits and _", code.code));
        }
        text::both(&code.label, "a label").map_err(|why| format!("code `{}` {why}", code.code))?;
        if !seen.insert(code.code.as_str()) {
            return Err(format!("code `{}` stands twice", code.code));
        }
    }
    Ok(())
}

/// A list whose codes show on status cards says so for every one of them.
fn check_cards(pack: &Pack, list: &CodeList) -> Result<(), String> {
    if list.codes.iter().all(|code| code.card.is_none()) {
        return Ok(());
    }
    let states = pack.codes.get(CARD_STATES);
    let known = |state: &String| states.is_some_and(|states| states.has(state));
    match list.codes.iter().find(|code| !code.card.as_ref().is_some_and(known)) {
        Some(code) => Err(format!("code `{}` shows on status cards as none of `{CARD_STATES}`", code.code)),
        None => Ok(()),
    }
}

fn check_kind(pack: &Pack, kind: &Kind) -> Result<(), String> {
    text::name(&kind.name)?;
    text::both(&kind.label, "a label")?;
    text::both(&kind.about, "an explanation")?;
    check_relations(pack, kind)?;
    if kind.reach.is_empty() {
        return Err("is reached through no set".to_owned());
    }
    let mut seen = BTreeSet::new();
    for field in &kind.fields {
        if !seen.insert(field.key.as_str()) {
            return Err(format!("field `{}` stands twice", field.key));
        }
        field::check(pack, kind, field).map_err(|why| format!("field `{}` {why}", field.key))?;
    }
    kind.order.iter().try_for_each(|pair| check_order(kind, pair))
}

/// The kinds and fields a kind speaks of exist.
fn check_relations(pack: &Pack, kind: &Kind) -> Result<(), String> {
    let sibling = match &kind.id {
        IdRule::Sibling(of) => Some(of),
        IdRule::Keys(keys) => {
            if let Some(key) = keys.iter().find(|key| kind.field(key).is_none()) {
                return Err(format!("derives its id from the unknown field `{key}`"));
            }
            None
        }
        IdRule::Random | IdRule::SealedItem | IdRule::Card => None,
    };
    for other in [sibling, kind.follows.as_ref(), kind.parent.as_ref()].into_iter().flatten() {
        let Some(other) = pack.kind(other) else {
            return Err(format!("speaks of the unknown kind `{other}`"));
        };
        if sibling == Some(&other.name) && other.access > kind.access {
            return Err(format!(
                "is {} and part of `{}`, which is {}",
                kind.access, other.name, other.access
            ));
        }
    }
    if kind.access == Access::Open && !kind.reference {
        return Err("is open, which only reference data are".to_owned());
    }
    Ok(())
}

fn check_order(kind: &Kind, [first, second]: &[String; 2]) -> Result<(), String> {
    let dated = |key: &String| {
        kind.field(key).is_some_and(|field| matches!(field.kind, FieldType::Date | FieldType::DateTime))
    };
    match [first, second].into_iter().find(|key| !dated(key)) {
        Some(key) => Err(format!("orders `{key}`, which is no date of it")),
        None => Ok(()),
    }
}
