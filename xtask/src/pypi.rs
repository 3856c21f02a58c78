//! Python packages that data is made from, pinned by version and hash.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// A wheel: name, version and the SHA-256 of its file.
pub(crate) struct Wheel {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) sha256: &'static str,
}

/// Unpacks wheels into a directory, fetched with pip, which checks their hashes. Nothing of them is run.
pub(crate) fn unpack(wheels: &[Wheel], into: &Path) -> Result<()> {
    let lines: Vec<String> = wheels
        .iter()
        .map(|wheel| format!("{}=={} --hash=sha256:{}\n", wheel.name, wheel.version, wheel.sha256))
        .collect();
    let requirements = into.join("requirements.txt");
    std::fs::create_dir_all(into).with_context(|| format!("creating {}", into.display()))?;
    std::fs::write(&requirements, lines.concat())?;
    let status = Command::new("python3")
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"])
        .args(["--only-binary", ":all:", "--require-hashes", "--upgrade", "--target"])
        .arg(into.join("packages"))
        .arg("--requirement")
        .arg(&requirements)
        .env("PIP_ROOT_USER_ACTION", "ignore")
        .status()
        .context("running python3 -m pip; is pip installed?")?;
    if !status.success() {
        bail!("pip could not fetch {}", lines.concat().trim_end());
    }
    Ok(())
}
