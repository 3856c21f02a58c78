//! A record's history, field by field: when, who, on which device, old → new.

use rusqlite::{Connection, OptionalExtension};
use sambung_domain::hex::hex;
use sambung_domain::{RecordId, Timestamp};
use sambung_sync::ChangeHash;
use sambung_sync::field_history::field_history;
use sambung_sync::form::Message;
use sambung_trust::{BatchHeader, Signed};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::projection::json;
use crate::{Identity, Replica, ReplicaError};

/// One write to one field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct HistoryEntry {
    /// The field; inside maps with the path, separated by `/`.
    pub field: String,
    /// The author's clock.
    pub at: String,
    /// Relay time of the receipt, where this device wrote it and the relay has it.
    pub received_at: Option<String>,
    /// The staff member.
    pub staff: String,
    /// The device, by the fingerprint of its key; absent where the batch that brought it is not here.
    pub device: Option<String>,
    /// The command.
    pub command: String,
    /// Why, if a reason was given.
    pub reason: Option<String>,
    /// The values it replaced; several where they were in conflict.
    pub old: Vec<Json>,
    /// The new value; absent where the field was removed.
    pub new: Option<Json>,
    /// The change.
    pub change: String,
    /// How the relay took it, where not like any other: `late`, `quarantined`, `released`, `discarded`, `refused`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<String>,
    /// Why: the code, or the reason of whoever decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Replica {
    /// A record's history in causal order.
    ///
    /// # Errors
    /// [`ReplicaError::NotFound`] where there is none that this device may see.
    pub fn history(&self, id: RecordId) -> Result<Vec<HistoryEntry>, ReplicaError> {
        let row = self.found(id)?;
        let history = row.history(&self.connection, &self.pack)?;
        let mut entries = Vec::new();
        for event in field_history(&history) {
            let Some(change) = history.change(&event.change) else { continue };
            let (lane, why) = lane_of(&self.connection, row.number, &event.change)?;
            let message = change.message.as_deref().and_then(|text| Message::decode(text).ok());
            let (staff, command, reason) = message
                .map(|message| (message.staff.to_string(), message.command, message.reason))
                .unwrap_or_default();
            entries.push(HistoryEntry {
                field: event.path.join("/"),
                at: Timestamp::from_seconds(change.time).to_string(),
                received_at: received_at(&self.connection, row.number, &event.change)?,
                staff,
                device: device_of(&self.connection, &self.identity, row.number, &event.change)?,
                command,
                reason,
                old: event.old.into_iter().map(json).collect(),
                new: event.new.map(json),
                change: event.change.to_string(),
                lane,
                why,
            });
        }
        Ok(entries)
    }
}

/// How the relay took a change, and why.
fn lane_of(
    connection: &Connection,
    record: i64,
    hash: &ChangeHash,
) -> Result<(Option<String>, Option<String>), ReplicaError> {
    let sql = "SELECT CASE WHEN outcome = 1 THEN 'released' WHEN outcome = 2 THEN 'discarded'
                           WHEN refused IS NOT NULL THEN 'refused' WHEN lane = 2 THEN 'quarantined'
                           WHEN lane = 1 OR EXISTS (SELECT 1 FROM came_late AS l WHERE l.hash = change.hash)
                           THEN 'late' END,
                      coalesce(decided, refused, code)
               FROM change WHERE record = ?1 AND hash = ?2";
    let found = connection
        .prepare_cached(sql)?
        .query_row((record, hash.0), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// The fingerprint of the device that wrote a change.
pub(crate) fn device_of(
    connection: &Connection,
    identity: &Identity,
    record: i64,
    hash: &ChangeHash,
) -> Result<Option<String>, ReplicaError> {
    let sql = "SELECT change.own, batch.signed FROM change LEFT JOIN batch ON batch.number = change.batch
               WHERE change.record = ?1 AND change.hash = ?2";
    let found: Option<(bool, Option<Vec<u8>>)> = connection
        .prepare_cached(sql)?
        .query_row((record, hash.0), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let key = match found {
        Some((true, _)) => Some(identity.device.public()),
        Some((false, Some(signed))) => signer(&signed),
        Some((false, None)) | None => None,
    };
    Ok(key.map(|key| hex(&key.fingerprint())))
}

fn signer(signed: &[u8]) -> Option<sambung_trust::PublicKey> {
    let signed: Signed = minicbor::decode(signed).ok()?;
    let header: BatchHeader = signed.peek().ok()?;
    Some(header.device)
}

fn received_at(
    connection: &Connection,
    record: i64,
    hash: &ChangeHash,
) -> Result<Option<String>, ReplicaError> {
    let sql = "SELECT receipt.time FROM change JOIN receipt ON receipt.number = change.receipt
               WHERE change.record = ?1 AND change.hash = ?2";
    let time: Option<i64> =
        connection.prepare_cached(sql)?.query_row((record, hash.0), |row| row.get(0)).optional()?;
    Ok(time.map(|time| Timestamp(time).to_string()))
}
