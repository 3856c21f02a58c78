//! Start and memory of the real program on a filled node.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::Place;
use super::figure::Figure;

/// Starts; the median is the figure.
const STARTS: usize = 5;

/// Time from start to the first answer, and the greatest resident memory after people have worked with it.
pub(super) fn start_and_memory(place: &Place, n: usize) -> Result<Vec<Figure>> {
    let (mut starts, mut memory) = (Vec::new(), Vec::new());
    let (mut floor_starts, mut floor_memory) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let (start, peak) = node(place)?;
        starts.push(start);
        memory.push(peak);
        let (start, peak) = floor(place)?;
        floor_starts.push(start);
        floor_memory.push(peak);
    }
    let figure = |what: &str, unit: &str, value: &mut Vec<f64>, floor: &mut Vec<f64>| Figure {
        what: what.to_owned(),
        n,
        value: median(value),
        unit: unit.to_owned(),
        floor: Some(median(floor)),
    };
    Ok(vec![
        figure("start", "ms", &mut starts, &mut floor_starts),
        figure("memory", "MB", &mut memory, &mut floor_memory),
    ])
}

fn node(place: &Place) -> Result<(f64, f64)> {
    let mut command = Command::new(place.binary("sambung"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--dir"]).arg(&place.folder).stderr(Stdio::null());
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

fn floor(place: &Place) -> Result<(f64, f64)> {
    let path = place.folder.join("floor.db");
    ensure!(path.exists(), "measure P7 first: it makes the floor's rows");
    let mut command = Command::new(place.binary("sambung-bench-floor"));
    command.arg("open").arg(&path);
    let begun = Instant::now();
    let mut running = Running::start(&mut command)?;
    running.line()?;
    let start = begun.elapsed().as_secs_f64() * 1000.0;
    Ok((start, running.peak_mb()?))
}

/// A program that runs until this is dropped.
struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> Result<Running> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        Ok(Running(command.spawn().with_context(|| format!("{command:?}"))?))
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        BufReader::new(self.0.stdout.as_mut().context("no output")?).read_line(&mut line)?;
        Ok(line)
    }

    /// The greatest resident memory so far.
    fn peak_mb(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
        let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kib / 1024.0)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        drop(self.0.kill());
        drop(self.0.wait());
    }
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

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
