//! The Debian packages the build needs: installed when we are root on Debian, named otherwise.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Result, bail};

use crate::{check_wasm, javascript, shell};

/// For the native build: libcrypto under the encrypted SQLite.
const NATIVE: &[&str] = &["libssl-dev"];

/// For C code (zstd, SQLite) compiled to wasm32.
const WASM_C: &[&str] = &["clang-19", "llvm-19"];

/// A compiler with its library sources, where rustup has no wasm32 target installed.
const WASM_RUST: &[&str] = &["lld-19", "rustc-web", "cargo-web", "rust-web-src"];

/// What is to be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The binaries for this machine.
    Native,
    /// `crates/` for wasm32.
    Wasm,
}

/// `cargo xtask prepare`
pub(crate) fn run(_arguments: &[String]) -> Result<ExitCode> {
    ensure(&[Purpose::Native, Purpose::Wasm])?;
    javascript::install()?;
    Ok(ExitCode::SUCCESS)
}

/// Makes sure that the packages for these purposes are installed.
pub(crate) fn ensure(purposes: &[Purpose]) -> Result<()> {
    let packages: Vec<&str> = purposes.iter().flat_map(|&purpose| needed(purpose)).collect();
    if !is_debian() {
        eprintln!("not Debian: the build needs what these packages hold: {}", packages.join(" "));
        return Ok(());
    }
    let missing: Vec<&str> = packages.into_iter().filter(|package| !is_installed(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if shell::output("id", &["-u"]).as_deref() != Some("0") {
        bail!("as root, install what is missing: apt-get install {}", missing.join(" "));
    }
    shell::run(apt_get().arg("update"))?;
    shell::run(apt_get().args(["install", "--yes", "--no-install-recommends"]).args(missing))
}

fn needed(purpose: Purpose) -> Vec<&'static str> {
    match purpose {
        Purpose::Native => NATIVE.to_vec(),
        Purpose::Wasm if check_wasm::rustup_has_the_target() => WASM_C.to_vec(),
        Purpose::Wasm => [WASM_C, WASM_RUST].concat(),
    }
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").arg("--quiet");
    command
}

fn is_debian() -> bool {
    let release = std::fs::read_to_string(Path::new("/etc/os-release")).unwrap_or_default();
    release.lines().any(|line| line == "ID=debian")
}

fn is_installed(package: &str) -> bool {
    shell::output("dpkg-query", &["--show", "--showformat=${db:Status-Status}", package]).as_deref()
        == Some("installed")
}
