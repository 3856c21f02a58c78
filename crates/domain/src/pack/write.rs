//! Writing a pack as TOML texts.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Pack, PackError, roles};

#[derive(Serialize)]
struct PackText {
    version: u32,
    roles: BTreeMap<String, roles::RoleSource>,
}

impl Pack {
    /// The pack as named TOML texts that [`Pack::read`] reads back to an equal pack. Only the digest, which is
    /// that of the texts, differs from a pack whose texts were written by hand.
    ///
    /// # Errors
    /// [`PackError`] where an entry has no form in TOML; no pack that was read has one.
    pub fn to_texts(&self) -> Result<Vec<(String, String)>, PackError> {
        let mut texts = vec![
            text("pack", &PackText { version: self.version, roles: roles::write(self) })?,
            text("messages", &self.messages)?,
            text("settings", &self.settings)?,
            text("codes/all", &self.codes)?,
        ];
        for (name, kind) in &self.kinds {
            texts.push(text(&format!("kinds/{name}"), kind)?);
        }
        for (name, form) in &self.forms {
            texts.push(text(&format!("forms/{name}"), form)?);
        }
        for (name, map) in &self.imports {
            texts.push(text(&format!("imports/{name}"), map)?);
        }
        Ok(texts)
    }
}

fn text<T: Serialize>(name: &str, entry: &T) -> Result<(String, String), PackError> {
    toml::to_string(entry)
        .map(|text| (name.to_owned(), text))
        .map_err(|error| PackError { source_name: name.to_owned(), why: error.to_string() })
}
