//! What the cells of a row say, field by field.

use std::collections::BTreeMap;

use sambung_domain::pack::{Bilingual, Number};
use sambung_domain::{Access, Area, OfficeCode, RecordId};
use serde_json::Value as Json;

use super::columns::{Column, Columns};
use super::{Fault, Reader, Row, both, cell};
use crate::command::Fields;
use crate::same::nik;

/// What a row says, with everything that is wrong with its cells.
#[derive(Default)]
pub(super) struct Answers {
    /// The id that stands in the row.
    pub(super) id: Option<RecordId>,
    /// The record it is a part of.
    pub(super) of: Option<RecordId>,
    /// The fields of each kind, in the order of the columns' kinds.
    pub(super) fields: Vec<Fields>,
    pub(super) faults: Vec<Fault>,
}

impl Answers {
    /// The NIKs of the row in their one form, with the heading each stands under.
    pub(super) fn niks(&self, columns: &Columns<'_>) -> Vec<(String, String)> {
        let mut niks = Vec::new();
        for (heading, column) in &columns.columns {
            let Column::Field { kind, field, .. } = column else { continue };
            if field.number() != Some(Number::Nik) {
                continue;
            }
            let said = self.fields.get(*kind).and_then(|fields| fields.set.get(&field.key));
            niks.extend(said.and_then(Json::as_str).and_then(nik).map(|nik| (heading.clone(), nik)));
        }
        niks
    }
}

impl Reader<'_> {
    /// Reads every cell of a row.
    pub(super) fn answers(&self, row: &Row) -> Answers {
        let fields = vec![Fields::default(); self.columns.kinds.len()];
        let mut answers = Answers { fields, ..Answers::default() };
        if row.cells.len() > self.columns.columns.len() {
            answers.faults.push(Fault::of_row(both(
                "punya lebih banyak isian daripada judul kolom; mungkin ada pemisah di dalam satu isian",
                "has more cells than there are headings; a separator may stand inside a cell",
            )));
        }
        for (at, (heading, column)) in self.columns.columns.iter().enumerate() {
            let cell = row.cells.get(at).unwrap_or(&Json::Null);
            if let Err(message) = self.cell(column, cell, &mut answers) {
                answers.faults.push(Fault { column: heading.clone(), message });
            }
        }
        for (kind, field, value) in &self.columns.fixed {
            let (none, fields) = (BTreeMap::new(), &mut answers.fields[*kind]);
            if let Err(message) = cell::put(self.pack, field, &none, &Json::from(*value), fields) {
                answers.faults.push(Fault { column: field.key.clone(), message });
            }
        }
        answers
    }

    fn cell(&self, column: &Column<'_>, cell: &Json, answers: &mut Answers) -> Result<(), Bilingual> {
        match column {
            Column::Ignored => {}
            Column::Id => answers.id = id(cell)?,
            Column::Of => answers.of = id(cell)?,
            Column::Routing(key) => {
                if let Some(text) = cell::text(cell)? {
                    check_routing(key, &text)?;
                    answers.fields[0].set.insert((*key).to_owned(), Json::String(text));
                }
            }
            Column::Field { kind, field, required, values } => {
                let mut one = Fields::default();
                cell::put(self.pack, field, values, cell, &mut one)?;
                if *required && one == Fields::default() {
                    return Err(both(
                        "kosong; setiap baris daftar ini harus punya",
                        "is empty; every row of this list has it",
                    ));
                }
                answers.fields[*kind].set.extend(one.set);
                answers.fields[*kind].add.extend(one.add);
            }
        }
        Ok(())
    }
}

fn id(cell: &Json) -> Result<Option<RecordId>, Bilingual> {
    let Some(text) = cell::text(cell)? else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        both(
            "bukan nama catatan; nama punya 26 huruf dan angka",
            "is no id; an id has 26 characters of 0-9 and a-z without i, l, o, u",
        )
    })
}

fn check_routing(key: &str, text: &str) -> Result<(), Bilingual> {
    match key {
        "area" if text.parse::<Area>().is_err() => Err(both(
            "bukan kode wilayah; tulis misalnya 35.13.02.2004",
            "is not a region code; write for example 35.13.02.2004",
        )),
        "office" if text.parse::<OfficeCode>().is_err() => Err(both(
            "bukan kode kantor; tulis misalnya P4MI-3513",
            "is not an office code; write for example P4MI-3513",
        )),
        "access" if text.parse::<Access>().is_err() => Err(both(
            "bukan tingkat akses; pilihannya open, ordinary, restricted, secret",
            "is no access level; it can be open, ordinary, restricted, secret",
        )),
        _ => Ok(()),
    }
}
