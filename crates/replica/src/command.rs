//! Commands: what a person can do to a record, as plain data for CLI, API and simulation alike.

mod card;
mod create;
mod decide;
mod edit;
mod fields;
mod findings;
mod link;
mod nearest;
mod relocate;
mod sealed;
mod transfer;
mod transition;
mod withdraw;

use std::collections::BTreeMap;

use sambung_domain::form::Finding;
use sambung_domain::{OfficeCode, RecordId};
use sambung_sync::ChangeHash;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

pub(crate) use create::{Birth, derived_from, text_of, village_answer};
pub use decide::{Resolve, Undo};
pub(crate) use fields::{edits, put};
pub use link::Pair;
pub(crate) use nearest::unknown_field;
pub use relocate::Move;
pub use transfer::{Answer, Offer};
pub use transition::Transition;
pub use withdraw::Withdraw;
pub(crate) use withdraw::{WITHDRAWN, is_withdrawn};

use crate::parcel::Sealed;
use crate::write::Writer;
use crate::{Circumstances, Replica, ReplicaError, UsageError};

/// What to write, field by field. Values come as typed texts or as JSON; the pack says what they mean.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Fields {
    /// Fields to set. An empty text empties the field; a block is set as an object of its parts. The part of an
    /// item is named by a path: `klarifikasi/ITEM/dipenuhi`.
    #[serde(default)]
    pub set: BTreeMap<String, Json>,
    /// Fields to remove, or parts of items by their path.
    #[serde(default)]
    pub unset: Vec<String>,
    /// Entries to add to sets, and items to add to lists of things with parts.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Vec<Vec<Json>>))]
    pub add: Vec<(String, Json)>,
    /// Entries to take out of sets.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Vec<Vec<Json>>))]
    pub remove: Vec<(String, Json)>,
    /// Refuses what is odd, a NIK that cannot be one, rather than saving it with a remark.
    #[serde(default)]
    pub strict: bool,
}

/// Makes a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Create {
    /// Its kind.
    pub kind: String,
    /// The record it is a part of, for kinds that are one: the worker of a `worker_private`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub of: Option<RecordId>,
    /// What is known of it. `area`, `office` and `access` may stand among them; else they come from the record
    /// it follows, or from the device's grant and the kind.
    #[serde(flatten)]
    pub fields: Fields,
}

/// Changes a record: only the fields named are written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EditRecord {
    /// Which.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub id: RecordId,
    /// What to write.
    #[serde(flatten)]
    pub fields: Fields,
    /// Why, where a reason is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Everything a person can do to a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Make one.
    Create(Create),
    /// Change it.
    Edit(EditRecord),
    /// Move it on.
    Transition(Transition),
    /// Take it out of lists.
    Withdraw(Withdraw),
    /// Put it back.
    Reinstate(Withdraw),
    /// Decide between values.
    Resolve(Resolve),
    /// Take a decision back.
    Undo(Undo),
    /// Say that two records are of one person.
    Link(Pair),
    /// Say that they are not.
    Unlink(Pair),
    /// Offer it to another office.
    Offer(Offer),
    /// Take an offer to our office.
    Accept(Answer),
    /// Turn an offer to our office down, or take back what we offered.
    Decline(Answer),
    /// Somebody lives elsewhere now.
    Move(Move),
}

/// What a command did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Outcome {
    /// The record.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub id: RecordId,
    /// The hash of the change; absent if nothing was different.
    pub change: Option<String>,
    /// Records that follow this one and were moved with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    pub followed: Vec<RecordId>,
    /// The office it was offered to, where it takes another office's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub offered: Option<OfficeCode>,
    /// What is odd about the values written. They are saved all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(value_type = Vec<Json>))]
    pub findings: Vec<Finding>,
    /// The sealed item that this device made instead of a record, which it may not make. `id` is the record that it
    /// becomes where it is opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed>,
}

impl Outcome {
    pub(crate) fn of(id: RecordId, change: Option<ChangeHash>) -> Self {
        let change = change.map(|hash| hash.to_string());
        Outcome { id, change, followed: Vec::new(), offered: None, findings: Vec::new(), sealed: None }
    }
}

impl Replica {
    /// Carries out a command. Returns after the commit.
    ///
    /// # Errors
    /// [`ReplicaError::Usage`] for what the pack does not know or a field cannot hold, and for questions that are
    /// not open; [`ReplicaError::NotFound`] where there is no such record here; [`ReplicaError::NotAllowed`] where
    /// the grant does not cover it; and what the database says. Nothing was changed then.
    pub fn run(
        &mut self,
        command: &Command,
        circumstances: &mut Circumstances<'_>,
    ) -> Result<Outcome, ReplicaError> {
        self.write(circumstances, |writer| writer.run(command))
    }

    /// Makes a record. Returns after the commit.
    ///
    /// # Errors
    /// [`ReplicaError::Usage`] for fields the kind does not have or values they cannot hold,
    /// [`UsageError::Exists`] where a record with a derived id is there already,
    /// [`ReplicaError::NotAllowed`] where the grant does not cover the place, and what the database says.
    pub fn create(
        &mut self,
        command: &Create,
        circumstances: &mut Circumstances<'_>,
    ) -> Result<Outcome, ReplicaError> {
        self.write(circumstances, |writer| writer.create(None, command))
    }

    /// Makes records with given ids in one transaction: all or none. For kinds whose ids are derived the given id
    /// must be the derived one; `None` lets the command choose.
    ///
    /// # Errors
    /// As [`create`](Replica::create), for the first record that fails.
    pub fn create_all(
        &mut self,
        commands: &[(Option<RecordId>, Create)],
        circumstances: &mut Circumstances<'_>,
    ) -> Result<Vec<Outcome>, ReplicaError> {
        self.write(circumstances, |writer| {
            commands.iter().map(|(id, command)| writer.create(*id, command)).collect()
        })
    }

    /// Changes a record: only the fields named are written. Returns after the commit.
    ///
    /// # Errors
    /// As [`create`](Replica::create); [`ReplicaError::NotFound`] where there is no such record here.
    pub fn edit(
        &mut self,
        command: &EditRecord,
        circumstances: &mut Circumstances<'_>,
    ) -> Result<Outcome, ReplicaError> {
        self.write(circumstances, |writer| writer.edit(command))
    }
}

impl Writer<'_, '_> {
    fn run(&mut self, command: &Command) -> Result<Outcome, ReplicaError> {
        match command {
            Command::Create(create) => self.create(None, create),
            Command::Edit(edit) => self.edit(edit),
            Command::Transition(transition) => self.transition(transition),
            Command::Withdraw(withdraw) => self.withdraw(withdraw, true),
            Command::Reinstate(withdraw) => self.withdraw(withdraw, false),
            Command::Resolve(resolve) => self.resolve(resolve),
            Command::Undo(undo) => self.undo(undo),
            Command::Link(pair) => self.link(pair, true),
            Command::Unlink(pair) => self.link(pair, false),
            Command::Offer(offer) => self.offer(offer),
            Command::Accept(answer) => self.accept(answer),
            Command::Decline(answer) => self.decline(answer),
            Command::Move(moved) => self.relocate(moved),
        }
    }
}

/// A reason where one must be given.
fn needed(reason: &str) -> Result<&str, UsageError> {
    let reason = reason.trim();
    if reason.is_empty() { Err(UsageError::Query("say why, with --reason".to_owned())) } else { Ok(reason) }
}
