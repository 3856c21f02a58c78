//! Saving: one transaction that has the write lock before it loads the document.

use rusqlite::{Connection, TransactionBehavior, params};
use sambung_domain::pack::Kind;
use sambung_domain::role::Action;
use sambung_domain::value::Value;
use sambung_domain::{Access, RecordId, Routing};
use sambung_sync::document::{DocumentError, Edit};
use sambung_sync::form::Message;
use sambung_sync::{ChangeHash, routing};
use sambung_trust::{Decision, Grant, Question, decide};

use crate::command::{Create, EditRecord, Fields, Outcome, edits};
use crate::identity::{grant, home_area, home_office, relay_time};
use crate::loaded::{self, RecordRow};
use crate::rules::{VILLAGE_MAY_KNOW, access_of};
use crate::{Circumstances, Replica, ReplicaError, UsageError, projection};

/// The generation of a record that was never erased.
const FIRST_GENERATION: u32 = 1;

impl Replica {
    /// Makes a record. Returns after the commit.
    ///
    /// # Errors
    /// [`ReplicaError::Usage`] for fields the kind does not have or values they cannot hold,
    /// [`ReplicaError::NotAllowed`] where the grant does not cover the place, and what the database says.
    pub fn create(
        &mut self,
        command: &Create,
        circumstances: &mut Circumstances<'_>,
    ) -> Result<Outcome, ReplicaError> {
        let kind = self.kind(&command.kind)?.clone();
        let id = RecordId((circumstances.random)());
        let mut edits = edits(&self.pack, &kind, &command.fields)?;
        let actor = self.actor();
        let nonce = self.nonce;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (_, grant) = grant(&transaction)?;
        complete_birth(&mut edits, &kind, &grant, &command.fields)?;
        edits.extend(provenance(&self.pack, circumstances));
        let row = loaded::insert(&transaction, id, FIRST_GENERATION, &kind.name)?;
        let save = Save { pack: &self.pack, grant: &grant, actor, nonce, action: Action::Create };
        let change = save.commit(&transaction, &row, &edits, "create", None, circumstances)?;
        transaction.commit()?;
        Ok(Outcome { id, change: change.map(|hash| hash.to_string()) })
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
        let actor = self.actor();
        let nonce = self.nonce;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let row = loaded::find(&transaction, command.id)?.ok_or(ReplicaError::NotFound(command.id))?;
        let kind = self.pack.kind(&row.kind).ok_or_else(|| unknown_kind(&self.pack, &row.kind))?.clone();
        let (_, grant) = grant(&transaction)?;
        let mut edits = edits(&self.pack, &kind, &command.fields)?;
        follow_the_answer(&mut edits, &kind, &grant, &command.fields);
        let save = Save { pack: &self.pack, grant: &grant, actor, nonce, action: Action::Edit };
        let reason = command.reason.clone();
        let change = save.commit(&transaction, &row, &edits, "edit", reason, circumstances)?;
        transaction.commit()?;
        Ok(Outcome { id: command.id, change: change.map(|hash| hash.to_string()) })
    }

    pub(crate) fn kind(&self, name: &str) -> Result<&Kind, ReplicaError> {
        self.pack.kind(name).ok_or_else(|| unknown_kind(&self.pack, name))
    }
}

fn unknown_kind(pack: &sambung_domain::Pack, given: &str) -> ReplicaError {
    let known = pack.kinds.keys().cloned().collect::<Vec<_>>().join(", ");
    UsageError::Kind { given: given.to_owned(), known }.into()
}

/// Puts the routing keys that were not given: the birth has all of them.
fn complete_birth(
    edits: &mut Vec<Edit>,
    kind: &Kind,
    grant: &Grant,
    fields: &Fields,
) -> Result<(), ReplicaError> {
    let nowhere = || ReplicaError::NotAllowed;
    let answer = village_answer(fields);
    let defaults = [
        ("area", home_area(grant).map(|area| area.to_string())),
        ("office", home_office(grant).map(|office| office.to_string())),
        ("access", Some(access_of(kind, grant.role, answer).to_string())),
    ];
    for (key, value) in defaults {
        if !fields.set.contains_key(key) {
            edits.push(put(key, Value::Text(value.ok_or_else(nowhere)?)));
        }
    }
    Ok(())
}

/// Whether the village may know and how the record is protected change together.
fn follow_the_answer(edits: &mut Vec<Edit>, kind: &Kind, grant: &Grant, fields: &Fields) {
    let answer = village_answer(fields);
    if answer.is_some() && !fields.set.contains_key("access") {
        let access: Access = access_of(kind, grant.role, answer);
        edits.push(put("access", Value::from(access.as_str())));
    }
}

fn village_answer(fields: &Fields) -> Option<bool> {
    match fields.set.get(VILLAGE_MAY_KNOW)? {
        Value::Bool(yes) => Some(*yes),
        Value::Text(text) => match text.as_str() {
            "" => None,
            text => Some(matches!(text.to_ascii_lowercase().as_str(), "ya" | "yes" | "true" | "1")),
        },
        Value::Int(number) => Some(*number == 1),
    }
}

fn provenance(pack: &sambung_domain::Pack, circumstances: &Circumstances<'_>) -> [Edit; 3] {
    [
        put("schema", Value::Int(i64::from(pack.version))),
        put("created_by", Value::Text(circumstances.staff.to_string())),
        put("created_at", Value::Text(circumstances.now.to_string())),
    ]
}

fn put(key: &str, value: Value) -> Edit {
    Edit::Put { path: vec![key.to_owned()], value }
}

/// What a save is made with.
struct Save<'a> {
    pack: &'a sambung_domain::Pack,
    grant: &'a Grant,
    actor: sambung_sync::Actor,
    nonce: [u8; 16],
    action: Action,
}

impl Save<'_> {
    /// Writes edits as one change of a record, with its document and projection, in the caller's transaction.
    fn commit(
        &self,
        connection: &Connection,
        row: &RecordRow,
        edits: &[Edit],
        command: &str,
        reason: Option<String>,
        circumstances: &Circumstances<'_>,
    ) -> Result<Option<ChangeHash>, ReplicaError> {
        let message = Message { command: command.to_owned(), reason, staff: circumstances.staff };
        let message = message.encode().map_err(|error| UsageError::TooLarge(error.to_string()))?;
        let mut document = row.document(connection, self.pack)?;
        let written = document
            .edit(self.actor, circumstances.now.seconds(), &message, edits)
            .map_err(|source| failed(row, source))?;
        let Some((hash, chunk)) = written else { return Ok(None) };
        self.judge(connection, row, &chunk)?;
        let position = row.changes(connection)? + 1;
        connection
            .prepare_cached(
                "INSERT INTO change (record, position, hash, chunk, nonce, own, came) VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6)",
            )?
            .execute(params![row.number, position, hash.0, chunk, self.nonce, circumstances.now.0])?;
        projection::write(connection, self.pack, row, &document, position)?;
        Ok(Some(hash))
    }

    /// The same check and the same decision as at the relay: what it would refuse is not saved.
    fn judge(&self, connection: &Connection, row: &RecordRow, chunk: &[u8]) -> Result<(), ReplicaError> {
        let mut history = row.history(connection, self.pack)?;
        let before: Routing = routing::routing(&history);
        let malformed = |_| ReplicaError::Unreadable("the change just made");
        let change = history.check(chunk).map_err(malformed)?;
        history.admit(change).map_err(malformed)?;
        let after = routing::routing(&history);
        let question = Question {
            grant: self.grant,
            kind: &row.kind,
            action: self.action,
            here: &before,
            before: &before,
            after: &after,
            now: relay_time(connection)?,
        };
        if decide(&question) == Decision::Allow { Ok(()) } else { Err(ReplicaError::NotAllowed) }
    }
}

fn failed(row: &RecordRow, source: DocumentError) -> ReplicaError {
    if let DocumentError::Form(bad) = source {
        UsageError::TooLarge(bad.to_string()).into()
    } else {
        ReplicaError::Document { record: row.id, source }
    }
}
