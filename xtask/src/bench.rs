//! `cargo xtask bench [ID…] [--size N] [--json] [--reuse]`: what a filled node takes, next to plain SQLite.

mod figure;
mod node;
mod report;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::{shell, workspace};
use figure::Figure;

/// Records of the node unless asked otherwise: an office of five kabupaten.
const SIZE: usize = 200_000;

/// What is measured.
const IDS: [&str; 2] = ["P7", "P8"];

/// What was asked for.
struct Asked {
    ids: Vec<String>,
    size: usize,
    json: bool,
    /// Goes on with the node that the last run of this size filled.
    reuse: bool,
}

/// Where one measurement has its binaries and its node.
struct Place {
    binaries: PathBuf,
    folder: PathBuf,
}

pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let asked = read(arguments)?;
    let place = prepare(&asked)?;
    let mut figures = Vec::new();
    let mut notes = Vec::new();
    if !asked.reuse {
        let filled = measured(
            Command::new(place.binary("sambung-bench-node"))
                .arg("fill")
                .arg(&place.folder)
                .arg(asked.size.to_string()),
        )?;
        notes.extend(filled);
    }
    if asked.wants("P7") {
        let node =
            measured(Command::new(place.binary("sambung-bench-node")).arg("measure").arg(&place.folder))?;
        let floor = place.floor()?;
        figures.extend(figure::joined(asked.size, &node, &floor));
        notes.extend(figure::medians(&node, &floor));
    }
    if asked.wants("P8") {
        figures.extend(node::start_and_memory(&place, asked.size)?);
    }
    for figure in &figures {
        println!("{}", if asked.json { figure.json().to_string() } else { figure.line() });
    }
    report::write(&asked, &figures, &notes)?;
    let met = figures.iter().all(Figure::met);
    Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Asked {
    fn wants(&self, id: &str) -> bool {
        self.ids.is_empty() || self.ids.iter().any(|wanted| wanted == id)
    }
}

impl Place {
    fn binary(&self, name: &str) -> PathBuf {
        self.binaries.join(name)
    }

    /// Measures the floor on a fresh copy of the node's rows.
    fn floor(&self) -> Result<Vec<Figure>> {
        for name in ["floor.db", "floor.db-wal", "floor.db-shm"] {
            let path = self.folder.join(name);
            if path.exists() {
                std::fs::remove_file(&path)?;
            }
        }
        let mut command = Command::new(self.binary("sambung-bench-floor"));
        command.arg("measure").arg(self.folder.join("replica.db")).arg(self.folder.join("floor.db"));
        measured(&mut command)
    }
}

fn read(arguments: &[String]) -> Result<Asked> {
    let mut asked = Asked { ids: Vec::new(), size: SIZE, json: false, reuse: false };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--json" => asked.json = true,
            "--reuse" => asked.reuse = true,
            "--size" => asked.size = rest.next().context("--size N")?.parse().context("--size N")?,
            id if IDS.contains(&id) => asked.ids.push(id.to_owned()),
            other => bail!("`{other}` is not measured; there are {}", IDS.join(", ")),
        }
    }
    Ok(asked)
}

fn prepare(asked: &Asked) -> Result<Place> {
    let packages = ["sambung", "sambung-bench-node", "sambung-bench-floor"];
    let mut build = workspace::cargo(&["build", "--locked", "--release"]);
    for package in packages {
        build.args(["--package", package]);
    }
    shell::run(&mut build)?;
    let target = workspace::target_dir();
    let folder = target.join("bench").join(asked.size.to_string());
    if !asked.reuse && folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    Ok(Place { binaries: target.join("release"), folder })
}

/// Runs a program of measurements; gives what it printed.
fn measured(command: &mut Command) -> Result<Vec<Figure>> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8(output.stdout)?;
    text.lines().map(|line| Figure::read(line).with_context(|| format!("no figure: {line}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_ids_and_options() {
        let texts = |arguments: &[&str]| arguments.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let asked = read(&texts(&["P8", "--size", "2000", "--json"])).unwrap();
        assert!(asked.wants("P8") && !asked.wants("P7") && asked.size == 2000 && asked.json && !asked.reuse);
        assert!(read(&[]).unwrap().wants("P7"));
        assert!(read(&texts(&["P99"])).is_err() && read(&texts(&["--size"])).is_err());
    }
}
