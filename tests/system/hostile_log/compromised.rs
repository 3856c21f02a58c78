//! The relay in wrong hands: whoever holds its disk writes into its log what it would never have taken.

use rusqlite::{Connection, OptionalExtension, params};
use sambung_domain::{RecordId, Shard};
use sambung_sync::chain::{self, Entry, LogId, Mark};
use sambung_trust::signed::encode;

use crate::harness::{Deployment, name, open};

/// All records of these tests lie here.
const SHARD: &str = "35.13";

/// A leaf of a batch.
pub(super) type Place = (i64, u32);

/// The relay's disk.
pub(super) struct Compromised {
    connection: Connection,
    log: LogId,
}

impl Compromised {
    pub(super) fn disk_of(deployment: &Deployment) -> Compromised {
        let connection = open(&deployment.database());
        let sql = "SELECT value FROM meta WHERE name = 'log'";
        let log = connection.query_row(sql, [], |row| row.get(0)).unwrap();
        Compromised { connection, log }
    }

    /// Where the last stored change of a record stands in its author's batches.
    pub(super) fn place_of(&self, record: RecordId) -> Place {
        let sql = "SELECT batch, leaf FROM change WHERE record = ?1 ORDER BY admission DESC LIMIT 1";
        self.connection.query_row(sql, [record.0], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    }

    /// Stores a chunk under a leaf, without an entry.
    pub(super) fn store(&self, record: RecordId, chunk: &[u8], (batch, leaf): Place) {
        let sql = "INSERT INTO change (record, generation, hash, batch, leaf, chunk) VALUES (?1, 1, ?2, ?3, ?4, ?5)";
        self.connection.execute(sql, params![record.0, name(chunk).0, batch, leaf, chunk]).unwrap();
    }

    /// Puts an entry for a chunk at the end of the log, with a chain that holds.
    pub(super) fn enter(&self, record: RecordId, chunk: &[u8]) {
        let entry = Entry::Change { record, generation: 1, hash: name(chunk) };
        let shard = Shard::from_stored(SHARD.to_owned());
        let tip = "SELECT sequence, chain FROM log WHERE shard = ?1 ORDER BY sequence DESC LIMIT 1";
        let mark = |row: &rusqlite::Row<'_>| Ok(Mark { sequence: row.get(0)?, chain: row.get(1)? });
        let tip = self.connection.query_row(tip, [SHARD], mark).optional().unwrap();
        let tip = tip.unwrap_or_else(|| Mark::start(&self.log, &shard));
        let chain = chain::advance(&tip.chain, &[7; 16], &entry);
        let sql = "INSERT INTO log (shard, sequence, entry, salt, chain) VALUES (?1, ?2, ?3, ?4, ?5)";
        let values = params![SHARD, tip.sequence + 1, encode(&entry), [7u8; 16], chain];
        self.connection.execute(sql, values).unwrap();
    }

    /// Breaks the signature of the batch that a record came in.
    pub(super) fn break_signature(&self, record: RecordId) {
        let sql = "UPDATE batch SET signature = ?2 WHERE number = ?1";
        let batch = self.place_of(record).0;
        assert_eq!(self.connection.execute(sql, params![batch, [7u8; 64]]).unwrap(), 1);
    }
}
