//! Putting right what is not where its person is.
//!
//! A visit is born in a village while its worker is moved elsewhere: neither knew of the other, and it stays behind. Any
//! device that sees both and may move it writes the worker's live place into it. Everybody writes the same, so it does not
//! matter who does, or how often.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension};
use sambung_domain::pack::{Kind, TRANSFER, TRANSFER_TERMS};
use sambung_domain::role::{Action, RoutingRight};
use sambung_domain::value::Value;
use sambung_domain::{Access, Pack, RecordId, StaffId, Timestamp};
use sambung_sync::document::Edit;
use serde_json::{Map, Value as Json};

use crate::command::put;
use crate::database::{named, set_named};
use crate::loaded::{self, RecordRow};
use crate::place::{Place, dependents};
use crate::rules::{episode, is_finished};
use crate::write::{Intent, Writer};
use crate::{Circumstances, Replica, ReplicaError, projection};

/// Most records looked at after an exchange; the rest after the next ones.
pub const LOOKED_AT_MAX: u32 = 2_000;

/// Name of the stored word that this device looks through what comes.
const LOOKS: &str = "astray";

/// Whether this device looks through what comes. What a new one is filled with others have looked through.
pub(crate) fn looks(connection: &Connection) -> Result<bool, ReplicaError> {
    Ok(named(connection, LOOKS)?.is_some())
}

/// Notes that changes of a record came.
pub(crate) fn note(connection: &Connection, record: i64) -> Result<(), ReplicaError> {
    connection.prepare_cached("INSERT OR IGNORE INTO unlooked VALUES (?1)")?.execute([record])?;
    Ok(())
}

impl Replica {
    /// Looks through records whose changes came and puts right what they left astray; gives how many records.
    pub(crate) fn put_right(&mut self, staff: StaffId, now: Timestamp) -> Result<u64, ReplicaError> {
        let grant = crate::identity::grant(&self.connection)?.1;
        if !grant.routing.allow(RoutingRight::Move) {
            return Ok(0);
        }
        if !looks(&self.connection)? {
            set_named(&self.connection, LOOKS, &[1])?;
        }
        let sql = "SELECT record FROM unlooked WHERE record NOT IN (SELECT record FROM underived) ORDER BY record LIMIT ?1";
        let numbers: Vec<i64> = self
            .connection
            .prepare_cached(sql)?
            .query_map([LOOKED_AT_MAX], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        if numbers.is_empty() {
            return Ok(0);
        }
        // No save draws on randomness.
        let mut random = || [0; 16];
        let mut circumstances = Circumstances { staff, now, random: &mut random };
        self.write_as_device(&mut circumstances, |writer| {
            let mut astray = BTreeSet::new();
            for number in numbers {
                astray.extend(suspects(&writer.transaction, writer.pack, number)?);
                writer
                    .transaction
                    .prepare_cached("DELETE FROM unlooked WHERE record = ?1")?
                    .execute([number])?;
            }
            let mut righted = 0;
            for id in astray {
                righted += u64::from(writer.put_one_right(id)?);
            }
            Ok(righted)
        })
    }
}

impl Writer<'_, '_> {
    fn put_one_right(&self, id: RecordId) -> Result<bool, ReplicaError> {
        let Some(row) = loaded::find(&self.transaction, id)? else { return Ok(false) };
        let Some(base) = base_of(&self.transaction, self.pack, &row)? else { return Ok(false) };
        if !is_astray(&self.transaction, self.pack, &row, &base)? {
            return Ok(false);
        }
        let intent = Intent { action: Action::Edit, command: "follow", reason: None };
        if let Some(edits) = offered_along(&projection::content(&self.transaction, &base)?) {
            return Ok(self.save_or_leave(&row, &edits, &intent)?.is_some());
        }
        let there = Place::of(&self.transaction, &base)?;
        let kind = self.kind(&row.kind)?;
        let here = Place::of(&self.transaction, &row)?;
        let access = here.access.max(there.for_kind(kind).access);
        let over = stays(&self.transaction, self.pack, &row)?;
        let place = if over { here } else { there };
        let edits = Place { access, ..place }.edits();
        Ok(self.save_or_leave(&row, &edits, &intent)?.is_some())
    }
}

/// What of a changed record, or of what belongs to it, may be astray. Reads no document.
fn suspects(connection: &Connection, pack: &Pack, number: i64) -> Result<Vec<RecordId>, ReplicaError> {
    let sql = "SELECT id, kind FROM record WHERE number = ?1 AND away = 0";
    let found: Option<([u8; 16], String)> = connection
        .prepare_cached(sql)?
        .query_row([number], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((id, kind)) = found else { return Ok(Vec::new()) };
    let Some(row) = loaded::find(connection, RecordId(id))? else { return Ok(Vec::new()) };
    let mut suspects = Vec::new();
    if pack.kind(&kind).is_some_and(|kind| kind.follows.is_some()) {
        if let Some(base) = base_of(connection, pack, &row)?
            && is_astray(connection, pack, &row, &base)?
        {
            suspects.push(row.id);
        }
    } else if pack.kinds.values().any(|other| other.follows.as_ref() == Some(&kind)) {
        for dependent in dependents(connection, pack, &row)? {
            if is_astray(connection, pack, &dependent, &row)? {
                suspects.push(dependent.id);
            }
        }
    }
    Ok(suspects)
}

/// The record that a record follows, if it is here.
fn base_of(connection: &Connection, pack: &Pack, row: &RecordRow) -> Result<Option<RecordRow>, ReplicaError> {
    let mut at = row.clone();
    loop {
        let Some(kind) = pack.kind(&at.kind) else { return Ok(None) };
        let Some(base) = &kind.follows else { return Ok(None) };
        let Some(parent) = parent_of(connection, kind, &at)? else { return Ok(None) };
        if parent.kind == *base {
            return Ok(Some(parent));
        }
        at = parent;
    }
}

/// The record that a record belongs to, if it is here.
fn parent_of(
    connection: &Connection,
    kind: &Kind,
    row: &RecordRow,
) -> Result<Option<RecordRow>, ReplicaError> {
    let parent: Option<RecordId> = match kind.parent_field() {
        Some(field) => {
            let content = projection::content(connection, row)?;
            content.get(&field.key).and_then(Json::as_str).and_then(|id| id.parse().ok())
        }
        None => {
            let sql =
                "SELECT p.id FROM sibling AS s JOIN projection AS p ON p.record = s.record WHERE s.id = ?1";
            let found: Option<[u8; 16]> =
                connection.prepare_cached(sql)?.query_row([row.id.0], |row| row.get(0)).optional()?;
            found.map(RecordId)
        }
    };
    let found = parent.map(|parent| loaded::find(connection, parent)).transpose()?.flatten();
    Ok(found.filter(|found| kind.parent.as_ref() == Some(&found.kind)))
}

/// Whether a record is not where its base is, or less protected, or not offered along. Where the base itself is in
/// question, or one of them is not up to date, nobody says.
fn is_astray(
    connection: &Connection,
    pack: &Pack,
    row: &RecordRow,
    base: &RecordRow,
) -> Result<bool, ReplicaError> {
    if is_differing(connection, base)? || is_behind(connection, base)? || is_behind(connection, row)? {
        return Ok(false);
    }
    let (content, above) = (projection::content(connection, row)?, projection::content(connection, base)?);
    let Some(kind) = pack.kind(&row.kind) else { return Ok(false) };
    if offered_along(&above).is_some() {
        return Ok(text(&content, TRANSFER) != text(&above, TRANSFER) && !stays(connection, pack, row)?);
    }
    if text(&above, "area").is_none() || text(&content, "area").is_none() {
        return Ok(false);
    }
    let access =
        |content: &Map<String, Json>| text(content, "access").and_then(|word| word.parse::<Access>().ok());
    let needed = access(&above).map(|access| access.max(kind.access));
    let elsewhere = ["area", "office"].iter().any(|key| text(&content, key) != text(&above, key))
        || is_differing(connection, row)?;
    Ok(access(&content) < needed || elsewhere && !stays(connection, pack, row)?)
}

/// The writes that offer a record as its base is offered; `None` where that one is not.
fn offered_along(above: &Map<String, Json>) -> Option<Vec<Edit>> {
    let to = text(above, TRANSFER).filter(|to| !to.is_empty() && Some(*to) != text(above, "office"))?;
    let terms = text(above, TRANSFER_TERMS).unwrap_or_default();
    let partner = vec!["partners".to_owned(), to.to_owned()];
    Some(vec![
        put(TRANSFER, Value::from(to)),
        put(TRANSFER_TERMS, Value::from(terms)),
        Edit::Put { path: partner, value: Value::Bool(true) },
    ])
}

/// Whether a record is of an episode that is over, and stays where it is when its person moves.
fn stays(connection: &Connection, pack: &Pack, row: &RecordRow) -> Result<bool, ReplicaError> {
    let content = projection::content(connection, row)?;
    if is_finished(&row.kind, &content) {
        return Ok(true);
    }
    let above = match episode(&content) {
        Some(named) => loaded::find(connection, named)?,
        None => match pack.kind(&row.kind) {
            Some(kind) => parent_of(connection, kind, row)?,
            None => None,
        },
    };
    let Some(above) = above else { return Ok(false) };
    Ok(is_finished(&above.kind, &projection::content(connection, &above)?))
}

/// Whether several places of a record are live.
fn is_differing(connection: &Connection, row: &RecordRow) -> Result<bool, ReplicaError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM conflict WHERE record = ?1 AND field IN ('area', 'office'))";
    Ok(connection.prepare_cached(sql)?.query_row([row.number], |row| row.get(0))?)
}

/// Whether changes of a record have not come into its document yet.
fn is_behind(connection: &Connection, row: &RecordRow) -> Result<bool, ReplicaError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM underived WHERE record = ?1)";
    Ok(connection.prepare_cached(sql)?.query_row([row.number], |row| row.get(0))?)
}

fn text<'a>(content: &'a Map<String, Json>, key: &str) -> Option<&'a str> {
    content.get(key).and_then(Json::as_str)
}
