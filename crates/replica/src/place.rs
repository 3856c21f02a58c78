//! Where a record lies, as people see it, and what lies with it.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension};
use sambung_domain::pack::{IdRule, Kind};
use sambung_domain::value::Value;
use sambung_domain::{Access, Pack, RecordId};
use sambung_sync::document::Edit;

use crate::ReplicaError;
use crate::command::put;
use crate::loaded::{self, RecordRow};
use crate::projection;
use crate::rules::{episode, is_finished};

/// The shown values of a record's routing texts. Where several are live, the ones that everybody shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) area: Option<String>,
    pub(crate) office: Option<String>,
    pub(crate) access: Access,
}

impl Place {
    /// The place of a record; closed to all but named persons where its projection does not say.
    pub(crate) fn of(connection: &Connection, row: &RecordRow) -> Result<Place, ReplicaError> {
        let sql = "SELECT content ->> '$.area', content ->> '$.office', content ->> '$.access'
                   FROM projection WHERE record = ?1";
        let found: Option<(Option<String>, Option<String>, Option<String>)> = connection
            .prepare_cached(sql)?
            .query_row([row.number], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let (area, office, access) = found.unwrap_or_default();
        let access = access.and_then(|access| access.parse().ok()).unwrap_or(Access::Secret);
        Ok(Place { area, office, access })
    }

    /// The place of a record of another kind that follows this one: as protected, and never less than its kind.
    pub(crate) fn for_kind(&self, kind: &Kind) -> Place {
        Place { access: self.access.max(kind.access), ..self.clone() }
    }

    /// The writes that bring a record here, protected as it is.
    pub(crate) fn moves(&self) -> Vec<Edit> {
        [("area", &self.area), ("office", &self.office)]
            .into_iter()
            .filter_map(|(key, value)| Some(put(key, Value::Text(value.clone()?))))
            .collect()
    }

    /// The writes that bring a record here.
    pub(crate) fn edits(&self) -> Vec<Edit> {
        let access = Some(self.access.to_string());
        [("area", self.area.clone()), ("office", self.office.clone()), ("access", access)]
            .into_iter()
            .filter_map(|(key, value)| Some(put(key, Value::Text(value?))))
            .collect()
    }
}

/// The records here that follow a record, nearest first: what belongs to it by a derived id or names it, and what
/// belongs to that.
pub(crate) fn dependents(
    connection: &Connection,
    pack: &Pack,
    row: &RecordRow,
) -> Result<Vec<RecordRow>, ReplicaError> {
    let mut found = Vec::new();
    let mut next = vec![row.clone()];
    while let Some(above) = next.pop() {
        for kind in pack.kinds.values() {
            if kind.follows.is_some() && kind.parent.as_ref() == Some(&above.kind) {
                let children = children(connection, kind, above.id)?;
                next.extend(children.iter().cloned());
                found.extend(children);
            }
        }
    }
    Ok(found)
}

/// The records here that go where a record goes when a person moves: as [`dependents`], without episodes that are
/// over, which stay with the office that knows them.
pub(crate) fn movers(
    connection: &Connection,
    pack: &Pack,
    row: &RecordRow,
) -> Result<Vec<RecordRow>, ReplicaError> {
    let all = dependents(connection, pack, row)?;
    let mut over = BTreeSet::new();
    for dependent in &all {
        if is_finished(&dependent.kind, &projection::content(connection, dependent)?) {
            over.insert(dependent.id);
            over.extend(pack.kinds.keys().map(|kind| dependent.id.sibling(kind)));
        }
    }
    let mut movers = Vec::new();
    for dependent in all {
        let named = episode(&projection::content(connection, &dependent)?);
        if !over.contains(&dependent.id) && named.is_none_or(|named| !over.contains(&named)) {
            movers.push(dependent);
        }
    }
    Ok(movers)
}

/// The records of a kind that belong to a record.
pub(crate) fn children(
    connection: &Connection,
    kind: &Kind,
    parent: RecordId,
) -> Result<Vec<RecordRow>, ReplicaError> {
    if matches!(kind.id, IdRule::Sibling(_)) {
        return Ok(loaded::find(connection, parent.sibling(&kind.name))?.into_iter().collect());
    }
    let Some(field) = kind.parent_field() else { return Ok(Vec::new()) };
    let sql = format!(
        "SELECT p.id FROM reference r JOIN projection p ON p.record = r.record JOIN record ON number = p.record
         WHERE away = 0 AND r.target = ?1 AND r.kind = ?2 AND (content ->> '$.{}') = ?3 ORDER BY p.id",
        field.key
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let ids: Vec<[u8; 16]> = statement
        .query_map((parent.0, &kind.name, parent.to_string()), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let rows = ids.into_iter().map(|id| loaded::find(connection, RecordId(id)));
    Ok(rows.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}
