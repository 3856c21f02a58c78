//! A sync to its end: request after request until nothing is left to say.

use std::collections::BTreeMap;

use sambung_domain::{StaffId, Timestamp};
use sambung_sync::frame::{AnswerFrame, Frame, FrameError, pack, unpack};
use sambung_sync::message::{Closed, ExchangeRequest, ExchangeResponse, Refusal, Verdict, Want};
use sambung_trust::certificate::Purpose;
use serde::{Deserialize, Serialize};

use super::Plan;
use super::outgoing::Draft;
use crate::identity::{nonce, set_nonce};
use crate::{Replica, ReplicaError};

/// Most rounds in a row that bring nothing: more than any honest conversation needs, and a bound on one with a
/// relay that never says it is done.
const FRUITLESS_MAX: u32 = 8;

/// What a session did. The names are those of `sambung sync --json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncReport {
    /// Own changes that the relay has now and did not have before.
    pub pushed: u64,
    /// Changes that came.
    pub pulled: u64,
    /// Round trips.
    pub rounds: u32,
    /// Bytes of the bodies sent.
    pub bytes_up: u64,
    /// Bytes of the bodies received.
    pub bytes_down: u64,
    /// How many changes got which verdict.
    pub verdicts: BTreeMap<String, u64>,
    /// Whether digests agreed at the end; absent as long as none were compared.
    pub verified: Option<bool>,
    /// Changes that cannot be used or were refused: somebody must look.
    pub attention: u64,
}

impl SyncReport {
    pub(super) fn count(&mut self, verdict: &Verdict) {
        use sambung_sync::message::{Disposition, Lane};
        let name = match verdict.disposition {
            Disposition::Stored if verdict.lane == Lane::Late => "late",
            Disposition::Stored | Disposition::Duplicate if verdict.lane == Lane::Quarantined => {
                "quarantined"
            }
            Disposition::Stored => "stored",
            Disposition::Duplicate => "duplicate",
            Disposition::Held => "held",
            Disposition::Later => "later",
            Disposition::Refused => "refused",
        };
        *self.verdicts.entry(name.to_owned()).or_default() += 1;
        if verdict.disposition == Disposition::Stored {
            self.pushed += 1;
        }
    }
}

/// Why a session ended without having said everything. What was saved is kept and sent another time.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The relay refused the request.
    #[error("the relay refused: {message}")]
    Refused {
        /// The relay's closed code.
        code: String,
        /// Its sentence.
        message: String,
    },
    /// The relay sends this device nothing any more. What it pushed was judged.
    #[error("{}", closed_sentence(*.0))]
    Closed(Closed),
    /// The relay asks to come again later.
    #[error("the relay is busy; try again in {0} seconds")]
    Later(u32),
    /// What answers is not the relay this replica was enrolled at.
    #[error("the answer is not from the relay this device was enrolled at")]
    RelayUnknown,
    /// The answer cannot be read: a captive portal, a cut line, or another service.
    #[error("the answer cannot be read: {0}")]
    Frame(#[from] FrameError),
    /// The answer contradicts itself.
    #[error("the relay's answer contradicts itself: {0}")]
    Nonsense(&'static str),
    /// The replica failed.
    #[error(transparent)]
    Replica(#[from] ReplicaError),
}

fn closed_sentence(closed: Closed) -> &'static str {
    match closed {
        Closed::Revoked => {
            "Perangkat ini sudah dicabut; yang tersimpan tetap ada, yang terkirim menunggu keputusan pusat. / \
             This device was revoked; what is saved stays, what was sent waits for the centre to decide"
        }
        Closed::Ended => {
            "Hak perangkat ini sudah berakhir; mintalah hak baru ke pusat. / \
             This device's grant has ended; ask the centre for another"
        }
        Closed::Expired => {
            "Perangkat ini terlalu lama tidak tersambung; mintalah hak baru ke pusat. / \
             This device was out of contact for too long; ask the centre for another grant"
        }
    }
}

/// What the host does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Ask for the next request.
    Continue,
    /// Everything is said.
    Done(SyncReport),
}

/// One sync.
#[derive(Debug)]
pub struct Session {
    staff: StaffId,
    began: Timestamp,
    plan: Plan,
    report: SyncReport,
    pending: Option<Pending>,
    nonce_renewed: bool,
    fruitless: u32,
}

/// A request that waits for its answer.
#[derive(Debug)]
struct Pending {
    request: ExchangeRequest,
    batch: Option<i64>,
    name: [u8; 32],
}

impl Session {
    /// Begins a sync for the staff member who has unlocked the device.
    #[must_use]
    pub fn begin(staff: StaffId, now: Timestamp) -> Self {
        Session {
            staff,
            began: now,
            plan: Plan::default(),
            report: SyncReport::default(),
            pending: None,
            nonce_renewed: false,
            fruitless: 0,
        }
    }

    /// The next body to post to `/sync/v1/exchange`.
    ///
    /// # Errors
    /// What the replica says.
    pub fn request(&mut self, replica: &mut Replica, now: Timestamp) -> Result<Vec<u8>, SyncError> {
        let Draft { request, batch } = replica.draft(self.plan, self.staff, self.began, now)?;
        let frame = Frame::enclose(&request, nonce(&replica.connection)?, &replica.identity.device);
        let body = pack(&frame);
        self.report.bytes_up += u64::try_from(body.len()).unwrap_or(0);
        self.pending = Some(Pending { request, batch, name: frame.name() });
        Ok(body)
    }

    /// Takes the answer to the last request.
    ///
    /// # Errors
    /// [`SyncError`]; the session is over then, and nothing saved is lost.
    pub fn receive(
        &mut self,
        replica: &mut Replica,
        status: u16,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Step, SyncError> {
        self.report.rounds += 1;
        self.report.bytes_down += u64::try_from(body.len()).unwrap_or(0);
        if status != 200 {
            return self.refused(replica, body);
        }
        let pending = self.pending.take().ok_or(SyncError::Nonsense("an answer without a request"))?;
        let answer: AnswerFrame = unpack(body)?;
        let response = verified(replica, &answer, &pending)?;
        let before = (self.report.pulled, self.report.verdicts.clone());
        let progress = replica.apply(&pending.request, pending.batch, &response, now, &mut self.report)?;
        self.report.verified = progress.equal;
        // What a session has found out once holds to its end.
        self.plan.whole_grant |= response.want == Some(Want::Grant);
        self.plan.give_orders |= response.want == Some(Want::Orders);
        self.plan.list_scopes |= response.want == Some(Want::Scopes) || progress.unfinished;
        self.plan.send_own |= progress.own_missing;
        let more = response.want.is_some()
            || response.more == Some(true)
            || progress.unfinished
            || progress.own_missing
            || replica.has_waiting(self.began)?;
        if more {
            let fruitless = before == (self.report.pulled, self.report.verdicts.clone());
            self.fruitless = if fruitless { self.fruitless + 1 } else { 0 };
            if self.fruitless > FRUITLESS_MAX {
                return Err(SyncError::Nonsense("it goes round in circles"));
            }
            return Ok(Step::Continue);
        }
        if let Some(closed) = response.closed {
            return Err(SyncError::Closed(closed));
        }
        replica.note_agreement(now)?;
        replica.purge()?;
        self.report.attention = replica.attention()?;
        Ok(Step::Done(self.report.clone()))
    }

    /// A refusal ends the session, except for a stale nonce, which is replaced once.
    fn refused(&mut self, replica: &mut Replica, body: &[u8]) -> Result<Step, SyncError> {
        let refusal: Refusal = unpack(body)?;
        if let (Some(fresh), false) = (refusal.nonce, self.nonce_renewed) {
            self.nonce_renewed = true;
            set_nonce(&replica.connection, &fresh)?;
            return Ok(Step::Continue);
        }
        match refusal.retry_after_s {
            Some(seconds) => Err(SyncError::Later(seconds)),
            None => Err(SyncError::Refused { code: refusal.code, message: refusal.message }),
        }
    }
}

/// The response, if the relay this replica trusts gave it to this very request.
fn verified(
    replica: &Replica,
    answer: &AnswerFrame,
    pending: &Pending,
) -> Result<ExchangeResponse, SyncError> {
    // The time at which the certificate is looked up is the relay's own; the signature then covers it.
    let claimed: ExchangeResponse = answer.peek()?;
    let relay =
        replica.identity.key_for(Purpose::Relay, claimed.relay_time).map_err(|_| SyncError::RelayUnknown)?;
    if answer.is_from(&relay, &pending.name) { Ok(claimed) } else { Err(SyncError::RelayUnknown) }
}
