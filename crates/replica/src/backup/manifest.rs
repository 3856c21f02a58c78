//! What must be in a backup, told by the backup itself.

use std::path::Path;

use minicbor::{Decode, Encode};
use rusqlite::Connection;
use sambung_domain::Timestamp;
use sambung_trust::signed::encode;
use serde::Serialize;

use super::BackupError;
use crate::database::{named_cbor, open_to_read, schema_found, set_named};
use crate::verify::storage;
use crate::{DatabaseKey, Identity, ReplicaError};

const MANIFEST: &str = "backup";

/// What a backup holds and when it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Encode, Decode)]
pub struct Manifest {
    /// When it was made, by the device's clock.
    #[n(0)]
    #[serde(serialize_with = "as_text")]
    pub made: Timestamp,
    /// The device's name.
    #[n(1)]
    pub device: String,
    /// Version of the database's schema.
    #[n(2)]
    pub schema: i64,
    /// The release that made it.
    #[n(3)]
    pub release: String,
    /// Records.
    #[n(4)]
    pub records: u64,
    /// Changes.
    #[n(5)]
    pub changes: u64,
    /// Receipts of the relay.
    #[n(6)]
    pub receipts: u64,
    /// BLAKE3 over record, generation and hash of every change in order: names all work in the backup.
    #[n(7)]
    pub content: String,
}

fn as_text<S: serde::Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

impl Manifest {
    /// Counts a database as it stands.
    pub(super) fn of(
        connection: &Connection,
        identity: &Identity,
        now: Timestamp,
    ) -> Result<Self, ReplicaError> {
        let count = |table: &str| -> Result<u64, ReplicaError> {
            Ok(connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?)
        };
        Ok(Manifest {
            made: now,
            device: identity.name.clone(),
            schema: schema_found(connection)?,
            release: env!("CARGO_PKG_VERSION").to_owned(),
            records: count("record")?,
            changes: count("change")?,
            receipts: count("receipt WHERE leaves IS NULL")?,
            content: content(connection)?,
        })
    }

    pub(super) fn write(&self, connection: &Connection) -> Result<(), ReplicaError> {
        set_named(connection, MANIFEST, &encode(self))
    }
}

fn content(connection: &Connection) -> Result<String, ReplicaError> {
    let mut hasher = blake3::Hasher::new();
    let mut statement = connection.prepare(
        "SELECT r.id, r.generation, c.hash FROM change AS c JOIN record AS r ON r.number = c.record
         ORDER BY c.record, c.position",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        hasher.update(&row.get::<_, [u8; 16]>(0)?);
        hasher.update(&row.get::<_, u32>(1)?.to_be_bytes());
        hasher.update(&row.get::<_, [u8; 32]>(2)?);
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// Opens a backup and checks every page, every index and its content against its manifest.
pub(super) fn check(file: &Path, key: &DatabaseKey) -> Result<Manifest, BackupError> {
    let connection = open_to_read(file, key)?;
    let manifest: Manifest = match named_cbor(&connection, MANIFEST) {
        Ok(found) => found.ok_or(BackupError::NoManifest)?,
        // Another database of the same key, or one so old that it has no named values.
        Err(ReplicaError::Storage(_)) => return Err(BackupError::NoManifest),
        Err(other) => return Err(other.into()),
    };
    if let Some(finding) = storage::findings(&connection).into_iter().next() {
        return Err(BackupError::Unsound(finding.detail));
    }
    let identity = Identity::read(&connection)?.ok_or(BackupError::NoManifest)?;
    let found = Manifest::of(&connection, &identity, manifest.made)?;
    let expected = Manifest { release: found.release.clone(), ..manifest.clone() };
    if found != expected {
        return Err(BackupError::Unsound(format!(
            "it holds {} records and {} changes, its manifest says {} and {}, or other ones",
            found.records, found.changes, manifest.records, manifest.changes
        )));
    }
    Ok(manifest)
}
