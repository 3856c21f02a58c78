//! Reading files from outside in a process of their own.
//!
//! Loading a whole Automerge document can cost any amount of time and memory, so it happens in a child with limits
//! of its own that is killed after a while. The child gets the bytes and gives bytes; it has no replica and no key.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use minicbor::bytes::ByteVec;
use sambung_sync::ChangeHash;
use sambung_sync::interop::{ANSWER_MAX, Answer, Difference, Request, Split};
use sambung_trust::signed::encode;

use crate::failure::Failure;

/// Memory the reading process may have, in bytes.
#[cfg(unix)]
const MEMORY_MAX: u64 = 512 * 1024 * 1024;
/// Processor time the reading process may have, in seconds.
#[cfg(unix)]
const PROCESSOR_MAX_S: u64 = 10;
/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// The hidden command that reads.
const COMMAND: &str = "read-automerge";

/// Puts limits on this process: it reads a file that nobody has checked.
#[cfg(unix)]
pub(crate) fn limit() -> std::io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};

    for (resource, most) in
        [(Resource::As, MEMORY_MAX), (Resource::Cpu, PROCESSOR_MAX_S), (Resource::Core, 0)]
    {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}

/// On other systems only the time is limited, by whoever started this process.
#[cfg(not(unix))]
pub(crate) fn limit() -> std::io::Result<()> {
    Ok(())
}

/// A file that is read outside.
pub(crate) struct Reader {
    file: ByteVec,
}

impl Reader {
    pub(crate) fn of(file: Vec<u8>) -> Self {
        Reader { file: file.into() }
    }

    /// The file taken apart.
    pub(crate) fn split(&self) -> Result<Split, Failure> {
        match self.ask(None)? {
            Answer::Split(split) => Ok(split),
            Answer::Differences(_) | Answer::Unreadable(_) => Err(nonsense()),
        }
    }

    /// Where the file as a whole differs from what it was with these of its changes.
    pub(crate) fn differences(&self, settled: &[ChangeHash]) -> Result<Vec<Difference>, Failure> {
        match self.ask(Some(settled.to_vec()))? {
            Answer::Differences(differences) => Ok(differences),
            Answer::Split(_) | Answer::Unreadable(_) => Err(nonsense()),
        }
    }

    fn ask(&self, base: Option<Vec<ChangeHash>>) -> Result<Answer, Failure> {
        let request = encode(&Request { file: self.file.clone(), base });
        let bytes = answer(request)?;
        match minicbor::decode(&bytes) {
            Ok(Answer::Unreadable(why)) => Err(Failure::Foreign(why)),
            Ok(answer) => Ok(answer),
            Err(_) => Err(nonsense()),
        }
    }
}

fn nonsense() -> Failure {
    Failure::Foreign(
        "reading it cost more memory or time than any record does, or it is damaged in a way no program repairs"
            .to_owned(),
    )
}

/// What a fresh process answers to a request.
fn answer(request: Vec<u8>) -> Result<Vec<u8>, Failure> {
    let failed = |source| Failure::File { what: "the process that reads files".to_owned(), source };
    let program = std::env::current_exe().map_err(failed)?;
    let mut child = Command::new(program)
        .arg(COMMAND)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let bytes = converse(&mut child, request);
    // Whatever it said, it is not needed any more: an answer cut short does not decode. One that has ended cannot be
    // killed, and that is well.
    drop(child.kill());
    child.wait().map_err(failed)?;
    bytes.ok_or_else(nonsense)
}

/// Hands the request over and waits for the answer; nothing if there is none in time, or one too long.
fn converse(child: &mut Child, request: Vec<u8>) -> Option<Vec<u8>> {
    let (mut stdin, stdout) = (child.stdin.take()?, child.stdout.take()?);
    // A process that ended early breaks the pipe: its silence says so.
    std::thread::spawn(move || drop(stdin.write_all(&request)));
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let most = u64::try_from(ANSWER_MAX).unwrap_or(u64::MAX);
        let mut bytes = Vec::new();
        let read = stdout.take(most + 1).read_to_end(&mut bytes);
        drop(tell.send(read.is_ok().then_some(bytes)));
    });
    let bytes = told.recv_timeout(PATIENCE).ok()??;
    (bytes.len() <= ANSWER_MAX).then_some(bytes)
}
