//! How a request can fail, and what its sender is told.

use std::time::Duration;

use sambung_sync::message::Refusal;
use sambung_sync::relay::{Reject, RelayError};

use crate::store::StoreError;

/// Seconds after which a busy relay may be asked again.
const BUSY_S: u32 = 5;

/// Why a request got no answer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The protocol refuses it.
    #[error(transparent)]
    Rejected(#[from] Reject),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Too many wrong invitation codes of late.
    #[error("too many wrong invitation codes; try again later")]
    TooMany(Duration),
    /// More at once than the relay takes.
    #[error("the relay is busy; try again later")]
    Busy,
    /// The body did not come in time.
    #[error("the message did not arrive in time")]
    Slow,
    /// The body is of another media type.
    #[error("the message is not of type application/vnd.sambung+cbor")]
    MediaType,
    /// A fault in the relay itself.
    #[error("the relay failed unexpectedly")]
    Internal,
}

impl From<RelayError<StoreError>> for Failure {
    fn from(error: RelayError<StoreError>) -> Self {
        match error {
            RelayError::Rejected(reject) => Failure::Rejected(reject),
            RelayError::Store(error) => Failure::Store(error),
        }
    }
}

impl Failure {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Failure::Rejected(reject) => reject.status(),
            Failure::Store(error) => error.status(),
            Failure::TooMany(_) => 429,
            Failure::Busy => 503,
            Failure::Slow => 408,
            Failure::MediaType => 415,
            Failure::Internal => 500,
        }
    }

    /// The message that is sent. What the operator must know goes to the log, not to the sender.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        let plain = |code: &str, retry_after_s| Refusal {
            code: code.to_owned(),
            message: self.to_string(),
            nonce: None,
            retry_after_s,
        };
        match self {
            Failure::Rejected(reject) => reject.refusal(),
            Failure::Store(error) => {
                let later = (error.code() == "later").then_some(BUSY_S);
                let message = match error.code() {
                    "storage_full" => "the relay's disk is full",
                    "later" => "the relay is busy; try again later",
                    _ => "the relay's database cannot be used",
                };
                Refusal { message: message.to_owned(), ..plain(error.code(), later) }
            }
            Failure::TooMany(wait) => {
                plain("later", Some(u32::try_from(wait.as_secs() + 1).unwrap_or(u32::MAX)))
            }
            Failure::Busy => plain("later", Some(BUSY_S)),
            Failure::Slow | Failure::MediaType => plain("frame_invalid", None),
            Failure::Internal => plain("internal", None),
        }
    }
}
