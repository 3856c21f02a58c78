//! Lists from elsewhere: from rows of cells to records.
//!
//! First everything is looked at and nothing written ([`Replica::plan_import`]): a mistake in the last row is known
//! before the first one is saved. Then rows are written, some a transaction ([`Replica::import_rows`]). The ids of
//! records come from what the row says, so going on after a crash, reading the same file again or a corrected one,
//! makes only what is missing (docs/adr/0014-ids-of-imported-rows.md).

mod answers;
mod cell;
mod columns;
mod name;
mod odd;
mod place;
mod records;
mod twice;

use std::collections::BTreeMap;

use sambung_domain::pack::{Bilingual, ImportMap};
use sambung_domain::{Pack, RecordId, Timestamp};
use sambung_trust::Grant;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::command::Create;
use crate::identity::{grant, relay_time};
use crate::{Circumstances, Replica, ReplicaError, UsageError};
use columns::Columns;
use name::Namer;
use twice::{Seen, Twice};

pub(crate) use cell::join;

/// Most rows of a list.
pub const ROWS_MAX: usize = 200_000;
/// Most columns of a list.
pub const COLUMNS_MAX: usize = 256;
/// Greatest length of a cell in bytes: what is longer fits into no change.
pub const CELL_MAX: usize = 65_536;
/// Greatest size of what a row says of one record, counted so that one change holds it.
pub const RECORD_MAX: usize = 49_152;
/// Most remarks kept of one list; all are counted.
pub const REMARKS_MAX: usize = 1_000;
/// Rows written in one transaction.
pub const ROWS_PER_TRANSACTION: usize = 200;

/// A list as it was read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sheet {
    /// The headings.
    pub columns: Vec<String>,
    /// The rows, without empty ones.
    pub rows: Vec<Row>,
}

/// One row of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its number as a spreadsheet shows it: the headings are row 1. Objects of a JSON file are counted from 1.
    pub number: u32,
    /// Its cells in the order of the headings: texts, or what a JSON file holds. Missing ones are empty; a row with
    /// more of them than there are headings is bad.
    pub cells: Vec<Json>,
}

/// A list, and what it is a list of.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The kind of record that a row is about.
    pub kind: &'a str,
    /// The mapping of the pack that says what the headings mean; without one they are field keys.
    pub map: Option<&'a str>,
    /// The list.
    pub sheet: &'a Sheet,
}

/// Something to say about a cell. It repeats no number or name that stands there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// The row.
    pub row: u32,
    /// The heading; empty where it is about the row.
    pub column: String,
    /// What it is, and what to do.
    pub message: Bilingual,
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
    fn add(&mut self, row: u32, fault: Fault) {
        self.count += 1;
        if self.kept.len() < REMARKS_MAX {
            self.kept.push(Remark { row, column: fault.column, message: fault.message });
        }
    }
}

/// What a list would make.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// The rows with something to be made, by their place in the sheet.
    pub fresh: Vec<usize>,
    /// How many rows say only what is here already, or what an earlier row says.
    pub present_rows: u64,
    /// How many rows cannot be written.
    pub bad_rows: u64,
    /// Why they cannot.
    pub bad: Remarks,
    /// What is odd about rows that can.
    pub warnings: Remarks,
    /// Headings that nothing is read from.
    pub ignored: Vec<String>,
    /// How many records of each kind would be made.
    pub records: BTreeMap<String, u64>,
}

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Records made.
    pub made: u64,
    /// Records that were there already and were left as they are.
    pub present: u64,
}

/// What is wrong or odd about a row.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fault {
    /// The heading; empty where it is about the row.
    column: String,
    message: Bilingual,
}

impl Fault {
    fn of_row(message: Bilingual) -> Self {
        Fault { column: String::new(), message }
    }
}

/// A sentence in both languages.
fn both(id: impl Into<String>, en: impl Into<String>) -> Bilingual {
    Bilingual { id: id.into(), en: en.into() }
}

impl Replica {
    /// Looks at every row of a list and writes nothing.
    ///
    /// # Errors
    /// [`ReplicaError::Usage`] for a kind, mapping or heading that does not exist; what is wrong with single rows is
    /// in the plan.
    pub fn plan_import(&self, source: &Source<'_>, now: Timestamp) -> Result<Plan, ReplicaError> {
        let columns = self.columns(source)?;
        let reader = self.reader(source, &columns)?;
        let mut plan = Plan { ignored: columns.ignored(), ..Plan::default() };
        let mut seen = Seen::default();
        for (at, row) in source.sheet.rows.iter().enumerate() {
            reader.plan(at, row, now, &mut seen, &mut plan)?;
        }
        Ok(plan)
    }

    /// Writes rows of a list, by their places in the sheet, in one transaction: all or none. Records that are there
    /// already are left as they are.
    ///
    /// # Errors
    /// [`UsageError::Query`] for a row that cannot be written any more, and as [`create`](Replica::create) for the
    /// first record that fails.
    pub fn import_rows(
        &mut self,
        source: &Source<'_>,
        rows: &[usize],
        circumstances: &mut Circumstances<'_>,
    ) -> Result<Written, ReplicaError> {
        let records = self.records_of(source, rows)?;
        self.write(circumstances, |writer| {
            let mut written = Written::default();
            for (id, create) in &records {
                if records::kind_of(&writer.transaction, *id)?.is_some() {
                    written.present += 1;
                } else {
                    writer.create(Some(*id), create)?;
                    written.made += 1;
                }
            }
            Ok(written)
        })
    }

    fn records_of(
        &self,
        source: &Source<'_>,
        rows: &[usize],
    ) -> Result<Vec<(RecordId, Create)>, ReplicaError> {
        let columns = self.columns(source)?;
        let reader = self.reader(source, &columns)?;
        let mut all = Vec::new();
        for row in rows.iter().filter_map(|at| source.sheet.rows.get(*at)) {
            match reader.records(reader.answers(row))? {
                Ok(records) => all.extend(records.planned.into_iter().map(|one| (one.id, one.create))),
                Err(faults) => {
                    let why = faults.first().map(|fault| fault.message.en.as_str()).unwrap_or_default();
                    return Err(UsageError::Query(format!("row {}: {why}", row.number)).into());
                }
            }
        }
        Ok(all)
    }

    fn columns<'a>(&'a self, source: &Source<'_>) -> Result<Columns<'a>, ReplicaError> {
        let map = source.map.map(|name| self.map(source.kind, name)).transpose()?;
        Columns::of(&self.pack, self.kind(source.kind)?, map, &source.sheet.columns)
    }

    fn reader<'a>(
        &'a self,
        source: &Source<'_>,
        columns: &'a Columns<'a>,
    ) -> Result<Reader<'a>, ReplicaError> {
        Ok(Reader {
            replica: self,
            pack: &self.pack,
            grant: grant(&self.connection)?.1,
            relay_time: relay_time(&self.connection)?,
            namer: Namer::of(&self.identity.device, source.kind, source.map),
            columns,
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
}

/// Reads rows against the pack and the rights of this device.
struct Reader<'a> {
    replica: &'a Replica,
    pack: &'a Pack,
    grant: Grant,
    relay_time: Timestamp,
    namer: Namer,
    columns: &'a Columns<'a>,
}

impl Reader<'_> {
    /// Reads a row into a plan.
    fn plan(
        &self,
        at: usize,
        row: &Row,
        now: Timestamp,
        seen: &mut Seen,
        plan: &mut Plan,
    ) -> Result<(), ReplicaError> {
        let answers = self.answers(row);
        let niks = answers.niks(self.columns);
        let records = match self.records(answers)? {
            Ok(records) => records,
            Err(mut faults) => {
                faults.extend(seen.niks(row.number, &niks));
                plan.bad_rows += 1;
                faults.into_iter().for_each(|fault| plan.bad.add(row.number, fault));
                return Ok(());
            }
        };
        match seen.row(row.number, &records, &niks) {
            Twice::Repeats(warning) => {
                plan.present_rows += 1;
                plan.warnings.add(row.number, warning);
                return Ok(());
            }
            Twice::Contradicts(faults) => {
                plan.bad_rows += 1;
                faults.into_iter().for_each(|fault| plan.bad.add(row.number, fault));
                return Ok(());
            }
            Twice::New(warnings) => {
                warnings.into_iter().for_each(|warning| plan.warnings.add(row.number, warning));
            }
        }
        if records.planned.iter().all(|one| one.present) {
            plan.present_rows += 1;
            return Ok(());
        }
        for fault in self.held_by_others(&records, &niks)?.into_iter().chain(self.odd(&records, now)) {
            plan.warnings.add(row.number, fault);
        }
        for one in records.planned.iter().filter(|one| !one.present) {
            *plan.records.entry(one.create.kind.clone()).or_default() += 1;
        }
        plan.fresh.push(at);
        Ok(())
    }
}
