//! A sync to its end: request after request until nothing is left to say.

use std::collections::BTreeMap;

use sambung_domain::{Set, StaffId, Timestamp};
use sambung_sync::frame::{AnswerFrame, Frame, FrameError, pack, unpack};
use sambung_sync::message::{
    Closed, ExchangeRequest, ExchangeResponse, ReconcileRequest, ReconcileResponse, Refusal, Verdict, Want,
};
use sambung_trust::certificate::Purpose;
use serde::{Deserialize, Serialize};

use super::farthest::Farthest;
use super::outgoing::Draft;
use super::reconcile::Reconcile;
use super::{Attempt, Plan};
use crate::identity::{nonce, set_nonce};
use crate::parcel::outbox;
use crate::{Replica, ReplicaError};

/// Most rounds in a row that bring nothing: more than any honest conversation needs, and a bound on one with a
/// relay that never says it is done.
const FRUITLESS_MAX: u32 = 8;

/// Most comparisons a session begins: one for what differs, and some for places that are lost.
const COMPARISONS_MAX: u32 = 4;

/// What a session did. The names are those of `sambung sync --json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncReport {
    /// Own changes that the relay has now and did not have before.
    pub pushed: u64,
    /// Changes that came.
    pub pulled: u64,
    /// Changes, own and others', that the relay had lost and has again.
    #[serde(default)]
    pub returned: u64,
    /// Round trips.
    pub rounds: u32,
    /// Bytes of the bodies sent.
    pub bytes_up: u64,
    /// Bytes of the bodies received.
    pub bytes_down: u64,
    /// How many changes got which verdict.
    pub verdicts: BTreeMap<String, u64>,
    /// Whether both sides held the same at the end; absent where that was not compared.
    pub verified: Option<bool>,
    /// Sealed items that the relay has now and did not have before.
    pub sealed: u64,
    /// Sealed items that came to be opened.
    pub arrived: u64,
    /// The relay has come back with less than it had and sends nothing before the centre has come.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
    /// Round trips in which records were compared: none as long as nothing is broken.
    pub reconciled: u32,
    /// What the comparison of each set gave, before anything was mended; empty where none was made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sets: Vec<SetReport>,
    /// Changes that cannot be used or were refused: somebody must look.
    pub attention: u64,
}

/// What the comparison of one set gave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetReport {
    /// The set.
    pub set: String,
    /// Records here that are settled.
    pub here: u64,
    /// Records at the centre.
    pub centre: u64,
    /// Whether they were the same, with the same heads.
    pub equal: bool,
}

impl SyncReport {
    /// Adds what another session did right after this one.
    pub fn add(&mut self, later: &SyncReport) {
        self.pushed += later.pushed;
        self.pulled += later.pulled;
        self.returned += later.returned;
        self.rounds += later.rounds;
        self.bytes_up += later.bytes_up;
        self.bytes_down += later.bytes_down;
        for (verdict, count) in &later.verdicts {
            *self.verdicts.entry(verdict.clone()).or_default() += count;
        }
        self.verified = later.verified;
        self.sealed += later.sealed;
        self.arrived += later.arrived;
        self.reconciled += later.reconciled;
        self.sets.extend(later.sets.iter().cloned());
        self.attention = later.attention;
    }

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
    /// Made with the first request, and anew after a comparison: what was held back may have lacked what is sent then.
    attempt: Option<Attempt>,
    plan: Plan,
    report: SyncReport,
    pending: Option<Pending>,
    nonce_renewed: bool,
    fruitless: u32,
    /// The farthest it has come.
    farthest: Farthest,
    /// A comparison under way.
    reconcile: Option<Reconcile>,
    /// How many comparisons were begun.
    comparisons: u32,
    /// Whether everything is compared in any case.
    thorough: bool,
    /// The next request is an exchange, whatever has lost its place: the relay needs something first.
    exchange_first: bool,
}

/// A request that waits for its answer.
#[derive(Debug)]
struct Pending {
    asked: Asked,
    name: [u8; 32],
}

/// What was asked.
#[derive(Debug)]
enum Asked {
    Exchange { request: Box<ExchangeRequest>, batch: Option<i64> },
    Reconcile(ReconcileRequest),
}

impl Session {
    /// Begins a sync for the staff member who has unlocked the device.
    #[must_use]
    pub fn begin(staff: StaffId) -> Self {
        Session {
            staff,
            attempt: None,
            plan: Plan::default(),
            report: SyncReport::default(),
            pending: None,
            nonce_renewed: false,
            fruitless: 0,
            farthest: Farthest::default(),
            reconcile: None,
            comparisons: 0,
            thorough: false,
            exchange_first: false,
        }
    }

    /// A sync that compares every record in any case.
    #[must_use]
    pub fn thorough(staff: StaffId) -> Self {
        Session { thorough: true, ..Session::begin(staff) }
    }

    /// The next body to post, to `/sync/v1/` and [`path`](Session::path).
    ///
    /// # Errors
    /// What the replica says.
    pub fn request(&mut self, replica: &mut Replica, now: Timestamp) -> Result<Vec<u8>, SyncError> {
        self.look_for_lost_places(replica)?;
        let nonce = nonce(&replica.connection)?;
        let (asked, frame) = match &self.reconcile {
            Some(state) => {
                let request = replica.draft_reconcile(state)?;
                let frame = Frame::enclose(&request, nonce, &replica.identity.device);
                (Asked::Reconcile(request), frame)
            }
            None => {
                let attempt = self.attempt(replica)?;
                let Draft { request, batch } = replica.draft(self.plan, self.staff, attempt, now)?;
                let frame = Frame::enclose(&request, nonce, &replica.identity.device);
                (Asked::Exchange { request: Box::new(request), batch }, frame)
            }
        };
        let body = pack(&frame);
        self.report.bytes_up += u64::try_from(body.len()).unwrap_or(0);
        self.pending = Some(Pending { asked, name: frame.name() });
        Ok(body)
    }

    /// Where the last request goes.
    #[must_use]
    pub fn path(&self) -> &'static str {
        match self.pending.as_ref().map(|pending| &pending.asked) {
            Some(Asked::Reconcile(_)) => "reconcile",
            Some(Asked::Exchange { .. }) | None => "exchange",
        }
    }

    /// What has lost its place in the log is compared before anything is read or sent there.
    fn look_for_lost_places(&mut self, replica: &Replica) -> Result<(), SyncError> {
        if self.reconcile.is_some() || std::mem::take(&mut self.exchange_first) {
            return Ok(());
        }
        let lost = replica.adrift()?;
        if !lost.is_empty() {
            self.compare(lost)?;
        }
        Ok(())
    }

    fn attempt(&mut self, replica: &Replica) -> Result<Attempt, ReplicaError> {
        let attempt = self.attempt.map_or_else(|| Attempt::next(&replica.connection), Ok)?;
        self.attempt = Some(attempt);
        Ok(attempt)
    }

    fn compare(&mut self, sets: impl IntoIterator<Item = Set>) -> Result<(), SyncError> {
        self.comparisons += 1;
        if self.comparisons > COMPARISONS_MAX {
            return Err(SyncError::Nonsense("its log is another at every look"));
        }
        self.reconcile = Some(Reconcile::of(sets));
        Ok(())
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
        match pending.asked {
            Asked::Exchange { request, batch } => {
                let response = verified(replica, &answer, &pending.name)?;
                self.exchanged(replica, (&request, batch), &response, now)
            }
            Asked::Reconcile(request) => {
                let response = verified(replica, &answer, &pending.name)?;
                self.reconciled(replica, &request, &response, now)
            }
        }
    }

    fn exchanged(
        &mut self,
        replica: &mut Replica,
        (request, batch): (&ExchangeRequest, Option<i64>),
        response: &ExchangeResponse,
        now: Timestamp,
    ) -> Result<Step, SyncError> {
        let (sealed, attempt) = (self.report.sealed, self.attempt(replica)?);
        let progress = replica.apply(request, batch, response, (attempt, now), &mut self.report)?;
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
            || replica.has_waiting(attempt)?
            || progress.parcels_lost
            || self.report.sealed > sealed && outbox::has_unsent(&replica.connection)?
            || (response.closed.is_none() && replica.put_right(self.staff, now)? > 0);
        if more {
            let comes_farther = self.farthest.moves_to(&self.report, replica.standing(attempt)?);
            self.fruitless = if comes_farther { 0 } else { self.fruitless + 1 };
            if self.fruitless > FRUITLESS_MAX {
                return Err(SyncError::Nonsense("it goes round in circles"));
            }
            return Ok(Step::Continue);
        }
        if let Some(closed) = response.closed {
            return Err(SyncError::Closed(closed));
        }
        if response.silent == Some(true) {
            replica.note_said()?;
            self.report.silent = true;
            self.report.attention = replica.attention()?;
            return Ok(Step::Done(self.report.clone()));
        }
        // What differs is found and mended once a session: a relay that goes on differing is reported.
        let differs = self.report.verified == Some(false) && self.report.reconciled == 0;
        if std::mem::take(&mut self.thorough) || differs {
            self.compare(replica.sets()?)?;
            return Ok(Step::Continue);
        }
        replica.note_agreement(now)?;
        #[cfg(feature = "sabotage")]
        replica.forget_guests()?;
        replica.purge()?;
        self.report.attention = replica.attention()?;
        Ok(Step::Done(self.report.clone()))
    }

    /// Takes the answer to a comparison; once nothing is left to compare, an exchange sends what the relay lacks.
    fn reconciled(
        &mut self,
        replica: &mut Replica,
        request: &ReconcileRequest,
        response: &ReconcileResponse,
        now: Timestamp,
    ) -> Result<Step, SyncError> {
        self.report.reconciled += 1;
        if let Some(closed) = response.closed {
            return Err(SyncError::Closed(closed));
        }
        if response.want.is_some() {
            self.plan.whole_grant = true;
            self.exchange_first = true;
            self.reconcile = None;
            return Ok(Step::Continue);
        }
        let Some(mut state) = self.reconcile.take() else {
            return Err(SyncError::Nonsense("an answer without a request"));
        };
        replica.apply_reconcile(&mut state, request, response, now, &mut self.report)?;
        if state.is_done() {
            self.attempt = None;
            self.plan.list_scopes = true;
            self.report.sets = state.found();
        } else {
            self.reconcile = Some(state);
        }
        Ok(Step::Continue)
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

/// An answer that says when it was given.
trait Timed {
    fn relay_time(&self) -> Timestamp;
}

impl Timed for ExchangeResponse {
    fn relay_time(&self) -> Timestamp {
        ExchangeResponse::relay_time(self)
    }
}

impl Timed for ReconcileResponse {
    fn relay_time(&self) -> Timestamp {
        self.relay_time
    }
}

/// The response, if the relay this replica trusts gave it to this very request.
fn verified<T: Timed + for<'b> minicbor::Decode<'b, ()>>(
    replica: &Replica,
    answer: &AnswerFrame,
    request: &[u8; 32],
) -> Result<T, SyncError> {
    // The time at which the certificate is looked up is the relay's own; the signature then covers it.
    let claimed: T = answer.peek()?;
    let relay = replica
        .identity
        .key_for(Purpose::Relay, claimed.relay_time())
        .map_err(|_| SyncError::RelayUnknown)?;
    if answer.is_from(&relay, request) { Ok(claimed) } else { Err(SyncError::RelayUnknown) }
}
