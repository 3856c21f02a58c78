//! Bodies on the wire: CBOR in zstd, bounded both ways, with the proof of who sent them.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use sambung_trust::key::{PublicKey, SecretKey, Signature};
use sambung_trust::nonce::Nonce;
use sambung_trust::signed::encode;

use crate::limits::{BODY_MAX, FRAME_MAX};

/// Media type of every body.
pub const MEDIA_TYPE: &str = "application/vnd.sambung+cbor";

/// zstd level of bodies: beyond it the gain on batches of changes is small and the time is not.
const LEVEL: i32 = 3;

/// Logarithm of the most memory a body may make its reader hold while it is decompressed: a few bytes can ask
/// for 128 MiB, and [`FRAME_MAX`] needs no more than itself.
const WINDOW_LOG_MAX: u32 = FRAME_MAX.ilog2();

/// A body that is no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Longer than [`BODY_MAX`], or than [`FRAME_MAX`] once decompressed.
    #[error("the message is too large")]
    TooLarge,
    /// Not zstd, cut short, or not the expected CBOR.
    #[error("the message cannot be read")]
    Unreadable,
    /// The signature is not the sender's.
    #[error("the message is not signed by its sender")]
    Signature,
}

impl FrameError {
    /// The wire code.
    #[must_use]
    pub fn code(self) -> &'static str {
        "frame_invalid"
    }
}

/// A request with its proof: the device's signature over the nonce it was given and the body.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Frame {
    /// The relay's nonce.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub nonce: Nonce,
    /// Over nonce and body.
    #[n(1)]
    pub signature: Signature,
    /// The message in CBOR.
    #[n(2)]
    pub body: ByteVec,
}

const REQUEST: &str = "sambung request 1";
const ANSWER: &str = "sambung answer 1";

impl Frame {
    /// Signs and encloses a message.
    #[must_use]
    pub fn enclose<T: Encode<()>>(message: &T, nonce: Nonce, key: &SecretKey) -> Self {
        let body = encode(message);
        let signature = key.sign(REQUEST, &proven(&nonce, &body));
        Frame { nonce, signature, body: body.into() }
    }

    /// The message, without a look at the signature.
    ///
    /// # Errors
    /// [`FrameError::Unreadable`] if it is not the expected message, [`FrameError::TooLarge`] if it holds more
    /// than such a message may.
    pub fn peek<T: for<'b> Decode<'b, ()>>(&self) -> Result<T, FrameError> {
        minicbor::decode(&self.body).map_err(|error| undecodable(&error))
    }

    /// Whether a device made this frame.
    #[must_use]
    pub fn is_from(&self, device: &PublicKey) -> bool {
        device.verifies(REQUEST, &proven(&self.nonce, &self.body), &self.signature)
    }

    /// The hash that binds an answer to this request.
    #[must_use]
    pub fn name(&self) -> [u8; 32] {
        *blake3::hash(&proven(&self.nonce, &self.body)).as_bytes()
    }
}

/// An answer with the relay's signature over the request's name and the body.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct AnswerFrame {
    /// Over the request's name and the body.
    #[n(0)]
    pub signature: Signature,
    /// The message in CBOR.
    #[n(1)]
    pub body: ByteVec,
}

impl AnswerFrame {
    /// Signs and encloses an answer to the request named `request`.
    #[must_use]
    pub fn enclose<T: Encode<()>>(message: &T, request: &[u8; 32], key: &SecretKey) -> Self {
        let body = encode(message);
        let signature = key.sign(ANSWER, &proven(request, &body));
        AnswerFrame { signature, body: body.into() }
    }

    /// The answer, if `relay` gave it to this request.
    ///
    /// # Errors
    /// [`FrameError`] where it is another's, to another request, or unreadable.
    pub fn open<T: for<'b> Decode<'b, ()>>(
        &self,
        request: &[u8; 32],
        relay: &PublicKey,
    ) -> Result<T, FrameError> {
        if self.is_from(relay, request) { self.peek() } else { Err(FrameError::Signature) }
    }

    /// The answer, without a look at the signature.
    ///
    /// # Errors
    /// [`FrameError::Unreadable`] if it is not the expected answer.
    pub fn peek<T: for<'b> Decode<'b, ()>>(&self) -> Result<T, FrameError> {
        minicbor::decode(&self.body).map_err(|_| FrameError::Unreadable)
    }

    /// Whether `relay` made this answer, to the request named `request`.
    #[must_use]
    pub fn is_from(&self, relay: &PublicKey, request: &[u8; 32]) -> bool {
        relay.verifies(ANSWER, &proven(request, &self.body), &self.signature)
    }
}

/// What is wrong with bytes that are not the expected message: one of its own limits, where that is it.
fn undecodable(error: &minicbor::decode::Error) -> FrameError {
    let limit = std::error::Error::source(error).and_then(|source| source.downcast_ref::<FrameError>());
    limit.copied().unwrap_or(FrameError::Unreadable)
}

fn proven(binding: &[u8], body: &[u8]) -> Vec<u8> {
    [binding, body].concat()
}

/// Encodes and compresses a message.
#[must_use]
pub fn pack<T: Encode<()>>(message: &T) -> Vec<u8> {
    match zstd::bulk::compress(&encode(message), LEVEL) {
        Ok(bytes) => bytes,
        Err(error) => unreachable!("compressing to memory: {error}"),
    }
}

/// Decompresses and decodes a message, within the limits.
///
/// # Errors
/// [`FrameError`] for a body too large, cut short or not of this kind.
pub fn unpack<T: for<'b> Decode<'b, ()>>(body: &[u8]) -> Result<T, FrameError> {
    minicbor::decode(&inflate(body)?).map_err(|_| FrameError::Unreadable)
}

fn inflate(body: &[u8]) -> Result<Vec<u8>, FrameError> {
    use std::io::Read;

    if body.len() > BODY_MAX {
        return Err(FrameError::TooLarge);
    }
    // Streaming with a cap: the size a frame claims for itself is never believed.
    let mut decoder = zstd::stream::read::Decoder::new(body).map_err(|_| FrameError::Unreadable)?;
    decoder.window_log_max(WINDOW_LOG_MAX).map_err(|_| FrameError::Unreadable)?;
    let mut bytes = Vec::new();
    let limit = u64::try_from(FRAME_MAX + 1).unwrap_or(u64::MAX);
    decoder.take(limit).read_to_end(&mut bytes).map_err(|_| FrameError::Unreadable)?;
    if bytes.len() > FRAME_MAX { Err(FrameError::TooLarge) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_returns_from_the_wire() {
        let key = SecretKey::from_seed(&[1; 32]);
        let frame = Frame::enclose(&"halo", [7; 24], &key);
        let read: Frame = unpack(&pack(&frame)).unwrap();
        assert_eq!(read, frame);
        assert!(read.is_from(&key.public()));
        assert_eq!(read.peek::<String>().unwrap(), "halo");
    }

    #[test]
    fn an_answer_belongs_to_its_request_and_its_relay() {
        let relay = SecretKey::from_seed(&[1; 32]);
        let answer = AnswerFrame::enclose(&"ya", &[3; 32], &relay);
        assert_eq!(answer.open::<String>(&[3; 32], &relay.public()).unwrap(), "ya");
        assert_eq!(answer.open::<String>(&[4; 32], &relay.public()), Err(FrameError::Signature));
        let other = SecretKey::from_seed(&[2; 32]).public();
        assert_eq!(answer.open::<String>(&[3; 32], &other), Err(FrameError::Signature));
    }

    #[test]
    fn a_body_is_bounded_before_and_after_decompression() {
        let bomb = zstd::bulk::compress(&vec![0; FRAME_MAX + 1], 3).unwrap();
        assert!(bomb.len() < 10_000);
        assert_eq!(unpack::<ByteVec>(&bomb), Err(FrameError::TooLarge));
        assert_eq!(unpack::<ByteVec>(&vec![0; BODY_MAX + 1]), Err(FrameError::TooLarge));
        let full = ByteVec::from(vec![0; FRAME_MAX - 5]);
        assert_eq!(unpack::<ByteVec>(&pack(&full)), Ok(full));
    }

    #[test]
    fn a_body_may_not_ask_for_more_memory_than_a_frame_needs() {
        use std::io::Write;

        let body = |window| {
            let mut encoder = zstd::stream::Encoder::new(Vec::new(), 3).unwrap();
            encoder.window_log(window).unwrap();
            encoder.write_all(&encode(&"halo")).unwrap();
            encoder.finish().unwrap()
        };
        assert_eq!(unpack::<String>(&body(WINDOW_LOG_MAX)), Ok("halo".to_owned()));
        assert_eq!(unpack::<String>(&body(WINDOW_LOG_MAX + 1)), Err(FrameError::Unreadable));
    }

    #[test]
    fn every_cut_of_a_body_is_unreadable() {
        let body = pack(&Frame::enclose(&"halo", [7; 24], &SecretKey::from_seed(&[1; 32])));
        for end in 0..body.len() {
            assert_eq!(unpack::<Frame>(&body[..end]), Err(FrameError::Unreadable), "cut at {end}");
        }
    }
}
