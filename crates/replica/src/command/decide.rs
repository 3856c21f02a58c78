//! Deciding between several values of a field, and taking a decision back.

use sambung_domain::pack::{FieldType, ROUTING_TEXTS};
use sambung_domain::role::Action;
use sambung_domain::value::Value;
use sambung_domain::{RecordId, pack::Field};
use sambung_sync::document::Edit;
use sambung_sync::standing;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{Fields, Outcome, WITHDRAWN, edits, needed, put};
use crate::conflict::{RESOLVE, SEPARATOR, UNDO, asked, marker};
use crate::loaded::RecordRow;
use crate::projection::of_several;
use crate::write::{Intent, Writer};
use crate::{ReplicaError, UsageError};

/// Decides between the values of a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Resolve {
    /// The record.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub id: RecordId,
    /// The field; a part of an item by its path.
    pub field: String,
    /// The number of the value to keep, as the conflict lists them, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choose: Option<usize>,
    /// The value to write, where none of them is right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Json>,
    /// Why.
    pub reason: String,
    /// The changes of the values that were looked at, in their order. Where others stand now, nothing is decided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<String>,
}

/// Takes the decision back on which a field rests: the question is open again, with the values it had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Undo {
    /// The record.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub id: RecordId,
    /// The field; a part of an item by its path.
    pub field: String,
    /// Why.
    pub reason: String,
}

impl Writer<'_, '_> {
    pub(crate) fn resolve(&mut self, command: &Resolve) -> Result<Outcome, ReplicaError> {
        let row = self.find(command.id)?;
        let reason = needed(&command.reason)?;
        let (values, reopened) = self.ask(&row, |asked| {
            Ok((asked.values(&command.field)?, asked.taken_back(&command.field)?.is_some()))
        })?;
        if values.len() < 2 {
            return Err(usage("there is nothing to decide about this field"));
        }
        let shown = values.iter().map(|value| &value.change);
        if !command.seen.is_empty() && !shown.eq(&command.seen) {
            return Err(usage("other values stand there now; look at them and decide again"));
        }
        let chosen = match (command.choose, &command.value) {
            (Some(number), None) => {
                let at = number.checked_sub(1).and_then(|at| values.get(at));
                at.map(|value| value.value.clone())
                    .ok_or_else(|| usage("there is no value with that number"))?
            }
            (None, Some(value)) => value.clone(),
            (Some(_), Some(_)) | (None, None) => {
                return Err(usage("choose one of the values, or give another"));
            }
        };
        let pack = self.pack;
        let field = pack.kind(&row.kind).and_then(|kind| kind.field(&command.field));
        if let Some(field) = field.filter(|field| field.kind == FieldType::Stage) {
            let code = chosen.as_str().ok_or_else(|| usage("a state is named by its code"))?;
            return self.step(&row, field, code, Some(reason), RESOLVE);
        }
        let mut edits = vec![self.decided(&row, command, chosen)?];
        if reopened {
            edits.push(put(&marker(&command.field), Value::from("")));
        }
        self.save_and_follow(
            &row,
            &edits,
            &Intent { action: Action::Edit, command: RESOLVE, reason: Some(reason) },
        )
    }

    pub(crate) fn undo(&mut self, command: &Undo) -> Result<Outcome, ReplicaError> {
        let row = self.find(command.id)?;
        let reason = needed(&command.reason)?;
        let kind = self.pack.kind(&row.kind);
        let path = path(&command.field);
        let found = self.ask(&row, |asked| {
            let Some(decided) = asked.last_decision(&command.field) else { return Ok(None) };
            let met = asked.met(&decided).into_iter();
            let values: Vec<Value> = met.filter_map(|id| standing::value(asked.history, id)).collect();
            Ok(Some((decided.change, values)))
        })?;
        let Some((decided, values)) = found else {
            return Err(usage("this field does not rest on a decision that can be taken back"));
        };
        let field = kind.and_then(|kind| part(kind.field(path.first()?)?, &path));
        let before = of_several(self.pack, &path, field, &values).or_else(|| values.first().cloned());
        let mut edits = vec![put(&marker(&command.field), Value::Text(decided.to_string()))];
        edits.extend(before.map(|value| Edit::Put { path, value }));
        self.save_and_follow(
            &row,
            &edits,
            &Intent { action: Action::Edit, command: UNDO, reason: Some(reason) },
        )
    }

    fn ask<T>(
        &self,
        row: &RecordRow,
        ask: impl FnOnce(&crate::conflict::Asked<'_>) -> Result<T, ReplicaError>,
    ) -> Result<T, ReplicaError> {
        asked(&self.transaction, self.pack, self.identity, row, ask)
    }

    /// The write of what was decided. One of the values that stand there may be kept though this pack would not take
    /// it from a keyboard.
    fn decided(&mut self, row: &RecordRow, command: &Resolve, chosen: Json) -> Result<Edit, ReplicaError> {
        let typed = |value: &Json| match value {
            Json::Bool(yes) => Some(Value::Bool(*yes)),
            Json::Number(number) => number.as_i64().map(Value::Int),
            Json::String(text) => Some(Value::Text(text.clone())),
            Json::Null | Json::Array(_) | Json::Object(_) => None,
        };
        let known = ROUTING_TEXTS.contains(&command.field.as_str());
        if command.choose.is_some() || (command.field == WITHDRAWN && chosen.is_boolean()) {
            let value = typed(&chosen).ok_or_else(|| usage("this value cannot be written here"))?;
            return Ok(Edit::Put { path: path(&command.field), value });
        }
        let kind = self.kind(&row.kind)?;
        if !known && kind.field(command.field.split(SEPARATOR).next().unwrap_or_default()).is_none() {
            return Err(usage("this release does not know the field; choose one of the values"));
        }
        let fields = Fields { set: [(command.field.clone(), chosen)].into(), ..Fields::default() };
        let mut edits = edits(self.pack, kind, &fields, self.random())?;
        edits.pop().ok_or_else(|| usage("this value cannot be written here"))
    }
}

fn path(field: &str) -> Vec<String> {
    field.split(SEPARATOR).map(str::to_owned).collect()
}

/// The field at a path: itself, or the part that the last key names.
fn part<'a>(field: &'a Field, path: &[String]) -> Option<&'a Field> {
    match path {
        [_, _, part] => field.part(part),
        _ => Some(field),
    }
}

fn usage(what: &str) -> ReplicaError {
    UsageError::Query(what.to_owned()).into()
}
