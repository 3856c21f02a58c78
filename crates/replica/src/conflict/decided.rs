//! What was decided, so that whoever wrote the value that lost sees it and can ask again.

use std::collections::BTreeSet;

use rusqlite::params;
use sambung_domain::{RecordId, StaffId, Timestamp};
use sambung_sync::ChangeHash;
use sambung_sync::field_history::field_history;
use sambung_sync::form::Message;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{Asked, ConflictValue, REOPENED, RESOLVE, SEPARATOR};
use crate::loaded;
use crate::projection::json;
use crate::{Replica, ReplicaError};

/// Most decisions looked at for one page.
const LIMIT_MAX: u32 = 200;
/// Decisions looked at for a page unless asked otherwise.
const LIMIT: u32 = 50;

/// A decision between several values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Decided {
    /// The record.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub id: RecordId,
    /// Its kind.
    pub kind: String,
    /// The field; a part of an item by its path.
    pub field: String,
    /// The value that was decided for; none where the field was emptied.
    pub value: Option<Json>,
    /// The values that the decision met, each with who, when and where.
    pub among: Vec<ConflictValue>,
    /// Who decided.
    pub staff: String,
    /// When, by that device's clock.
    pub at: String,
    /// Why.
    pub reason: Option<String>,
    /// The change.
    pub change: String,
    /// Whether the field still rests on this decision.
    pub stands: bool,
}

/// One page of decisions, the newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DecidedPage {
    /// The decisions.
    pub decided: Vec<Decided>,
    /// How many decisions to skip for the next page; absent on the last.
    pub next: Option<u32>,
}

impl Replica {
    /// Decisions on records this device may see, those that came last first. With `lost_by` only those that put a
    /// value of that staff member aside.
    ///
    /// # Errors
    /// What the database says, and [`ReplicaError::Document`] where a record cannot be read.
    pub fn decided(
        &self,
        lost_by: Option<StaffId>,
        limit: Option<u32>,
        skip: u32,
    ) -> Result<DecidedPage, ReplicaError> {
        let onlooker = self.onlooker()?;
        #[cfg(feature = "sabotage")]
        if self.sabotage.as_deref() == Some("conflict_resolved_seen") {
            return Ok(DecidedPage { decided: Vec::new(), next: None });
        }
        let limit = limit.unwrap_or(LIMIT).clamp(1, LIMIT_MAX);
        let sql = "SELECT c.record, hash FROM change c JOIN record ON number = c.record
                   WHERE decision = ?1 AND decision IS NOT NULL AND away = 0
                   ORDER BY c.came DESC, c.record DESC, c.position DESC LIMIT ?2 OFFSET ?3";
        let mut statement = self.connection.prepare_cached(sql)?;
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, ChangeHash(row.get(1)?)));
        let found: Vec<(i64, ChangeHash)> =
            statement.query_map(params![RESOLVE, limit, skip], read)?.collect::<Result<_, _>>()?;
        let full = found.len() == usize::try_from(limit).unwrap_or(usize::MAX);
        let mut decided = Vec::new();
        for (record, hash) in found {
            let row = loaded::by_number(&self.connection, record)?;
            if !onlooker.sees(&self.connection, &row)? {
                continue;
            }
            decided.extend(self.asked(&row, |asked| described(asked, &hash))?);
        }
        if let Some(staff) = lost_by {
            decided.retain(|decision| decision.lost(&staff.to_string()));
        }
        Ok(DecidedPage { decided, next: full.then(|| skip.saturating_add(limit)) })
    }
}

impl Decided {
    /// Whether a staff member wrote one of the values that were not decided for.
    fn lost(&self, staff: &str) -> bool {
        self.among.iter().any(|value| value.staff == staff && Some(&value.value) != self.value.as_ref())
    }
}

fn described(asked: &Asked<'_>, hash: &ChangeHash) -> Result<Vec<Decided>, ReplicaError> {
    let Some(change) = asked.history.change(hash) else { return Ok(Vec::new()) };
    let Some(message) = change.message.as_deref().and_then(|text| Message::decode(text).ok()) else {
        return Ok(Vec::new());
    };
    let mut decided = Vec::new();
    for field in fields_of(asked, hash) {
        let Some(met) = asked.decided_by(&field, hash) else { continue };
        let events = asked.events(&field);
        let until = events.iter().rposition(|event| event.change == *hash).unwrap_or(0);
        let path: Vec<&str> = field.split(SEPARATOR).collect();
        let written = events[..=until].iter().rfind(|event| event.path == path);
        decided.push(Decided {
            id: asked.row.id,
            kind: asked.row.kind.clone(),
            value: written.and_then(|event| event.new.clone()).map(json),
            among: asked.all_written(asked.met(&met))?,
            staff: message.staff.to_string(),
            at: Timestamp::from_seconds(change.time).to_string(),
            reason: message.reason.clone(),
            change: hash.to_string(),
            stands: events.last().is_some_and(|last| last.change == *hash),
            field,
        });
    }
    Ok(decided)
}

/// The fields that a change wrote, or whose questions it closed.
fn fields_of(asked: &Asked<'_>, hash: &ChangeHash) -> BTreeSet<String> {
    let events = field_history(asked.history).into_iter().filter(|event| event.change == *hash);
    let named = events.map(|event| event.path.join(SEPARATOR));
    named.map(|field| field.strip_prefix(REOPENED).map(str::to_owned).unwrap_or(field)).collect()
}
