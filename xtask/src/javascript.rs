//! JavaScript packages that tests and measurements run against, pinned by their lockfiles.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::{shell, workspace};

/// Where the tests' JavaScript lies.
const FOLDER: &str = "tests/interop";

/// Installs what the interop tests need.
pub(crate) fn install() -> Result<()> {
    install_in(FOLDER)
}

/// Installs what the lockfile of a folder names, unless exactly that is installed.
pub(crate) fn install_in(folder: &str) -> Result<()> {
    let folder = workspace::root().join(folder);
    if is_installed(&folder) {
        return Ok(());
    }
    if shell::first_of(&["npm"]).is_none() || shell::first_of(&["node"]).is_none() {
        bail!("install Node and npm (Debian: apt-get install nodejs npm)");
    }
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    shell::run(Command::new("npm").args(arguments).current_dir(&folder))?;
    std::fs::copy(folder.join("package-lock.json"), mark(&folder))?;
    Ok(())
}

/// npm keeps no copy of the lockfile as it was given; this one says what `node_modules` was made from.
fn mark(folder: &Path) -> std::path::PathBuf {
    folder.join("node_modules").join(".made-from")
}

fn is_installed(folder: &Path) -> bool {
    let made_from = std::fs::read(mark(folder));
    made_from.is_ok_and(|made| std::fs::read(folder.join("package-lock.json")).is_ok_and(|lock| lock == made))
}
