//! The condition of a replica: what a doctor asks before anything hurts.

use rusqlite::types::Value;
use sambung_domain::Timestamp;

use crate::database::{named_cbor, schema_found, schema_known};
use crate::identity::{grant, relay_time};
use crate::query::LAST_EXCHANGE;
use crate::{Replica, ReplicaError};

/// Numbers from which a host concludes whether all is well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Version of the SQLite library.
    pub sqlite: &'static str,
    /// Version of the cipher; empty where the database is not encrypted by SQLCipher.
    pub cipher: String,
    /// Schema version of the database.
    pub schema: i64,
    /// The newest schema version this release knows.
    pub schema_known: i64,
    /// The highest relay time seen; the epoch before the first contact.
    pub relay_time: Timestamp,
    /// When the last exchange ended well, by the device's clock.
    pub last_exchange: Option<Timestamp>,
    /// When the grant ends.
    pub grant_end: Timestamp,
    /// Bytes of the database.
    pub bytes: u64,
}

impl Replica {
    /// The condition of the replica.
    ///
    /// # Errors
    /// What the database says.
    pub fn condition(&self) -> Result<Condition, ReplicaError> {
        let (_, grant) = grant(&self.connection)?;
        Ok(Condition {
            sqlite: rusqlite::version(),
            cipher: self
                .connection
                .query_row("PRAGMA cipher_version", [], |row| row.get(0))
                .unwrap_or_default(),
            schema: schema_found(&self.connection)?,
            schema_known: schema_known(),
            relay_time: relay_time(&self.connection)?,
            last_exchange: named_cbor(&self.connection, LAST_EXCHANGE)?,
            grant_end: grant.until,
            bytes: self.pragma_number("page_count")?.saturating_mul(self.pragma_number("page_size")?),
        })
    }
    /// A number that a pragma answers; the cipher answers some of them as text.
    fn pragma_number(&self, pragma: &str) -> Result<u64, ReplicaError> {
        let value: Value = self.connection.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0))?;
        let number = match value {
            Value::Integer(number) => u64::try_from(number).ok(),
            Value::Text(text) => text.parse().ok(),
            Value::Null | Value::Real(_) | Value::Blob(_) => None,
        };
        number.ok_or(ReplicaError::Unreadable("a pragma"))
    }
}
