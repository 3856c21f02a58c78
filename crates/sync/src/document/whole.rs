//! Whole documents from outside. Nothing bounds what loading one costs and nothing checks what it holds, so these
//! run only in a process that may be killed ([`interop`](crate::interop)); what they give is material for the
//! ordinary checks.

use std::collections::BTreeMap;

use automerge::{Automerge, ObjId, ObjType, ROOT, ReadDoc, ScalarValue};
use sambung_domain::RecordId;

use super::genesis::Genesis;
use super::name::ChangeHash;
use super::{DocumentError, NESTING_MAX, engine, guard};
use crate::gate::CHANGE_MAX;
use crate::interop::{CHANGES_MAX, Difference, Found, Split};

/// Most places in which a file may differ from what is known of its record.
pub const DIFFERENCES_MAX: usize = 4_096;

/// Takes a file apart into its changes, each behind those it builds on.
///
/// # Errors
/// [`DocumentError`] where the library cannot read the file, or it lacks changes that others build on.
pub fn split(file: &[u8]) -> Result<Split, DocumentError> {
    guard(|| {
        let loaded = load(file)?;
        let changes = loaded.get_changes(&[]);
        let beginnings = changes.iter().filter(|change| change.deps().is_empty()).count();
        if changes.len() > CHANGES_MAX {
            return Err(DocumentError::Engine(format!("it has more than {CHANGES_MAX} changes")));
        }
        let chunks = changes.iter().map(automerge::Change::raw_bytes);
        Ok(Split {
            named: named(&loaded)?,
            beginnings: u64::try_from(beginnings).unwrap_or(u64::MAX),
            hashes: changes.iter().map(|change| ChangeHash(change.hash().0)).collect(),
            chunks: chunks.filter(|raw| raw.len() <= CHANGE_MAX).map(|raw| raw.to_vec().into()).collect(),
        })
    })
}

/// Where the file's document as a whole differs from what it was with the changes
/// `base` and what they build on, place by place; what lies in a place
/// that is gone is not listed.
///
/// # Errors
/// [`DocumentError`] as for [`split`]; [`DocumentError::Nesting`] where it is too deep, and
/// [`DocumentError::Heads`] where `base` is not in the file, or where more than [`DIFFERENCES_MAX`] places differ.
pub fn difference(file: &[u8], base: &[ChangeHash]) -> Result<Vec<Difference>, DocumentError> {
    guard(|| {
        let loaded = load(file)?;
        let base: Vec<automerge::ChangeHash> =
            base.iter().map(|hash| automerge::ChangeHash(hash.0)).collect();
        if base.iter().any(|hash| loaded.get_change_meta_by_hash(hash).is_none()) {
            return Err(DocumentError::Heads);
        }
        let before = Walk { document: &loaded, heads: &base }.tree()?;
        let after = Walk { document: &loaded, heads: &loaded.get_heads() }.tree()?;
        let mut found: Vec<Difference> = Vec::new();
        for (path, leaf) in &after {
            if before.get(path) != Some(leaf) {
                found.push(Difference { path: path.clone(), now: leaf.shown.clone() });
            }
        }
        for path in before.keys().filter(|path| !after.contains_key(*path)) {
            let inside_another = path.split_last().is_some_and(|(_, parent)| {
                !parent.is_empty() && !after.get(parent).is_some_and(|parent| parent.shown == Found::Map)
            });
            if !inside_another {
                found.push(Difference { path: path.clone(), now: Found::Removed });
            }
        }
        if found.len() > DIFFERENCES_MAX {
            return Err(DocumentError::Engine(format!("it differs in more than {DIFFERENCES_MAX} places")));
        }
        Ok(found)
    })
}

fn load(file: &[u8]) -> Result<Automerge, DocumentError> {
    let loaded = Automerge::load(file).map_err(engine)?;
    if loaded.get_missing_deps(&[]).is_empty() { Ok(loaded) } else { Err(DocumentError::Heads) }
}

/// Which record the file says it is of.
fn named(document: &Automerge) -> Result<Option<Genesis>, DocumentError> {
    let value = |key: &str| {
        document.get(&ROOT, key).map(|found| found.map(|(value, _)| value.into_owned())).map_err(engine)
    };
    let scalar = |key: &str| -> Result<_, DocumentError> {
        Ok(value(key)?.and_then(|value| value.as_scalar().cloned()))
    };
    let (Some(ScalarValue::Str(kind)), Some(ScalarValue::Bytes(record)), Some(ScalarValue::Int(generation))) =
        (scalar("kind")?, scalar("record")?, scalar("generation")?)
    else {
        return Ok(None);
    };
    let (Ok(record), Ok(generation)) = (record.try_into(), u32::try_from(generation)) else {
        return Ok(None);
    };
    Ok(Some(Genesis { kind: kind.to_string(), record: RecordId(record), generation }))
}

/// What stands at a place, with enough of what is not shown to tell whether it changed.
#[derive(PartialEq)]
struct Leaf {
    shown: Found,
    hidden: String,
}

/// A document as it was at some heads.
struct Walk<'a> {
    document: &'a Automerge,
    heads: &'a [automerge::ChangeHash],
}

impl Walk<'_> {
    fn tree(&self) -> Result<BTreeMap<Vec<String>, Leaf>, DocumentError> {
        let mut tree = BTreeMap::new();
        self.map(&ROOT, &mut Vec::new(), &mut tree)?;
        Ok(tree)
    }

    fn map(
        &self,
        object: &ObjId,
        path: &mut Vec<String>,
        tree: &mut BTreeMap<Vec<String>, Leaf>,
    ) -> Result<(), DocumentError> {
        if path.len() > NESTING_MAX {
            return Err(DocumentError::Nesting);
        }
        for key in self.document.keys_at(object, self.heads) {
            let Some((value, id)) = self.document.get_at(object, key.as_str(), self.heads).map_err(engine)?
            else {
                continue;
            };
            path.push(key);
            tree.insert(path.clone(), self.leaf(&value, &id)?);
            if let automerge::Value::Object(ObjType::Map) = value {
                self.map(&id, path, tree)?;
            }
            path.pop();
        }
        Ok(())
    }

    fn leaf(&self, value: &automerge::Value<'_>, id: &ObjId) -> Result<Leaf, DocumentError> {
        let mut hidden = String::new();
        let shown = match value {
            automerge::Value::Object(ObjType::Map) => Found::Map,
            automerge::Value::Object(ObjType::Text) => {
                Found::Text(self.document.text_at(id, self.heads).map_err(engine)?)
            }
            automerge::Value::Object(kind) => {
                let inside = ReadDoc::hydrate(self.document, id, Some(self.heads)).map_err(engine)?;
                hidden = format!("{inside:?}");
                Found::Other(kind.to_string())
            }
            automerge::Value::Scalar(scalar) => {
                let found = found(scalar);
                if matches!(found, Found::Other(_)) {
                    hidden = format!("{scalar:?}");
                }
                found
            }
        };
        Ok(Leaf { shown, hidden })
    }
}

fn found(scalar: &ScalarValue) -> Found {
    let other = |what: &str| Found::Other(what.to_owned());
    match scalar {
        ScalarValue::Str(text) => Found::Text(text.to_string()),
        ScalarValue::Int(number) => Found::Int(*number),
        ScalarValue::Uint(number) => i64::try_from(*number).map_or_else(|_| other("number"), Found::Int),
        ScalarValue::Boolean(yes) => Found::Bool(*yes),
        ScalarValue::F64(_) => other("fraction"),
        ScalarValue::Bytes(_) => other("bytes"),
        ScalarValue::Counter(_) => other("counter"),
        ScalarValue::Timestamp(_) => other("date"),
        ScalarValue::Null => other("null"),
        ScalarValue::Unknown { .. } => other("value"),
    }
}
