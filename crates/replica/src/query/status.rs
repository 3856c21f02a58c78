//! The state of the whole replica, computed from receipts and cursors, never from hope.

use sambung_domain::Timestamp;
use sambung_sync::message::Closed;
use serde::{Deserialize, Serialize};

use crate::database::named_cbor;
use crate::exchange::closed;
use crate::identity::grant;
use crate::{Replica, ReplicaError};

/// Name of the stored time of the last exchange, by the device's clock.
pub(crate) const LAST_EXCHANGE: &str = "last exchange";

/// The state of a replica.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Status {
    /// The device's name.
    pub device: String,
    /// Its replica id.
    pub replica: String,
    /// Its role.
    pub role: String,
    /// Its sets.
    pub sets: Vec<String>,
    /// Records held.
    pub records: u64,
    /// Own changes that the relay is not known to have.
    pub waiting: u64,
    /// Age of the oldest of them in seconds, by the device's clock; 0 if none waits.
    pub oldest_waiting_s: u64,
    /// Own changes that the relay could not take yet; sent again at every sync.
    pub held: u64,
    /// Age of the oldest of them in seconds, as above.
    pub oldest_held_s: u64,
    /// Changes of others that wait here for changes they build on.
    pub pending: u64,
    /// How long the longest of them has been here, in seconds.
    pub oldest_pending_s: u64,
    /// Own changes that the relay has.
    pub confirmed: u64,
    /// Own changes that this replica has seen in the relay's log.
    pub settled: u64,
    /// Own changes that a full replica other than this one is known to have. Where several sets meet in a shard the
    /// least of them counts, so that a record may show more.
    pub safe: u64,
    /// Sealed items that wait here until what they became is safe: nobody here can open them.
    pub sealed: u64,
    /// Age of the oldest of them in seconds, as above.
    pub oldest_sealed_s: u64,
    /// Sealed items that came here and nobody has opened.
    pub unopened: u64,
    /// How long the oldest of them has been here, in seconds.
    pub oldest_unopened_s: u64,
    /// Records that left every set of this device and wait here, shown nowhere, until their work is safe elsewhere.
    pub leaving: u64,
    /// Fields with several values.
    pub conflicts: u64,
    /// Changes of ours that are quarantined or refused, and changes from others that cannot be used.
    pub quarantined: u64,
    /// Own changes that the relay accepted although the right to them had ended.
    pub late: u64,
    /// Changes of others that the relay took so, and that nobody here has marked as seen.
    pub late_came: u64,
    /// Own changes that were in quarantine and were released.
    pub released: u64,
    /// Own changes that were in quarantine and were discarded; among `quarantined` as well.
    pub discarded: u64,
    /// Why the relay sends this device nothing any more: `revoked`, `ended` or `expired`; absent while it does.
    pub closed: Option<String>,
    /// Records whose document could not be brought up to date.
    pub underived: u64,
    /// Records whose document or rows wait for their turn to be brought up to date.
    pub behind: u64,
    /// When the last exchange ended well, by the device's clock; absent before the first.
    pub last_exchange: Option<String>,
    /// Version of the schema pack.
    pub schema: u32,
}

const RECORDS: &str = "SELECT (SELECT count(*) FROM record) - (SELECT count(*) FROM record WHERE away = 1)";
const WAITING: &str = "SELECT count(*) FROM change INDEXED BY change_waiting
    WHERE own = 1 AND sequence IS NULL AND receipt IS NULL AND refused IS NULL";
const OLDEST_WAITING: &str = "SELECT min(came) FROM change INDEXED BY change_waiting
    WHERE own = 1 AND sequence IS NULL AND receipt IS NULL AND refused IS NULL";
const HELD: &str = "SELECT count(*) FROM change INDEXED BY change_held
    WHERE own = 1 AND sequence IS NULL AND receipt IS NULL AND refused IS NULL AND held IS NOT NULL";
const OLDEST_HELD: &str = "SELECT min(came) FROM change INDEXED BY change_held
    WHERE own = 1 AND sequence IS NULL AND receipt IS NULL AND refused IS NULL AND held IS NOT NULL";
const PENDING: &str = "SELECT count(*) FROM pending";
const OLDEST_PENDING: &str = "SELECT min(came) FROM pending";
const OWN: &str = "SELECT count(*) FROM change WHERE own = 1";
/// Own changes that the relay refused and that are in no log.
const REFUSED: &str = "SELECT count(*) FROM change
    WHERE (refused IS NOT NULL OR lane = 2) AND own = 1 AND sequence IS NULL AND (receipt IS NULL OR lane = 2)";
const LATE: &str = "SELECT count(*) FROM change WHERE lane = 1";
const LATE_CAME: &str = "SELECT count(*) FROM came_late WHERE told IS NULL";
const RELEASED: &str = "SELECT count(*) FROM change WHERE outcome IS NOT NULL AND outcome = 1";
const DISCARDED: &str = "SELECT count(*) FROM change WHERE outcome IS NOT NULL AND outcome = 2";
const SETTLED: &str = "SELECT count(*) FROM change WHERE own = 1 AND sequence IS NOT NULL";
const SAFE: &str = "WITH low AS (
        SELECT scope.shard, min(coalesce(safe.sequence, 0)) AS sequence
        FROM scope LEFT JOIN safe USING (shard, set_name) GROUP BY scope.shard
    )
    SELECT count(*) FROM low CROSS JOIN change AS c INDEXED BY change_own
    WHERE c.own = 1 AND c.shard = low.shard AND c.sequence <= low.sequence
      AND NOT EXISTS (SELECT 1 FROM record INDEXED BY record_away WHERE number = c.record AND away = 1)";
const SEALED: &str = "SELECT count(*) FROM parcel";
const OLDEST_SEALED: &str = "SELECT min(made) FROM parcel";
const SEALED_REFUSED: &str = "SELECT count(*) FROM parcel WHERE state = 3";
const UNOPENED: &str = "SELECT count(*) FROM arrival WHERE record IS NULL";
const OLDEST_UNOPENED: &str = "SELECT min(came) FROM arrival WHERE record IS NULL";
const LEAVING: &str = "SELECT count(*) FROM record WHERE away = 1";
const CONFLICTS: &str = "SELECT coalesce(sum(conflicts), 0) FROM projection WHERE conflicts > 0";
const ATTENTION: &str = "SELECT count(*) FROM change WHERE refused IS NOT NULL OR lane = 2";
const UNUSABLE: &str = "SELECT count(*) FROM unusable";
const UNDERIVED: &str =
    "SELECT count(*) FROM underived CROSS JOIN record ON number = record WHERE attempts > 0";

impl Replica {
    /// The state of the replica at `now`, by the device's clock.
    ///
    /// # Errors
    /// What the database says.
    pub fn status(&self, now: Timestamp) -> Result<Status, ReplicaError> {
        let (_, grant) = grant(&self.connection)?;
        let last: Option<Timestamp> = named_cbor(&self.connection, LAST_EXCHANGE)?;
        let age = |sql| Ok::<_, ReplicaError>(self.oldest(sql)?.map_or(0, |came| age_s(came, now)));
        let waiting = self.waiting()?;
        Ok(Status {
            device: self.identity.name.clone(),
            replica: sambung_domain::id::encode_id(self.identity.replica),
            role: grant.role.to_string(),
            sets: grant.sets.iter().map(ToString::to_string).collect(),
            records: self.count(RECORDS)?,
            waiting,
            oldest_waiting_s: age(OLDEST_WAITING)?,
            held: self.count(HELD)?,
            oldest_held_s: age(OLDEST_HELD)?,
            pending: self.count(PENDING)?,
            oldest_pending_s: age(OLDEST_PENDING)?,
            // All others are waiting or refused: what there is to count stays small.
            confirmed: self.count(OWN)?.saturating_sub(waiting + self.count(REFUSED)?),
            settled: self.count(SETTLED)?,
            safe: self.count(SAFE)?,
            sealed: self.count(SEALED)?,
            oldest_sealed_s: age(OLDEST_SEALED)?,
            unopened: self.count(UNOPENED)?,
            oldest_unopened_s: age(OLDEST_UNOPENED)?,
            leaving: self.count(LEAVING)?,
            conflicts: self.count(CONFLICTS)?,
            quarantined: self.attention()?,
            late: self.count(LATE)?,
            late_came: self.count(LATE_CAME)?,
            released: self.count(RELEASED)?,
            discarded: self.count(DISCARDED)?,
            closed: closed(&self.connection)?.map(|closed| word(closed).to_owned()),
            underived: self.count(UNDERIVED)?,
            behind: self.behind()?,
            last_exchange: last.map(|time| time.to_string()),
            schema: self.pack.version,
        })
    }

    /// Own changes that the relay is not known to have.
    pub(crate) fn waiting(&self) -> Result<u64, ReplicaError> {
        self.count(WAITING)
    }

    /// What somebody must look at.
    pub(crate) fn attention(&self) -> Result<u64, ReplicaError> {
        Ok(self.count(ATTENTION)? + self.count(UNUSABLE)? + self.count(SEALED_REFUSED)?)
    }

    /// When the oldest waiting change was saved.
    pub(crate) fn oldest_waiting(&self) -> Result<Option<Timestamp>, ReplicaError> {
        self.oldest(OLDEST_WAITING)
    }

    fn oldest(&self, sql: &str) -> Result<Option<Timestamp>, ReplicaError> {
        let came: Option<i64> = self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        Ok(came.map(Timestamp))
    }

    fn count(&self, sql: &str) -> Result<u64, ReplicaError> {
        let count: i64 = self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}

fn word(closed: Closed) -> &'static str {
    match closed {
        Closed::Revoked => "revoked",
        Closed::Ended => "ended",
        Closed::Expired => "expired",
    }
}

/// Whole seconds from `came` to `now`; a clock that ran backwards in between gives 0.
pub(crate) fn age_s(came: Timestamp, now: Timestamp) -> u64 {
    u64::try_from((now.0 - came.0) / 1000).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DatabaseKey, database};

    /// Rows of these tables hold chunks, documents or contents: a count that walks through them reads everything.
    const LARGE: [&str; 5] = ["change", "record", "projection", "pending", "unusable"];

    /// Indexes of what is seldom or soon over.
    const FEW: [&str; 5] =
        ["change_waiting", "change_held", "change_attention", "change_late", "change_outcome"];

    #[test]
    fn nothing_is_counted_by_reading_everything() {
        let dir = tempfile::tempdir().unwrap();
        let key = DatabaseKey([1; 32].into());
        let connection = database::create(&dir.path().join("replica.db"), &key).unwrap();
        let all = [
            RECORDS,
            WAITING,
            OLDEST_WAITING,
            HELD,
            OLDEST_HELD,
            PENDING,
            OLDEST_PENDING,
            OWN,
            REFUSED,
            SETTLED,
            SAFE,
            CONFLICTS,
            LATE,
            RELEASED,
            DISCARDED,
            ATTENTION,
            UNUSABLE,
        ];
        for sql in all {
            let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let steps = plan.query_map([], |row| row.get::<_, String>(3)).unwrap();
            for step in steps.map(Result::unwrap) {
                let table = LARGE.iter().any(|table| step.contains(table)) || step.contains(" c ");
                let index = step.contains("COVERING INDEX") || FEW.iter().any(|index| step.contains(index));
                assert!(!table || index, "{sql}: {step}");
            }
        }
    }
}
