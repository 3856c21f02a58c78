//! A decoded change: Automerge's operations in words of our own.

use std::panic::catch_unwind;

use automerge::{ObjType, ScalarValue, legacy};

use super::name::{Actor, ChangeHash, OpId};
use super::scalar::Scalar;
use crate::form::BadForm;

/// The object an operation writes into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectRef {
    /// The document itself.
    Root,
    /// The object made by an operation.
    Id(OpId),
}

/// The place inside the object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// An entry of a map.
    Map(String),
    /// The beginning of a list or text.
    Head,
    /// The element that an operation inserted.
    Element(OpId),
}

/// What kind of object an operation makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectKind {
    /// Entries under text keys.
    Map,
    /// Elements in order.
    List,
    /// Characters in order.
    Text,
}

impl ObjectKind {
    /// Whether places inside are elements in order rather than entries.
    #[must_use]
    pub fn is_sequence(self) -> bool {
        matches!(self, ObjectKind::List | ObjectKind::Text)
    }
}

/// What an operation does at its place.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Sets a value.
    Put(Scalar),
    /// Makes an empty object.
    Make(ObjectKind),
    /// Removes the values it names as predecessors.
    Delete,
    /// Adds to the counters it names as predecessors.
    Increment(i64),
}

/// One operation of a change.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Its name.
    pub id: OpId,
    /// The object it writes into.
    pub object: ObjectRef,
    /// The place inside the object.
    pub key: Key,
    /// What it does there.
    pub action: Action,
    /// The operations whose values it replaces, ascending.
    pub preds: Vec<OpId>,
    /// Whether it makes a new element behind `key`.
    pub insert: bool,
}

/// A change whose form was checked, decoded. There is no way to make one but
/// [`History::check`](crate::form::History::check).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// SHA-256 of the chunk without its first eight bytes: the change's name inside its record.
    pub hash: ChangeHash,
    /// The changes it was made on top of, ascending.
    pub deps: Vec<ChangeHash>,
    /// Who wrote it, as a process.
    pub actor: Actor,
    /// Its place among the actor's changes, from 1.
    pub seq: u64,
    /// Counter of its first operation.
    pub start_op: u64,
    /// The device's clock in seconds since 1970; shown, never believed.
    pub time: i64,
    /// Who did it and with which command, see [`Message`](crate::form::Message).
    pub message: Option<String>,
    /// What it does.
    pub operations: Vec<Operation>,
    /// The chunk itself.
    pub raw: Vec<u8>,
}

impl Change {
    /// Counter of the last operation.
    #[must_use]
    pub fn max_op(&self) -> u64 {
        let length = u64::try_from(self.operations.len()).unwrap_or(u64::MAX);
        self.start_op.saturating_add(length).saturating_sub(1)
    }

    /// Decodes a chunk that passed [`gate`](crate::gate::gate) and requires that encoding it again gives
    /// the same bytes. Automerge panics on some malformed columns, so this unwinds into a refusal.
    pub(crate) fn decode(raw: &[u8]) -> Result<Change, BadForm> {
        catch_unwind(|| {
            let parsed = automerge::Change::try_from(raw).map_err(|_| BadForm::Canonical)?;
            let expanded = parsed.decode();
            let change = convert(&parsed, &expanded)?;
            if automerge::Change::from(expanded).raw_bytes() == raw {
                Ok(change)
            } else {
                Err(BadForm::Canonical)
            }
        })
        .unwrap_or(Err(BadForm::Canonical))
    }

    /// Decodes a chunk that this node checked before it stored it.
    pub(crate) fn decode_stored(raw: &[u8]) -> Result<Change, BadForm> {
        catch_unwind(|| {
            let parsed = automerge::Change::try_from(raw).map_err(|_| BadForm::Canonical)?;
            convert(&parsed, &parsed.decode())
        })
        .unwrap_or(Err(BadForm::Canonical))
    }
}

fn convert(parsed: &automerge::Change, expanded: &automerge::ExpandedChange) -> Result<Change, BadForm> {
    if !parsed.extra_bytes().is_empty() {
        return Err(BadForm::Extra);
    }
    let actor = actor(&expanded.actor_id)?;
    let start_op = expanded.start_op.get();
    let operations = (start_op..)
        .zip(&expanded.operations)
        .map(|(counter, op)| operation(OpId { counter, actor }, op))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Change {
        hash: ChangeHash(parsed.hash().0),
        deps: expanded.deps.iter().map(|dep| ChangeHash(dep.0)).collect(),
        actor,
        seq: expanded.seq,
        start_op,
        time: expanded.time,
        message: expanded.message.clone(),
        operations,
        raw: parsed.raw_bytes().to_vec(),
    })
}

fn operation(id: OpId, op: &legacy::Op) -> Result<Operation, BadForm> {
    let object = match &op.obj {
        legacy::ObjectId::Root => ObjectRef::Root,
        legacy::ObjectId::Id(made) => ObjectRef::Id(op_id(made)?),
    };
    let key = match &op.key {
        legacy::Key::Map(name) => Key::Map(name.to_string()),
        legacy::Key::Seq(legacy::ElementId::Head) => Key::Head,
        legacy::Key::Seq(legacy::ElementId::Id(element)) => Key::Element(op_id(element)?),
    };
    let action = match &op.action {
        legacy::OpType::Put(value) => Action::Put(scalar(value)?),
        legacy::OpType::Make(kind) => Action::Make(object_kind(*kind)?),
        legacy::OpType::Delete => Action::Delete,
        legacy::OpType::Increment(by) => Action::Increment(*by),
        legacy::OpType::MarkBegin(_) | legacy::OpType::MarkEnd(_) => return Err(BadForm::Value),
    };
    let preds = op.pred.iter().map(op_id).collect::<Result<Vec<_>, _>>()?;
    Ok(Operation { id, object, key, action, preds, insert: op.insert })
}

fn op_id(id: &legacy::OpId) -> Result<OpId, BadForm> {
    Ok(OpId { counter: id.counter(), actor: actor(id.actor())? })
}

fn actor(id: &automerge::ActorId) -> Result<Actor, BadForm> {
    Actor::from_bytes(id.to_bytes()).ok_or(BadForm::Actor)
}

pub(super) fn object_kind(kind: ObjType) -> Result<ObjectKind, BadForm> {
    match kind {
        ObjType::Map => Ok(ObjectKind::Map),
        ObjType::List => Ok(ObjectKind::List),
        ObjType::Text => Ok(ObjectKind::Text),
        ObjType::Table => Err(BadForm::Value),
    }
}

pub(super) fn scalar(value: &ScalarValue) -> Result<Scalar, BadForm> {
    Ok(match value {
        ScalarValue::Str(text) => Scalar::Text(text.to_string()),
        ScalarValue::Int(number) => Scalar::Int(*number),
        ScalarValue::Uint(number) => Scalar::Uint(*number),
        ScalarValue::Boolean(yes) => Scalar::Bool(*yes),
        ScalarValue::F64(number) => Scalar::F64(*number),
        ScalarValue::Bytes(bytes) => Scalar::Bytes(bytes.clone()),
        ScalarValue::Null => Scalar::Null,
        ScalarValue::Counter(counter) => Scalar::Counter(counter.into()),
        ScalarValue::Timestamp(moment) => Scalar::Timestamp(*moment),
        ScalarValue::Unknown { .. } => return Err(BadForm::Value),
    })
}
