//! What `--keep` leaves: the relay, every place as a local server, the lines between them, and how to go on.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::places::Places;
use super::proxy::Proxy;
use super::relay::Relay;

/// The argument with which the lines are carried on in a process of their own.
pub(super) const CARRY: &str = "--carry";

/// What is left behind.
#[derive(Debug)]
pub(super) struct Kept {
    addresses: Vec<(String, String)>,
    processes: Vec<u32>,
    next: Vec<String>,
}

/// Leaves everything running. The devices know the relay by their lines, which go on in a process of their own at
/// the same addresses.
pub(super) fn leave(relay: &Relay, places: &Places, node: &Path, dir: TempDir) -> Result<Kept> {
    let mut addresses = vec![("relay".to_owned(), format!("http://{}", relay.address()))];
    let mut processes = vec![carry_on(relay, places)?];
    for place in places.all() {
        let (address, process) = place.serve()?;
        addresses.push((place.name.to_owned(), address));
        processes.push(process);
    }
    processes.extend(relay.leave_running());
    let dir = dir.keep();
    addresses.push(("files".to_owned(), dir.display().to_string()));
    let next = next(places, node, &dir, &processes, &addresses);
    Ok(Kept { addresses, processes, next })
}

/// Commands to go on with.
fn next(
    places: &Places,
    node: &Path,
    dir: &Path,
    processes: &[u32],
    addresses: &[(String, String)],
) -> Vec<String> {
    let centre = addresses.iter().find(|(name, _)| name == places.centre.name);
    let centre = centre.map_or("", |(_, address)| address.as_str());
    let programs = node.parent().unwrap_or(Path::new(".")).display();
    let processes: Vec<String> = processes.iter().map(u32::to_string).collect();
    vec![
        format!("export PATH={programs}:$PATH SAMBUNG_CLOCK_SHIFT_S={}", places.centre.shift_s()),
        format!("cd {}", dir.display()),
        "sambung status --dir Pusat".to_owned(),
        "sambung search siti --dir Kraksaan".to_owned(),
        "sambung record create worker --dir Krucil --set nama_lengkap='Uji Baru' --set boleh_diketahui_desa=ya"
            .to_owned(),
        "sambung sync --dir Krucil && sambung sync --dir Kraksaan && sambung search baru --dir Kraksaan"
            .to_owned(),
        format!("curl {centre}/api/v1/status"),
        format!("kill {}   # ends it; then: rm -r {}", processes.join(" "), dir.display()),
    ]
}

/// Ends the lines here and begins them again in another process.
fn carry_on(relay: &Relay, places: &Places) -> Result<u32> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["demo", CARRY, &relay.address().to_string()]);
    for place in places.all() {
        place.line.close();
        command.arg(place.line.address().to_string());
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().context("the lines cannot go on")?;
    let mut said = String::new();
    let stdout = child.stdout.take().context("no output")?;
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut said)?;
    if said.trim() != CARRIED {
        bail!("the lines did not go on: {said}");
    }
    Ok(child.id())
}

/// What the process with the lines says when they are there.
const CARRIED: &str = "carried";

/// Carries lines to the first address, each at one of the others, until the process is ended.
pub(super) fn carry(addresses: &[String]) -> Result<()> {
    let addresses: Vec<SocketAddr> =
        addresses.iter().map(|address| address.parse()).collect::<Result<_, _>>()?;
    let Some((relay, lines)) = addresses.split_first() else { bail!("no relay") };
    let lines: Vec<Proxy> = lines.iter().map(|line| Proxy::start_at(*line, *relay)).collect::<Result<_>>()?;
    println!("{CARRIED}");
    while !lines.is_empty() {
        std::thread::park();
    }
    Ok(())
}

impl Kept {
    /// Adds to what programs are told.
    pub(super) fn add_to(&self, report: &mut Value) {
        let addresses: serde_json::Map<String, Value> =
            self.addresses.iter().map(|(name, url)| (name.clone(), json!(url))).collect();
        report["addresses"] = addresses.into();
        report["processes"] = json!(self.processes);
        report["next"] = json!(self.next);
    }

    /// For people.
    pub(super) fn table(&self) -> String {
        let mut table = String::from("\nstill there\n");
        for (name, address) in &self.addresses {
            table.push_str(&format!("  {name:<10} {address}\n"));
        }
        table.push_str("\ngo on\n");
        self.next.iter().for_each(|line| table.push_str(&format!("  {line}\n")));
        table
    }
}
