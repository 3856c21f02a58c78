//! `cargo xtask pack-doc`: docs/data.md and docs/authorisation.md, from the schema pack.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use sambung_domain::Pack;
use sambung_domain::pack::doc;

use crate::workspace::root;

/// Writes the documents of the shipped pack. A test of `sambung-domain` fails while it is behind.
pub(crate) fn run(_: &[String]) -> Result<ExitCode> {
    every_text_is_shipped()?;
    let pack = Pack::builtin().context("the schema pack does not hold together")?;
    for (path, text) in
        [("docs/data.md", doc::render(&pack)), ("docs/authorisation.md", doc::render_rights(&pack))]
    {
        std::fs::write(root().join(path), text).with_context(|| format!("{path} cannot be written"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A file of the schema that the pack's list of sources forgets would be edited in vain.
fn every_text_is_shipped() -> Result<()> {
    let schema = root().join("crates/domain/schema");
    let mut found = BTreeSet::new();
    texts_below(&schema, &schema, &mut found)?;
    let shipped: BTreeSet<String> = Pack::builtin_texts().map(str::to_owned).collect();
    let forgotten: Vec<&String> = found.difference(&shipped).collect();
    ensure!(forgotten.is_empty(), "not in the list of crates/domain/src/pack/load.rs: {forgotten:?}");
    Ok(())
}

fn texts_below(schema: &Path, folder: &Path, found: &mut BTreeSet<String>) -> Result<()> {
    for entry in folder.read_dir().with_context(|| format!("{} cannot be listed", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            texts_below(schema, &path, found)?;
        } else {
            let name = path.strip_prefix(schema)?.with_extension("");
            found.insert(name.to_str().context("a file name is no text")?.to_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pack_ships_every_text_of_the_schema() {
        every_text_is_shipped().unwrap();
    }
}
