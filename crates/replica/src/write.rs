//! Saving: one transaction that has the write lock before it loads a document.

use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use sambung_domain::pack::Kind;
use sambung_domain::role::Action;
use sambung_domain::{Pack, RecordId, StaffId, Timestamp};
use sambung_sync::document::{Change, Document, DocumentError, Edit};
use sambung_sync::form::{History, Message};
use sambung_sync::{Actor, ChangeHash, routing};
use sambung_trust::batch::IncarnationNonce;
use sambung_trust::decide::allows;
use sambung_trust::{Grant, Question};

use crate::conflict::decision;
use crate::identity::{grant, relay_time};
use crate::loaded::{RecordRow, maps};
use crate::onlooker::own_grant;
use crate::sealing::Sealer;
use crate::{Circumstances, Identity, Replica, ReplicaError, UsageError, projection};

impl Replica {
    /// Runs commands in one transaction, which is committed if they all succeed and leaves nothing otherwise.
    pub(crate) fn write<T>(
        &mut self,
        circumstances: &mut Circumstances<'_>,
        work: impl FnOnce(&mut Writer<'_, '_>) -> Result<T, ReplicaError>,
    ) -> Result<T, ReplicaError> {
        self.write_within(own_grant, circumstances, work)
    }

    /// As [`write`](Replica::write), with everything that the device may, whoever has unlocked it.
    pub(crate) fn write_as_device<T>(
        &mut self,
        circumstances: &mut Circumstances<'_>,
        work: impl FnOnce(&mut Writer<'_, '_>) -> Result<T, ReplicaError>,
    ) -> Result<T, ReplicaError> {
        self.write_within(|_, _, grant, _| Ok(grant.clone()), circumstances, work)
    }

    fn write_within<T>(
        &mut self,
        within: impl FnOnce(&Connection, &Pack, &Grant, StaffId) -> Result<Grant, ReplicaError>,
        circumstances: &mut Circumstances<'_>,
        work: impl FnOnce(&mut Writer<'_, '_>) -> Result<T, ReplicaError>,
    ) -> Result<T, ReplicaError> {
        let (actor, nonce) = (self.actor(), self.nonce);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (_, grant) = grant(&transaction)?;
        let (pack, identity, sealer) = (&self.pack, &self.identity, &*self.sealer);
        let grant = within(&transaction, pack, &grant, circumstances.staff)?;
        #[cfg(feature = "sabotage")]
        let sabotage = self.sabotage.as_deref();
        let mut writer = Writer {
            transaction,
            pack,
            grant,
            identity,
            sealer,
            actor,
            nonce,
            circumstances,
            #[cfg(feature = "sabotage")]
            sabotage,
        };
        let result = work(&mut writer)?;
        writer.transaction.commit()?;
        Ok(result)
    }
}

/// An open transaction, and who writes into it with which right.
pub(crate) struct Writer<'a, 'b> {
    pub(crate) transaction: Transaction<'a>,
    pub(crate) pack: &'a Pack,
    pub(crate) grant: Grant,
    pub(crate) identity: &'a Identity,
    pub(crate) sealer: &'a dyn Sealer,
    #[cfg(feature = "sabotage")]
    pub(crate) sabotage: Option<&'a str>,
    actor: Actor,
    nonce: IncarnationNonce,
    circumstances: &'a mut Circumstances<'b>,
}

/// What a change is made for.
pub(crate) struct Intent<'a> {
    /// What the role table must allow.
    pub(crate) action: Action,
    /// The command, for the history.
    pub(crate) command: &'a str,
    /// Why, if a reason was given.
    pub(crate) reason: Option<&'a str>,
}

impl<'a> Writer<'a, '_> {
    pub(crate) fn kind(&self, name: &str) -> Result<&'a Kind, ReplicaError> {
        self.pack.kind(name).ok_or_else(|| unknown_kind(self.pack, name))
    }

    pub(crate) fn staff(&self) -> StaffId {
        self.circumstances.staff
    }

    /// The device's clock.
    pub(crate) fn now(&self) -> Timestamp {
        self.circumstances.now
    }

    pub(crate) fn random(&mut self) -> &mut dyn FnMut() -> [u8; 16] {
        self.circumstances.random
    }

    pub(crate) fn fresh_id(&mut self) -> RecordId {
        RecordId((self.circumstances.random)())
    }

    /// Writes edits as one change of a record, with its document and projection; `None` if nothing is different.
    pub(crate) fn save(
        &self,
        row: &RecordRow,
        edits: &[Edit],
        intent: &Intent<'_>,
    ) -> Result<Option<ChangeHash>, ReplicaError> {
        let message = self.message(intent)?;
        let mut document = row.document(&self.transaction, self.pack)?;
        let written = document
            .edit(self.actor, self.now().seconds(), &message, edits)
            .map_err(|source| failed(row, source))?;
        let Some((hash, chunk)) = written else { return Ok(None) };
        self.judge(row, &chunk, intent.action)?;
        let position = self.insert(row, (&hash, &chunk, self.nonce), &message)?;
        projection::write(&self.transaction, self.pack, row, &document, position)?;
        Ok(Some(hash))
    }

    /// Writes edits as a change that builds on nothing but the record's beginning: a birth beside the one there is. It
    /// is an incarnation of its own, since this process may have written to the record before.
    pub(crate) fn save_beside(
        &mut self,
        row: &RecordRow,
        edits: &[Edit],
        intent: &Intent<'_>,
    ) -> Result<Option<ChangeHash>, ReplicaError> {
        let nonce = (self.circumstances.random)();
        let actor = Actor::derive(&self.identity.device.public().0, &nonce);
        let message = self.message(intent)?;
        let mut alone = Document::genesis(&row.genesis(), &maps(self.pack, &row.kind))
            .map_err(|source| failed(row, source))?;
        let written =
            alone.edit(actor, self.now().seconds(), &message, edits).map_err(|source| failed(row, source))?;
        let Some((hash, chunk)) = written else { return Ok(None) };
        self.judge(row, &chunk, intent.action)?;
        let position = self.insert(row, (&hash, &chunk, nonce), &message)?;
        let document = row.document(&self.transaction, self.pack)?;
        projection::write(&self.transaction, self.pack, row, &document, position)?;
        Ok(Some(hash))
    }

    fn message(&self, intent: &Intent<'_>) -> Result<String, ReplicaError> {
        let reason = intent.reason.map(str::to_owned);
        let message = Message { command: intent.command.to_owned(), reason, staff: self.staff() };
        Ok(message.encode().map_err(|error| UsageError::TooLarge(error.to_string()))?)
    }

    /// Stores an own change; gives its position among the record's changes.
    fn insert(
        &self,
        row: &RecordRow,
        (hash, chunk, nonce): (&ChangeHash, &[u8], IncarnationNonce),
        message: &str,
    ) -> Result<i64, ReplicaError> {
        let position = row.changes(&self.transaction)? + 1;
        let decision = decision(Some(message));
        self.transaction
            .prepare_cached(
                "INSERT INTO change (record, position, hash, chunk, nonce, own, came, decision)
                 VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7)",
            )?
            .execute(params![row.number, position, hash.0, chunk, nonce, self.now().0, decision])?;
        Ok(position)
    }

    /// As [`save`](Writer::save), but a record that this device may not change is left as it is.
    pub(crate) fn save_or_leave(
        &self,
        row: &RecordRow,
        edits: &[Edit],
        intent: &Intent<'_>,
    ) -> Result<Option<ChangeHash>, ReplicaError> {
        match self.save(row, edits, intent) {
            Err(ReplicaError::NotAllowed) => Ok(None),
            other => other,
        }
    }

    /// The same check and the same decision as at the relay: what it would refuse is not saved.
    fn judge(&self, row: &RecordRow, chunk: &[u8], action: Action) -> Result<(), ReplicaError> {
        let history = row.history(&self.transaction, self.pack)?;
        let malformed = |_| ReplicaError::Unreadable("the change just made");
        let change = history.check(chunk).map_err(malformed)?;
        judge(&self.transaction, &self.grant, (&row.kind, action), &history, &change)
    }
}

/// Decides as the relay does about a change of a record of this kind that has passed the form check, the time left
/// aside: a lease that is over refuses no save.
pub(crate) fn judge(
    connection: &Connection,
    grant: &Grant,
    (kind, action): (&str, Action),
    history: &History,
    change: &Change,
) -> Result<(), ReplicaError> {
    let before = routing::routing(history);
    let after = routing::routing_after(history, change);
    let now = relay_time(connection)?;
    let question = Question { grant, kind, action, here: &before, before: &before, after: &after, now };
    if allows(&question) { Ok(()) } else { Err(ReplicaError::NotAllowed) }
}

pub(crate) fn unknown_kind(pack: &Pack, given: &str) -> ReplicaError {
    let known = pack.kinds.keys().cloned().collect::<Vec<_>>().join(", ");
    UsageError::Kind { given: given.to_owned(), known }.into()
}

fn failed(row: &RecordRow, source: DocumentError) -> ReplicaError {
    if let DocumentError::Form(bad) = source {
        UsageError::TooLarge(bad.to_string()).into()
    } else {
        ReplicaError::Document { record: row.id, source }
    }
}
