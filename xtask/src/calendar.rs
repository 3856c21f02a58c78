//! `cargo xtask calendar`: the calendar of `domain`, from the PyPI package `holidays`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use sambung_domain::calendar::Calendar;

use crate::pypi::{self, Wheel};

const HOLIDAYS: Wheel = Wheel {
    name: "holidays",
    version: "0.109",
    sha256: "7d39c910167116d41fa6aae18d5e72b4541700cdd37743d799c83db3419201b0",
};
/// What `holidays` imports.
const NEEDED: [Wheel; 2] = [
    Wheel {
        name: "python-dateutil",
        version: "2.9.0.post0",
        sha256: "a8b2bc7bffae282281c8140a97d3aa9c14da0b136dfe83f850eea9a5f7470427",
    },
    Wheel {
        name: "six",
        version: "1.17.0",
        sha256: "4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274",
    },
];
const FIRST_YEAR: u16 = 2024;
const LAST_YEAR: u16 = 2027;

/// Prints a line a day: date, kind and name, divided by tabs.
const SCRIPT: &str = "
import holidays, sys
years = range(int(sys.argv[1]), int(sys.argv[2]) + 1)
for category, kind in (('public', 'holiday'), ('government', 'joint_leave')):
    for day, name in holidays.Indonesia(years=years, categories=category, language='id').items():
        print(day.isoformat(), kind, name, sep='\\t')
";
/// How the package marks days that are computed, not decreed.
const ESTIMATED: &str = " (perkiraan)";

/// Fetches the package and writes `calendar.toml`. The only argument, a file, stands for
/// `crates/domain/data/calendar.toml`. Days entered by hand are overwritten: look at the difference.
#[expect(clippy::print_stdout, reason = "the command's report")]
pub(crate) fn run(args: &[String]) -> Result<ExitCode> {
    let file = args.first().map_or_else(default_file, PathBuf::from);
    let scratch = tempfile::tempdir()?;
    let [dateutil, six] = NEEDED;
    pypi::unpack(&[HOLIDAYS, dateutil, six], scratch.path())?;
    let text = render(&list_days(&scratch.path().join("packages"))?)?;
    let calendar = Calendar::read(&text)?;
    std::fs::write(&file, &text).with_context(|| format!("writing {}", file.display()))?;
    println!("{}: {} days, {} bytes", file.display(), calendar.days_off().count(), text.len());
    Ok(ExitCode::SUCCESS)
}

fn default_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/domain/data/calendar.toml")
}

/// The package's days as lines of `date TAB kind TAB name`, sorted.
fn list_days(packages: &Path) -> Result<Vec<String>> {
    let output = Command::new("python3")
        .args(["-c", SCRIPT, &FIRST_YEAR.to_string(), &LAST_YEAR.to_string()])
        .env("PYTHONPATH", packages)
        .output()
        .context("running python3")?;
    if !output.status.success() {
        bail!("the package holidays failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let mut lines: Vec<String> = String::from_utf8(output.stdout)?.lines().map(str::to_owned).collect();
    lines.sort();
    Ok(lines)
}

fn render(lines: &[String]) -> Result<String> {
    let mut text = format!(
        "# Public holidays and joint leave of Indonesia, {FIRST_YEAR} to {LAST_YEAR}. Made by `cargo xtask calendar` from the\n\
         # Python package holidays {} (PyPI, MIT; see CALENDAR-LICENSE.txt). May be edited: the joint decree (SKB) of\n\
         # three ministers changes days during the year. `estimated` marks days that are computed, not yet decreed.\n\
         source = \"PyPI holidays {}\"\nfirst_year = {FIRST_YEAR}\nlast_year = {LAST_YEAR}\n\
         # Perpres 21/2023 Ps 3: offices work Monday to Friday; Ps 7 lets units that serve the public differ.\n\
         weekend = [\"saturday\", \"sunday\"]\n\ndays = [\n",
        HOLIDAYS.version, HOLIDAYS.version
    );
    for line in lines {
        let mut parts = line.split('\t');
        let (Some(date), Some(kind), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
            bail!("the package printed `{line}`");
        };
        ensure!(!name.contains(['"', '\\']), "`{name}` cannot stand in TOML as it is");
        let estimated = if name.ends_with(ESTIMATED) { ", estimated = true" } else { "" };
        let name = name.trim_end_matches(ESTIMATED);
        writeln!(text, "  {{ date = \"{date}\", kind = \"{kind}\", name = \"{name}\"{estimated} }},")?;
    }
    text.push_str("]\n");
    Ok(text)
}
