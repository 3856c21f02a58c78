//! Child processes: bounded in time, killed when forgotten, watched from outside.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long any command may take. Nothing here should come near it: it is what ends a hang.
const COMMAND_TIME: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// A command that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit code; absent where a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
    /// Greatest resident memory seen, in KiB.
    pub(crate) peak_kib: u64,
}

impl Ended {
    /// The standard output as one JSON value.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The error code printed in brackets behind the message.
    pub(crate) fn error_code(&self) -> &str {
        let (_, end) = self.err.rsplit_once('[').unwrap_or_else(|| panic!("no code: {self:?}"));
        end.trim_end().trim_end_matches(']')
    }
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Ended {
    Running::start(command).ended()
}

/// A running command.
pub(crate) struct Running {
    child: Child,
    shown: String,
    peak_kib: u64,
    out: Option<std::thread::JoinHandle<String>>,
    err: Option<std::thread::JoinHandle<String>>,
    first: std::sync::mpsc::Receiver<String>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Running {
        let shown = format!("{command:?}");
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{shown}: {error}"));
        let (tell, first) = std::sync::mpsc::channel();
        let out = child.stdout.take().map(|out| read(out, Some(tell)));
        let err = child.stderr.take().map(|err| read(err, None));
        Running { child, shown, peak_kib: 0, out, err, first }
    }

    /// Waits for the first line of standard output; none if the command ended without one.
    pub(crate) fn first_line(&mut self) -> Option<String> {
        self.first.recv_timeout(COMMAND_TIME).ok()
    }

    /// Kills it (SIGKILL) and says what it had printed.
    pub(crate) fn kill(mut self) -> Ended {
        drop(self.child.kill());
        self.ended()
    }

    pub(crate) fn ended(mut self) -> Ended {
        let status = self.wait();
        let text = |reader: Option<std::thread::JoinHandle<String>>| {
            reader.map(|reader| reader.join().unwrap()).unwrap_or_default()
        };
        let (out, err) = (text(self.out.take()), text(self.err.take()));
        Ended { code: status.code(), out, err, peak_kib: self.peak_kib }
    }

    fn wait(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            // Memory is read while the process lives: nobody is told of a peak once it has gone.
            self.peak_kib = self.peak_kib.max(peak_kib(self.child.id()).unwrap_or(0));
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < COMMAND_TIME, "still running: {}", self.shown);
            std::thread::sleep(LOOK_EVERY);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // What has ended already cannot be killed, and that is well.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn read(
    source: impl Read + Send + 'static,
    first: Option<std::sync::mpsc::Sender<String>>,
) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut source = BufReader::new(source);
        let mut text = String::new();
        // A killed process may leave a line unfinished or a character cut.
        let mut line = Vec::new();
        while source.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            let piece = String::from_utf8_lossy(&line).into_owned();
            if text.is_empty()
                && piece.ends_with('\n')
                && let Some(first) = &first
            {
                drop(first.send(piece.clone()));
            }
            text.push_str(&piece);
            line.clear();
        }
        text
    })
}

/// The greatest resident memory of a living process so far, in KiB.
pub(crate) fn peak_kib(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}

/// Starts a server whose first line of standard output is `listening http://ADDRESS`.
pub(crate) fn listen(command: &mut Command, log: &Path) -> (Child, std::net::SocketAddr) {
    let log = std::fs::File::options().create(true).append(true).open(log).unwrap();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening http://").and_then(|text| text.parse().ok());
    let Some(address) = address else {
        drop(child.kill());
        drop(child.wait());
        panic!("{command:?} said {line:?}");
    };
    (child, address)
}

/// Says something into the test's output.
pub(crate) fn say(text: &str) {
    drop(writeln!(std::io::stdout(), "{text}"));
}
