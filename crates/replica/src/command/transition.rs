//! Moving a matter from one state to the next.

use sambung_domain::RecordId;
use sambung_domain::id::encode_id;
use sambung_domain::pack::{Column, Field, FieldType, Kind, stage};
use sambung_domain::role::Action;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::Outcome;
use super::fields::item;
use crate::loaded::RecordRow;
use crate::write::{Intent, Writer};
use crate::{ReplicaError, UsageError, projection};

/// Moves a record on. The step follows every step that stands here; where another office goes on from the same one
/// meanwhile, both steps stand and somebody decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Transition {
    /// Which.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub id: RecordId,
    /// The code of the state it moves to.
    pub to: String,
    /// The field that holds the states, for kinds with more than one such field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Writer<'_, '_> {
    pub(crate) fn transition(&mut self, command: &Transition) -> Result<Outcome, ReplicaError> {
        let row = self.find(command.id)?;
        let kind = self.kind(&row.kind)?;
        let field = stage_field(kind, command.field.as_deref())?;
        self.step(&row, field, &command.to, command.reason.as_deref(), "transition")
    }

    /// Adds a step to a stage, behind all that stand; nothing where the matter stands there already, and only there.
    pub(crate) fn step(
        &mut self,
        row: &RecordRow,
        field: &Field,
        to: &str,
        reason: Option<&str>,
        command: &str,
    ) -> Result<Outcome, ReplicaError> {
        let steps = self.steps(row, &field.key)?;
        let standing = stage::standing(&steps);
        let codes = stage::codes(&steps);
        if codes.len() == 1 && codes.contains(to) {
            return Ok(Outcome::of(row.id, None));
        }
        let mut step = json!({
            stage::CODE: to,
            "pada": self.now().to_string(),
            "oleh": self.staff().to_string(),
            stage::FOLLOWS: standing.join(" "),
        });
        if let (Some(reason), Json::Object(parts)) = (reason, &mut step) {
            parts.insert("sebab".to_owned(), Json::from(reason));
        }
        let id = encode_id(self.fresh_id().0);
        let edits = item(self.pack, field, &id, &step.to_string())?;
        let action = action(self.kind(&row.kind)?);
        let change = self.save(row, &edits, &Intent { action, command, reason })?;
        self.show_on_cards(row)?;
        Ok(Outcome::of(row.id, change))
    }

    /// The steps that a record's projection shows.
    fn steps(&self, row: &RecordRow, field: &str) -> Result<Map<String, Json>, ReplicaError> {
        let content = projection::content(&self.transaction, row)?;
        Ok(content.get(field).and_then(Json::as_object).cloned().unwrap_or_default())
    }
}

/// What the role table must allow for a step: editing includes it except for cases and orientation.
fn action(kind: &Kind) -> Action {
    match kind.column {
        Column::Case | Column::Opp => Action::Transition,
        Column::Person
        | Column::Private
        | Column::Card
        | Column::Statement
        | Column::Reference
        | Column::Staff
        | Column::Request => Action::Edit,
    }
}

fn stage_field<'a>(kind: &'a Kind, named: Option<&str>) -> Result<&'a Field, UsageError> {
    let mut stages = kind
        .fields
        .iter()
        .filter(|field| field.kind == FieldType::Stage && named.is_none_or(|name| name == field.key));
    match (stages.next(), stages.next()) {
        (Some(field), None) => Ok(field),
        (None, _) => Err(UsageError::Query(format!("{} has no such states", kind.name))),
        (Some(_), Some(_)) => Err(UsageError::Query(format!("{} has several; name the field", kind.name))),
    }
}
