//! The relay's role: what it answers, over a store that its host gives it.
//!
//! One request is one transaction of the store: the host opens it, calls one method of [`Relay`], commits, and
//! only then sends the answer. The relay loads no document; it decodes the stored changes of the records a
//! push touches.

mod admission;
mod answer;
mod counting;
mod enrolment;
mod entries;
mod lanes;
mod leaving;
mod listening;
mod orders;
mod parcels;
mod pulling;
mod pushing;
mod quarantine;
mod recognition;
mod reconciling;
mod returning;
mod safety;
mod scopes;
mod silence;
mod store;

pub use answer::{Reject, RelayError};
pub use counting::{collections, heads_of};
pub use listening::{Listener, author_of};
pub use quarantine::NotReleased;
pub use store::{
    Claim, Collection, Counted, Decided, Device, DigestStore, Invitation, Load, LogRow, Lying, Move,
    NewOrder, NewParcel, ParcelStage, ParcelStore, Quarantined, RecordRow, RelayStore, Silence, SilenceStore,
    Store, StoredBatch, StoredChange, StoredLeaf, StoredOrder, StoredParcel,
};

use sambung_domain::{Pack, Timestamp};
use sambung_trust::{DeploymentKey, Grant, PublicKey, SecretKey, Signed, Standing};

use crate::chain::LogId;
use crate::confirmed::Confirmed;
use crate::frame::{AnswerFrame, Frame};
use crate::message::{Closed, ExchangeRequest, ExchangeResponse, Hello, VERSION, Want};

/// The keys a relay works with.
#[derive(Debug)]
pub struct RelayKeys {
    /// The deployment's root, of which only the public half is here.
    pub root: PublicKey,
    /// The root's certificates for the two keys below.
    pub certificates: Vec<Signed>,
    /// Signs grants.
    pub issuer: SecretKey,
    /// Signs receipts and answers.
    pub relay: SecretKey,
    /// What every member of the deployment holds.
    pub deployment: DeploymentKey,
    /// Keys the nonces.
    pub nonce: [u8; 32],
}

/// The relay's role.
#[derive(Debug)]
pub struct Relay {
    /// What can be recorded.
    pub pack: Pack,
    /// Its keys.
    pub keys: RelayKeys,
    /// The log it keeps.
    pub log: LogId,
    /// The rule that is broken on purpose.
    #[cfg(feature = "sabotage")]
    pub sabotage: Option<&'static str>,
}

/// What a request is carried out with.
pub struct Circumstances<'a> {
    /// Relay time.
    pub now: Timestamp,
    /// Sixteen random bytes at each call: salts of log entries.
    pub random: &'a mut dyn FnMut() -> [u8; 16],
}

/// A request whose sender is known: what the handlers work on.
struct Caller {
    device: Device,
    /// Its newest grant.
    grant: Grant,
    standing: Standing,
    orders: Vec<StoredOrder>,
}

impl Relay {
    /// Answers `GET /sync/v1/hello`.
    #[must_use]
    pub fn hello(&self, now: Timestamp) -> Hello {
        Hello {
            versions: vec![VERSION],
            root: self.keys.root,
            certificates: self.keys.certificates.clone(),
            relay_time: now,
            nonce: enrolment::nonce_for_strangers(&self.keys.nonce, now),
        }
    }

    /// Answers `POST /sync/v1/exchange` inside one transaction of the store, which the host commits before it
    /// sends the answer. `request` is what is in `frame`, decoded: its host has looked into it to choose the
    /// transaction.
    ///
    /// # Errors
    /// [`RelayError::Rejected`] where the request as a whole is refused, [`RelayError::Store`] where the store
    /// failed; the host rolls back on either.
    pub fn exchange<S: RelayStore>(
        &self,
        store: &mut S,
        frame: &Frame,
        request: &ExchangeRequest,
        circumstances: &mut Circumstances<'_>,
    ) -> Result<AnswerFrame, RelayError<S::Error>> {
        let mut response = self.blank_response(request, circumstances.now);
        match self.recognise(store, frame, request, circumstances.now)? {
            None => response.want = Some(Want::Grant),
            // Orders before anything else: what is judged below is judged by them.
            Some(known) if self.merge_orders(store, request, &mut response, circumstances.now)? => {
                let mut caller = self.stand(store, known, request, &mut response, circumstances.now)?;
                self.answer(store, &mut caller, request, &mut response, circumstances)?;
            }
            Some(_) => response.want = Some(Want::Orders),
        }
        Ok(AnswerFrame::enclose(&response, &frame.name(), &self.keys.relay))
    }

    fn answer<S: RelayStore>(
        &self,
        store: &mut S,
        caller: &mut Caller,
        request: &ExchangeRequest,
        response: &mut ExchangeResponse,
        circumstances: &mut Circumstances<'_>,
    ) -> Result<(), RelayError<S::Error>> {
        let mut confirmed = Confirmed::default();
        if let Some(returned) = &request.returned {
            confirmed = self.take_returned(store, returned, response, circumstances)?;
        }
        let given = confirmed.clone();
        if let Some(push) = &request.push {
            confirmed.add(self.take_push(store, caller, push, response, circumstances)?);
        }
        self.take_parcels(store, caller, request, response, circumstances)?;
        self.tell_outcomes(store, caller, request, response)?;
        match caller.standing {
            Standing::Live if self.is_silent(store, caller)? => {
                response.silent = Some(true);
                let void = self.void_receipts(store, request)?;
                response.void = Some(void).filter(|void| !void.is_empty());
            }
            Standing::Live => {
                let away = self.out_of_reach(store, caller, &given, circumstances.now)?;
                response.away = Some(away).filter(|away| !away.is_empty());
                let asked = (request, given);
                confirmed.add(self.give_pulls(store, caller, asked, response, circumstances.now)?);
                self.say_kept(store, caller, request, response, circumstances.now)?;
                self.give_parcels(store, caller, request, response)?;
            }
            // The renewed grant opens the next request.
            Standing::Lapsed => response.more = Some(true),
            Standing::Revoked => response.closed = Some(Closed::Revoked),
            Standing::Ended => response.closed = Some(Closed::Ended),
            Standing::Expired => response.closed = Some(Closed::Expired),
        }
        response.admission = self.admission(&confirmed, circumstances.now);
        self.renew_grant(store, caller, response, circumstances.now)
    }
}
