//! What somebody must look at, one by one and with its reason.

use rusqlite::{Connection, Row};
use sambung_domain::{RecordId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Replica, ReplicaError};

/// Most matters in one answer.
pub const MATTERS_MAX: u32 = 1_000;

/// What is the matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The relay does not take our changes; they are not sent again until their author acts.
    Refused,
    /// The relay keeps our changes and does not pass them on until somebody decides.
    Quarantined,
    /// Somebody at the relay has discarded our changes: nobody else will get them.
    Discarded,
    /// Changes from others cannot be used here.
    Unusable,
    /// The record's document could not be brought up to date.
    Underived,
    /// The relay could not take our changes yet; they are sent again at every exchange.
    Held,
    /// Changes from others wait for changes they build on.
    Pending,
    /// Others wrote to the record after their right to it had ended, and did not know.
    Late,
    /// The record left every set of this device; it waits here until its work is safe elsewhere.
    Leaving,
}

/// One matter: changes of one record with one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Matter {
    /// What is the matter.
    pub what: What,
    /// The record.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub record: RecordId,
    /// Why, as a stable code (docs/errors.md).
    pub code: String,
    /// How many changes it is about.
    pub changes: u64,
    /// Since when, by the device's clock; absent where it was not noted.
    pub since: Option<String>,
    /// The reason that was given, where somebody has decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Matters, the most urgent kind first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Matters {
    /// The matters.
    pub matters: Vec<Matter>,
    /// Whether there are more than were asked for.
    pub more: bool,
}

/// The lists, in the order of urgency. Each row: record, code, changes, since, the reason of a decision.
const LISTS: [(What, &str); 9] = [
    (
        What::Refused,
        "SELECT r.id, c.refused, count(*), min(c.judged), NULL FROM change AS c JOIN record AS r ON r.number = c.record
         WHERE c.refused IS NOT NULL GROUP BY c.record, c.refused ORDER BY c.record LIMIT ?1",
    ),
    (
        What::Quarantined,
        "SELECT r.id, coalesce(c.code, 'quarantined'), count(*), min(c.judged), NULL
         FROM change AS c JOIN record AS r ON r.number = c.record
         WHERE (c.refused IS NOT NULL OR c.lane = 2) AND c.refused IS NULL AND c.outcome IS NULL
         GROUP BY c.record, c.code ORDER BY c.record LIMIT ?1",
    ),
    (
        What::Discarded,
        "SELECT r.id, 'discarded', count(*), min(c.judged), c.decided
         FROM change AS c JOIN record AS r ON r.number = c.record
         WHERE (c.refused IS NOT NULL OR c.lane = 2) AND c.refused IS NULL AND c.outcome = 2
         GROUP BY c.record, c.decided ORDER BY c.record LIMIT ?1",
    ),
    (
        What::Unusable,
        "SELECT record, code, count(*), min(came), NULL FROM unusable GROUP BY record, code ORDER BY record LIMIT ?1",
    ),
    (
        What::Underived,
        "SELECT r.id, 'underived', (SELECT count(*) FROM change WHERE record = r.number AND position > r.position),
                (SELECT min(came) FROM change WHERE record = r.number AND position > r.position), NULL
         FROM underived AS u CROSS JOIN record AS r ON r.number = u.record WHERE attempts > 0 ORDER BY u.record LIMIT ?1",
    ),
    (
        What::Held,
        "SELECT r.id, 'held', count(*), min(coalesce(c.judged, c.held)), NULL FROM change AS c INDEXED BY change_held
         JOIN record AS r ON r.number = c.record
         WHERE c.own = 1 AND c.sequence IS NULL AND c.receipt IS NULL AND c.refused IS NULL
           AND c.held IS NOT NULL
         GROUP BY c.record ORDER BY c.record LIMIT ?1",
    ),
    (
        What::Pending,
        "SELECT record, 'base_missing', count(*), min(came), NULL FROM pending GROUP BY record ORDER BY record LIMIT ?1",
    ),
    (
        What::Late,
        "SELECT l.record, 'late', count(*), min(l.came), NULL
         FROM came_late AS l JOIN record AS r ON r.id = l.record AND r.generation = l.generation
         WHERE l.told IS NULL AND r.away = 0 GROUP BY l.record ORDER BY l.record LIMIT ?1",
    ),
    (
        What::Leaving,
        "SELECT r.id, 'leaving', count(*), min(c.came), NULL FROM record AS r JOIN change AS c ON c.record = r.number
         WHERE r.away = 1 AND c.own = 1 GROUP BY r.number ORDER BY r.number LIMIT ?1",
    ),
];

impl Replica {
    /// What somebody must look at, up to `limit` matters and never more than [`MATTERS_MAX`].
    ///
    /// # Errors
    /// What the database says.
    pub fn matters(&self, limit: u32) -> Result<Matters, ReplicaError> {
        let limit = usize::try_from(limit.min(MATTERS_MAX)).unwrap_or(usize::MAX);
        let mut matters = Vec::new();
        for (what, sql) in LISTS {
            matters.extend(list(&self.connection, what, sql, limit + 1 - matters.len())?);
            if matters.len() > limit {
                matters.truncate(limit);
                return Ok(Matters { matters, more: true });
            }
        }
        Ok(Matters { matters, more: false })
    }
}

fn list(connection: &Connection, what: What, sql: &str, most: usize) -> Result<Vec<Matter>, ReplicaError> {
    let read = |row: &Row<'_>| {
        let since: Option<i64> = row.get(3)?;
        Ok(Matter {
            what,
            record: RecordId(row.get(0)?),
            code: row.get(1)?,
            changes: row.get(2)?,
            since: since.map(|time| Timestamp(time).to_string()),
            reason: row.get(4)?,
        })
    };
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([i64::try_from(most).unwrap_or(i64::MAX)], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}
