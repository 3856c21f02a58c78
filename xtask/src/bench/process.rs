//! Programs that are measured: killed when forgotten, watched from outside.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value as Json;

use super::figure::Reading;

/// Runs a program of measurements to its end; gives what it printed.
pub(super) fn measured(command: &mut Command) -> Result<Vec<Reading>> {
    let text = printed(command)?;
    text.lines().map(|line| Reading::read(line).with_context(|| format!("no figure: {line}"))).collect()
}

/// Runs a program to its end; gives what it printed.
pub(super) fn printed(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("{command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// A program that runs until this is dropped.
pub(super) struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Running {
    pub(super) fn start(command: &mut Command) -> Result<Running> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("{command:?}"))?;
        let out = BufReader::new(child.stdout.take().context("no output")?);
        Ok(Running { child, out })
    }

    /// The next line that it prints.
    pub(super) fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        ensure!(self.out.read_line(&mut line)? > 0, "a program ended before it said anything");
        Ok(line)
    }

    /// Names a piece of work to a program that waits for such lines; gives what it says when it is done.
    pub(super) fn ask(&mut self, line: &str) -> Result<Json> {
        let input = self.child.stdin.as_mut().context("no input")?;
        writeln!(input, "{line}")?;
        input.flush()?;
        let answer = self.line()?;
        let json: Json = serde_json::from_str(&answer).with_context(|| answer.clone())?;
        ensure!(line.split(' ').next() == json["done"].as_str(), "asked `{line}`, said {answer}");
        Ok(json)
    }

    /// The greatest resident memory so far.
    pub(super) fn peak_mb(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
        let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kib / 1024.0)
    }

    /// Asks it to end, and waits until it has.
    pub(super) fn stop(mut self) -> Result<()> {
        printed(Command::new("kill").arg(self.child.id().to_string()))?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_led_line_by_line() {
        let script = r#"while read name rest; do echo "{\"done\":\"$name\",\"of\":\"$rest\"}"; done"#;
        let mut running = Running::start(Command::new("sh").args(["-c", script])).unwrap();
        assert_eq!(running.ask("first some thing").unwrap()["of"], "some thing");
        assert!(running.peak_mb().unwrap() > 0.0);
        running.stop().unwrap();
        let mut other = Running::start(Command::new("sh").args(["-c", "read x; echo '{}'"])).unwrap();
        assert!(other.ask("first").is_err() && other.ask("second").is_err());
    }
}
