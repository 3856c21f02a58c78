//! Verifying everything a replica holds against its own hashes, signatures and derivations, and repairing what
//! is derived.
//!
//! Raw changes, signatures and receipts are the truth; documents and projection are rebuilt from them. Memory
//! is bounded: record by record, batch by batch, each against a snapshot of its own, so that others go on
//! saving.

mod batch;
mod receipt;
mod record;
mod repair;
mod statement;
pub(crate) mod storage;

use rusqlite::Connection;
use sambung_domain::{Pack, RecordId};
use serde::Serialize;

pub use repair::Repaired;

use crate::identity::{Identity, grant, relay_time};
use crate::{Replica, ReplicaError, digest};

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The stable code (docs/errors.md).
    pub code: &'static str,
    /// The record it is about, if it is about one.
    pub record: Option<RecordId>,
    /// What was found, in words.
    pub detail: String,
}

/// How much was looked at and found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Records, each with all its changes, its document and its projection.
    pub records: u64,
    /// Changes.
    pub changes: u64,
    /// Signed batches.
    pub batches: u64,
    /// Receipts.
    pub receipts: u64,
    /// Things found.
    pub findings: u64,
}

/// What a verification tells while it goes on.
#[derive(Debug)]
pub enum Event<'a> {
    /// So many of so many records are done.
    Progress {
        /// Records looked at.
        done: u64,
        /// Records in all.
        of: u64,
    },
    /// Something was found.
    Found(&'a Finding),
}

/// Receives events.
pub type Watch<'a> = &'a mut dyn FnMut(Event<'_>);

/// Rows of a table looked at under one snapshot.
const PAGE: i64 = 500;

/// What verifying needs and where it tells.
struct Verifier<'a> {
    connection: &'a Connection,
    pack: &'a Pack,
    identity: &'a Identity,
    watch: Watch<'a>,
    verified: Verified,
    /// Records whose document or projection can be rebuilt from sound changes.
    rebuildable: Vec<i64>,
    /// The statement of the relay looked at last.
    last: statement::Last,
}

impl Replica {
    /// Verifies the whole replica.
    ///
    /// # Errors
    /// Only where the database cannot be asked at all; what is wrong in it is a [`Finding`].
    pub fn verify(&self, watch: Watch<'_>) -> Result<Verified, ReplicaError> {
        Ok(self.verification(watch)?.0)
    }

    /// Verifies; gives also the records that can be rebuilt.
    fn verification(&self, watch: Watch<'_>) -> Result<(Verified, Vec<i64>), ReplicaError> {
        let mut verifier = Verifier {
            connection: &self.connection,
            pack: &self.pack,
            identity: &self.identity,
            watch,
            verified: Verified::default(),
            rebuildable: Vec::new(),
            last: None,
        };
        verifier.storage();
        verifier.grant()?;
        verifier.records()?;
        verifier.batches()?;
        verifier.receipts()?;
        verifier.statements()?;
        verifier.cursors()?;
        verifier.digests()?;
        Ok((verifier.verified, verifier.rebuildable))
    }
}

impl Verifier<'_> {
    fn report(&mut self, finding: &Finding) {
        self.verified.findings += 1;
        (self.watch)(Event::Found(finding));
    }

    fn found(&mut self, code: &'static str, record: Option<RecordId>, detail: impl Into<String>) {
        self.report(&Finding { code, record, detail: detail.into() });
    }

    fn storage(&mut self) {
        for finding in storage::findings(self.connection) {
            self.report(&finding);
        }
    }

    /// The grant is the issuer's word about this device.
    fn grant(&mut self) -> Result<(), ReplicaError> {
        let (signed, grant) = grant(self.connection)?;
        let issuer =
            self.identity.key_for(sambung_trust::certificate::Purpose::Issuer, relay_time(self.connection)?);
        let holds = issuer.is_ok_and(|key| signed.open::<sambung_trust::Grant>(&key).is_ok());
        if !holds || grant.device != self.identity.device.public() {
            self.found("grant", None, "the grant is not the issuer's, or is another device's");
        }
        Ok(())
    }

    /// Calls `look` with the numbers of a table in ascending order, a snapshot for each page. A row that the
    /// database cannot read is a finding.
    fn each(
        &mut self,
        sql: &str,
        mut look: impl FnMut(&mut Self, i64) -> Result<(), ReplicaError>,
    ) -> Result<(), ReplicaError> {
        let mut after = i64::MIN;
        loop {
            let snapshot = self.connection.unchecked_transaction()?;
            let numbers: Result<Vec<i64>, rusqlite::Error> = snapshot
                .prepare_cached(sql)
                .and_then(|mut page| page.query_map([after, PAGE], |row| row.get(0))?.collect());
            let numbers = match numbers.map_err(ReplicaError::from) {
                Ok(numbers) => numbers,
                Err(error) => {
                    self.unreadable(None, &error);
                    return Ok(());
                }
            };
            let Some(last) = numbers.last() else { return Ok(()) };
            after = *last;
            for number in numbers {
                if let Err(error) = look(self, number) {
                    self.unreadable(None, &error);
                }
            }
            drop(snapshot);
        }
    }

    /// The sums kept of every set are those that its members' changes give.
    fn digests(&mut self) -> Result<(), ReplicaError> {
        let snapshot = self.connection.unchecked_transaction()?;
        let wrong = digest::wrong_sets(&snapshot, &self.identity.deployment)?;
        drop(snapshot);
        if !wrong.is_empty() {
            self.found("digest", None, format!("not what their records add up to: {}", wrong.join(", ")));
        }
        Ok(())
    }

    fn unreadable(&mut self, record: Option<RecordId>, error: &ReplicaError) {
        self.found("unreadable", record, error.to_string());
    }
}
