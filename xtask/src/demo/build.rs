//! The binaries the demo plays with.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::{shell, workspace};

/// Where the binaries of one demo lie.
#[derive(Debug)]
pub(super) struct Binaries {
    pub(super) node: PathBuf,
    pub(super) relay: PathBuf,
}

/// Builds both binaries with the profile `ci` and puts them aside, so that a build with sabotage never stands
/// where the real one is looked for.
pub(super) fn binaries(sabotage: bool) -> Result<Binaries> {
    let mut command = workspace::cargo(&["build", "--locked", "--profile", "ci"]);
    command.args(["--package", "sambung", "--package", "sambung-relay"]);
    if sabotage {
        command.args(["--features", "sambung/sabotage,sambung-relay/sabotage"]);
    }
    shell::run(&mut command)?;
    let aside = workspace::target_dir().join(if sabotage { "demo-sabotage" } else { "demo" });
    std::fs::create_dir_all(&aside)?;
    let copied = |name: &str| -> Result<PathBuf> {
        let (from, to) = (workspace::target_dir().join("ci").join(name), aside.join(name));
        // Under a new name first: a binary that still runs cannot be written over.
        let fresh = aside.join(format!("{name}.new"));
        std::fs::copy(&from, &fresh).with_context(|| format!("{} was not built", from.display()))?;
        std::fs::rename(&fresh, &to)?;
        Ok(to)
    };
    Ok(Binaries { node: copied("sambung")?, relay: copied("sambung-relay")? })
}
