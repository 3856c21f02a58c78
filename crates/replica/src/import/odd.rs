//! What forms find odd about the records of a row: kept, never refused.

use sambung_domain::Timestamp;
use sambung_domain::date::Date;
use sambung_domain::form::{self, Entries, FindingCode, Form, Severity, Surroundings};
use sambung_domain::value::Value;
use sambung_sync::document::Edit;

use super::columns::Column;
use super::records::{Planned, Records};
use super::{Fault, Reader};

impl Reader<'_> {
    pub(super) fn odd(&self, records: &Records, now: Timestamp) -> Vec<Fault> {
        let today = Date::in_wib(now.0);
        records.planned.iter().filter(|one| !one.present).flat_map(|one| self.odd_of(one, today)).collect()
    }

    fn odd_of(&self, one: &Planned, today: Date) -> Vec<Fault> {
        let Some(kind) = self.pack.kind(&one.create.kind) else { return Vec::new() };
        let entries: Entries = one.edits.iter().filter_map(entry).collect();
        let record = form::from_entries(kind, &entries);
        let form = self.pack.forms_of(&kind.name).next().cloned().unwrap_or_else(|| Form::plain(kind));
        let around = Surroundings { today, regions: None };
        let findings = form::check(self.pack, &form, &record, around).findings;
        // A list need not answer every question; what it does say is looked at.
        let quiet = [FindingCode::Required, FindingCode::Hidden];
        findings
            .into_iter()
            .filter(|finding| finding.severity >= Severity::Warn && !quiet.contains(&finding.code))
            .map(|finding| {
                let key = finding.path.first().map(String::as_str).unwrap_or_default();
                Fault { column: self.heading(&kind.name, key).to_owned(), message: finding.message }
            })
            .collect()
    }

    /// The heading of the column a field came from.
    fn heading<'b>(&'b self, kind: &str, key: &'b str) -> &'b str {
        let from = self.columns.columns.iter().find(|(_, column)| match column {
            Column::Field { kind: number, field, .. } => {
                self.columns.kinds[*number].name == kind && field.key == key
            }
            Column::Id | Column::Of | Column::Routing(_) | Column::Ignored => false,
        });
        from.map_or(key, |(heading, _)| heading.as_str())
    }
}

fn entry(edit: &Edit) -> Option<(Vec<String>, Value)> {
    match edit {
        Edit::Put { path, value } => Some((path.clone(), value.clone())),
        Edit::PutMap { .. } | Edit::Delete { .. } => None,
    }
}
