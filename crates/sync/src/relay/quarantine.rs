//! What is kept apart: what the author is told, and how it is released or discarded.
//!
//! A change in quarantine is on the relay's disk, under the receipt, and in nobody's log. Released, it enters the log as
//! if it had been allowed, under its author's name; discarded, its hash and the reason stay.

use sambung_domain::Timestamp;
use sambung_trust::{Outcome, Signed};

use super::answer::stored;
use super::pushing::{Intake, Source};
use super::{Caller, Circumstances, Quarantined, Relay, RelayError, RelayStore};
use crate::form::{BadForm, Rejected};
use crate::limits::OUTCOMES_MAX;
use crate::message::{Disposition, ExchangeRequest, ExchangeResponse, Lane, Verdict};

/// The code of what somebody has discarded.
const DISCARDED: &str = "discarded";

/// Why a change is not released.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotReleased {
    /// It was decided about already.
    #[error("it was decided about already")]
    Decided,
    /// It builds on changes that the log does not hold; they come first.
    #[error("it builds on {0} changes that are not in the log; release those first")]
    Missing(usize),
    /// The log has gone on so that it can never be taken.
    #[error("it does not fit the record any more: {0}")]
    Unfit(String),
}

impl Quarantined {
    /// What its author is told when he sends it again; `None` once it stands in the log.
    pub(super) fn verdict(&self) -> Option<Verdict> {
        match &self.decided {
            None => Some(quarantined(Disposition::Duplicate, &self.code)),
            Some(decided) if decided.released => None,
            Some(_) => Some(Verdict::refused(DISCARDED)),
        }
    }
}

/// The verdict on a change that is kept apart.
pub(super) fn quarantined(disposition: Disposition, code: &str) -> Verdict {
    Verdict { disposition, lane: Lane::Quarantined, code: Some(code.to_owned()) }
}

impl Relay {
    /// Tells the caller what was decided about its changes since it was last told.
    pub(super) fn tell_outcomes<S: RelayStore>(
        &self,
        store: &mut S,
        caller: &Caller,
        request: &ExchangeRequest,
        response: &mut ExchangeResponse,
    ) -> Result<(), RelayError<S::Error>> {
        let told = request.outcomes.unwrap_or(0);
        let decided = stored(store.decided_after(&caller.device.key, told, OUTCOMES_MAX + 1))?;
        if decided.is_empty() {
            return Ok(());
        }
        if decided.len() > OUTCOMES_MAX {
            response.more = Some(true);
        }
        let outcomes = decided.iter().take(OUTCOMES_MAX).filter_map(|change| self.outcome(change));
        response.outcomes = Some(outcomes.collect());
        Ok(())
    }

    fn outcome(&self, change: &Quarantined) -> Option<Signed> {
        let decided = change.decided.as_ref()?;
        let outcome = Outcome {
            number: decided.number,
            record: change.record,
            generation: change.generation,
            change: change.hash.0,
            released: decided.released,
            reason: decided.reason.clone(),
            at: decided.at,
        };
        Some(Signed::seal(&outcome, &self.keys.relay))
    }

    /// Admits a change in quarantine into the log as if it had been allowed, in the transaction of whoever decides.
    ///
    /// # Errors
    /// [`RelayError::Store`]; [`NotReleased`] inside where it cannot be taken, and nothing was changed.
    pub fn release<S: RelayStore>(
        &self,
        store: &mut S,
        change: &Quarantined,
        reason: &str,
        circumstances: &mut Circumstances<'_>,
    ) -> Result<Result<(), NotReleased>, RelayError<S::Error>> {
        let Some(change) = waiting(store, change)? else { return Ok(Err(NotReleased::Decided)) };
        let chunk = change.chunk.clone().unwrap_or_default();
        let now = circumstances.now;
        let source = Source::Written(change.batch);
        let mut intake = Intake::begin(&mut *store, circumstances, self.log, source);
        let standing = self.standing(&mut intake, (change.record, change.generation), &change.kind)?;
        let admitted = match standing {
            Some(mut record) => record.enter(&mut intake, &chunk, (change.batch, change.leaf))?,
            None => Err(BadForm::Genesis.into()),
        };
        let ledger = std::mem::take(&mut intake.ledger);
        ledger.close(store, &self.keys.deployment)?;
        match admitted {
            Ok(()) | Err(Rejected::Duplicate(_)) => {}
            Err(Rejected::Missing(missing)) => return Ok(Err(NotReleased::Missing(missing.len()))),
            Err(Rejected::Bad(bad)) => return Ok(Err(NotReleased::Unfit(bad.to_string()))),
        }
        stored(store.put_decided(&change, true, reason, now))?;
        Ok(Ok(()))
    }

    /// Discards a change in quarantine: its hash and the reason stay.
    ///
    /// # Errors
    /// [`RelayError::Store`]; [`NotReleased::Decided`] inside where it was decided about already.
    pub fn discard<S: RelayStore>(
        &self,
        store: &mut S,
        change: &Quarantined,
        reason: &str,
        now: Timestamp,
    ) -> Result<Result<(), NotReleased>, RelayError<S::Error>> {
        let Some(change) = waiting(store, change)? else { return Ok(Err(NotReleased::Decided)) };
        stored(store.put_decided(&change, false, reason, now))?;
        Ok(Ok(()))
    }
}

/// A change as it waits now; `None` where it was decided about meanwhile.
fn waiting<S: RelayStore>(
    store: &mut S,
    change: &Quarantined,
) -> Result<Option<Quarantined>, RelayError<S::Error>> {
    let of_record = stored(store.quarantined(change.record, change.generation))?;
    Ok(of_record.into_iter().find(|known| known.hash == change.hash && known.decided.is_none()))
}
