//! Taking a response: verdicts, grant, and what is new, raw first in one transaction with the cursors.

use std::cell::RefCell;

use rusqlite::{Connection, TransactionBehavior};
use sambung_domain::{Pack, RecordId, Set, Timestamp};
use sambung_sync::message::{ExchangeRequest, ExchangeResponse, Pull, PullAnswer, agreement_hash};
use sambung_trust::certificate::Purpose;
use sambung_trust::signed::encode;
use sambung_trust::{Grant, PublicKey, RecipientsSum};

use super::Attempt;
use super::outgoing::{AGREED, scopes};
use super::pulled::{Intake, Taken, leaves_of};
use super::session::{SyncError, SyncReport};
use super::{adrift, confirmed, equality, former, orders, outcomes, returning, verdicts};
use crate::database::set_named;
use crate::digest;
use crate::identity::{grant, see_relay_time, set_grant, set_nonce};
use crate::parcel::{self, arrival, outbox};
use crate::query::LAST_EXCHANGE;
use crate::{Replica, ReplicaError, loaded, purge};

/// What is left to do after a response.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// A scope has to be asked for again: it starts anew, or its cursor had moved meanwhile.
    pub(super) unfinished: bool,
    /// The relay counts on a change of ours that is not here.
    pub(super) own_missing: bool,
    /// The relay has lost sealed items that it had.
    pub(super) parcels_lost: bool,
    /// Whether both sides hold the same; `None` where that cannot be told from this answer.
    pub(super) equal: Option<bool>,
}

impl Replica {
    /// Takes a response whose signature has been checked.
    pub(super) fn apply(
        &mut self,
        request: &ExchangeRequest,
        batch: Option<i64>,
        response: &ExchangeResponse,
        (attempt, now): (Attempt, Timestamp),
        report: &mut SyncReport,
    ) -> Result<Progress, SyncError> {
        let unknown = |_| SyncError::RelayUnknown;
        let relay = self.identity.key_for(Purpose::Relay, response.relay_time()).map_err(unknown)?;
        let issuer = self.identity.key_for(Purpose::Issuer, response.relay_time()).map_err(unknown)?;
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(ReplicaError::from)?;
        see_relay_time(&transaction, response.relay_time())?;
        set_nonce(&transaction, &response.nonce)?;
        orders::take(&transaction, &issuer, response.orders.as_deref().unwrap_or_default())?;
        orders::note_closed(&transaction, response.closed)?;
        renew(&transaction, &self.pack, response, &issuer, &self.identity.device.public())?;
        if let (Some(batch), Some(runs)) = (batch, &response.verdicts) {
            let said = (runs.as_slice(), response.receipt.as_ref());
            verdicts::take(&transaction, &relay, batch, said, (attempt, now), report)?;
        }
        let word = (&relay, response.admission.as_ref());
        let confirmed = confirmed::of_exchange(&transaction, request, response)?;
        let kept = confirmed::keep(&transaction, &self.identity.deployment, word, &confirmed)?;
        if let Some(kept) = &kept {
            confirmed::pushed(request).iter().try_for_each(|name| kept.stamp(&transaction, name))?;
        }
        if let Some(returned) = &request.returned {
            returning::take(&transaction, returned, response, kept.as_ref(), attempt, report)?;
        }
        outcomes::take(&transaction, &relay, response.outcomes.as_deref().unwrap_or_default(), now)?;
        let touched = RefCell::default();
        let intake = Intake {
            batches: response.batches.as_deref().unwrap_or_default(),
            kept: kept.as_ref(),
            #[cfg(feature = "sabotage")]
            sabotage: self.sabotage.as_deref(),
            ..Intake::begin(&transaction, (&self.pack, &self.identity), now, &touched)?
        };
        let mut progress =
            take_pulls(&intake, request, response.pulls.as_deref().unwrap_or_default(), report)?;
        take_away(&transaction, response.away.as_deref().unwrap_or_default())?;
        for shard in response.void.iter().flatten() {
            adrift::void_receipts(&transaction, shard.as_str())?;
            progress.unfinished = true;
        }
        intake.count_touched()?;
        let asked = request.leaving.as_deref().unwrap_or_default();
        purge::release(&transaction, asked, response.kept.as_deref().unwrap_or_default())?;
        if !progress.unfinished && !progress.own_missing {
            progress.equal = equality::compare(&transaction, &self.identity, request, response)?;
            #[cfg(feature = "sabotage")]
            if self.sabotage.as_deref() == Some("digests_equal") {
                progress.equal = progress.equal.map(|_| false);
            }
        }
        #[cfg(feature = "sabotage")]
        let response = &believed(response, self.sabotage.as_deref());
        let parcels_lost = take_parcels(&transaction, request, response, now, report)?;
        transaction.commit().map_err(ReplicaError::from)?;
        self.derive()?;
        Ok(Progress { parcels_lost, ..progress })
    }

    /// Whether changes wait to be sent or given back that were not held back in this attempt.
    pub(super) fn has_waiting(&self, attempt: Attempt) -> Result<bool, ReplicaError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM change INDEXED BY change_waiting
                   WHERE own = 1 AND sequence IS NULL AND receipt IS NULL AND refused IS NULL
                     AND (held IS NULL OR held <> ?1))";
        let waits: bool = self.connection.prepare_cached(sql)?.query_row([attempt.0], |row| row.get(0))?;
        Ok(waits || returning::count(&self.connection, attempt)? > 0)
    }

    /// How many changes wait to be sent or given back that were not held back in this attempt, and how much was read
    /// of the logs, all scopes together.
    pub(super) fn standing(&self, attempt: Attempt) -> Result<(u64, u64), ReplicaError> {
        let sql = "SELECT (SELECT count(*) FROM change
                           WHERE own = 1 AND sequence IS NULL AND receipt IS NULL AND refused IS NULL
                             AND (held IS NULL OR held <> ?1)),
                          (SELECT coalesce(sum(sequence), 0) FROM scope)";
        let (waiting, read): (u64, u64) = self
            .connection
            .prepare_cached(sql)?
            .query_row([attempt.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok((waiting + returning::count(&self.connection, attempt)?, read))
    }

    /// Whether there is own work that no exchange has tried to send to its end: new since, or cut off. What the relay
    /// holds back is none. Cheap enough to be asked every other second.
    ///
    /// # Errors
    /// What the database says.
    pub fn has_new_work(&self) -> Result<bool, ReplicaError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM change INDEXED BY change_new
                   WHERE own = 1 AND sequence IS NULL AND receipt IS NULL AND refused IS NULL AND held IS NULL)";
        let new: bool = self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        Ok(new || outbox::has_unsent(&self.connection)?)
    }

    /// Notes that the relay has nothing new for the cursors as they stand.
    pub(super) fn note_agreement(&mut self, now: Timestamp) -> Result<(), ReplicaError> {
        self.note_said()?;
        set_named(&self.connection, LAST_EXCHANGE, &encode(&now))
    }

    /// Notes that the relay was told everything as it stands here: until something changes it is not repeated.
    pub(super) fn note_said(&mut self) -> Result<(), ReplicaError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (_, grant) = grant(&transaction)?;
        let sums = digest::sums(&transaction, &self.identity.deployment, &grant)?;
        let recipients = RecipientsSum::of(&parcel::recipients(&transaction)?);
        let hash = agreement_hash(&scopes(&transaction, &grant)?, &sums, &recipients);
        set_named(&transaction, AGREED, &encode(&minicbor::bytes::ByteArray::from(hash)))?;
        transaction.commit()?;
        Ok(())
    }
}

/// Sabotage `parcel_safe`: what the relay has counts as safe.
#[cfg(feature = "sabotage")]
fn believed(response: &ExchangeResponse, sabotage: Option<&str>) -> ExchangeResponse {
    use sambung_sync::message::ParcelState;
    let mut response = response.clone();
    if sabotage == Some("parcel_safe") {
        let states = response.parcels.iter_mut().flat_map(|down| &mut down.states);
        states.filter(|state| **state == ParcelState::Taken).for_each(|state| *state = ParcelState::Safe);
    }
    response
}

/// Takes what the relay says of sealed items, and whom content can be sealed to.
fn take_parcels(
    connection: &Connection,
    request: &ExchangeRequest,
    response: &ExchangeResponse,
    now: Timestamp,
    report: &mut SyncReport,
) -> Result<bool, ReplicaError> {
    if let Some(recipients) = &response.recipients {
        parcel::set_recipients(connection, recipients)?;
    }
    arrival::adopt(connection)?;
    let Some(down) = &response.parcels else { return Ok(false) };
    let asked = request.parcels.clone().unwrap_or_default();
    let (taken, lost) = outbox::take_states(connection, &asked, down)?;
    report.sealed += taken;
    report.arrived += arrival::take(connection, &down.arrived, now)?;
    Ok(lost)
}

/// Takes a renewed or another grant, if the issuer signed it for this device.
fn renew(
    connection: &Connection,
    pack: &Pack,
    response: &ExchangeResponse,
    issuer: &PublicKey,
    device: &PublicKey,
) -> Result<(), SyncError> {
    let Some(signed) = &response.grant else { return Ok(()) };
    let renewed: Grant = signed.open(issuer).map_err(|_| SyncError::RelayUnknown)?;
    if renewed.device != *device {
        return Err(SyncError::Nonsense("a grant for another device"));
    }
    let (_, held) = grant(connection)?;
    // An answer that was overtaken, or a grant that has ended meanwhile.
    if (renewed.from, renewed.until) < (held.from, held.until) || orders::has_ended(connection, &renewed)? {
        return Ok(());
    }
    if renewed.from != held.from {
        let (granted, seen) = former::of_now(connection)?;
        former::set_all_apart(connection, &granted, &seen)?;
    }
    drop_sets(connection, &renewed)?;
    if renewed.from != held.from {
        purge::hide_foreign(connection, pack, &renewed)?;
    }
    Ok(set_grant(connection, signed)?)
}

/// What a grant does not give any more, or gives under another filter, is given up; of the latter, what still is within
/// it comes again.
fn drop_sets(connection: &Connection, grant: &Grant) -> Result<(), ReplicaError> {
    let mut statement = connection.prepare_cached("SELECT DISTINCT set_name, epoch FROM scope")?;
    let scopes: Vec<(String, [u8; 8])> =
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    for (name, epoch) in scopes {
        let stays = |set: &Set| grant.sets.contains(set) && grant.epoch(set) == epoch;
        if name.parse().is_ok_and(|set| stays(&set)) {
            continue;
        }
        connection
            .prepare_cached(
                "UPDATE record SET away = 1
                 WHERE number IN (SELECT record FROM member WHERE set_name = ?1)
                   AND NOT EXISTS (SELECT 1 FROM member WHERE record = number AND set_name <> ?1)",
            )?
            .execute([&name])?;
        connection.prepare_cached("DELETE FROM member WHERE set_name = ?1")?.execute([&name])?;
        digest::emptied(connection, &name)?;
        connection.prepare_cached("DELETE FROM scope WHERE set_name = ?1")?.execute([&name])?;
    }
    Ok(())
}

/// Whether a record leaves with a page.
fn brings_leave(pull: &Pull) -> bool {
    matches!(&pull.answer, PullAnswer::Delta { left, .. } if !left.is_empty())
}

fn take_pulls(
    intake: &Intake<'_>,
    request: &ExchangeRequest,
    pulls: &[Pull],
    report: &mut SyncReport,
) -> Result<Progress, SyncError> {
    let mut progress = Progress::default();
    let (_, grant) = grant(intake.connection)?;
    // Before the cursors move; a question to the database that few answers need.
    let former = if pulls.iter().any(brings_leave) { Some(former::of_now(intake.connection)?) } else { None };
    let proven = intake.prove(pulls.iter().flat_map(leaves_of))?;
    let mut left = Vec::new();
    for pull in pulls {
        if grant.epoch(&pull.set) != pull.epoch {
            continue;
        }
        match &pull.answer {
            PullAnswer::Reconcile => {
                adrift::note(intake, pull)?;
                progress.unfinished = true;
            }
            // Nothing is read of what has lost its place before it was compared.
            PullAnswer::Delta { .. } if adrift::is_adrift(intake.connection, pull)? => {
                progress.unfinished = true;
            }
            PullAnswer::Delta { .. } => match intake.take(pull, request, &proven)? {
                Taken::All { changes, left: gone } => {
                    report.pulled += changes;
                    left.extend(gone.into_iter().map(|record| (record, pull.set.to_string())));
                }
                Taken::CursorMoved => progress.unfinished = true,
                Taken::OwnMissing => progress.own_missing = true,
            },
        }
    }
    for (record, set) in left {
        if let Some((granted, seen)) = &former {
            former::set_record_apart(intake.connection, record, granted, seen)?;
        }
        leave(intake.connection, record, &set)?;
    }
    Ok(progress)
}

/// Records of which something was given back, and which have left this replica in a part of the log that it does not
/// read any more.
fn take_away(connection: &Connection, away: &[(RecordId, u32)]) -> Result<(), ReplicaError> {
    for (record, generation) in away {
        let Some(row) = loaded::find_generation(connection, *record, *generation)? else { continue };
        former::set_unseen_apart(connection, row.number)?;
        let mut sets = connection.prepare_cached("SELECT set_name FROM member WHERE record = ?1")?;
        let sets: Vec<String> = sets.query_map([row.number], |row| row.get(0))?.collect::<Result<_, _>>()?;
        sets.iter().try_for_each(|set| leave(connection, row.number, set))?;
        connection.prepare_cached("UPDATE record SET away = 1 WHERE number = ?1")?.execute([row.number])?;
    }
    Ok(())
}

/// A record left a set; without any set left it is away.
pub(super) fn leave(connection: &Connection, record: i64, set: &str) -> Result<(), ReplicaError> {
    let gone = connection
        .prepare_cached("DELETE FROM member WHERE record = ?1 AND set_name = ?2")?
        .execute((record, set))?;
    if gone == 1 {
        digest::left(connection, record, set)?;
    }
    connection
        .prepare_cached(
            "UPDATE record SET away = 1
             WHERE number = ?1 AND NOT EXISTS (SELECT 1 FROM member WHERE record = ?1)",
        )?
        .execute([record])?;
    Ok(())
}
