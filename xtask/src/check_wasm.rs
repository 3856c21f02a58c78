//! Builds `crates/` for wasm32: the browser runs the same core.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Result, bail};

use crate::{prepare, shell, workspace};

const TARGET: &str = "wasm32-unknown-unknown";

/// Where Debian's `rustc-web`, `cargo-web` and `rust-web-src` put things.
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_LIBRARY: &str = "/usr/lib/rustlib/src/rust/library/Cargo.lock";

/// What a surrounding rustup and cargo leave in the environment that would mislead another toolchain.
const MISLEADING: &[&str] = &[
    "CARGO",
    "CARGO_ENCODED_RUSTFLAGS",
    "LD_LIBRARY_PATH",
    "RUSTC",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTDOC",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
];

/// `cargo xtask check-wasm`
pub(crate) fn run(_arguments: &[String]) -> Result<ExitCode> {
    prepare::ensure(&[prepare::Purpose::Wasm])?;
    check()?;
    Ok(ExitCode::SUCCESS)
}

/// Builds every product crate for wasm32 and says with what.
pub(crate) fn check() -> Result<()> {
    let mut command = toolchain()?;
    for name in workspace::product_crates()? {
        command.args(["--package", &name]);
    }
    c_compiler(&mut command)?;
    shell::run(&mut command)
}

/// Builds a program for size, stripped; gives the module's path.
pub(crate) fn build_for_size(package: &str) -> Result<PathBuf> {
    let mut command = toolchain()?;
    command.args(["--release", "--package", package]);
    for setting in ["opt-level=\"s\"", "lto=true", "codegen-units=1", "strip=true"] {
        command.args(["--config", &format!("profile.release.{setting}")]);
    }
    c_compiler(&mut command)?;
    shell::run(&mut command)?;
    let target = if rustup_has_the_target() {
        workspace::target_dir()
    } else {
        workspace::target_dir().join("wasm-debian")
    };
    Ok(target.join(TARGET).join("release").join(format!("{package}.wasm")))
}

/// Whether the toolchain that runs us has the target's standard library.
pub(crate) fn rustup_has_the_target() -> bool {
    shell::output("rustc", &["--print", "sysroot"])
        .is_some_and(|sysroot| Path::new(&sysroot).join("lib/rustlib").join(TARGET).join("lib").is_dir())
}

/// The build command without its packages.
fn toolchain() -> Result<Command> {
    if rustup_has_the_target() {
        eprintln!("check-wasm: with this toolchain's own {TARGET} target");
        return Ok(workspace::cargo(&["build", "--locked", "--target", TARGET]));
    }
    if [DEBIAN_CARGO, DEBIAN_RUSTC, DEBIAN_LIBRARY].iter().all(|file| Path::new(file).is_file()) {
        eprintln!("check-wasm: with Debian's rustc-web, which builds its standard library first");
        return Ok(debian());
    }
    bail!(
        "no compiler for {TARGET}: run `rustup target add {TARGET}` or install Debian's rustc-web, cargo-web and rust-web-src"
    )
}

/// Debian ships the compiler and the library's sources but no built library for the target. Its artefacts
/// are another compiler's, hence the target directory of their own.
fn debian() -> Command {
    let mut command = Command::new(DEBIAN_CARGO);
    for name in MISLEADING {
        command.env_remove(name);
    }
    command
        .current_dir(workspace::root())
        .env("RUSTC", DEBIAN_RUSTC)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_DIR", workspace::target_dir().join("wasm-debian"))
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld-19")
        .args(["build", "--locked", "--target", TARGET, "-Zbuild-std=std,panic_abort"]);
    command
}

/// zstd and SQLite are C and bring the few functions of a C library they need; what they lack is a compiler
/// that knows the target, which the system's usual one does not.
fn c_compiler(command: &mut Command) -> Result<()> {
    let choices: [(&str, &[&'static str]); 2] = [
        ("CC_wasm32_unknown_unknown", &["clang-19", "clang"]),
        ("AR_wasm32_unknown_unknown", &["llvm-ar-19", "llvm-ar"]),
    ];
    for (variable, programs) in choices {
        if std::env::var_os(variable).is_some() {
            continue;
        }
        match shell::first_of(programs) {
            Some(program) => command.env(variable, program),
            None => bail!("C code for {TARGET} needs {}", programs.join(" or ")),
        };
    }
    Ok(())
}
