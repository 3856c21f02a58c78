//! Reading a document: live values and the whole content.

use std::collections::BTreeMap;

use automerge::{ObjId, ObjType, ROOT, ReadDoc};

use super::change::{ObjectKind, object_kind, scalar};
use super::name::{Actor, OpId};
use super::scalar::Scalar;
use super::{Document, DocumentError, NESTING_MAX, engine, guard};

/// What stands at a place.
#[derive(Debug, Clone, PartialEq)]
pub enum Held {
    /// A value.
    Scalar(Scalar),
    /// An object; its inside is not shown here.
    Object(ObjectKind),
}

/// One of the values that stand at a place, more than one where they were written concurrently.
#[derive(Debug, Clone, PartialEq)]
pub struct Live {
    /// The value.
    pub held: Held,
    /// The operation that put it there: it leads to the change, and so to who and when.
    pub id: OpId,
}

/// A part of a document's content.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// A value: all live ones, the winner first. Never empty.
    Value(Vec<Live>),
    /// A map. Values that lost against it are found with [`Document::live`].
    Map(BTreeMap<String, Node>),
    /// A list.
    List(Vec<Node>),
    /// A text that several people write.
    Text(String),
}

impl Document {
    /// All live values at a path of map keys, the winner first; empty where nothing is.
    ///
    /// # Errors
    /// [`DocumentError`] if the engine fails. A path that leads nowhere is empty, not an error.
    pub fn live(&self, path: &[&str]) -> Result<Vec<Live>, DocumentError> {
        guard(|| {
            let Some((key, parents)) = path.split_last() else { return Ok(Vec::new()) };
            let mut object = ROOT;
            for parent in parents {
                match self.inner.get(&object, *parent).map_err(engine)? {
                    Some((automerge::Value::Object(ObjType::Map), id)) => object = id,
                    _ => return Ok(Vec::new()),
                }
            }
            lives(self.inner.get_all(&object, *key).map_err(engine)?)
        })
    }

    /// Everything under the root.
    ///
    /// # Errors
    /// [`DocumentError::Nesting`] below [`NESTING_MAX`], which no checked change reaches; else what the
    /// engine says.
    pub fn content(&self) -> Result<BTreeMap<String, Node>, DocumentError> {
        guard(|| self.map(&ROOT, 0))
    }

    fn map(&self, object: &ObjId, depth: usize) -> Result<BTreeMap<String, Node>, DocumentError> {
        let mut nodes = BTreeMap::new();
        for key in self.inner.keys(object) {
            let values = self.inner.get_all(object, key.as_str()).map_err(engine)?;
            if let Some(node) = self.node(values, depth)? {
                nodes.insert(key, node);
            }
        }
        Ok(nodes)
    }

    fn list(&self, object: &ObjId, depth: usize) -> Result<Vec<Node>, DocumentError> {
        let mut nodes = Vec::new();
        for index in 0..self.inner.length(object) {
            let values = self.inner.get_all(object, index).map_err(engine)?;
            nodes.extend(self.node(values, depth)?);
        }
        Ok(nodes)
    }

    fn node(&self, values: Vec<Raw<'_>>, depth: usize) -> Result<Option<Node>, DocumentError> {
        let winner = values.iter().max_by_key(|(_, id)| op_id(id)).cloned();
        let Some((automerge::Value::Object(kind), id)) = winner else {
            let lives = lives(values)?;
            return Ok(if lives.is_empty() { None } else { Some(Node::Value(lives)) });
        };
        if depth >= NESTING_MAX {
            return Err(DocumentError::Nesting);
        }
        Ok(Some(match object_kind(kind)? {
            ObjectKind::Map => Node::Map(self.map(&id, depth + 1)?),
            ObjectKind::List => Node::List(self.list(&id, depth + 1)?),
            ObjectKind::Text => Node::Text(self.inner.text(&id).map_err(engine)?),
        }))
    }
}

type Raw<'a> = (automerge::Value<'a>, ObjId);

fn lives(values: Vec<Raw<'_>>) -> Result<Vec<Live>, DocumentError> {
    let mut lives = Vec::with_capacity(values.len());
    for (value, id) in values {
        let held = match &value {
            automerge::Value::Object(kind) => Held::Object(object_kind(*kind)?),
            automerge::Value::Scalar(value) => Held::Scalar(scalar(value)?),
        };
        let id = op_id(&id).ok_or(DocumentError::Heads)?;
        lives.push(Live { held, id });
    }
    lives.sort_by_key(|live| std::cmp::Reverse(live.id));
    Ok(lives)
}

fn op_id(id: &ObjId) -> Option<OpId> {
    match id {
        ObjId::Root => None,
        ObjId::Id(counter, actor, _) => {
            Some(OpId { counter: *counter, actor: Actor::from_bytes(actor.to_bytes())? })
        }
    }
}
