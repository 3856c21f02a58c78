//! From one row to the commands that make its records.

use sambung_domain::form::{self, Entries, FindingCode, Form, Severity, Surroundings};
use sambung_domain::pack::{IdRule, Kind};
use sambung_domain::role::Action;
use sambung_domain::{RecordId, Routing, date::Date};
use sambung_sync::document::Edit;
use sambung_trust::{Decision, Question, decide};
use serde_json::Value as Json;

use super::columns::Column;
use super::{Plan, PlannedRow, Reader, Row, cell};
use crate::ReplicaError;
use crate::command::{Create, Fields, edits, text_of, village_answer};
use crate::identity::{home_area, home_office};
use crate::loaded;
use crate::place::Place;
use crate::rules::access_of;

/// Sixteen bytes that name items while nothing is written.
const NO_NAME: [u8; 16] = [0; 16];

/// What is known of a row while it is read.
struct Draft {
    id: Option<RecordId>,
    of: Option<RecordId>,
    fields: Vec<Fields>,
    bad: Vec<(String, String)>,
}

impl Reader<'_> {
    /// Reads a row into a plan.
    pub(super) fn row(&self, row: &Row, plan: &mut Plan) -> Result<(), ReplicaError> {
        let mut draft = self.draft(row);
        let mut records = Vec::new();
        if draft.bad.is_empty() {
            records = self.records(row, &mut draft)?;
        }
        if draft.bad.is_empty() {
            self.remark(row, &records, plan);
            plan.rows.push(PlannedRow { number: row.number, records });
            return Ok(());
        }
        plan.bad_rows += 1;
        for (column, what) in draft.bad {
            plan.bad.add(row.number, &column, what);
        }
        Ok(())
    }

    /// The fields of a row, with everything that is wrong with its cells.
    fn draft(&self, row: &Row) -> Draft {
        let kinds = &self.columns.kinds;
        let mut draft =
            Draft { id: None, of: None, fields: vec![Fields::default(); kinds.len()], bad: Vec::new() };
        for (at, (heading, column)) in self.columns.columns.iter().enumerate() {
            let cell = row.cells.get(at).unwrap_or(&Json::Null);
            if let Err(why) = self.cell(column, cell, &mut draft) {
                draft.bad.push((heading.clone(), why));
            }
        }
        for (kind, field, value) in &self.columns.fixed {
            let put = cell::put(
                self.pack,
                field,
                &std::collections::BTreeMap::new(),
                &Json::from(*value),
                &mut draft.fields[*kind],
            );
            if let Err(why) = put {
                draft.bad.push((field.key.clone(), why));
            }
        }
        draft
    }

    fn cell(&self, column: &Column<'_>, cell: &Json, draft: &mut Draft) -> Result<(), String> {
        let id = |cell: &Json| {
            cell::text(cell)?
                .map(|text| text.parse::<RecordId>().map_err(|error| error.to_string()))
                .transpose()
        };
        match column {
            Column::Ignored => {}
            Column::Id => draft.id = id(cell)?,
            Column::Of => draft.of = id(cell)?,
            Column::Routing(key) => {
                if let Some(text) = cell::text(cell)? {
                    let mut one = Fields::default();
                    one.set.insert((*key).to_owned(), Json::String(text));
                    self.try_out(0, &one)?;
                    draft.fields[0].set.extend(one.set);
                }
            }
            Column::Field { kind, field, required, values } => {
                let mut one = Fields::default();
                cell::put(self.pack, field, values, cell, &mut one)?;
                if *required && one == Fields::default() {
                    return Err("is empty; every row of this list has it".to_owned());
                }
                self.try_out(*kind, &one)?;
                draft.fields[*kind].set.extend(one.set);
                draft.fields[*kind].add.extend(one.add);
            }
        }
        Ok(())
    }

    /// Whether fields can be written.
    fn try_out(&self, kind: usize, fields: &Fields) -> Result<(), String> {
        edits(self.pack, self.columns.kinds[kind], fields, &mut || NO_NAME)
            .map(|_| ())
            .map_err(|error| error.to_string())
    }

    /// The records of a row whose cells are good.
    fn records(&self, row: &Row, draft: &mut Draft) -> Result<Vec<(RecordId, Create)>, ReplicaError> {
        let about = self.columns.kinds[0];
        let base_id = match (draft.id, draft.of, &about.id) {
            (Some(id), _, _) => id,
            (None, Some(of), IdRule::Sibling(_)) => of.sibling(&about.name),
            _ => self.derived(about, row),
        };
        let mut records = Vec::new();
        let mut place = None;
        for (at, kind) in self.columns.kinds.iter().enumerate() {
            let mut create = Create { kind: kind.name.clone(), of: None, fields: draft.fields[at].clone() };
            let id = if at == 0 {
                create.of = draft.of;
                base_id
            } else if self.says_nothing(at, &create.fields) {
                continue;
            } else {
                self.belong(kind, base_id, row, &mut create)
            };
            let here = match self.place(kind, &create, place.as_ref())? {
                Ok(here) => here,
                Err(why) => {
                    draft.bad.push((String::new(), why));
                    return Ok(Vec::new());
                }
            };
            if !self.may_create(kind, &here) {
                let area = here.area.clone().unwrap_or_default();
                let why = format!(
                    "this device may make no {} in {area}, office {}",
                    kind.name,
                    here.office.as_deref().unwrap_or("-")
                );
                draft.bad.push((String::new(), why));
                return Ok(Vec::new());
            }
            place.get_or_insert(here);
            records.push((id, create));
        }
        Ok(records)
    }

    fn derived(&self, kind: &Kind, row: &Row) -> RecordId {
        let key = [self.digest.as_slice(), &row.number.to_be_bytes()].concat();
        RecordId::derived(&format!("import {}", kind.name), &key)
    }

    /// Whether a row has nothing for one of its kinds but what every row has.
    fn says_nothing(&self, at: usize, fields: &Fields) -> bool {
        let fixed = self.columns.fixed.iter().filter(|(kind, _, _)| *kind == at).count();
        fields.set.len() + fields.add.len() <= fixed
    }

    /// Ties a record to the one its row is about; gives its id.
    fn belong(&self, kind: &Kind, to: RecordId, row: &Row, create: &mut Create) -> RecordId {
        if matches!(kind.id, IdRule::Sibling(_)) {
            create.of = Some(to);
            return to.sibling(&kind.name);
        }
        if let Some(field) = kind.parent_field() {
            create.fields.set.insert(field.key.clone(), Json::String(to.to_string()));
        }
        self.derived(kind, row)
    }

    /// Where a record will lie: as its command says, as what it follows, or as new records of this device do.
    fn place(
        &self,
        kind: &Kind,
        create: &Create,
        base: Option<&Place>,
    ) -> Result<Result<Place, String>, ReplicaError> {
        let given = edits(self.pack, kind, &create.fields, &mut || NO_NAME)?;
        let from = match (base, kind.follows.is_some()) {
            (Some(base), _) => Some(base.for_kind(kind)),
            (None, true) => {
                let named = kind.parent_field().and_then(|field| text_of(&given, &field.key)?.parse().ok());
                match create.of.or(named) {
                    Some(parent) => match loaded::find(&self.replica.connection, parent)? {
                        Some(row) => Some(Place::of(&self.replica.connection, &row)?.for_kind(kind)),
                        None => {
                            return Ok(Err(format!(
                                "belongs to {parent}, which is not here; bring it in first"
                            )));
                        }
                    },
                    None => None,
                }
            }
            (None, false) => None,
        };
        if matches!(kind.id, IdRule::Sibling(_)) && create.of.is_none() {
            let of = kind.parent.clone().unwrap_or_default();
            return Ok(Err(format!("needs the id of its {of} in a column `{of}`")));
        }
        let access = access_of(kind, self.grant.role, village_answer(&given));
        let home = from.unwrap_or_else(|| Place {
            area: if kind.reference {
                Some("00".to_owned())
            } else {
                home_area(&self.grant).map(|area| area.to_string())
            },
            office: home_office(&self.grant).map(|office| office.to_string()),
            access,
        });
        let said = |key: &str| text_of(&given, key).map(str::to_owned);
        Ok(Ok(Place {
            area: said("area").or(home.area),
            office: said("office").or(home.office),
            access: said("access").and_then(|text| text.parse().ok()).unwrap_or(home.access),
        }))
    }

    /// The decision that the save will meet.
    fn may_create(&self, kind: &Kind, place: &Place) -> bool {
        let after = Routing {
            areas: place.area.iter().filter_map(|area| area.parse().ok()).collect(),
            offices: place.office.iter().filter_map(|office| office.parse().ok()).collect(),
            access: Some(place.access),
            ..Routing::default()
        };
        let unborn = Routing::default();
        let question = Question {
            grant: &self.grant,
            kind: &kind.name,
            action: Action::Create,
            here: &unborn,
            before: &unborn,
            after: &after,
            now: self.relay_time,
        };
        decide(&question) == Decision::Allow
    }

    /// Says what the forms find odd: kept, never refused.
    fn remark(&self, row: &Row, records: &[(RecordId, Create)], plan: &mut Plan) {
        let today = Date::in_wib(self.now.0);
        for (_, create) in records {
            let Some(kind) = self.pack.kind(&create.kind) else { continue };
            let Ok(written) = edits(self.pack, kind, &create.fields, &mut || NO_NAME) else { continue };
            let entries: Entries = written.into_iter().filter_map(entry).collect();
            let record = form::from_entries(kind, &entries);
            let form = self.pack.forms_of(&kind.name).next().cloned().unwrap_or_else(|| Form::plain(kind));
            let around = Surroundings { today, regions: None };
            for finding in form::check(self.pack, &form, &record, around).findings {
                // A list need not answer every question; what it does say is looked at.
                if finding.severity >= Severity::Warn && finding.code != FindingCode::Required {
                    let key = finding.path.first().map(String::as_str).unwrap_or_default();
                    let what = format!("{} / {}", finding.message.id, finding.message.en);
                    plan.warnings.add(row.number, self.heading(&kind.name, key), what);
                }
            }
        }
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

fn entry(edit: Edit) -> Option<(Vec<String>, sambung_domain::value::Value)> {
    match edit {
        Edit::Put { path, value } => Some((path, value)),
        Edit::PutMap { .. } | Edit::Delete { .. } => None,
    }
}
