//! Places where people wrote different things at the same time, ranked by the harm of believing the wrong one.
//!
//! Nothing is lost by a merge: every live value stays in the document until a person decides. A decision can be
//! taken back, which opens the question again with the values it had put aside.

mod decided;
mod list;
mod values;

use std::collections::BTreeSet;

use rusqlite::{Connection, params};
use sambung_domain::pack::Harm;
use sambung_sync::form::Message;

pub use decided::{Decided, DecidedPage};
pub(crate) use list::asked;
pub use list::{Conflict, ConflictCursor, ConflictList, ConflictPage};
pub(crate) use values::Asked;
pub use values::ConflictValue;

use crate::ReplicaError;
use crate::loaded::RecordRow;

/// The command of a decision.
pub(crate) const RESOLVE: &str = "resolve";
/// The command that takes a decision back.
pub(crate) const UNDO: &str = "undo";

/// What separates the keys of a path in the name of a field.
pub(crate) const SEPARATOR: &str = "/";

/// A place with more than one live value, or one that is to be decided again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Differing {
    pub(crate) path: Vec<String>,
    pub(crate) harm: Harm,
    /// Whether it was decided before and the decision taken back.
    pub(crate) reopened: bool,
}

/// Beginning of the root keys that say of a field that a decision on it was taken back. The value is the change
/// that had decided; empty once it is decided again.
pub(crate) const REOPENED: &str = "reopened/";

/// The root key that says so of a field.
pub(crate) fn marker(field: &str) -> String {
    format!("{REOPENED}{field}")
}

/// Whether a message's command decides something: its name as it is kept beside the change.
pub(crate) fn decision(message: Option<&str>) -> Option<&'static str> {
    let command = Message::decode(message?).ok()?.command;
    [RESOLVE, UNDO].into_iter().find(|known| *known == command)
}

/// Whether exactly these questions stand in the database.
pub(crate) fn stand(
    connection: &Connection,
    row: &RecordRow,
    differing: &[Differing],
) -> Result<bool, ReplicaError> {
    let sql = "SELECT field, harm, reopened FROM conflict WHERE record = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([row.number], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let found: BTreeSet<(String, i64, bool)> = rows.collect::<Result<_, _>>()?;
    let expected = differing
        .iter()
        .map(|place| (place.path.join(SEPARATOR), rank(place.harm), place.reopened))
        .collect();
    Ok(found == expected)
}

/// Writes the rows of a record's open questions, if they are not there already.
pub(crate) fn write(
    connection: &Connection,
    row: &RecordRow,
    differing: &[Differing],
) -> Result<(), ReplicaError> {
    if stand(connection, row, differing)? {
        return Ok(());
    }
    connection.prepare_cached("DELETE FROM conflict WHERE record = ?1")?.execute([row.number])?;
    let mut statement = connection.prepare_cached(
        "INSERT OR IGNORE INTO conflict (record, field, harm, reopened) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for place in differing {
        let field = place.path.join(SEPARATOR);
        statement.execute(params![row.number, field, rank(place.harm), place.reopened])?;
    }
    Ok(())
}

/// The place of a harm in the order of the list: 0 is the worst.
fn rank(harm: Harm) -> i64 {
    match harm {
        Harm::Identity => 0,
        Harm::Safety => 1,
        Harm::Status => 2,
        Harm::Money => 3,
        Harm::Contact => 4,
        Harm::Other => 5,
    }
}

/// The harm at a place of that order.
fn harm_at(rank: i64) -> Harm {
    match rank {
        0 => Harm::Identity,
        1 => Harm::Safety,
        2 => Harm::Status,
        3 => Harm::Money,
        4 => Harm::Contact,
        _ => Harm::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_harm_has_a_place_and_returns_from_it() {
        let worst_first =
            [Harm::Identity, Harm::Safety, Harm::Status, Harm::Money, Harm::Contact, Harm::Other];
        for (at, harm) in worst_first.into_iter().enumerate() {
            assert_eq!(rank(harm), i64::try_from(at).unwrap());
            assert_eq!(harm_at(rank(harm)), harm);
        }
    }
}
