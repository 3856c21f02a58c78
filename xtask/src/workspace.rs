//! Where things are, and the cargo that builds them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// Where cargo puts what it builds.
pub(crate) fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// The cargo that runs this program, at the repository's root, with the given arguments.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(arguments);
    command
}

/// The packages of `crates/` that products are made of: all but `testkit`, sorted.
pub(crate) fn product_crates() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in root().join("crates").read_dir().context("crates/ cannot be listed")? {
        let manifest = entry?.path().join("Cargo.toml");
        if !manifest.is_file() {
            continue;
        }
        let text = std::fs::read_to_string(&manifest)?;
        let name = package_name(&text).with_context(|| format!("{} names no package", manifest.display()))?;
        names.push(name.to_owned());
    }
    names.retain(|name| name != "sambung-testkit");
    names.sort();
    Ok(names)
}

/// The package's name in the text of a manifest.
fn package_name(manifest: &str) -> Option<&str> {
    let (_, package) = manifest.split_once("[package]")?;
    let line = package.lines().find(|line| line.starts_with("name"))?;
    line.split('"').nth(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crates_are_found_without_the_testkit() {
        let names = product_crates().unwrap();
        for name in ["sambung-domain", "sambung-sync", "sambung-trust", "sambung-replica", "sambung-api"] {
            assert!(names.iter().any(|found| found == name), "{name} is missing in {names:?}");
        }
        assert!(!names.iter().any(|name| name.contains("testkit")), "{names:?}");
    }

    #[test]
    fn a_manifest_without_a_package_has_no_name() {
        assert_eq!(package_name("[package]\nname = \"a\"\n"), Some("a"));
        assert_eq!(package_name("[workspace]\nname = \"a\"\n"), None);
    }
}
