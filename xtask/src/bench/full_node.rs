//! P7 and P8: what people do at a full node, and what the program takes to start and to work there.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::Place;
use super::figure::{Figure, Goal, Reading};
use super::process::{Running, measured};
use super::stage::remove;

/// The goals of a full node.
const GOALS: [(&str, f64); 6] = [
    ("save p99", 20.0),
    ("list page p95", 20.0),
    ("search p95", 50.0),
    ("person page p95", 20.0),
    ("start", 1_000.0),
    ("memory", 150.0),
];

/// Starts; the median is the figure.
const STARTS: usize = 5;

/// A node with so many records, filled where that was not done before.
pub(super) fn filled(place: &Place, n: usize) -> Result<(PathBuf, Vec<Figure>)> {
    let folder = place.folder(&n.to_string());
    if folder.join("done").exists() {
        return Ok((folder, Vec::new()));
    }
    remove(&folder)?;
    std::fs::create_dir_all(&folder)?;
    let mut fill = Command::new(place.binary("sambung-bench-node"));
    let readings = measured(fill.arg("fill").arg(&folder).arg(n.to_string()))?;
    std::fs::write(folder.join("done"), "")?;
    // What was written goes to the disk now, and not under what is measured.
    ensure!(Command::new("sync").status()?.success(), "sync failed");
    Ok((folder, beside(n, &readings, &[])))
}

/// What people do with it, next to bare SQL on the same rows.
pub(super) fn work(place: &Place, folder: &Path, n: usize) -> Result<Vec<Figure>> {
    let node = measured(Command::new(place.binary("sambung-bench-node")).arg("measure").arg(folder))?;
    for name in ["floor.db", "floor.db-wal", "floor.db-shm"] {
        let path = folder.join(name);
        if path.exists() {
            std::fs::remove_file(&path)?;
        }
    }
    let mut floor = Command::new(place.binary("sambung-bench-floor"));
    floor.arg("measure").arg(folder.join("replica.db")).arg(folder.join("floor.db"));
    Ok(beside(n, &node, &measured(&mut floor)?))
}

fn beside(n: usize, node: &[Reading], floor: &[Reading]) -> Vec<Figure> {
    let figure = |reading: &Reading| {
        let found = floor.iter().find(|other| other.what == reading.what);
        let figure = Figure::new("P7", &reading.what, n, (reading.value, &reading.unit));
        with_goal(Figure { floor: found.map(|other| other.value), ..figure })
    };
    node.iter().map(figure).collect()
}

fn with_goal(figure: Figure) -> Figure {
    let goal = GOALS.iter().find(|(what, _)| *what == figure.what);
    goal.map_or(figure.clone(), |(_, most)| figure.with(Goal::AtMost(*most)))
}

/// Time from start to the first answer, and the greatest resident memory after people have worked with it.
pub(super) fn start_and_memory(place: &Place, folder: &Path, n: usize) -> Result<Vec<Figure>> {
    let (mut starts, mut memory) = (Vec::new(), Vec::new());
    let (mut floor_starts, mut floor_memory) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let (start, peak) = node(place, folder)?;
        starts.push(start);
        memory.push(peak);
        let (start, peak) = floor(place, folder)?;
        floor_starts.push(start);
        floor_memory.push(peak);
    }
    let figure = |what: &str, unit: &str, value: &mut [f64], floor: &mut [f64]| {
        with_goal(Figure::new("P8", what, n, (median(value), unit)).over(median(floor)))
    };
    Ok(vec![
        figure("start", "ms", &mut starts, &mut floor_starts),
        figure("memory", "MB", &mut memory, &mut floor_memory),
    ])
}

fn node(place: &Place, folder: &Path) -> Result<(f64, f64)> {
    let mut command = Command::new(place.binary("sambung"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--dir"]).arg(folder).stderr(Stdio::null());
    let begun = Instant::now();
    let mut running = Running::start(&mut command)?;
    let line = running.line()?;
    let address = line.trim().strip_prefix("listening http://").context("the node did not start")?.to_owned();
    ask(&address, "GET", "/api/v1/status", "")?;
    let start = begun.elapsed().as_secs_f64() * 1000.0;
    for text in ["siti", "mina", "sri ra", "0042", "krucil"] {
        ask(&address, "POST", "/api/v1/search", &json!({ "text": text }).to_string())?;
    }
    for list in [
        json!({ "kind": "worker", "sort": "nama_lengkap", "limit": 1000 }),
        json!({ "kind": "worker", "sort": "-created_at" }),
        json!({ "kind": "placement", "filters": [["negara", "HK"]], "sort": "kontak_terakhir" }),
    ] {
        ask(&address, "POST", "/api/v1/lists", &list.to_string())?;
    }
    Ok((start, running.peak_mb()?))
}

fn floor(place: &Place, folder: &Path) -> Result<(f64, f64)> {
    let path = folder.join("floor.db");
    ensure!(path.exists(), "measure P7 first: it makes the floor's rows");
    let mut command = Command::new(place.binary("sambung-bench-floor"));
    command.arg("open").arg(&path);
    let begun = Instant::now();
    let mut running = Running::start(&mut command)?;
    running.line()?;
    let start = begun.elapsed().as_secs_f64() * 1000.0;
    Ok((start, running.peak_mb()?))
}

fn ask(address: &str, method: &str, path: &str, body: &str) -> Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    ensure!(answer.starts_with(b"HTTP/1.1 200"), "{path} was not answered");
    Ok(())
}

/// The value in the middle; not a number where there are none.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_figure_has_its_floor_and_goal() {
        let reading = |what: &str, value| Reading { what: what.to_owned(), value, unit: "ms".to_owned() };
        let node = [reading("save p99", 4.0), reading("save p50", 2.0)];
        let all = beside(200_000, &node, &[reading("save p99", 1.0)]);
        assert_eq!(all[0].line(), "P7 save p99 at 200000: 4 ms, floor 1, goal ≤ 20");
        assert_eq!(all[1].line(), "P7 save p50 at 200000: 2 ms");
    }

    #[test]
    fn the_median_stands_in_the_middle() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert!(median(&mut []).is_nan());
    }
}
