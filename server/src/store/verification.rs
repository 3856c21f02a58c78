//! Checking the whole database: chains, hashes, signatures, routing.
//!
//! It reads one snapshot, streams, and writes nothing but a temporary table of the changes that the log names.

mod changes;
mod log;
mod records;

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};
use sambung_domain::Pack;
use sambung_sync::chain::LogId;
use sambung_trust::DeploymentKey;
use serde::Serialize;

use super::open::open;
use super::{SqliteStore, StoreError};

/// Most findings that are listed: a database with more is beyond a list.
const FINDINGS_MAX: usize = 1_000;

/// What the database is checked against.
#[derive(Debug, Clone, Copy)]
pub struct Authorities<'a> {
    /// What can be recorded.
    pub pack: &'a Pack,
    /// What leaves are bound to.
    pub deployment: &'a DeploymentKey,
    /// The log whose chains these are.
    pub log: &'a LogId,
}

/// What was checked and what was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Chains walked from their start.
    pub shards: u64,
    /// Entries in them.
    pub entries: u64,
    /// Records whose routing was recomputed.
    pub records: u64,
    /// Changes hashed and found under their author's signature.
    pub changes: u64,
    /// Signatures of pushes verified.
    pub batches: u64,
    /// What is wrong, in words.
    pub findings: Vec<String>,
}

impl Report {
    fn find(&mut self, finding: String) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        }
    }
}

/// Checks the database at a path.
///
/// # Errors
/// [`StoreError`] where the database cannot be read at all; what can be read and is wrong is in the report.
pub fn verify(path: &Path, authorities: &Authorities<'_>) -> Result<Report, StoreError> {
    let mut connection = open(path)?;
    let mut store = SqliteStore::begin(&mut connection, TransactionBehavior::Deferred)?;
    let mut report = Report::default();
    pages(store.connection(), &mut report)?;
    log::check(store.connection(), authorities, &mut report)?;
    changes::check(&mut store, authorities, &mut report)?;
    records::check(&mut store, authorities, &mut report)?;
    Ok(report)
}

/// SQLite's own view of its pages and references.
fn pages(connection: &Connection, report: &mut Report) -> Result<(), StoreError> {
    let mut statement = connection.prepare("PRAGMA integrity_check")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let line: String = row.get(0)?;
        if line != "ok" {
            report.find(format!("database page: {line}"));
        }
    }
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        report.find(format!("a row of `{}` refers to nothing", row.get::<_, String>(0)?));
    }
    Ok(())
}
