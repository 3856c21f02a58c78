//! Records that could be of one person and about which nobody has decided.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};
use sambung_domain::pack::IdRule;
use sambung_domain::{Pack, RecordId};
use serde::{Deserialize, Serialize};

use super::members;
use super::traits::TraitKind;
use crate::loaded::{self, RecordRow};
use crate::query::PERSON;
use crate::reference::main_of;
use crate::{Replica, ReplicaError};

/// A value that more persons share says nothing about any two of them: the telephone of a village hall.
const SHARERS_MAX: usize = 10;
/// Most pairs of one page.
const LIMIT_MAX: u32 = 500;
/// Pairs of a page unless asked otherwise.
const LIMIT: u32 = 50;

/// Two records that could be of one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Candidate {
    /// The record with the smaller id.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub a: RecordId,
    /// The other one.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub b: RecordId,
    /// What they have in common, by the codes of `alasan_sama`, the surest first.
    pub because: Vec<String>,
}

/// Pairs to look at, those with the surest sign first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CandidatePage {
    /// The pairs.
    pub candidates: Vec<Candidate>,
    /// Whether there are more than fit; deciding some brings the others forward.
    pub more: bool,
}

type Pairs = BTreeMap<(RecordId, RecordId), BTreeSet<TraitKind>>;

impl Replica {
    /// Pairs of persons that share a number, or name, year of birth and village, and about which nobody has decided:
    /// all, or those of one person.
    ///
    /// # Errors
    /// [`ReplicaError::NotFound`] where there is no such person here, and what the database says.
    pub fn candidates(
        &self,
        of: Option<RecordId>,
        limit: Option<u32>,
    ) -> Result<CandidatePage, ReplicaError> {
        let limit = usize::try_from(limit.unwrap_or(LIMIT).clamp(1, LIMIT_MAX)).unwrap_or(usize::MAX);
        let search = Search { connection: &self.connection, pack: &self.pack, of, wanted: limit + 1 };
        if let Some(id) = of {
            self.found(id)?;
        }
        let onlooker = self.onlooker()?;
        let mut pairs = search.run()?;
        let mut hidden = Vec::new();
        for (a, b) in pairs.keys() {
            if !onlooker.sees_id(&self.connection, *a)? || !onlooker.sees_id(&self.connection, *b)? {
                hidden.push((*a, *b));
            }
        }
        hidden.iter().for_each(|pair| drop(pairs.remove(pair)));
        let mut candidates: Vec<Candidate> = pairs
            .into_iter()
            .map(|((a, b), kinds)| {
                let because = kinds.into_iter().map(|kind| kind.code().to_owned()).collect();
                Candidate { a, b, because }
            })
            .collect();
        let surest = |one: &Candidate| {
            let code = one.because.first().map(String::as_str).unwrap_or_default();
            let at = TraitKind::ALL.iter().position(|kind| kind.code() == code);
            (at, std::cmp::Reverse(one.because.len()), one.a, one.b)
        };
        candidates.sort_by_key(surest);
        let more = candidates.len() > limit;
        candidates.truncate(limit);
        Ok(CandidatePage { candidates, more })
    }
}

struct Search<'a> {
    connection: &'a Connection,
    pack: &'a Pack,
    of: Option<RecordId>,
    wanted: usize,
}

impl Search<'_> {
    fn run(&self) -> Result<Pairs, ReplicaError> {
        let mut pairs = Pairs::new();
        for kind in TraitKind::ALL {
            for value in self.shared(kind)? {
                self.pair_up(kind, &value, &mut pairs)?;
                // Of a kind that is surer than the rest all are looked at before the list is cut.
                if self.of.is_none() && pairs.len() >= self.wanted {
                    return Ok(pairs);
                }
            }
        }
        Ok(pairs)
    }

    /// Values of a kind that several records have; of one person's if one is asked for.
    fn shared(&self, kind: TraitKind) -> Result<Vec<String>, ReplicaError> {
        let Some(id) = self.of else {
            let sql = "SELECT value FROM trait WHERE kind = ?1 GROUP BY value HAVING count(*) > 1";
            let mut statement = self.connection.prepare_cached(sql)?;
            let values = statement.query_map([kind.code()], |row| row.get(0))?;
            return Ok(values.collect::<Result<_, _>>()?);
        };
        let sql = "SELECT value FROM trait WHERE record = ?1 AND kind = ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut values = Vec::new();
        for record in self.records_of(id)? {
            let of_record = statement.query_map(params![record, kind.code()], |row| row.get(0))?;
            values.extend(of_record.collect::<Result<Vec<String>, _>>()?);
        }
        Ok(values)
    }

    /// The rows of a person's own record and of everything that may carry a trait of theirs.
    fn records_of(&self, id: RecordId) -> Result<Vec<i64>, ReplicaError> {
        let Some(row) = loaded::find(self.connection, id)? else { return Ok(Vec::new()) };
        let dependents = crate::place::dependents(self.connection, self.pack, &row)?;
        Ok(std::iter::once(row.number).chain(dependents.into_iter().map(|row| row.number)).collect())
    }

    fn pair_up(&self, kind: TraitKind, value: &str, pairs: &mut Pairs) -> Result<(), ReplicaError> {
        let sql = "SELECT record FROM trait JOIN record ON number = record
                   WHERE trait.kind = ?1 AND value = ?2 AND away = 0 LIMIT ?3";
        let most = i64::try_from(SHARERS_MAX * 4).unwrap_or(i64::MAX);
        let records: Vec<i64> = self
            .connection
            .prepare_cached(sql)?
            .query_map(params![kind.code(), value, most], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let mut persons = BTreeSet::new();
        for record in records {
            persons.extend(self.person_of(loaded::by_number(self.connection, record)?)?);
        }
        if persons.len() > SHARERS_MAX {
            return Ok(());
        }
        let persons: Vec<RecordId> = persons.into_iter().collect();
        for (at, a) in persons.iter().enumerate() {
            for b in &persons[at + 1..] {
                let wanted = self.of.is_none_or(|of| of == *a || of == *b);
                if wanted && (pairs.contains_key(&(*a, *b)) || self.is_open(*a, *b)?) {
                    pairs.entry((*a, *b)).or_default().insert(kind);
                }
            }
        }
        Ok(())
    }

    /// The person a record is of: itself, the one whose private part it is, or the one it names as its parent.
    fn person_of(&self, mut row: RecordRow) -> Result<Option<RecordId>, ReplicaError> {
        for _ in 0..self.pack.kinds.len() {
            if row.kind == PERSON {
                return Ok(Some(row.id));
            }
            let Some(kind) = self.pack.kind(&row.kind) else { return Ok(None) };
            let above = if matches!(kind.id, IdRule::Sibling(_)) {
                main_of(self.connection, row.id)?
                    .map(|number| loaded::by_number(self.connection, number))
                    .transpose()?
            } else {
                self.parent(&row)?
            };
            match above {
                Some(above) => row = above,
                None => return Ok(None),
            }
        }
        Ok(None)
    }

    fn parent(&self, row: &RecordRow) -> Result<Option<RecordRow>, ReplicaError> {
        let Some(field) = self.pack.kind(&row.kind).and_then(|kind| kind.parent_field()) else {
            return Ok(None);
        };
        let sql = format!("SELECT content ->> '$.{}' FROM projection WHERE record = ?1", field.key);
        let named: Option<String> =
            self.connection.prepare_cached(&sql)?.query_row([row.number], |row| row.get(0))?;
        match named.and_then(|named| named.parse().ok()) {
            Some(id) => loaded::find(self.connection, id),
            None => Ok(None),
        }
    }

    /// Whether nobody has decided about two persons, and no chain of links makes them one already.
    fn is_open(&self, a: RecordId, b: RecordId) -> Result<bool, ReplicaError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM pair JOIN record ON number = record
                                  WHERE a = ?1 AND b = ?2 AND away = 0)";
        let decided: bool = self.connection.prepare_cached(sql)?.query_row((a.0, b.0), |row| row.get(0))?;
        Ok(!decided && !members(self.connection, a)?.contains(&b))
    }
}
