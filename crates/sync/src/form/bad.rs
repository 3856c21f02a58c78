//! Why a change is not taken.

use crate::document::{ChangeHash, NESTING_MAX};
use crate::gate::{
    CHANGE_MAX, COUNTER_MAX, DEPENDENCIES_MAX, KEY_MAX, MESSAGE_MAX, OPERATIONS_MAX, OTHER_ACTORS_MAX,
};

/// Why [`History::check`](super::History::check) does not take a chunk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// Some of its dependencies are not known here. It may be fine; try again when they are.
    #[error("the change builds on {} changes that are not here yet", .0.len())]
    Missing(Vec<ChangeHash>),
    /// This history already holds it.
    #[error("the change is already here")]
    Duplicate(ChangeHash),
    /// It will never be taken, here or anywhere.
    #[error(transparent)]
    Bad(#[from] BadForm),
}

/// What is wrong with a chunk's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum BadForm {
    /// Too long, too short, or not as long as it says.
    #[error("the change is cut short, longer than it says, or longer than {CHANGE_MAX} bytes")]
    Length,
    /// Something other than a plain change chunk.
    #[error("the bytes are not a plain change")]
    Type,
    /// The checksum is not that of the bytes.
    #[error("the change's checksum does not fit its bytes")]
    Hash,
    /// A number that is not in its shortest form.
    #[error("the change contains a number that is not written in its shortest form")]
    Number,
    /// Columns that no change has, or that contradict each other.
    #[error("the change's columns are not those of a change")]
    Columns,
    /// Too many operations, or none.
    #[error("the change has no operations, or more than {OPERATIONS_MAX}")]
    Operations,
    /// Too many dependencies, or not strictly ascending.
    #[error("the change's dependencies are out of order, or more than {DEPENDENCIES_MAX}")]
    Dependencies,
    /// An actor that nobody may use here.
    #[error("the change names an actor it may not use, or more than {OTHER_ACTORS_MAX} others")]
    Actor,
    /// A map key that is empty or too long.
    #[error("the change uses an empty key, or one longer than {KEY_MAX} bytes")]
    Key,
    /// Bytes behind the operations.
    #[error("the change carries bytes behind its operations")]
    Extra,
    /// Not the bytes its own content would be written as.
    #[error("the change is not written the way its content would be written")]
    Canonical,
    /// A value or operation of a type that records do not have, or a counter too great.
    #[error("the change holds a kind of value or object that records do not have, or too great a count")]
    Value,
    /// Not the next change of its actor.
    #[error("the change is not the next one of its author")]
    Sequence,
    /// Another change of the same actor has this number.
    #[error("another change of the same author already has this number")]
    Equivocation,
    /// Its operations are not numbered on from its dependencies.
    #[error("the change's operations are not numbered on from what it builds on, or beyond {COUNTER_MAX}")]
    StartOp,
    /// An operation refers to something its author could not know, or that does not fit.
    #[error("the change refers to something that its author could not know or that does not fit")]
    Reference,
    /// Objects too deep.
    #[error("the change nests deeper than {NESTING_MAX}")]
    Nesting,
    /// A time that no clock shows.
    #[error("the change's time lies beyond the year 9999")]
    Time,
    /// The message does not say who did it with which command.
    #[error("the change does not say in at most {MESSAGE_MAX} bytes who made it with which command")]
    Message,
    /// A reserved key is used in a way that no command uses it.
    #[error("the change writes what decides where a record belongs in a way that no command does")]
    Routing,
    /// The first change of a record does not say where it belongs.
    #[error("the record's first change does not say its area, access and office")]
    Birth,
    /// Without dependencies, and not the genesis.
    #[error("the change builds on nothing and is not the beginning of this record")]
    Genesis,
}

impl BadForm {
    /// Every reason.
    pub const ALL: [BadForm; 22] = [
        BadForm::Length,
        BadForm::Type,
        BadForm::Hash,
        BadForm::Number,
        BadForm::Columns,
        BadForm::Operations,
        BadForm::Dependencies,
        BadForm::Actor,
        BadForm::Key,
        BadForm::Extra,
        BadForm::Canonical,
        BadForm::Value,
        BadForm::Sequence,
        BadForm::Equivocation,
        BadForm::StartOp,
        BadForm::Reference,
        BadForm::Nesting,
        BadForm::Time,
        BadForm::Message,
        BadForm::Routing,
        BadForm::Birth,
        BadForm::Genesis,
    ];

    /// The stable code that peers and programs see.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            BadForm::Length => "form_length",
            BadForm::Type => "form_type",
            BadForm::Hash => "form_hash",
            BadForm::Number => "form_number",
            BadForm::Columns => "form_columns",
            BadForm::Operations => "form_operations",
            BadForm::Dependencies => "form_dependencies",
            BadForm::Actor => "form_actor",
            BadForm::Key => "form_key",
            BadForm::Extra => "form_extra",
            BadForm::Canonical => "form_canonical",
            BadForm::Value => "form_value",
            BadForm::Sequence => "form_sequence",
            BadForm::Equivocation => "form_equivocation",
            BadForm::StartOp => "form_start_op",
            BadForm::Reference => "form_reference",
            BadForm::Nesting => "form_nesting",
            BadForm::Time => "form_time",
            BadForm::Message => "form_message",
            BadForm::Routing => "form_routing",
            BadForm::Birth => "form_birth",
            BadForm::Genesis => "form_genesis",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_reason_has_a_code_and_a_sentence_of_its_own() {
        let codes: BTreeSet<&str> = BadForm::ALL.iter().map(|bad| bad.code()).collect();
        let sentences: BTreeSet<String> = BadForm::ALL.iter().map(ToString::to_string).collect();
        assert_eq!(codes.len(), BadForm::ALL.len());
        assert_eq!(sentences.len(), BadForm::ALL.len());
        assert!(codes.iter().all(|code| code.starts_with("form_")));
    }
}
