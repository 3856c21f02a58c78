//! One record, whole: values, differing values with their authors, and where its changes are.

use std::collections::BTreeMap;

use rusqlite::Connection;
use sambung_domain::RecordId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::conflict::{ConflictValue, SEPARATOR};
use crate::{Replica, ReplicaError};

/// Where the newest of a record's changes are: what people see as one of four words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RecordState {
    /// Only on this device.
    Here,
    /// An office's hub has it; the centre does not yet.
    Office,
    /// The centre has it.
    Centre,
    /// Somebody must look at it.
    Attention,
}

/// A record as it stands here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RecordView {
    /// The record.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub id: RecordId,
    /// Its kind.
    pub kind: String,
    /// Its generation.
    pub generation: u32,
    /// What is recorded; where values differ, the one that all replicas show first.
    pub fields: Map<String, Json>,
    /// The values of the fields about which somebody must decide.
    pub conflicts: BTreeMap<String, Vec<ConflictValue>>,
    /// Where it is.
    pub state: RecordState,
    /// Changes that the relay has by its receipt or the log.
    pub stored: u32,
    /// Changes this replica has seen in the relay's log.
    pub settled: u32,
    /// Changes that a full replica other than this one is known to have: they stand in the relay's log, in a scope
    /// the record is in, at or below the sequence that such a replica has passed.
    pub safe: u32,
    /// All changes.
    pub changes: u32,
    /// The heads, which name the whole history: equal heads mean equal records.
    pub heads: Vec<String>,
}

impl Replica {
    /// One record, whole.
    ///
    /// # Errors
    /// [`ReplicaError::NotFound`] where there is none that this device may see.
    pub fn show(&self, id: RecordId) -> Result<RecordView, ReplicaError> {
        let row = self.found(id)?;
        let (projection, conflicts) = self.asked(&row, |asked| {
            let fields = asked.projection.differing.iter().map(|place| place.path.join(SEPARATOR));
            let conflicts = fields.map(|field| Ok((field.clone(), asked.values(&field)?)));
            Ok((asked.projection.clone(), conflicts.collect::<Result<_, ReplicaError>>()?))
        })?;
        let places = places(&self.connection, row.number)?;
        let mut fields = projection.content;
        self.open_sealed_texts(&row.kind, &mut fields);
        // Of a record that was written to here the address is lost that others filled in.
        #[cfg(feature = "sabotage")]
        if self.sabotage.as_deref() == Some("merge_fields") && row.has_own(&self.connection)? {
            fields.remove("alamat");
        }
        Ok(RecordView {
            id,
            kind: row.kind,
            generation: row.generation,
            fields,
            conflicts,
            state: places.state(),
            stored: places.stored,
            settled: places.settled,
            safe: places.safe,
            changes: places.changes,
            heads: projection.heads.iter().map(ToString::to_string).collect(),
        })
    }
}

/// How many of a record's changes are where.
pub(super) struct Places {
    changes: u32,
    stored: u32,
    settled: u32,
    safe: u32,
    attention: u32,
}

impl Places {
    pub(super) fn state(&self) -> RecordState {
        if self.attention > 0 {
            RecordState::Attention
        } else if self.stored < self.changes {
            RecordState::Here
        } else {
            RecordState::Centre
        }
    }
}

pub(super) fn places(connection: &Connection, record: i64) -> Result<Places, ReplicaError> {
    let sql = "SELECT count(*), count(coalesce(sequence, receipt)), count(sequence),
                      count(*) FILTER (WHERE EXISTS (
                          SELECT 1 FROM member AS m JOIN safe AS s ON s.set_name = m.set_name
                          WHERE m.record = c.record AND s.shard = c.shard AND s.sequence >= c.sequence)),
                      count(*) FILTER (WHERE refused IS NOT NULL OR lane = 2)
               FROM change AS c WHERE record = ?1";
    let places = connection.prepare_cached(sql)?.query_row([record], |row| {
        Ok(Places {
            changes: row.get(0)?,
            stored: row.get(1)?,
            settled: row.get(2)?,
            safe: row.get(3)?,
            attention: row.get(4)?,
        })
    })?;
    Ok(places)
}
