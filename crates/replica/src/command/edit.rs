//! Changing a record, and what follows it.

use rusqlite::OptionalExtension;
use sambung_domain::Access;
use sambung_domain::pack::{Kind, ROUTING_TEXTS};
use sambung_domain::role::Action;
use sambung_domain::value::Value;
use sambung_sync::document::Edit;

use super::card::lists_complaints;
use super::create::{text_of, village_answer};
use super::{EditRecord, Outcome, edits, put};
use crate::ReplicaError;
use crate::loaded::{self, RecordRow};
use crate::place::{Place, dependents};
use crate::rules::{VILLAGE_MAY_KNOW, access_of};
use crate::write::{Intent, Writer};

impl Writer<'_, '_> {
    pub(crate) fn edit(&mut self, command: &EditRecord) -> Result<Outcome, ReplicaError> {
        self.edit_as(command, "edit")
    }

    /// Changes a record under another command's name.
    pub(crate) fn edit_as(&mut self, command: &EditRecord, name: &str) -> Result<Outcome, ReplicaError> {
        let row = self.find(command.id)?;
        let kind = self.kind(&row.kind)?;
        let mut edits = edits(self.pack, kind, &command.fields, self.random())?;
        self.follow_the_answer(&mut edits, &row, kind)?;
        let intent = Intent { action: Action::Edit, command: name, reason: command.reason.as_deref() };
        let outcome = self.save_and_follow(&row, &edits, &intent)?;
        if lists_complaints(&edits) {
            self.show_on_cards(&row)?;
        }
        let findings = self.findings(&row, kind, &edits, command.fields.strict)?;
        Ok(Outcome { findings, ..outcome })
    }

    /// Saves edits of a record; where they move it, what follows it moves along.
    pub(crate) fn save_and_follow(
        &mut self,
        row: &RecordRow,
        edits: &[Edit],
        intent: &Intent<'_>,
    ) -> Result<Outcome, ReplicaError> {
        let change = self.save(row, edits, intent)?;
        let moved = ROUTING_TEXTS.iter().any(|key| text_of(edits, key).is_some());
        let followed = if moved && change.is_some() { self.move_dependents(row)? } else { Vec::new() };
        Ok(Outcome { followed, ..Outcome::of(row.id, change) })
    }

    /// Whether the village may know and how the record is protected change together.
    fn follow_the_answer(
        &self,
        edits: &mut Vec<Edit>,
        row: &RecordRow,
        kind: &Kind,
    ) -> Result<(), ReplicaError> {
        let answer = village_answer(edits);
        if answer.is_none() || text_of(edits, "access").is_some() {
            return Ok(());
        }
        let access: Access = access_of(kind, self.grant.role, answer);
        if Place::of(&self.transaction, row)?.access == access && self.is_new_answer(row, answer)? {
            // A value that stands already is not written, and would not stand against another office's at the same
            // time. Through a stricter one it is.
            edits.push(put("access", Value::from(access.stricter().as_str())));
        }
        edits.push(put("access", Value::from(access.as_str())));
        Ok(())
    }

    fn is_new_answer(&self, row: &RecordRow, answer: Option<bool>) -> Result<bool, ReplicaError> {
        // Compared by the database: an answer that was cleared is an empty text there.
        let sql = format!(
            "SELECT (content ->> '$.{VILLAGE_MAY_KNOW}') IS NOT ?2 FROM projection WHERE record = ?1"
        );
        let is_new: Option<bool> = self
            .transaction
            .prepare_cached(&sql)?
            .query_row((row.number, answer), |row| row.get(0))
            .optional()?;
        Ok(is_new.unwrap_or(true))
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
