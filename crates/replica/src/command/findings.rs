//! What is odd about what was just written.

use std::collections::BTreeSet;

use sambung_domain::date::Date;
use sambung_domain::form::{Finding, FindingCode, Record, Severity, Surroundings, check};
use sambung_domain::pack::Kind;
use sambung_sync::document::Edit;

use crate::ReplicaError;
use crate::loaded::RecordRow;
use crate::projection;
use crate::write::Writer;

impl Writer<'_, '_> {
    /// What the form check says about the fields that edits wrote, apart from what is still missing.
    pub(crate) fn findings(
        &self,
        row: &RecordRow,
        kind: &Kind,
        edits: &[Edit],
        strict: bool,
    ) -> Result<Vec<Finding>, ReplicaError> {
        let Some(form) = self.pack.forms_of(&kind.name).next() else { return Ok(Vec::new()) };
        let written: BTreeSet<&str> = edits.iter().filter_map(root).collect();
        let record = self.record(row, kind)?;
        let around = Surroundings { today: Date::in_wib(self.now().0), regions: None };
        let said = |finding: &Finding| {
            let ours = finding.path.first().is_some_and(|key| written.contains(key.as_str()));
            let quiet = matches!(finding.code, FindingCode::Required | FindingCode::Hidden);
            ours && !quiet && finding.severity >= Severity::Warn
        };
        let findings: Vec<Finding> =
            check(self.pack, form, &record, around).findings.into_iter().filter(said).collect();
        match findings.first() {
            Some(finding) if strict => {
                Err(ReplicaError::Odd { field: finding.path.join("/"), why: finding.message.en.clone() })
            }
            Some(_) | None => Ok(findings),
        }
    }

    /// The record as forms have it: blocks as objects.
    fn record(&self, row: &RecordRow, kind: &Kind) -> Result<Record, ReplicaError> {
        let mut record: Record = projection::content(&self.transaction, row)?;
        for field in kind.fields.iter().filter(|field| field.kind.is_register_of_parts()) {
            if let Some(json) = record.get_mut(&field.key)
                && let Some(Ok(parts)) = json.as_str().map(serde_json::from_str)
            {
                *json = parts;
            }
        }
        Ok(record)
    }
}

fn root(edit: &Edit) -> Option<&str> {
    edit.path().first().map(String::as_str)
}
