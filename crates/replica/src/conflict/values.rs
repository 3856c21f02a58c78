//! The values among which a question is decided: who wrote each, when and where, and from what they parted.

use rusqlite::Connection;
use sambung_domain::Timestamp;
use sambung_domain::pack::stage;
use sambung_sync::ChangeHash;
use sambung_sync::document::{Document, OpId};
use sambung_sync::field_history::{FieldEvent, field_history};
use sambung_sync::form::{History, Message};
use sambung_sync::standing;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{REOPENED, RESOLVE, SEPARATOR, decision, marker};
use crate::history::device_of;
use crate::loaded::RecordRow;
use crate::projection::{Projection, json};
use crate::{Identity, ReplicaError};

/// One of several values of a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ConflictValue {
    /// The value.
    pub value: Json,
    /// The change that put it there.
    pub change: String,
    /// The author's clock.
    pub at: String,
    /// The staff member.
    pub staff: String,
    /// The device, by the fingerprint of its key; absent where the batch that brought it is not here.
    pub device: Option<String>,
}

/// A record at which questions about fields are asked, with everything needed to answer them.
pub(crate) struct Asked<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) identity: &'a Identity,
    pub(crate) row: &'a RecordRow,
    pub(crate) document: &'a Document,
    pub(crate) history: &'a History,
    /// What is shown of the record.
    pub(crate) projection: &'a Projection,
}

impl Asked<'_> {
    /// The values among which a field is to be decided, each with its author: the live ones, the winner of the merge
    /// first, or those that a decision met which was taken back. For a stage the codes of its standing steps.
    pub(crate) fn values(&self, field: &str) -> Result<Vec<ConflictValue>, ReplicaError> {
        self.all_written(self.operations(field)?)
    }

    /// The values from which the authors of those parted.
    pub(crate) fn common(&self, field: &str) -> Result<Vec<Json>, ReplicaError> {
        let common = standing::last_common(self.history, &self.operations(field)?);
        Ok(common.into_iter().filter_map(|id| standing::value(self.history, id)).map(json).collect())
    }

    /// The values that a decision met, the winner of the merge first.
    pub(crate) fn met(&self, decision: &FieldEvent) -> Vec<OpId> {
        standing::before(self.history, decision.operation)
    }

    /// Writes with their authors.
    pub(crate) fn all_written(&self, ids: Vec<OpId>) -> Result<Vec<ConflictValue>, ReplicaError> {
        let written: Result<Vec<_>, _> = ids.into_iter().map(|id| self.written(id)).collect();
        Ok(written?.into_iter().flatten().collect())
    }

    /// The decision that a field rests on: the last thing that was done about it, if that was one.
    pub(crate) fn last_decision(&self, field: &str) -> Option<FieldEvent> {
        let last = self.events(field).pop()?;
        let message = self.history.change(&last.change)?.message.as_deref();
        let decided = decision(message) == Some(RESOLVE);
        if decided { self.decided_by(field, &last.change) } else { None }
    }

    /// The write with which a change decided a field between several values. Where it closed a question that had
    /// been opened again, that is the write of the first decision.
    pub(crate) fn decided_by(&self, field: &str, change: &ChangeHash) -> Option<FieldEvent> {
        let events = self.events(field);
        let of_change = || events.iter().filter(|event| event.change == *change);
        if let Some(met) = of_change().find(|event| self.met(event).len() > 1 && !is_marker(event)) {
            return Some(met.clone());
        }
        let closed = of_change().find(|event| is_marker(event))?;
        let first = closed.old.iter().find_map(|old| old.as_text()?.parse::<ChangeHash>().ok())?;
        if first == *change { None } else { self.decided_by(field, &first) }
    }

    /// What was done about a field, each behind what it could know of: its writes, and the taking back of decisions.
    pub(crate) fn events(&self, field: &str) -> Vec<FieldEvent> {
        let path: Vec<&str> = field.split(SEPARATOR).collect();
        let marker = marker(field);
        let about = |event: &FieldEvent| event.path == path || event.path == [marker.as_str()];
        field_history(self.history).into_iter().filter(about).collect()
    }

    fn operations(&self, field: &str) -> Result<Vec<OpId>, ReplicaError> {
        if let Some(decided) = self.taken_back(field)? {
            return Ok(self.met(&decided));
        }
        let path: Vec<&str> = field.split(SEPARATOR).collect();
        if let ([stage], Some(Json::Object(steps))) = (path.as_slice(), self.projection.content.get(field)) {
            let codes = stage::standing(steps).into_iter().map(|step| self.live(&[stage, step, stage::CODE]));
            return Ok(codes.collect::<Result<Vec<_>, _>>()?.concat());
        }
        self.live(&path)
    }

    /// The decision on a field that was taken back, if the question is open again.
    pub(crate) fn taken_back(&self, field: &str) -> Result<Option<FieldEvent>, ReplicaError> {
        let marker = self.live(&[&marker(field)])?;
        let named = marker.into_iter().filter_map(|id| standing::value(self.history, id));
        let hash = named.filter_map(|value| value.as_text()?.parse::<ChangeHash>().ok()).next();
        Ok(hash.and_then(|hash| self.decided_by(field, &hash)))
    }

    fn live(&self, path: &[&str]) -> Result<Vec<OpId>, ReplicaError> {
        let lives = self.document.live(path);
        let lives = lives.map_err(|source| ReplicaError::Document { record: self.row.id, source })?;
        Ok(lives.into_iter().map(|live| live.id).collect())
    }

    fn written(&self, id: OpId) -> Result<Option<ConflictValue>, ReplicaError> {
        let Some((change, _)) = self.history.operation(id) else { return Ok(None) };
        let message = change.message.as_deref().and_then(|text| Message::decode(text).ok());
        Ok(Some(ConflictValue {
            value: standing::value(self.history, id).map_or(Json::Null, json),
            change: change.hash.to_string(),
            at: Timestamp::from_seconds(change.time).to_string(),
            staff: message.map(|message| message.staff.to_string()).unwrap_or_default(),
            device: device_of(self.connection, self.identity, self.row.number, &change.hash)?,
        }))
    }
}

fn is_marker(event: &FieldEvent) -> bool {
    matches!(event.path.as_slice(), [key] if key.starts_with(REOPENED))
}
