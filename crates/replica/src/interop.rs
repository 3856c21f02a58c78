//! Records as Automerge files: out with an actor to edit under, and back.
//!
//! What comes back was edited by any program. Changes of the actor that went out with the file are this device's own,
//! if each is one that a command could have made; it signs them with its next push. Whatever else the file says anew
//! is written again, place by place, as one own change on top of what the file knew, so that later work here is not
//! overwritten but stands beside it.

mod fits;
mod replay;

use std::collections::BTreeMap;

use rusqlite::{Connection, TransactionBehavior, params};
use sambung_domain::pack::Kind;
use sambung_domain::role::Action;
use sambung_domain::{Pack, RecordId, Timestamp};
use sambung_sync::document::{Document, Edit};
use sambung_sync::form::{History, Message, Rejected};
use sambung_sync::gate::gate;
use sambung_sync::interop::{Difference, Split};
use sambung_sync::{Actor, ChangeHash};
use serde::{Deserialize, Serialize};

use crate::identity::grant;
use crate::loaded::{self, RecordRow, maps};
use crate::write::judge;
use crate::{Circumstances, Replica, ReplicaError, UsageError, projection};

/// The command that changes made elsewhere name in their message.
const COMMAND: &str = "interop";

/// A record's document with somebody to edit it as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exported {
    /// The record.
    pub record: RecordId,
    /// The actor to edit under, in hexadecimal.
    pub actor: String,
    /// The message that changes of this actor must carry to come back as they are.
    pub message: String,
    /// What the document stands at.
    pub heads: Vec<String>,
    /// The document as an Automerge file.
    #[serde(skip)]
    pub file: Vec<u8>,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// The record.
    pub record: RecordId,
    /// Changes of actors that were given out, taken as they are.
    pub taken: u64,
    /// Places written again as own edits.
    pub replayed: u64,
    /// Changes of the file that were here.
    pub known: u64,
    /// What the record stands at now.
    pub heads: Vec<String>,
}

/// Asks what a file says beyond the changes named.
pub type Differences<'a> = dyn FnMut(&[ChangeHash]) -> Result<Vec<Difference>, String> + 'a;

/// Why a file was not taken in. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum InteropError {
    /// The replica.
    #[error(transparent)]
    Replica(#[from] ReplicaError),
    /// No Automerge file of a record, or a damaged one.
    #[error("the file cannot be taken in: {0}")]
    File(String),
    /// It begins as no record here does.
    #[error("the file is not of the record it names: it does not begin as that record does")]
    Genesis,
    /// It says something that cannot be recorded.
    #[error("`{path}`: {why}")]
    Unsayable {
        /// Where.
        path: String,
        /// Why, and what to do.
        why: String,
    },
}

impl From<rusqlite::Error> for InteropError {
    fn from(error: rusqlite::Error) -> Self {
        InteropError::Replica(error.into())
    }
}

impl Replica {
    /// The whole document of a record, and a fresh actor to edit it under. The actor is kept, so that its changes can
    /// come back.
    ///
    /// # Errors
    /// [`ReplicaError::NotFound`] where there is no such record here, and what the database says.
    pub fn export(
        &mut self,
        id: RecordId,
        circumstances: &mut Circumstances<'_>,
    ) -> Result<Exported, ReplicaError> {
        self.found(id)?;
        let nonce = (circumstances.random)();
        let actor = Actor::derive(&self.identity.device.public().0, &nonce);
        let message = message(circumstances)?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let row = loaded::find(&transaction, id)?.ok_or(ReplicaError::NotFound(id))?;
        let document = row.document(&transaction, &self.pack)?;
        let file = document.save().map_err(|source| ReplicaError::Document { record: id, source })?;
        transaction.execute(
            "INSERT INTO issued (actor, nonce, record, issued) VALUES (?1, ?2, ?3, ?4)",
            params![actor.as_bytes(), nonce, row.number, circumstances.now.0],
        )?;
        transaction.commit()?;
        let heads = document.heads().iter().map(ToString::to_string).collect();
        Ok(Exported { record: id, actor: actor.to_string(), message, heads, file })
    }

    /// Takes a file back that was taken apart outside. `differences` is asked, at most a few times, where the file
    /// as a whole differs from what it was with the changes named; it is not trusted more than the file.
    ///
    /// # Errors
    /// [`InteropError`]; nothing was changed then.
    pub fn import(
        &mut self,
        split: &Split,
        differences: &mut Differences<'_>,
        circumstances: &mut Circumstances<'_>,
    ) -> Result<Imported, InteropError> {
        let nonce = (circumstances.random)();
        let mut plan = read(&self.connection, &self.pack, split)?;
        loop {
            let said = if plan.foreign.is_empty() {
                Vec::new()
            } else {
                differences(&plan.settled).map_err(InteropError::File)?
            };
            let edits = replay::edits(&self.pack, &plan.kind, &said)?;
            let message = message(circumstances)?;
            let own = Actor::derive(&self.identity.device.public().0, &nonce);
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let now = read(&transaction, &self.pack, split)?;
            if now.settled != plan.settled {
                // The same file came in from elsewhere meanwhile: what is new in it has changed.
                plan = now;
                continue;
            }
            let writer = Writer { pack: &self.pack, connection: &transaction, now: circumstances.now };
            let imported = writer.write(now, (own, nonce), &edits, &message)?;
            transaction.commit()?;
            return Ok(imported);
        }
    }
}

fn message(circumstances: &Circumstances<'_>) -> Result<String, ReplicaError> {
    let message = Message { command: COMMAND.to_owned(), reason: None, staff: circumstances.staff };
    Ok(message.encode().map_err(|error| UsageError::TooLarge(error.to_string()))?)
}

/// A file compared with what is here.
struct Plan {
    row: RecordRow,
    kind: Kind,
    /// The record's history with what is taken from the file.
    history: History,
    /// Changes to take as they are.
    take: Vec<Taken>,
    known: u64,
    /// Changes of the file whose effect is here: known, taken, or written again before.
    settled: Vec<ChangeHash>,
    /// The changes here that say what `settled` says.
    said_by: Vec<ChangeHash>,
    /// The other changes of the file.
    foreign: Vec<ChangeHash>,
}

/// A change of a file that becomes an own one.
struct Taken {
    hash: ChangeHash,
    chunk: Vec<u8>,
    /// What its actor was derived from.
    nonce: [u8; 16],
}

/// Compares a file with what is here.
fn read(connection: &Connection, pack: &Pack, split: &Split) -> Result<Plan, InteropError> {
    let named = split.named.as_ref().ok_or_else(|| InteropError::File("it is of no record".to_owned()))?;
    let row = loaded::find(connection, named.record)?.ok_or(ReplicaError::NotFound(named.record))?;
    let kind = pack.kind(&row.kind).ok_or(InteropError::Genesis)?.clone();
    let history = row.history(connection, pack)?;
    if *named != row.genesis() || split.beginnings != 1 || !split.hashes.contains(&history.genesis()) {
        return Err(InteropError::Genesis);
    }
    let mut plan = Plan {
        row,
        kind,
        history,
        take: Vec::new(),
        known: 0,
        settled: Vec::new(),
        said_by: Vec::new(),
        foreign: Vec::new(),
    };
    plan.take_issued(connection, pack, split)?;
    plan.settle(connection, split)?;
    Ok(plan)
}

impl Plan {
    /// Finds the changes to take as they are.
    fn take_issued(
        &mut self,
        connection: &Connection,
        pack: &Pack,
        split: &Split,
    ) -> Result<(), InteropError> {
        let issued = issued(connection, &self.row)?;
        let grant = grant(connection)?.1;
        for chunk in &split.chunks {
            let Ok(header) = gate(chunk) else { continue };
            let Some(nonce) = issued.get(header.actor.as_bytes()) else { continue };
            let Ok(change) = self.history.check(chunk) else { continue };
            if !fits::fits(pack, &self.kind, &self.history, &change) {
                continue;
            }
            judge(connection, &grant, (&self.kind.name, Action::Edit), &self.history, &change)?;
            let hash = change.hash;
            self.history.admit(change).map_err(|error| InteropError::File(error.to_string()))?;
            self.take.push(Taken { hash, chunk: chunk.to_vec(), nonce: *nonce });
        }
        Ok(())
    }

    /// Tells what is here from what is not.
    fn settle(&mut self, connection: &Connection, split: &Split) -> Result<(), InteropError> {
        let replayed = replayed(connection, &self.row)?;
        for hash in &split.hashes {
            if self.history.contains(hash) {
                self.settled.push(*hash);
                self.said_by.push(*hash);
            } else if let Some(own) = replayed.get(hash.0.as_slice()) {
                self.settled.push(*hash);
                self.said_by.extend(own.map(ChangeHash));
            } else {
                self.foreign.push(*hash);
            }
        }
        let held = split.hashes.iter().filter(|hash| self.history.contains(hash)).count();
        self.known = count(held.saturating_sub(self.take.len()));
        Ok(())
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// The changes of files that were written again here, with the changes that say it.
fn replayed(
    connection: &Connection,
    row: &RecordRow,
) -> Result<BTreeMap<Vec<u8>, Option<[u8; 32]>>, ReplicaError> {
    let mut statement = connection.prepare_cached("SELECT hash, own FROM replayed WHERE record = ?1")?;
    let rows = statement.query_map([row.number], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The actors given out with a record, with their nonces.
fn issued(connection: &Connection, row: &RecordRow) -> Result<BTreeMap<Vec<u8>, [u8; 16]>, ReplicaError> {
    let mut statement = connection.prepare_cached("SELECT actor, nonce FROM issued WHERE record = ?1")?;
    let rows = statement.query_map([row.number], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Writes what a plan says, in the caller's transaction.
struct Writer<'a> {
    pack: &'a Pack,
    connection: &'a Connection,
    now: Timestamp,
}

impl Writer<'_> {
    fn write(
        &self,
        mut plan: Plan,
        own: (Actor, [u8; 16]),
        edits: &[Edit],
        message: &str,
    ) -> Result<Imported, InteropError> {
        let row = plan.row.clone();
        let failed = |source| ReplicaError::Document { record: row.id, source };
        let taken = count(plan.take.len());
        let replayed = self.replay(&mut plan, own, edits, message)?;
        let mut document = row.document(self.connection, self.pack)?;
        let chunks: Vec<&[u8]> = plan.take.iter().map(|taken| taken.chunk.as_slice()).collect();
        document.apply(&chunks).map_err(failed)?;
        let position = self.store(&plan)?;
        projection::write(self.connection, self.pack, &row, &document, position)?;
        Ok(Imported {
            record: row.id,
            taken,
            replayed: if replayed { count(edits.len()) } else { 0 },
            known: plan.known,
            heads: document.heads().iter().map(ToString::to_string).collect(),
        })
    }

    /// Stores the changes; gives the last one's position.
    fn store(&self, plan: &Plan) -> Result<i64, InteropError> {
        let mut position = plan.row.changes(self.connection)?;
        for taken in &plan.take {
            position += 1;
            self.connection
                .prepare_cached(
                    "INSERT INTO change (record, position, hash, chunk, nonce, own, came) VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6)",
                )?
                .execute(params![
                    plan.row.number,
                    position,
                    taken.hash.0,
                    taken.chunk,
                    taken.nonce,
                    self.now.0
                ])?;
        }
        Ok(position)
    }

    /// Adds one own change with the edits to what is taken, on top of what the file knew, and notes what it says
    /// again; whether there was anything to write.
    fn replay(
        &self,
        plan: &mut Plan,
        (actor, nonce): (Actor, [u8; 16]),
        edits: &[Edit],
        message: &str,
    ) -> Result<bool, InteropError> {
        let mut document = self.as_the_file_knew(plan)?;
        let written = document
            .edit(actor, self.now.seconds(), message, edits)
            .map_err(|source| InteropError::File(source.to_string()))?;
        let own = written.as_ref().map(|(hash, _)| *hash);
        for hash in &plan.foreign {
            self.connection
                .prepare_cached("INSERT INTO replayed (record, hash, own) VALUES (?1, ?2, ?3)")?
                .execute(params![plan.row.number, hash.0, own.map(|hash| hash.0)])?;
        }
        let Some((hash, chunk)) = written else { return Ok(false) };
        let refused = |error: Rejected| InteropError::File(error.to_string());
        let change = plan.history.check(&chunk).map_err(refused)?;
        let grant = grant(self.connection)?.1;
        judge(self.connection, &grant, (&plan.row.kind, Action::Edit), &plan.history, &change)?;
        plan.history.admit(change).map_err(refused)?;
        plan.take.push(Taken { hash, chunk, nonce });
        Ok(true)
    }

    /// The record's document with what the file knew of it and no more.
    fn as_the_file_knew(&self, plan: &Plan) -> Result<Document, ReplicaError> {
        let failed = |source| ReplicaError::Document { record: plan.row.id, source };
        let known = plan.history.clock_of(&plan.said_by);
        let past = plan.history.changes().skip(1);
        let past: Vec<&[u8]> = past
            .filter(|change| known.get(&change.actor).is_some_and(|seen| change.seq <= *seen))
            .map(|change| change.raw.as_slice())
            .collect();
        let maps = maps(self.pack, &plan.row.kind);
        let mut document = Document::genesis(&plan.row.genesis(), &maps).map_err(failed)?;
        document.apply(&past).map_err(failed)?;
        Ok(document)
    }
}
