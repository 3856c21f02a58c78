//! Whether two records are of the same person: what speaks for it, and what people have decided.
//!
//! A decision is a record of its own (`link`), so it merges, has a history and is taken back by another decision.
//! Nothing is ever copied from one person into another.

mod candidate;
mod group;
mod traits;

use rusqlite::{Connection, OptionalExtension, params};
use sambung_domain::{Pack, RecordId};
use serde_json::{Map, Value as Json};

pub use candidate::{Candidate, CandidatePage};
pub use group::Group;
pub(crate) use group::members;

use crate::ReplicaError;
use crate::command::is_withdrawn;
use crate::loaded::{self, RecordRow};
use crate::projection::Projection;
use crate::reference::main_of;
use traits::{Trait, TraitKind};

pub(crate) use traits::nik;

/// The kind of the records that say whether two persons are the same.
pub(crate) const LINK: &str = "link";
/// The field of such a record that says it.
pub(crate) const DECISION: &str = "keputusan";
/// The code for the same person.
pub(crate) const SAME: &str = "SAMA";
/// The code for two persons.
pub(crate) const NOT_SAME: &str = "BUKAN";

/// Most records that are told of one NIK.
const BEARERS_MAX: i64 = 3;

/// Records that bear a NIK, as [`nik`] writes it, each with the person whose it is.
pub(crate) fn with_nik(
    connection: &Connection,
    nik: &str,
) -> Result<Vec<(RecordId, RecordId)>, ReplicaError> {
    let sql = "SELECT record.id FROM trait JOIN record ON number = record
               WHERE trait.kind = ?1 AND value = ?2 AND away = 0 ORDER BY record.id LIMIT ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let found: Vec<RecordId> = statement
        .query_map(params![TraitKind::Nik.code(), nik, BEARERS_MAX], |row| Ok(RecordId(row.get(0)?)))?
        .collect::<Result<_, _>>()?;
    let person = |id: RecordId| match main_of(connection, id)? {
        Some(number) => loaded::by_number(connection, number).map(|row| (id, row.id)),
        None => Ok((id, id)),
    };
    found.into_iter().map(person).collect()
}

/// What is derived of one record for these questions.
pub(crate) struct Derived {
    traits: std::collections::BTreeSet<Trait>,
    pair: Option<(RecordId, RecordId, String)>,
}

impl Derived {
    /// What a projected record says about persons.
    pub(crate) fn of(pack: &Pack, kind: &str, projection: &Projection) -> Derived {
        let content = &projection.content;
        let withdrawn = is_withdrawn(content);
        let traits = if withdrawn { Default::default() } else { traits::of(pack, kind, content) };
        let pair = (kind == LINK && !withdrawn).then(|| pair(projection)).flatten();
        Derived { traits, pair }
    }

    /// Writes it, if it does not stand there already.
    pub(crate) fn write(&self, connection: &Connection, row: &RecordRow) -> Result<(), ReplicaError> {
        if self.stand(connection, row)? {
            return Ok(());
        }
        for table in ["trait", "pair"] {
            let sql = format!("DELETE FROM {table} WHERE record = ?1");
            connection.prepare_cached(&sql)?.execute([row.number])?;
        }
        let mut insert = connection.prepare_cached("INSERT INTO trait VALUES (?1, ?2, ?3)")?;
        for Trait { kind, value } in &self.traits {
            insert.execute(params![kind.code(), value, row.number])?;
        }
        if let Some((a, b, decision)) = &self.pair {
            connection
                .prepare_cached("INSERT INTO pair VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![row.number, a.0, b.0, decision])?;
        }
        Ok(())
    }

    /// Whether exactly this stands in the database.
    pub(crate) fn stand(&self, connection: &Connection, row: &RecordRow) -> Result<bool, ReplicaError> {
        let mut statement = connection.prepare_cached("SELECT kind, value FROM trait WHERE record = ?1")?;
        let found: std::collections::BTreeSet<(String, String)> = statement
            .query_map([row.number], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let expected =
            self.traits.iter().map(|one| (one.kind.code().to_owned(), one.value.clone())).collect();
        let pair: Option<(RecordId, RecordId, String)> = connection
            .prepare_cached("SELECT a, b, decision FROM pair WHERE record = ?1")?
            .query_row([row.number], |row| Ok((RecordId(row.get(0)?), RecordId(row.get(1)?), row.get(2)?)))
            .optional()?;
        Ok(found == expected && pair == self.pair)
    }
}

/// The two persons of a link and what stands about them; nothing stands while the decision is in conflict.
fn pair(projection: &Projection) -> Option<(RecordId, RecordId, String)> {
    let content: &Map<String, Json> = &projection.content;
    let id = |key: &str| content.get(key)?.as_str()?.parse().ok();
    let open = projection.differing.iter().any(|place| place.path == [DECISION]);
    let decision = content.get(DECISION).and_then(Json::as_str).filter(|_| !open).unwrap_or_default();
    Some((id("a")?, id("b")?, decision.to_owned()))
}
