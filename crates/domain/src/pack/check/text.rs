//! Names, sources and texts in two languages.

use std::collections::BTreeSet;

use crate::pack::Bilingual;

/// Whether a name is lower-case letters, digits and `_`, 1 to 64 of them.
pub(super) fn name(name: &str) -> Result<(), String> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if (1..=64).contains(&name.len()) && name.bytes().all(plain) {
        Ok(())
    } else {
        Err("has a name that is not lower-case letters, digits and _".to_owned())
    }
}

/// Whether both languages say something.
pub(super) fn both(text: &Bilingual, what: &str) -> Result<(), String> {
    if text.id.trim().is_empty() || text.en.trim().is_empty() {
        Err(format!("lacks {what} in one of the two languages"))
    } else {
        Ok(())
    }
}

/// Whether a source is named.
pub(super) fn source(source: &str) -> Result<(), String> {
    if source.trim().is_empty() { Err("names no source".to_owned()) } else { Ok(()) }
}

/// Whether both languages leave the same places to fill in.
pub(super) fn same_places(text: &Bilingual) -> Result<(), String> {
    if places(&text.id) == places(&text.en) {
        Ok(())
    } else {
        Err("leaves other places to fill in the two languages".to_owned())
    }
}

fn places(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name)).collect()
}
