//! Lists from elsewhere: from rows of cells to records.
//!
//! First everything is looked at and nothing written ([`Replica::plan_import`]): a mistake in the last row is known
//! before the first one is saved. Then rows are written, a few hundred a transaction ([`Replica::import_rows`]). The
//! ids of records come from the file's digest and the row, so going on after a crash, or reading the same file again,
//! makes nothing twice.

mod cell;
mod columns;
mod row;

use std::collections::BTreeMap;

use sambung_domain::pack::ImportMap;
use sambung_domain::{Pack, RecordId, Timestamp};
use sambung_trust::Grant;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::command::Create;
use crate::identity::{grant, relay_time};
use crate::{Circumstances, Replica, ReplicaError, UsageError};

/// Most rows of a list.
pub const ROWS_MAX: usize = 200_000;
/// Most columns of a list.
pub const COLUMNS_MAX: usize = 256;
/// Greatest length of a cell in characters; no spreadsheet holds longer ones.
pub const CELL_MAX: usize = 32_767;
/// Most remarks kept of one list; all are counted.
pub const REMARKS_MAX: usize = 1_000;
/// Rows written in one transaction.
pub const ROWS_PER_TRANSACTION: usize = 200;

/// A list as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// BLAKE3 of the file's bytes.
    pub digest: [u8; 32],
    /// The headings.
    pub columns: Vec<String>,
    /// The rows, without empty ones.
    pub rows: Vec<Row>,
}

/// One row of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its number as a spreadsheet shows it: the headings are row 1.
    pub number: u32,
    /// Its cells in the order of the headings: texts, or what a JSON file holds. Missing ones are empty.
    pub cells: Vec<Json>,
}

/// Something to say about a cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// The row.
    pub row: u32,
    /// The heading; empty where it is about the row.
    pub column: String,
    /// What it is, and what to do.
    pub what: String,
}

/// Remarks, the first of them kept, all of them counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remarks {
    /// The first.
    pub kept: Vec<Remark>,
    /// How many there are.
    pub count: u64,
}

impl Remarks {
    fn add(&mut self, row: u32, column: &str, what: String) {
        self.count += 1;
        if self.kept.len() < REMARKS_MAX {
            self.kept.push(Remark { row, column: column.to_owned(), what });
        }
    }
}

/// What a list would make.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// The rows that can be written.
    pub rows: Vec<PlannedRow>,
    /// How many rows cannot.
    pub bad_rows: u64,
    /// Why they cannot.
    pub bad: Remarks,
    /// What is odd about rows that can.
    pub warnings: Remarks,
    /// Headings that nothing is read from.
    pub ignored: Vec<String>,
}

impl Plan {
    /// How many records of each kind the good rows are.
    #[must_use]
    pub fn records(&self) -> BTreeMap<String, u64> {
        let mut records = BTreeMap::new();
        for (_, create) in self.rows.iter().flat_map(|row| &row.records) {
            *records.entry(create.kind.clone()).or_default() += 1;
        }
        records
    }
}

/// A row that can be written: its records, each behind the one it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedRow {
    /// Its number.
    pub number: u32,
    /// The records, with their ids.
    pub records: Vec<(RecordId, Create)>,
}

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Records made.
    pub made: u64,
    /// Records that were there already and were left as they are.
    pub present: u64,
}

/// The name of a file's bytes.
#[must_use]
pub fn digest(bytes: &[u8]) -> [u8; 32] {
    *blake3::hash(bytes).as_bytes()
}

impl Replica {
    /// Looks at every row of a list and writes nothing. `map` is the name of a mapping of the pack; without one the
    /// headings are field keys.
    ///
    /// # Errors
    /// [`ReplicaError::Usage`] for a kind, mapping or heading that does not exist; what is wrong with single rows is
    /// in the plan.
    pub fn plan_import(
        &self,
        kind: &str,
        map: Option<&str>,
        sheet: &Sheet,
        now: Timestamp,
    ) -> Result<Plan, ReplicaError> {
        let map = map.map(|name| self.map(kind, name)).transpose()?;
        let columns = columns::Columns::of(&self.pack, self.kind_named(kind)?, map, &sheet.columns)?;
        let reader = Reader {
            replica: self,
            pack: &self.pack,
            grant: grant(&self.connection)?.1,
            relay_time: relay_time(&self.connection)?,
            now,
            digest: sheet.digest,
            columns: &columns,
        };
        let mut plan = Plan { ignored: columns.ignored.clone(), ..Plan::default() };
        for row in &sheet.rows {
            reader.row(row, &mut plan)?;
        }
        Ok(plan)
    }

    /// Writes rows of a plan in one transaction: all or none. Records that are there already are left as they are.
    ///
    /// # Errors
    /// As [`create`](Replica::create), for the first record that fails.
    pub fn import_rows(
        &mut self,
        rows: &[PlannedRow],
        circumstances: &mut Circumstances<'_>,
    ) -> Result<Written, ReplicaError> {
        self.write(circumstances, |writer| {
            let mut written = Written::default();
            for (id, create) in rows.iter().flat_map(|row| &row.records) {
                let sql = "SELECT EXISTS (SELECT 1 FROM record WHERE id = ?1)";
                let present: bool =
                    writer.transaction.prepare_cached(sql)?.query_row([id.0], |row| row.get(0))?;
                if present {
                    written.present += 1;
                } else {
                    writer.create(Some(*id), create)?;
                    written.made += 1;
                }
            }
            Ok(written)
        })
    }

    fn map(&self, kind: &str, name: &str) -> Result<&ImportMap, ReplicaError> {
        let known: Vec<&str> =
            self.pack.imports.values().filter(|map| map.kind == kind).map(|map| map.name.as_str()).collect();
        let map = self.pack.imports.get(name).filter(|map| map.kind == kind);
        map.ok_or_else(|| {
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            UsageError::Query(format!("there is no mapping `{name}` for {kind}; there is {known}")).into()
        })
    }

    fn kind_named(&self, name: &str) -> Result<&sambung_domain::pack::Kind, ReplicaError> {
        self.pack.kind(name).ok_or_else(|| crate::write::unknown_kind(&self.pack, name))
    }
}

/// Reads rows against the pack and the rights of this device.
struct Reader<'a> {
    replica: &'a Replica,
    pack: &'a Pack,
    grant: Grant,
    relay_time: Timestamp,
    now: Timestamp,
    digest: [u8; 32],
    columns: &'a columns::Columns<'a>,
}
