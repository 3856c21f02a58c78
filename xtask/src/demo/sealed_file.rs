//! Reads an encrypted database page by page with another program than the one that wrote it: `openssl`.
//!
//! A page of SQLCipher is 4,096 bytes: content in AES-256-CBC, behind it the initial vector and a code that is not looked
//! at here. The first 16 bytes of the file are the salt. Every block is decrypted by itself in one run of `openssl`; what
//! chains them is put on afterwards.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// Bytes of a page.
const PAGE: usize = 4_096;
/// Bytes at a page's end that are no content: the initial vector and the code.
const RESERVE: usize = 80;
/// Bytes of a block and of the initial vector; and of the salt at the beginning of the file.
const BLOCK: usize = 16;
/// Bytes before the first frame of a write-ahead log, and before the page in each.
const WAL_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// Everything in the database of a replica's directory and in its write-ahead log, as it is once decrypted.
pub(super) fn opened(dir: &Path) -> Result<Vec<u8>> {
    let key = key(&fs::read_to_string(dir.join("device.key"))?).context("no key in device.key")?;
    let database = fs::read(dir.join("replica.db"))?;
    let log = fs::read(dir.join("replica.db-wal")).unwrap_or_default();
    let mut pages: Vec<&[u8]> = database.chunks_exact(PAGE).collect();
    let frames = log.get(WAL_HEADER..).unwrap_or_default().chunks_exact(FRAME_HEADER + PAGE);
    pages.extend(frames.map(|frame| &frame[FRAME_HEADER..]));
    let content: Vec<(&[u8], &[u8])> = pages.into_iter().map(parts).collect();
    let sealed: Vec<u8> = content.iter().flat_map(|(blocks, _)| *blocks).copied().collect();
    let mut open = blocks_opened(&key, &sealed)?;
    ensure!(open.len() == sealed.len(), "openssl gave {} of {} bytes", open.len(), sealed.len());
    let mut at = 0;
    for (blocks, vector) in content {
        let before = vector.iter().chain(blocks);
        open[at..at + blocks.len()].iter_mut().zip(before).for_each(|(byte, before)| *byte ^= before);
        at += blocks.len();
    }
    let schema = b"CREATE TABLE record";
    ensure!(open.windows(schema.len()).any(|window| window == schema), "the database was not decrypted");
    Ok(open)
}

/// The content of a page and its initial vector. The salt in front of the first page is left out; a page of a log that
/// begins like it is decrypted wrongly at most in its first block.
fn parts(page: &[u8]) -> (&[u8], &[u8]) {
    let (content, rest) = page.split_at(PAGE - RESERVE);
    (content, &rest[..BLOCK])
}

/// The run of 64 hexadecimal digits.
fn key(text: &str) -> Option<String> {
    text.split(|c: char| !c.is_ascii_hexdigit()).find(|run| run.len() == 64).map(str::to_owned)
}

fn blocks_opened(key: &str, sealed: &[u8]) -> Result<Vec<u8>> {
    let mut child = Command::new("openssl")
        .args(["enc", "-d", "-aes-256-ecb", "-nopad", "-K", key])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("openssl cannot be started")?;
    let mut stdin = child.stdin.take().context("openssl takes nothing")?;
    let sealed = sealed.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&sealed));
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "openssl failed ({})", output.status);
    writer.join().map_err(|_| anyhow::anyhow!("openssl was not fed"))??;
    Ok(output.stdout)
}
