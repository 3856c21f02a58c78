//! Documents: the only place that knows Automerge.
//!
//! A [`Document`] trusts its bytes. It takes changes that passed
//! [`History::check`](crate::form::History::check) and saved forms this node has written itself; whole
//! documents from outside never reach it, because loading runs no check at all. Panics of the engine become
//! errors where panics unwind; in WebAssembly they trap, so there a document is derived in an instance that
//! can be thrown away.

mod change;
mod content;
mod edit;
mod genesis;
mod name;
mod scalar;
mod whole;

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::{Automerge, SaveOptions};

pub use change::{Action, Change, Key, ObjectKind, ObjectRef, Operation};
pub use content::{Held, Live, Node};
pub use edit::Edit;
pub use genesis::{Genesis, genesis_chunk};
pub use name::{ACTOR_LEN, Actor, BadChangeHash, ChangeHash, OpId};
pub use scalar::Scalar;
pub use whole::{DIFFERENCES_MAX, difference, split};

use crate::form::BadForm;

/// Greatest depth of objects in a document: an object in the root has depth 1.
pub const NESTING_MAX: usize = 8;

/// Why a document could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// The library refused.
    #[error("the document cannot be processed: {0}")]
    Engine(String),
    /// The library panicked; its state is unknown.
    #[error("the document's engine failed unexpectedly")]
    Panicked,
    /// After the changes the document is not where their dependencies say it should be.
    #[error("the changes do not lead to the heads they should lead to")]
    Heads,
    /// A path leads through something that is not a map.
    #[error("`{0}` does not lie in a map of this document")]
    Path(String),
    /// An object lies deeper than [`NESTING_MAX`].
    #[error("the document is nested deeper than {NESTING_MAX}")]
    Nesting,
    /// The edits give a change that no peer would accept.
    #[error("the edit cannot be sent: {0}")]
    Form(#[from] BadForm),
}

/// One record's document.
///
/// **After an error from [`apply`](Document::apply) or [`edit`](Document::edit) its state is unknown:
/// discard it** and load it again from what was last saved.
#[derive(Debug)]
pub struct Document {
    inner: Automerge,
}

impl Document {
    /// The document that a record begins with.
    ///
    /// # Errors
    /// [`DocumentError`] if the engine fails, which no genesis makes it do.
    pub fn genesis(genesis: &Genesis, maps: &[&str]) -> Result<Document, DocumentError> {
        let (_, raw) = genesis_chunk(genesis, maps);
        let mut document = Document { inner: Automerge::new() };
        document.apply(&[&raw])?;
        Ok(document)
    }

    /// Loads what [`save`](Document::save) gave. **Never for bytes from outside**: a whole document is not
    /// checked, can take unbounded time and memory, and may hold changes that break later edits.
    ///
    /// # Errors
    /// [`DocumentError::Engine`] or [`DocumentError::Panicked`] where the bytes are damaged.
    pub fn load(saved: &[u8]) -> Result<Document, DocumentError> {
        guard(|| Ok(Document { inner: Automerge::load(saved).map_err(engine)? }))
    }

    /// The document as bytes, uncompressed. Not canonical: equal documents may save differently; compare
    /// [`heads`](Document::heads).
    ///
    /// # Errors
    /// [`DocumentError::Panicked`] if the engine fails.
    pub fn save(&self) -> Result<Vec<u8>, DocumentError> {
        let options = SaveOptions { deflate: false, retain_orphans: false };
        guard(|| Ok(self.inner.save_with_options(options)))
    }

    /// The changes that no other change of the document builds on, ascending.
    #[must_use]
    pub fn heads(&self) -> Vec<ChangeHash> {
        let heads: BTreeSet<ChangeHash> =
            self.inner.get_heads().iter().map(|head| ChangeHash(head.0)).collect();
        heads.into_iter().collect()
    }

    /// Adds changes, in any order, in one go. They must have passed
    /// [`History::check`](crate::form::History::check) for this record, and the document plus the batch must
    /// hold all their dependencies. Changes it already has are skipped.
    ///
    /// # Errors
    /// [`DocumentError`] if the engine refuses or fails, or the heads are not those the dependencies lead
    /// to. The document must then be discarded.
    pub fn apply(&mut self, chunks: &[&[u8]]) -> Result<(), DocumentError> {
        guard(|| {
            let mut fresh = BTreeMap::new();
            for chunk in chunks {
                let change = automerge::Change::try_from(*chunk).map_err(engine)?;
                if self.inner.get_change_meta_by_hash(&change.hash()).is_none() {
                    fresh.insert(change.hash(), change);
                }
            }
            let mut expected: BTreeSet<automerge::ChangeHash> = self.inner.get_heads().into_iter().collect();
            expected.extend(fresh.keys());
            for dep in fresh.values().flat_map(automerge::Change::deps) {
                expected.remove(dep);
            }
            let fresh: Vec<automerge::Change> = fresh.into_values().collect();
            self.inner.apply_changes(fresh).map_err(engine)?;
            let reached: BTreeSet<automerge::ChangeHash> = self.inner.get_heads().into_iter().collect();
            if reached == expected { Ok(()) } else { Err(DocumentError::Heads) }
        })
    }
}

/// Runs one use of the engine; a panic inside becomes an error. The closure may leave the document half
/// changed, which is why a failed document is discarded.
fn guard<T>(work: impl FnOnce() -> Result<T, DocumentError>) -> Result<T, DocumentError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(DocumentError::Panicked))
}

fn engine(error: impl std::fmt::Display) -> DocumentError {
    DocumentError::Engine(error.to_string())
}
