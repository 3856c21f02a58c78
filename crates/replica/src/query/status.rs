//! The state of the whole replica, computed from receipts and cursors, never from hope.

use sambung_domain::Timestamp;
use serde::{Deserialize, Serialize};

use crate::database::named_cbor;
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
    /// Own changes that the relay has.
    pub confirmed: u64,
    /// Fields with several values.
    pub conflicts: u64,
    /// Changes of ours that are quarantined or refused, and changes from others that cannot be used.
    pub quarantined: u64,
    /// Records whose document could not be brought up to date.
    pub underived: u64,
    /// When the last exchange ended well, by the device's clock; absent before the first.
    pub last_exchange: Option<String>,
    /// Version of the schema pack.
    pub schema: u32,
}

impl Replica {
    /// The state of the replica at `now`, by the device's clock.
    ///
    /// # Errors
    /// What the database says.
    pub fn status(&self, now: Timestamp) -> Result<Status, ReplicaError> {
        let (_, grant) = grant(&self.connection)?;
        let oldest = self.oldest_waiting()?;
        let last: Option<Timestamp> = named_cbor(&self.connection, LAST_EXCHANGE)?;
        Ok(Status {
            device: self.identity.name.clone(),
            replica: sambung_domain::id::encode_id(self.identity.replica),
            role: grant.role.to_string(),
            sets: grant.sets.iter().map(ToString::to_string).collect(),
            records: self.count("SELECT count(*) FROM record WHERE away = 0")?,
            waiting: self.waiting()?,
            oldest_waiting_s: oldest.map_or(0, |came| age_s(came, now)),
            confirmed: self.count(
                "SELECT count(*) FROM change WHERE own = 1 AND (sequence IS NOT NULL OR receipt IS NOT NULL)",
            )?,
            conflicts: self.count("SELECT coalesce(sum(conflicts), 0) FROM projection")?,
            quarantined: self.attention()?,
            underived: self.count("SELECT count(*) FROM underived")?,
            last_exchange: last.map(|time| time.to_string()),
            schema: self.pack.version,
        })
    }

    /// Own changes that the relay is not known to have.
    pub(crate) fn waiting(&self) -> Result<u64, ReplicaError> {
        self.count(
            "SELECT count(*) FROM change
             WHERE own = 1 AND sequence IS NULL AND receipt IS NULL AND refused IS NULL",
        )
    }

    /// What somebody must look at.
    pub(crate) fn attention(&self) -> Result<u64, ReplicaError> {
        let ours = self.count("SELECT count(*) FROM change WHERE refused IS NOT NULL OR lane = 2")?;
        Ok(ours + self.count("SELECT count(*) FROM unusable")?)
    }

    /// When the oldest waiting change was saved.
    pub(crate) fn oldest_waiting(&self) -> Result<Option<Timestamp>, ReplicaError> {
        let sql = "SELECT min(came) FROM change
                   WHERE own = 1 AND sequence IS NULL AND receipt IS NULL AND refused IS NULL";
        let came: Option<i64> = self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        Ok(came.map(Timestamp))
    }

    fn count(&self, sql: &str) -> Result<u64, ReplicaError> {
        let count: i64 = self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}

/// Whole seconds from `came` to `now`; a clock that ran backwards in between gives 0.
pub(crate) fn age_s(came: Timestamp, now: Timestamp) -> u64 {
    u64::try_from((now.0 - came.0) / 1000).unwrap_or(0)
}
