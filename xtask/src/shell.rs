//! Running other programs, always without a stdin.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, Result, bail};

/// Which of a program's streams [`watch`] reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    Stdout,
    Stderr,
}

/// Says what is run, runs it, and fails unless it succeeds.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    announce(command);
    let status = command.stdin(Stdio::null()).status().with_context(|| missing(command))?;
    if !status.success() {
        bail!("`{}` failed ({status})", words(command));
    }
    Ok(())
}

/// Runs a program and hands each line of one stream to `see` while passing it on. Colours are off: they would
/// stand between the words.
pub(crate) fn watch(command: &mut Command, stream: Stream, mut see: impl FnMut(&str)) -> Result<ExitStatus> {
    announce(command);
    command.stdin(Stdio::null()).env("CARGO_TERM_COLOR", "never");
    match stream {
        Stream::Stdout => command.stdout(Stdio::piped()),
        Stream::Stderr => command.stderr(Stdio::piped()),
    };
    let mut child = command.spawn().with_context(|| missing(command))?;
    if let Some(pipe) = child.stdout.take() {
        pass_on(pipe, std::io::stdout(), &mut see)?;
    }
    if let Some(pipe) = child.stderr.take() {
        pass_on(pipe, std::io::stderr(), &mut see)?;
    }
    Ok(child.wait()?)
}

/// What a program prints, trimmed; nothing if it is not there or fails.
pub(crate) fn output(program: impl AsRef<OsStr>, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The first of these programs that stands on the path.
pub(crate) fn first_of(programs: &[&'static str]) -> Option<&'static str> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let stands = |name: &str| std::env::split_paths(&path).any(|folder| folder.join(name).is_file());
    programs.iter().copied().find(|name| stands(name))
}

fn pass_on(pipe: impl Read, mut to: impl Write, see: &mut impl FnMut(&str)) -> Result<()> {
    let mut pipe = BufReader::new(pipe);
    let mut line = Vec::new();
    while pipe.read_until(b'\n', &mut line)? > 0 {
        to.write_all(&line)?;
        to.flush()?;
        see(&String::from_utf8_lossy(&line));
        line.clear();
    }
    Ok(())
}

fn announce(command: &Command) {
    eprintln!("$ {}", words(command));
}

fn missing(command: &Command) -> String {
    format!("`{}` cannot be started", command.get_program().to_string_lossy())
}

/// The command as a person would type it: the program's file name and the arguments.
fn words(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    let arguments = command.get_args().map(OsStr::to_string_lossy);
    std::iter::once(name.to_string_lossy()).chain(arguments).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watched_stream_is_seen_line_by_line_with_its_status() {
        let mut seen = Vec::new();
        let status = watch(
            Command::new("sh").args(["-c", "echo one >&2; printf two >&2; exit 3"]),
            Stream::Stderr,
            |line| {
                seen.push(line.to_owned());
            },
        )
        .unwrap();
        assert_eq!(seen, ["one\n", "two"]);
        assert_eq!(status.code(), Some(3));
    }

    #[test]
    fn a_failed_program_is_an_error_that_names_it() {
        let error = run(Command::new("/bin/sh").args(["-c", "exit 1"])).unwrap_err();
        assert_eq!(error.to_string(), "`sh -c exit 1` failed (exit status: 1)");
        assert!(run(&mut Command::new("/nonexistent/program")).is_err());
        assert_eq!(output("sh", &["-c", "echo word"]), Some("word".to_owned()));
        assert_eq!(output("sh", &["-c", "echo word; exit 1"]), None);
    }
}
