//! `cargo xtask pack-doc`: writes docs/data.md from the schema pack.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use sambung_domain::Pack;

/// Writes the document of the shipped pack. A test of `sambung-domain` fails while it is behind.
///
/// # Errors
/// Where the pack cannot be read or the file cannot be written.
pub fn run() -> anyhow::Result<()> {
    let pack = Pack::builtin().context("the schema pack does not hold together")?;
    let path = document();
    std::fs::write(&path, sambung_domain::pack::doc::render(&pack))
        .with_context(|| format!("cannot write {}", path.display()))
}

fn document() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/data.md")
}
