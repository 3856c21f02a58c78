//! A statement with its signature, kept as the exact bytes that were signed.

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::key::{PublicKey, SecretKey, Signature};

/// CBOR bytes of a statement and the signature over them. The bytes are never re-encoded: what was signed is
/// what is stored and passed on.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Signed {
    /// The statement in CBOR.
    #[n(0)]
    pub body: ByteVec,
    /// The signature over it.
    #[n(1)]
    pub signature: Signature,
}

/// Why a signed statement does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignedError {
    /// The signature is not the expected key's.
    #[error("the signature does not match")]
    Signature,
    /// The bytes under the signature are no such statement.
    #[error("the signed statement cannot be read")]
    Body,
}

/// A statement that is signed in a context of its own.
pub trait Statement: Encode<()> + for<'b> Decode<'b, ()> {
    /// The context that its signatures are bound to.
    const CONTEXT: &'static str;
}

impl Signed {
    /// Encodes and signs a statement.
    #[must_use]
    pub fn seal<S: Statement>(statement: &S, key: &SecretKey) -> Self {
        let body = encode(statement);
        let signature = key.sign(S::CONTEXT, &body);
        Signed { body: body.into(), signature }
    }

    /// The statement, if `key` signed it.
    ///
    /// # Errors
    /// [`SignedError`] where the signature is another's or the bytes are no such statement.
    pub fn open<S: Statement>(&self, key: &PublicKey) -> Result<S, SignedError> {
        if !key.verifies(S::CONTEXT, &self.body, &self.signature) {
            return Err(SignedError::Signature);
        }
        self.peek()
    }

    /// The statement without a look at the signature: for finding out whose key to ask for, and for
    /// statements of our own store.
    ///
    /// # Errors
    /// [`SignedError::Body`] where the bytes are no such statement.
    pub fn peek<S: Statement>(&self) -> Result<S, SignedError> {
        minicbor::decode(&self.body).map_err(|_| SignedError::Body)
    }

    /// The first eight bytes of the BLAKE3 hash of the statement: its short name.
    #[must_use]
    pub fn short_id(&self) -> [u8; 8] {
        let mut id = [0; 8];
        id.copy_from_slice(&blake3::hash(&self.body).as_bytes()[..8]);
        id
    }
}

/// CBOR of a value. Writing to memory cannot fail.
pub fn encode<T: Encode<()>>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    match minicbor::encode(value, &mut bytes) {
        Ok(()) => bytes,
        Err(error) => unreachable!("writing CBOR to memory: {error}"),
    }
}
