//! Standard output: data only, for people or as JSON.

use std::io::{self, Write};

use serde::Serialize;

/// Prints one line.
///
/// # Errors
/// The system's, for example where nobody reads any more.
pub fn line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

/// Prints a value as one line of JSON.
///
/// # Errors
/// The system's.
pub fn json<T: Serialize>(value: &T) -> io::Result<()> {
    line(&serde_json::to_string(value)?)
}

/// Prints bytes as they are.
///
/// # Errors
/// The system's.
pub fn raw(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// Says something to a person on standard error; whether he can hear it changes nothing.
pub fn say(text: &str) {
    drop(writeln!(io::stderr().lock(), "{text}"));
}
