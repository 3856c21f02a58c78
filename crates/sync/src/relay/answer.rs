//! Refusing a request, and the parts every response has.

use sambung_domain::Timestamp;
use sambung_trust::nonce::{self, Nonce};
use sambung_trust::{Signed, Standing};

use super::{Caller, Relay, RelayStore};
use crate::confirmed::Confirmed;
use crate::frame::FrameError;
use crate::message::{ExchangeRequest, ExchangeResponse, Refusal};

/// Why a request as a whole is refused: the closed list of wire codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reject {
    /// The body is too large, cut short, unreadable or unsigned.
    #[error("{0}")]
    Frame(#[from] FrameError),
    /// The nonce is too old or another replica's; here is a fresh one.
    #[error("the nonce is stale; use the one given here")]
    StaleNonce(Nonce),
    /// No such code, used by another device, or past its date.
    #[error("the invitation code is wrong, used or expired")]
    Invitation,
    /// The device is not enrolled here, or its grant has ended.
    #[error("this device has no valid grant")]
    GrantEnded,
    /// A batch number came again with another content: this replica was copied or restored.
    #[error("this replica is a copy of another or was restored from an old image")]
    Cloned,
}

impl Reject {
    /// The wire code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Reject::Frame(error) => error.code(),
            Reject::StaleNonce(_) => "nonce_stale",
            Reject::Invitation => "invite_invalid",
            Reject::GrantEnded => "grant_ended",
            Reject::Cloned => "replica_cloned",
        }
    }

    /// The HTTP status that goes with it.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Reject::Frame(FrameError::TooLarge) => 413,
            Reject::Frame(FrameError::Unreadable | FrameError::Signature) => 400,
            Reject::StaleNonce(_) => 401,
            Reject::Invitation | Reject::GrantEnded => 403,
            Reject::Cloned => 409,
        }
    }

    /// The message that is sent.
    #[must_use]
    pub fn refusal(self) -> Refusal {
        let nonce = match self {
            Reject::StaleNonce(nonce) => Some(nonce),
            Reject::Frame(_) | Reject::Invitation | Reject::GrantEnded | Reject::Cloned => None,
        };
        Refusal { code: self.code().to_owned(), message: self.to_string(), nonce, retry_after_s: None }
    }
}

/// What ends a request.
#[derive(Debug, thiserror::Error)]
pub enum RelayError<E> {
    /// The request is refused.
    #[error(transparent)]
    Rejected(Reject),
    /// The store failed.
    #[error("the relay's store failed")]
    Store(E),
}

impl<E> From<Reject> for RelayError<E> {
    fn from(reject: Reject) -> Self {
        RelayError::Rejected(reject)
    }
}

/// Turns a store's result into the relay's.
pub(super) fn stored<T, E>(result: Result<T, E>) -> Result<T, RelayError<E>> {
    result.map_err(RelayError::Store)
}

impl Relay {
    pub(super) fn blank_response(&self, request: &ExchangeRequest, now: Timestamp) -> ExchangeResponse {
        ExchangeResponse {
            nonce: nonce::issue(&self.keys.nonce, &request.replica, now),
            want: None,
            verdicts: None,
            receipt: None,
            batches: None,
            pulls: None,
            grant: None,
            more: None,
            orders: None,
            closed: None,
            outcomes: None,
            kept: None,
            recipients: None,
            parcels: None,
            sums: None,
            void: None,
            silent: None,
            admission: None,
            returned: None,
            away: None,
        }
    }

    /// What is signed of everything that an answer confirms.
    pub(super) fn admission(&self, confirmed: &Confirmed, now: Timestamp) -> Option<Signed> {
        let statement = confirmed.statement(&self.keys.deployment, now)?;
        Some(Signed::seal(&statement, &self.keys.relay))
    }

    /// Gives a worn grant another lease, also one that has lapsed: contact renews.
    pub(super) fn renew_grant<S: RelayStore>(
        &self,
        store: &mut S,
        caller: &mut Caller,
        response: &mut ExchangeResponse,
        now: Timestamp,
    ) -> Result<(), RelayError<S::Error>> {
        let renewable = matches!(caller.standing, Standing::Live | Standing::Lapsed);
        if !renewable || !caller.grant.is_worn(now) {
            return Ok(());
        }
        let renewed = Signed::seal(&caller.grant.renewed(now), &self.keys.issuer);
        stored(store.put_grant(&renewed))?;
        caller.device.grant = renewed.short_id();
        stored(store.put_device(&caller.device))?;
        response.grant = Some(renewed);
        Ok(())
    }
}
