//! Rows that say the same, or speak of the same person.

use std::collections::BTreeMap;

use sambung_domain::RecordId;

use super::name::Content;
use super::records::Records;
use super::{Fault, Reader, both};
use crate::ReplicaError;
use crate::same;

/// What was seen in the rows before.
#[derive(Default)]
pub(super) struct Seen {
    ids: BTreeMap<RecordId, (u32, Content)>,
    niks: BTreeMap<String, u32>,
}

/// How a row stands to those before it.
pub(super) enum Twice {
    /// It is about another record than any before it; what is odd all the same.
    New(Vec<Fault>),
    /// It says what an earlier row says.
    Repeats(Fault),
    /// It says something else about the record or the person of an earlier row.
    Contradicts(Vec<Fault>),
}

impl Seen {
    /// Looks at a row and remembers it.
    pub(super) fn row(&mut self, number: u32, records: &Records, niks: &[(String, String)]) -> Twice {
        if let Some(about) = records.planned.first() {
            let (first, content) = *self.ids.entry(about.id).or_insert((number, records.content));
            if first != number && content == records.content {
                return Twice::Repeats(Fault::of_row(both(
                    format!("sama dengan baris {first}"),
                    format!("is the same as row {first}"),
                )));
            }
            if first != number {
                let message = both(
                    format!("menyebut catatan yang sama dengan baris {first}, isinya lain"),
                    format!("names the record of row {first} and says something else"),
                );
                return Twice::Contradicts(vec![Fault { column: "id".to_owned(), message }]);
            }
        }
        let shared = self.niks(number, niks);
        // Rows that name their records, as in an export, were told apart by somebody already.
        if records.named || shared.is_empty() { Twice::New(shared) } else { Twice::Contradicts(shared) }
    }

    /// What there is to say about the NIKs of a row, which are remembered. They are not repeated.
    pub(super) fn niks(&mut self, number: u32, niks: &[(String, String)]) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (heading, nik) in niks {
            let first = *self.niks.entry(nik.clone()).or_insert(number);
            if first != number {
                let message = both(
                    format!("punya NIK yang sama dengan baris {first}"),
                    format!("has the NIK of row {first}"),
                );
                faults.push(Fault { column: heading.clone(), message });
            }
        }
        faults
    }
}

impl Reader<'_> {
    /// The NIKs of a row that records here have already.
    pub(super) fn held_by_others(
        &self,
        records: &Records,
        niks: &[(String, String)],
    ) -> Result<Vec<Fault>, ReplicaError> {
        let mut faults = Vec::new();
        for (heading, nik) in niks {
            for (record, person) in same::with_nik(&self.replica.connection, nik)? {
                if records.planned.iter().any(|one| one.id == record || one.id == person) {
                    continue;
                }
                let message = both(
                    format!("catatan {person} sudah punya NIK ini; mungkin orang yang sama"),
                    format!("record {person} has this NIK already; it may be the same person"),
                );
                faults.push(Fault { column: heading.clone(), message });
            }
        }
        Ok(faults)
    }
}
