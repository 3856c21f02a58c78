//! Automerge files from outside: what a process that may be killed reads for one that may not.
//!
//! A whole document cannot be checked before it is loaded, and loading one can cost any amount of time and memory.
//! So a host starts a process with limits, hands it a [`Request`] and gets the [`Answer`] that [`answer`] gives:
//! raw changes for the ordinary form check, or places and values for ordinary commands. Neither is believed more
//! than the file.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use sambung_domain::RecordId;
use sambung_trust::signed;

use crate::document::{ChangeHash, Genesis, difference, split};

/// Greatest length of a file that is taken in, in bytes.
pub const FILE_MAX: usize = 16 * 1024 * 1024;
/// Most changes a file may hold.
pub const CHANGES_MAX: usize = 50_000;
/// Greatest length of an answer, in bytes: a document packs its changes about tenfold.
pub const ANSWER_MAX: usize = 160 * 1024 * 1024;

/// What the reading process is asked.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Request {
    /// The file.
    #[n(0)]
    pub file: ByteVec,
    /// Absent: take it apart. Present: say where it differs from what it was with these of its changes.
    #[n(1)]
    pub base: Option<Vec<ChangeHash>>,
}

/// What the reading process answers.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Answer {
    /// The file in parts.
    #[n(0)]
    Split(#[n(0)] Split),
    /// Where it differs.
    #[n(1)]
    Differences(#[n(0)] Vec<Difference>),
    /// Why it cannot be read.
    #[n(2)]
    Unreadable(#[n(0)] String),
}

/// A file taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Split {
    /// The record it says it is of; absent where it says so in no way that a record does.
    #[cbor(n(0), with = "named")]
    pub named: Option<Genesis>,
    /// How many of its changes build on nothing; a record's file has one.
    #[n(1)]
    pub beginnings: u64,
    /// The names of all its changes.
    #[n(2)]
    pub hashes: Vec<ChangeHash>,
    /// The changes that are not too long for a record, each behind what it builds on.
    #[n(3)]
    pub chunks: Vec<ByteVec>,
}

/// A place where a file differs.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Difference {
    /// Map keys from the root.
    #[n(0)]
    pub path: Vec<String>,
    /// What stands there in the file.
    #[n(1)]
    pub now: Found,
}

/// What stands at a place of a file; the winner where several values do.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Found {
    /// Nothing any more.
    #[n(0)]
    Removed,
    /// A map.
    #[n(1)]
    Map,
    /// A text, be it one value or a shared text.
    #[n(2)]
    Text(#[n(0)] String),
    /// A whole number.
    #[n(3)]
    Int(#[n(0)] i64),
    /// Yes or no.
    #[n(4)]
    Bool(#[n(0)] bool),
    /// Something that no field holds; what, in a word.
    #[n(5)]
    Other(#[n(0)] String),
}

/// A genesis as (kind, record, generation).
mod named {
    use super::{Genesis, RecordId};
    use minicbor::decode::Error as DecodeError;
    use minicbor::encode::{Error as EncodeError, Write};
    use minicbor::{Decode, Decoder, Encode, Encoder};

    type Named<'a> = Option<(&'a str, [u8; 16], u32)>;

    pub(super) fn encode<C, W: Write>(
        named: &Option<Genesis>,
        encoder: &mut Encoder<W>,
        context: &mut C,
    ) -> Result<(), EncodeError<W::Error>> {
        let named = named.as_ref().map(|named| (named.kind.as_str(), named.record.0, named.generation));
        Named::encode(&named, encoder, context)
    }

    pub(super) fn decode<C>(
        decoder: &mut Decoder<'_>,
        context: &mut C,
    ) -> Result<Option<Genesis>, DecodeError> {
        let named = Named::decode(decoder, context)?;
        Ok(named.map(|(kind, record, generation)| Genesis {
            kind: kind.to_owned(),
            record: RecordId(record),
            generation,
        }))
    }
}

/// What the reading process does with the bytes of a [`Request`]: gives those of an [`Answer`]. May take any time
/// and memory, and end the process.
#[must_use]
pub fn answer(request: &[u8]) -> Vec<u8> {
    let answer = match minicbor::decode::<Request>(request) {
        Ok(Request { file, base: None }) => split(&file).map(Answer::Split),
        Ok(Request { file, base: Some(base) }) => difference(&file, &base).map(Answer::Differences),
        Err(_) => return signed::encode(&Answer::Unreadable("the question".to_owned())),
    };
    signed::encode(&answer.unwrap_or_else(|error| Answer::Unreadable(error.to_string())))
}
