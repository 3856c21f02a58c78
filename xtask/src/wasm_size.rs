//! `cargo xtask wasm-size`: what the domain adds to the module a phone loads, without the region table.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::check_wasm;
use crate::prepare::{self, Purpose};

/// Most bytes it may add, compressed with gzip.
const GOAL: u64 = 300 * 1024;

pub(crate) fn run(_arguments: &[String]) -> Result<ExitCode> {
    prepare::ensure(&[Purpose::Wasm])?;
    let module = check_wasm::build_for_size("sambung-wasm-size")?;
    let packed = Command::new("gzip").args(["-9", "--stdout"]).arg(&module).output().context("gzip")?;
    let (raw, packed) = (std::fs::metadata(&module)?.len(), u64::try_from(packed.stdout.len())?);
    println!("domain in WebAssembly: {raw} bytes, {packed} with gzip -9 (goal {GOAL})");
    Ok(if packed <= GOAL { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
