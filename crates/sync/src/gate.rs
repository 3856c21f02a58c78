//! The first part of the form check: a walk over the bytes of a chunk that allocates nothing.
//!
//! Fifty bytes can claim thirty million operations, and Automerge believes them. So before Automerge sees a
//! chunk, this walk bounds everything the chunk may make it do: what passes costs a decoder at most a few
//! megabytes. It decodes no operation; what the operations mean is for [`form`](crate::form).
//!
//! The chunk format is Automerge's binary format: magic, checksum, type, length, then dependencies, actor,
//! sequence, first operation, time, message, other actors, and columns of run-length-encoded numbers.

mod column;
mod reader;

use sha2::{Digest, Sha256};

use crate::document::{ACTOR_LEN, Actor, ChangeHash};
use crate::form::BadForm;
use column::Columns;
use reader::Reader;

/// Greatest length of a change chunk in bytes.
pub const CHANGE_MAX: usize = 64 * 1024;
/// Most dependencies of a change.
pub const DEPENDENCIES_MAX: usize = 64;
/// Most operations of a change, and most predecessors its operations name together.
pub const OPERATIONS_MAX: u64 = 4_096;
/// Most actors a change names besides its own.
pub const OTHER_ACTORS_MAX: u64 = 1_024;
/// Greatest length of a map key in bytes: 500 characters of any script.
pub const KEY_MAX: u64 = 2_048;
/// Greatest length of a change's message in bytes.
pub const MESSAGE_MAX: usize = 512;
/// Greatest counter of an operation. Automerge stores 32 bits and fails near their end.
pub const COUNTER_MAX: u64 = 1 << 31;

/// Greatest distance of a change's time from 1970 in seconds, either way: the end of the year 9999. Automerge
/// stores differences between times and overflows where two are too far apart.
pub const TIME_MAX: i64 = 253_402_300_799;

const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
const TYPE_CHANGE: u8 = 1;
const CHECKSUM_AT: usize = 4;
const TYPE_AT: usize = 8;
const HASH_LEN: usize = 32;

/// The header of a chunk whose bounds hold. It borrows from the chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate<'a> {
    /// The change's name, computed from its bytes.
    pub hash: ChangeHash,
    /// Who wrote it.
    pub actor: Actor,
    /// Its place among the actor's changes.
    pub seq: u64,
    /// Counter of its first operation.
    pub start_op: u64,
    /// The device's clock in seconds since 1970.
    pub time: i64,
    /// Its message; empty for none.
    pub message: &'a str,
    /// How many operations it holds.
    pub operations: u64,
    deps: &'a [[u8; HASH_LEN]],
}

impl Gate<'_> {
    /// The changes it was made on top of, in the order of the chunk.
    pub fn deps(&self) -> impl ExactSizeIterator<Item = ChangeHash> {
        self.deps.iter().map(|dep| ChangeHash(*dep))
    }
}

/// Walks a chunk.
///
/// # Errors
/// [`BadForm`] where the chunk is no change chunk of exactly the given length, its checksum is not that of
/// its bytes, a number is not in its shortest form, or a limit of this module is passed.
pub fn gate(raw: &[u8]) -> Result<Gate<'_>, BadForm> {
    let (hash, mut body) = chunk(raw)?;
    let deps = dependencies(&mut body)?;
    let actor = actor(&mut body)?;
    let seq = body.unsigned()?;
    let start_op = body.unsigned()?;
    let time = body.signed()?;
    if !(-TIME_MAX..=TIME_MAX).contains(&time) {
        return Err(BadForm::Time);
    }
    let message = message(&mut body)?;
    other_actors(&mut body)?;
    let operations = Columns::read(&mut body)?.check(&mut body)?;
    if !body.is_empty() {
        return Err(BadForm::Extra);
    }
    Ok(Gate { hash, actor, seq, start_op, time, message, operations, deps })
}

/// The hash of the chunk and its body.
fn chunk(raw: &[u8]) -> Result<(ChangeHash, Reader<'_>), BadForm> {
    if raw.len() > CHANGE_MAX || raw.len() <= TYPE_AT {
        return Err(BadForm::Length);
    }
    if raw[..CHECKSUM_AT] != MAGIC || raw[TYPE_AT] != TYPE_CHANGE {
        return Err(BadForm::Type);
    }
    let mut body = Reader::new(&raw[TYPE_AT + 1..]);
    if body.length()? != body.remaining() {
        return Err(BadForm::Length);
    }
    let hash: [u8; HASH_LEN] = Sha256::digest(&raw[TYPE_AT..]).into();
    if raw[CHECKSUM_AT..TYPE_AT] != hash[..TYPE_AT - CHECKSUM_AT] {
        return Err(BadForm::Hash);
    }
    Ok((ChangeHash(hash), body))
}

fn dependencies<'a>(body: &mut Reader<'a>) -> Result<&'a [[u8; HASH_LEN]], BadForm> {
    let count = body.length()?;
    if count > DEPENDENCIES_MAX {
        return Err(BadForm::Dependencies);
    }
    let (deps, _) = body.take(count * HASH_LEN)?.as_chunks();
    Ok(deps)
}

fn actor(body: &mut Reader<'_>) -> Result<Actor, BadForm> {
    let length = body.length()?;
    if length != 1 && length != ACTOR_LEN {
        return Err(BadForm::Actor);
    }
    Actor::from_bytes(body.take(length)?).ok_or(BadForm::Actor)
}

fn message<'a>(body: &mut Reader<'a>) -> Result<&'a str, BadForm> {
    let length = body.length()?;
    if length > MESSAGE_MAX {
        return Err(BadForm::Message);
    }
    std::str::from_utf8(body.take(length)?).map_err(|_| BadForm::Message)
}

fn other_actors(body: &mut Reader<'_>) -> Result<(), BadForm> {
    let count = body.unsigned()?;
    if count > OTHER_ACTORS_MAX {
        return Err(BadForm::Actor);
    }
    for _ in 0..count {
        actor(body)?;
    }
    Ok(())
}
