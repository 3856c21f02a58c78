//! Changing a record, and what follows it.

use sambung_domain::Access;
use sambung_domain::pack::{Kind, ROUTING_TEXTS};
use sambung_domain::role::Action;
use sambung_domain::value::Value;
use sambung_sync::document::Edit;

use super::create::{text_of, village_answer};
use super::{EditRecord, Outcome, edits, put};
use crate::ReplicaError;
use crate::loaded::{self, RecordRow};
use crate::place::{Place, dependents};
use crate::rules::access_of;
use crate::write::{Intent, Writer};

impl Writer<'_, '_> {
    pub(crate) fn edit(&mut self, command: &EditRecord) -> Result<Outcome, ReplicaError> {
        let row = self.find(command.id)?;
        let kind = self.kind(&row.kind)?;
        let mut edits = edits(self.pack, kind, &command.fields, self.random())?;
        self.follow_the_answer(&mut edits, kind);
        let intent = Intent { action: Action::Edit, command: "edit", reason: command.reason.as_deref() };
        let change = self.save(&row, &edits, &intent)?;
        let moved = ROUTING_TEXTS.iter().any(|key| text_of(&edits, key).is_some());
        let followed = if moved && change.is_some() { self.move_dependents(&row)? } else { Vec::new() };
        Ok(Outcome { id: command.id, change: change.map(|hash| hash.to_string()), followed })
    }

    /// Whether the village may know and how the record is protected change together.
    fn follow_the_answer(&self, edits: &mut Vec<Edit>, kind: &Kind) {
        let answer = village_answer(edits);
        if answer.is_some() && text_of(edits, "access").is_none() {
            let access: Access = access_of(kind, self.grant.role, answer);
            edits.push(put("access", Value::from(access.as_str())));
        }
    }

    /// Writes where a record lies now into the records that follow it. One that this device may not change stays:
    /// an office that may puts it right.
    fn move_dependents(&mut self, row: &RecordRow) -> Result<Vec<sambung_domain::RecordId>, ReplicaError> {
        let place = Place::of(&self.transaction, row)?;
        let mut followed = Vec::new();
        for dependent in dependents(&self.transaction, self.pack, row)? {
            let kind = self.kind(&dependent.kind)?;
            let edits = place.for_kind(kind).edits();
            let intent = Intent { action: Action::Edit, command: "follow", reason: None };
            match self.save_or_leave(&dependent, &edits, &intent)? {
                Some(_) => followed.push(dependent.id),
                None => continue,
            }
        }
        Ok(followed)
    }

    pub(crate) fn find(&self, id: sambung_domain::RecordId) -> Result<RecordRow, ReplicaError> {
        loaded::find(&self.transaction, id)?.ok_or(ReplicaError::NotFound(id))
    }
}
