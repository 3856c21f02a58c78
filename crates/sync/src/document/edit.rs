//! Local edits: from paths and values to a change.

use automerge::transaction::{CommitOptions, Transactable, Transaction};
use automerge::{ActorId, ObjType, ROOT, ReadDoc, ScalarValue};
use sambung_domain::value::Value;

use super::change::scalar;
use super::name::{Actor, ChangeHash};
use super::scalar::Scalar;
use super::{Document, DocumentError, engine, guard};
use crate::gate::{TIME_MAX, gate};

/// One write of a command. Paths are map keys from the root; every map on the way must exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Sets a value. Writes nothing where exactly this value stands alone; where values are in conflict it
    /// always writes, which settles them.
    Put {
        /// Where.
        path: Vec<String>,
        /// What.
        value: Value,
    },
    /// Makes a map, unless one is there.
    PutMap {
        /// Where.
        path: Vec<String>,
    },
    /// Removes whatever is there; nothing to remove is no error.
    Delete {
        /// Where.
        path: Vec<String>,
    },
}

impl Edit {
    /// Where it writes.
    #[must_use]
    pub fn path(&self) -> &[String] {
        match self {
            Edit::Put { path, .. } | Edit::PutMap { path } | Edit::Delete { path } => path,
        }
    }
}

impl Document {
    /// Writes the edits as one change of `actor` and returns its hash and chunk; `None` if they change
    /// nothing. `time_s` is the device's clock in seconds since 1970, taken into the range that peers accept
    /// ([`TIME_MAX`]): a wrong clock never stops a save. `message` is an encoded
    /// [`Message`](crate::form::Message).
    ///
    /// The change goes through [`History::check`](crate::form::History::check) like anybody's: what is put into
    /// reserved keys is judged there.
    ///
    /// # Errors
    /// [`DocumentError::Path`] where a path leads through no map, [`DocumentError::Form`] where the change
    /// would be larger than peers accept, else what the engine says. The document must then be discarded.
    pub fn edit(
        &mut self,
        actor: Actor,
        time_s: i64,
        message: &str,
        edits: &[Edit],
    ) -> Result<Option<(ChangeHash, Vec<u8>)>, DocumentError> {
        guard(|| {
            self.inner.set_actor(ActorId::from(actor.as_bytes()));
            let mut transaction = self.inner.transaction();
            for edit in edits {
                write(&mut transaction, edit)?;
            }
            let time_s = time_s.clamp(-TIME_MAX, TIME_MAX);
            let options = CommitOptions::default().with_time(time_s).with_message(message);
            let (Some(hash), _) = transaction.commit_with(options) else { return Ok(None) };
            let change = self.inner.get_change_by_hash(&hash).ok_or(DocumentError::Heads)?;
            let raw = change.raw_bytes().to_vec();
            gate(&raw)?;
            Ok(Some((ChangeHash(hash.0), raw)))
        })
    }
}

fn write(transaction: &mut Transaction<'_>, edit: &Edit) -> Result<(), DocumentError> {
    let path = edit.path();
    let bad_path = || DocumentError::Path(path.join("/"));
    let (key, parents) = path.split_last().ok_or_else(bad_path)?;
    let mut object = ROOT;
    for parent in parents {
        match transaction.get(&object, parent.as_str()).map_err(engine)? {
            Some((automerge::Value::Object(ObjType::Map), id)) => object = id,
            _ => return Err(bad_path()),
        }
    }
    if key.is_empty() {
        return Err(bad_path());
    }
    let held = transaction.get_all(&object, key.as_str()).map_err(engine)?;
    match edit {
        Edit::Put { value, .. } => {
            let alone = match held.as_slice() {
                [(automerge::Value::Scalar(now), _)] => {
                    scalar(now).is_ok_and(|now| now == Scalar::from(value))
                }
                _ => false,
            };
            if !alone {
                transaction.put(&object, key.as_str(), scalar_value(value)).map_err(engine)?;
            }
        }
        Edit::PutMap { .. } => {
            let winner = transaction.get(&object, key.as_str()).map_err(engine)?;
            if !matches!(winner, Some((automerge::Value::Object(ObjType::Map), _))) {
                transaction.put_object(&object, key.as_str(), ObjType::Map).map_err(engine)?;
            }
        }
        Edit::Delete { .. } => {
            if !held.is_empty() {
                transaction.delete(&object, key.as_str()).map_err(engine)?;
            }
        }
    }
    Ok(())
}

fn scalar_value(value: &Value) -> ScalarValue {
    match value {
        Value::Bool(yes) => ScalarValue::Boolean(*yes),
        Value::Int(number) => ScalarValue::Int(*number),
        Value::Text(text) => ScalarValue::from(text.as_str()),
    }
}
