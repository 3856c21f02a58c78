//! Search: by name, nickname, number, village and everything else that the pack calls searchable.
//!
//! Two indexes hold the folded texts of every projected record: one of words, for whole words and beginnings, one
//! of three letters each, for what stands inside of words. A search asks them step by step, the surest first,
//! and stops when the page is full; each step is bounded.

mod fold;
mod question;
mod terms;

use std::collections::BTreeSet;

use rusqlite::Connection;
use rusqlite::types::Value as Sql;
use sambung_domain::RecordId;
use sambung_domain::pack::{FieldType, Harm, Kind};
use sambung_domain::region::Regions;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::identity::grant;
use crate::leaves::leaves;
use crate::onlooker::Onlooker;
use crate::query::PERSON;
use crate::{Replica, ReplicaError, UsageError, reference};
use question::{Asked, Question, STEPS};

pub(crate) use terms::{Terms, merge_pieces};

/// Hits of a search unless asked otherwise.
const SEARCH_LIMIT: u32 = 20;
/// Most hits of a search.
const SEARCH_LIMIT_MAX: u32 = 100;

/// What to look for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// Words and numbers that must all be found; how they are written does not matter.
    pub text: String,
    /// Only hits that lead to records of this kind.
    #[serde(default)]
    pub kind: Option<String>,
    /// Most hits.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// One record that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Hit {
    /// The record that the hit leads to: the main record where a private part was hit.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub id: RecordId,
    /// Its kind.
    pub kind: String,
    /// The name of the person it is about, or its own.
    pub name: Option<String>,
    /// Where it lies.
    pub area: Option<String>,
    /// The person it is about.
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub person: Option<RecordId>,
    /// The fields in which something was found; none where only the place is the one named.
    pub found_in: Vec<String>,
    /// How many of its fields have several values.
    pub conflicts: u32,
}

/// What a search found, the surest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Found {
    /// The hits.
    pub hits: Vec<Hit>,
    /// Whether there are more; then another word helps.
    pub more: bool,
}

/// A projected record as search reads it.
struct Row {
    number: i64,
    id: RecordId,
    kind: String,
    content: Map<String, Json>,
    conflicts: u32,
}

impl Replica {
    /// Looks for records that this device may see. `regions` says which areas the names of villages are; without
    /// it places are not found by name.
    ///
    /// # Errors
    /// [`ReplicaError::Usage`] for a kind that does not exist or a text without letters and digits, and what the
    /// database says.
    pub fn search(&self, search: &Search, regions: Option<&Regions>) -> Result<Found, ReplicaError> {
        let onlooker = self.onlooker()?;
        let kind = search.kind.as_deref().map(|kind| self.kind(kind)).transpose()?;
        let (_, grant) = grant(&self.connection)?;
        let kind = kind.map(|kind| kind.name.as_str());
        let question = Question::read(&search.text, kind, regions, &grant.sets)
            .ok_or_else(|| UsageError::Query("a search needs a letter or a digit".to_owned()))?;
        let limit = search.limit.unwrap_or(SEARCH_LIMIT).clamp(1, SEARCH_LIMIT_MAX);
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut found = Found::default();
        let mut seen = BTreeSet::new();
        for (compare, columns) in STEPS {
            let Some(asked) = question.asked(compare, columns) else { continue };
            for record in numbers(&self.connection, &asked, limit)? {
                let Some((hit, row)) = self.rows_of(record)? else { continue };
                let is_shown = [&hit, &row].iter().all(|row| onlooker.sees_content(&row.kind, &row.content));
                if !is_shown || !seen.insert(row.number) {
                    continue;
                }
                if found.hits.len() == most {
                    found.more = true;
                    return Ok(found);
                }
                found.hits.push(self.hit(&onlooker, &question, &hit, row)?);
            }
        }
        Ok(found)
    }

    /// What was hit, and what it leads to: the main record of a private part, if it is here.
    fn rows_of(&self, record: i64) -> Result<Option<(Row, Row)>, ReplicaError> {
        let Some(hit) = row(&self.connection, record)? else { return Ok(None) };
        let main = reference::main_of(&self.connection, hit.id)?;
        let main = main.map(|main| row(&self.connection, main)).transpose()?.flatten();
        let Some(main) = main else {
            let same = row(&self.connection, record)?;
            return Ok(same.map(|same| (hit, same)));
        };
        Ok(Some((hit, main)))
    }

    fn hit(
        &self,
        onlooker: &Onlooker,
        question: &Question,
        hit: &Row,
        leads_to: Row,
    ) -> Result<Hit, ReplicaError> {
        let person = match self.pack.kind(&leads_to.kind) {
            Some(_) if leads_to.kind == PERSON => Some(leads_to.id),
            Some(kind) => person_of(kind, &leads_to.content),
            None => None,
        };
        let own = self.pack.kind(&leads_to.kind).and_then(|kind| title(kind, &leads_to.content));
        let name = match person.filter(|person| *person != leads_to.id) {
            Some(person) if onlooker.sees_id(&self.connection, person)? => self.name_of(person)?.or(own),
            Some(_) => own,
            None => own,
        };
        Ok(Hit {
            id: leads_to.id,
            area: leads_to.content.get("area").and_then(Json::as_str).map(str::to_owned),
            kind: leads_to.kind,
            name,
            person,
            found_in: self.found_in(question, hit),
            conflicts: leads_to.conflicts,
        })
    }

    fn found_in(&self, question: &Question, hit: &Row) -> Vec<String> {
        let mut keys = BTreeSet::new();
        if let Some(kind) = self.pack.kind(&hit.kind) {
            leaves(kind, &hit.content, &mut |field, text| {
                let folded = fold::fold_field(field, text);
                if field.searchable && question.meets(&folded, field.number().is_some()) {
                    keys.insert(field.key.clone());
                }
            });
        }
        keys.into_iter().collect()
    }

    fn name_of(&self, person: RecordId) -> Result<Option<String>, ReplicaError> {
        let Some(number) = reference::number_of(&self.connection, person)? else { return Ok(None) };
        let person = row(&self.connection, number)?;
        Ok(person.and_then(|person| title(self.pack.kind(&person.kind)?, &person.content)))
    }
}

/// The records that one step finds, newest on this device first; away ones never.
fn numbers(connection: &Connection, asked: &Asked, limit: u32) -> Result<Vec<i64>, ReplicaError> {
    let (matches, values) = match asked {
        Asked { word: Some(word), part: None } => ("search_word WHERE search_word MATCH ?", vec![word]),
        Asked { word: None, part: Some(part) } => ("search_part WHERE search_part MATCH ?", vec![part]),
        Asked { word: Some(word), part: Some(part) } => (
            "search_part WHERE search_part MATCH ?
             AND rowid IN (SELECT rowid FROM search_word WHERE search_word MATCH ?)",
            vec![part, word],
        ),
        Asked { word: None, part: None } => return Ok(Vec::new()),
    };
    let sql = format!(
        "SELECT rowid AS found FROM {matches}
         AND NOT EXISTS (SELECT 1 FROM record INDEXED BY record_away WHERE away = 1 AND number = found)
         ORDER BY rowid DESC LIMIT ?"
    );
    let mut values: Vec<Sql> = values.into_iter().map(|text| Sql::from(text.clone())).collect();
    // Several rows can lead to one record.
    values.push(Sql::from(2 * (i64::from(limit) + 1)));
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(rusqlite::params_from_iter(values), |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn row(connection: &Connection, record: i64) -> Result<Option<Row>, ReplicaError> {
    use rusqlite::OptionalExtension;
    let sql = "SELECT id, kind, content, conflicts FROM projection WHERE record = ?1
               AND NOT EXISTS (SELECT 1 FROM record INDEXED BY record_away WHERE away = 1 AND number = ?1)";
    let read = |row: &rusqlite::Row<'_>| {
        Ok((RecordId(row.get(0)?), row.get(1)?, row.get::<_, String>(2)?, row.get(3)?))
    };
    let Some((id, kind, content, conflicts)) =
        connection.prepare_cached(sql)?.query_row([record], read).optional()?
    else {
        return Ok(None);
    };
    let content = serde_json::from_str(&content).map_err(|_| ReplicaError::Unreadable("a projection"))?;
    Ok(Some(Row { number: record, id, kind, content, conflicts }))
}

/// The person that a record names.
fn person_of(kind: &Kind, content: &Map<String, Json>) -> Option<RecordId> {
    let names = |field: &&sambung_domain::pack::Field| {
        field.kind == FieldType::Record && field.target.as_deref() == Some(PERSON)
    };
    kind.fields.iter().filter(names).find_map(|field| content.get(&field.key)?.as_str()?.parse().ok())
}

/// What a record is called: its first searchable text that tells who or what it is.
fn title(kind: &Kind, content: &Map<String, Json>) -> Option<String> {
    let is_title = |field: &&sambung_domain::pack::Field| {
        field.searchable && field.harm == Harm::Identity && field.number().is_none()
    };
    let texts = kind.fields.iter().filter(is_title).filter_map(|field| content.get(&field.key)?.as_str());
    texts.filter(|text| !text.is_empty()).map(str::to_owned).next()
}
