//! `cargo xtask bench [ID…] [--size N] [--json] [--reuse]`: what work takes, each figure next to its floor and to what
//! others take for the same, in the same run.

mod figure;
mod full_node;
mod line;
mod morning;
mod peers;
mod plot;
mod process;
mod report;
mod stage;
mod sync;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::{shell, workspace};
use figure::Figure;
use peers::Peers;

/// Records of a full node unless asked otherwise: an office of five kabupaten.
const FULL: usize = 200_000;

/// Records of first syncs unless asked otherwise; the last is the goal's, the others are the peers' or show growth.
const SYNCS: [usize; 4] = [1_000, 2_000, 10_000, 20_000];

/// Records of a relay that many push to.
const MORNING: usize = 20_000;

/// Records of a first sync whose changes came one by one.
const SPREAD: usize = 2_000;

/// Sizes of the growth series.
const GROWTH: [usize; 3] = [2_000, 20_000, 200_000];

/// What is measured. The last is all of the others at growing sizes, and only done where it is asked for.
const IDS: [&str; 7] = ["P1", "P2", "P3", "P4", "P7", "P8", "P9"];

/// What was asked for.
struct Asked {
    ids: Vec<&'static str>,
    size: Option<usize>,
    json: bool,
    /// Goes on with what the last run filled.
    reuse: bool,
}

/// Where measurements have their binaries and what they fill.
struct Place {
    binaries: PathBuf,
    folder: PathBuf,
}

pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let asked = read(arguments)?;
    let place = prepare(&asked)?;
    let mut figures = Vec::new();
    let mut take = |some: Vec<Figure>| {
        for figure in &some {
            println!("{}", if asked.json { figure.json().to_string() } else { figure.line() });
        }
        figures.extend(some);
    };
    let done = everything(&asked, &place, &mut take);
    // What was measured before something failed is kept: the rest can be taken later.
    if asked.size.is_none() {
        report::write(&asked.ids, &figures)?;
    }
    done?;
    let met = figures.iter().all(|figure| figure.watched || figure.met());
    Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn everything(asked: &Asked, place: &Place, take: &mut impl FnMut(Vec<Figure>)) -> Result<()> {
    syncs_and_morning(asked, place, take)?;
    full_node(asked, place, take)?;
    if asked.wants("P9") { growth(asked, place, take) } else { Ok(()) }
}

/// P1 to P4, with the peers.
fn syncs_and_morning(asked: &Asked, place: &Place, take: &mut impl FnMut(Vec<Figure>)) -> Result<()> {
    let wanted: Vec<&'static str> = asked.among(&["P1", "P2", "P3"]);
    let sizes = if wanted.is_empty() { Vec::new() } else { asked.sizes(&SYNCS) };
    if wanted.is_empty() && !asked.wants("P4") {
        return Ok(());
    }
    let peers = Peers::measure(place, &sizes, asked.wants("P4"))?;
    for n in sizes {
        take(sync::figures(place, n, &wanted, &peers)?);
    }
    if asked.size.is_none() && (asked.wants("P1") || asked.wants("P2")) {
        take(sync::spread(place, SPREAD)?);
    }
    if asked.wants("P4") {
        take(morning::figures(place, asked.size.unwrap_or(MORNING), &peers)?);
    }
    Ok(())
}

/// P7 and P8.
fn full_node(asked: &Asked, place: &Place, take: &mut impl FnMut(Vec<Figure>)) -> Result<()> {
    if !asked.wants("P7") && !asked.wants("P8") {
        return Ok(());
    }
    let n = asked.size.unwrap_or(FULL);
    let (folder, filled) = full_node::filled(place, n)?;
    take(filled);
    if asked.wants("P7") {
        take(full_node::work(place, &folder, n)?);
    }
    if asked.wants("P8") {
        take(full_node::start_and_memory(place, &folder, n)?);
    }
    Ok(())
}

/// P9: P1, P3, P4 and P7 at growing sizes, up to the size that was asked for.
fn growth(asked: &Asked, place: &Place, take: &mut impl FnMut(Vec<Figure>)) -> Result<()> {
    let peers = Peers::default();
    let growing = |figures: Vec<Figure>| {
        let plain = |figure| Figure { id: "P9", goals: Vec::new(), ..figure };
        figures.into_iter().map(plain).collect::<Vec<_>>()
    };
    for n in GROWTH.into_iter().filter(|n| *n <= asked.size.unwrap_or(usize::MAX)) {
        take(growing(sync::figures(place, n, &["P1", "P3"], &peers)?));
        take(growing(morning::figures(place, n, &peers)?));
        let (folder, _) = full_node::filled(place, n)?;
        take(growing(full_node::work(place, &folder, n)?));
    }
    Ok(())
}

impl Asked {
    fn wants(&self, id: &str) -> bool {
        self.ids.contains(&id)
    }

    /// Those of some that are wanted.
    fn among(&self, some: &[&'static str]) -> Vec<&'static str> {
        some.iter().copied().filter(|id| self.wants(id)).collect()
    }

    fn sizes(&self, otherwise: &[usize]) -> Vec<usize> {
        self.size.map_or_else(|| otherwise.to_vec(), |size| vec![size])
    }
}

impl Place {
    fn binary(&self, name: &str) -> PathBuf {
        self.binaries.join(name)
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

fn read(arguments: &[String]) -> Result<Asked> {
    let mut asked = Asked { ids: Vec::new(), size: None, json: false, reuse: false };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--json" => asked.json = true,
            "--reuse" => asked.reuse = true,
            "--size" => asked.size = Some(rest.next().context("--size N")?.parse().context("--size N")?),
            other => match IDS.iter().find(|id| **id == other) {
                Some(id) => asked.ids.push(id),
                None => bail!("`{other}` is not measured; there are {}", IDS.join(", ")),
            },
        }
    }
    if asked.size.is_some_and(|size| size < sync::LEAST) {
        bail!("--size: at least {}", sync::LEAST);
    }
    if asked.ids.is_empty() {
        asked.ids = IDS.iter().copied().filter(|id| *id != "P9").collect();
    }
    Ok(asked)
}

fn prepare(asked: &Asked) -> Result<Place> {
    let packages = ["sambung", "sambung-relay", "sambung-bench-node", "sambung-bench-floor"];
    let mut build = workspace::cargo(&["build", "--locked", "--release"]);
    for package in packages {
        build.args(["--package", package]);
    }
    shell::run(&mut build)?;
    // What the build has written goes to the disk now, and not under the saves that are measured.
    shell::run(&mut Command::new("sync"))?;
    let target = workspace::target_dir();
    let folder = target.join("bench");
    std::fs::create_dir_all(&folder)?;
    if !asked.reuse {
        clear(&folder, asked)?;
    }
    Ok(Place { binaries: target.join("release"), folder })
}

/// Removes what earlier runs filled for what is asked for now.
fn clear(folder: &Path, asked: &Asked) -> Result<()> {
    for entry in folder.read_dir()? {
        let entry = entry?;
        let of: &[&'static str] = match entry.file_name().to_string_lossy().parse::<usize>() {
            Ok(_) => &["P7", "P8", "P9"],
            Err(_) => &["P1", "P2", "P3", "P4", "P9"],
        };
        if !asked.among(of).is_empty() && entry.file_type()?.is_dir() {
            stage::remove(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_ids_and_options() {
        let texts = |arguments: &[&str]| arguments.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let asked = read(&texts(&["P8", "--size", "2000", "--json"])).unwrap();
        assert!(asked.wants("P8") && !asked.wants("P7") && asked.json && !asked.reuse);
        assert_eq!(asked.sizes(&SYNCS), [2_000]);
        assert!(read(&texts(&["P99"])).is_err() && read(&texts(&["--size"])).is_err());
        assert!(read(&texts(&["--size", "99"])).is_err(), "fewer than are edited");
    }

    #[test]
    fn only_what_is_measured_anew_is_cleared() {
        let folder = tempfile::tempdir().unwrap();
        let folders = ["200000", "sync-2000", "pouchdb-2000"].map(|name| folder.path().join(name));
        folders.iter().for_each(|folder| std::fs::create_dir(folder).unwrap());
        clear(folder.path(), &read(&["P7".to_owned()]).unwrap()).unwrap();
        assert_eq!(folders.clone().map(|folder| folder.exists()), [false, true, true]);
        clear(folder.path(), &read(&["P3".to_owned()]).unwrap()).unwrap();
        assert_eq!(folders.map(|folder| folder.exists()), [false, false, false]);
    }

    #[test]
    fn without_ids_everything_is_measured_but_growth() {
        let asked = read(&[]).unwrap();
        assert_eq!(asked.among(&["P1", "P3"]), ["P1", "P3"]);
        assert!(asked.wants("P4") && asked.wants("P7") && !asked.wants("P9"));
        assert_eq!(asked.sizes(&SYNCS), SYNCS);
    }
}
