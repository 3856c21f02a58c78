//! Everything about one person, across kinds.

use rusqlite::Connection;
use rusqlite::types::Value as Sql;
use sambung_domain::RecordId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::PERSON;
use super::show::{RecordState, places};
use crate::onlooker::Onlooker;
use crate::same::members;
use crate::{Replica, ReplicaError, UsageError, reference};

/// Records of each kind unless asked otherwise.
const PERSON_LIMIT: u32 = 10;
/// Most records of each kind.
const PERSON_LIMIT_MAX: u32 = 100;

/// Whose page, and what of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonPage {
    /// Only records of this kind.
    #[serde(default)]
    pub kind: Option<String>,
    /// Most records of each kind.
    #[serde(default)]
    pub limit: Option<u32>,
    /// The last record of the page before, of the kind asked for.
    #[serde(default)]
    pub after: Option<RecordId>,
}

/// A person with everything that names them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PersonView {
    /// The person's own record.
    pub person: PersonRow,
    /// The records that name the person, kind by kind.
    pub groups: Vec<PersonGroup>,
}

/// The records of one kind that name a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PersonGroup {
    /// The kind.
    pub kind: String,
    /// The records, newest first.
    pub rows: Vec<PersonRow>,
    /// The record to continue after; absent where these are all.
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub next: Option<RecordId>,
}

/// One record on a person's page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PersonRow {
    /// The record.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub id: RecordId,
    /// Its kind.
    pub kind: String,
    /// What is recorded, the first of several values where they differ.
    pub fields: Map<String, Json>,
    /// How many fields have several values.
    pub conflicts: u32,
    /// Where it is.
    pub state: RecordState,
    /// Its private parts that this device holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(no_recursion))]
    pub parts: Vec<PersonRow>,
}

fn seen(onlooker: &Onlooker, row: &PersonRow) -> bool {
    onlooker.sees_content(&row.kind, &row.fields)
}

/// A record's place in the order of its group: when it was made, then its row.
type PlaceInGroup = (String, i64);

impl Replica {
    /// The page of a person; also found by the id of their private part.
    ///
    /// # Errors
    /// [`ReplicaError::NotFound`] where there is no such record that this device may see, [`ReplicaError::Usage`]
    /// where it is no person or the kind does not exist.
    pub fn person(&self, id: RecordId, page: &PersonPage) -> Result<PersonView, ReplicaError> {
        let onlooker = self.onlooker()?;
        if let Some(kind) = &page.kind {
            self.kind(kind)?;
        }
        if page.after.is_some() && page.kind.is_none() {
            return Err(UsageError::Query("a further page is one of a kind: name it".to_owned()).into());
        }
        let main = reference::main_of(&self.connection, id)?;
        let number =
            main.map_or_else(|| reference::number_of(&self.connection, id), |main| Ok(Some(main)))?;
        let person = number.map(|number| self.person_row(number)).transpose()?.flatten();
        let mut person = person.filter(|row| seen(&onlooker, row)).ok_or(ReplicaError::NotFound(id))?;
        person.parts.retain(|part| seen(&onlooker, part));
        if person.kind != PERSON {
            return Err(UsageError::Query(format!("{id} is a {}, not a person", person.kind)).into());
        }
        let group = members(&self.connection, person.id)?;
        let kinds = match &page.kind {
            Some(kind) => vec![kind.clone()],
            None => self.kinds_naming(&group)?,
        };
        let mut groups = Vec::new();
        for kind in kinds {
            groups.push(self.person_group(&group, kind, page)?);
        }
        for group in &mut groups {
            group.rows.retain(|row| seen(&onlooker, row));
            group.rows.iter_mut().for_each(|row| row.parts.retain(|part| seen(&onlooker, part)));
        }
        groups.retain(|group| !group.rows.is_empty() || page.kind.is_some());
        Ok(PersonView { person, groups })
    }

    /// The kinds of the records that name any of these, in the order of their names.
    fn kinds_naming(&self, group: &[RecordId]) -> Result<Vec<String>, ReplicaError> {
        let mut named = std::collections::BTreeSet::new();
        let sql = "SELECT 1 FROM reference WHERE target = ?1 AND kind = ?2 LIMIT 1";
        let mut statement = self.connection.prepare_cached(sql)?;
        for kind in self.pack.kinds.keys() {
            for member in group {
                if statement.exists((member.0, kind))? {
                    named.insert(kind.clone());
                }
            }
        }
        Ok(named.into_iter().collect())
    }

    fn person_group(
        &self,
        group: &[RecordId],
        kind: String,
        page: &PersonPage,
    ) -> Result<PersonGroup, ReplicaError> {
        let limit = page.limit.unwrap_or(PERSON_LIMIT).clamp(1, PERSON_LIMIT_MAX);
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let after = page.after.map(|after| self.place_in(group, &kind, after)).transpose()?;
        let mut found: Vec<PlaceInGroup> = Vec::new();
        for member in group {
            found.extend(naming(&self.connection, *member, &kind, after.as_ref(), limit)?);
        }
        // A record that names several members stands here once.
        found.sort_unstable_by(|a, b| b.cmp(a));
        found.dedup();
        let more = found.len() > most;
        found.truncate(most);
        let mut rows = Vec::new();
        for (_, number) in found {
            rows.extend(self.person_row(number)?);
        }
        let next = rows.last().filter(|_| more).map(|row| row.id);
        Ok(PersonGroup { kind, rows, next })
    }

    fn place_in(
        &self,
        group: &[RecordId],
        kind: &str,
        after: RecordId,
    ) -> Result<PlaceInGroup, ReplicaError> {
        let sql = "SELECT created, reference.record FROM projection INDEXED BY projection_id
                   JOIN reference ON reference.record = projection.record
                   WHERE id = ?1 AND reference.kind = ?2 AND target = ?3 ORDER BY reference.record DESC";
        let mut statement = self.connection.prepare_cached(sql)?;
        for member in group {
            let mut rows = statement.query((after.0, kind, member.0))?;
            if let Some(row) = rows.next()? {
                return Ok((row.get(0)?, row.get(1)?));
            }
        }
        Err(ReplicaError::NotFound(after))
    }

    fn person_row(&self, number: i64) -> Result<Option<PersonRow>, ReplicaError> {
        let Some(mut row) = self.bare_row(number)? else { return Ok(None) };
        for kind in reference::siblings(&self.pack, &row.kind) {
            if let Some(number) = reference::number_of(&self.connection, row.id.sibling(kind))? {
                row.parts.extend(self.bare_row(number)?);
            }
        }
        Ok(Some(row))
    }

    /// A record without its parts; none if it is away.
    fn bare_row(&self, number: i64) -> Result<Option<PersonRow>, ReplicaError> {
        let sql = "SELECT id, kind, content, conflicts FROM projection WHERE record = ?1
                   AND NOT EXISTS (SELECT 1 FROM record INDEXED BY record_away WHERE away = 1 AND number = ?1)";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([number])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let content: String = row.get(2)?;
        let fields = serde_json::from_str(&content).map_err(|_| ReplicaError::Unreadable("a projection"))?;
        Ok(Some(PersonRow {
            id: RecordId(row.get(0)?),
            kind: row.get(1)?,
            fields,
            conflicts: row.get(3)?,
            state: places(&self.connection, number)?.state(),
            parts: Vec::new(),
        }))
    }
}

/// The places of the records of a kind that name a record, newest first, one more than asked for.
fn naming(
    connection: &Connection,
    member: RecordId,
    kind: &str,
    after: Option<&PlaceInGroup>,
    limit: u32,
) -> Result<Vec<PlaceInGroup>, ReplicaError> {
    let behind = if after.is_some() { "AND (created, record) < (?, ?)" } else { "" };
    let sql = format!(
        "SELECT created, record AS found FROM reference WHERE target = ? AND kind = ? {behind}
         AND NOT EXISTS (SELECT 1 FROM record INDEXED BY record_away WHERE away = 1 AND number = found)
         ORDER BY created DESC, record DESC LIMIT ?"
    );
    let mut values = vec![Sql::Blob(member.0.to_vec()), Sql::from(kind.to_owned())];
    if let Some((created, record)) = after {
        values.extend([Sql::from(created.clone()), Sql::from(*record)]);
    }
    values.push(Sql::from(i64::from(limit) + 1));
    let mut statement = connection.prepare_cached(&sql)?;
    let rows =
        statement.query_map(rusqlite::params_from_iter(values), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
