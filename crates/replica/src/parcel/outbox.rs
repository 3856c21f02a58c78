//! Sealed items on their way to the relay, and what becomes of them.

use rusqlite::{Connection, params};
use sambung_domain::RecordId;
use sambung_sync::limits::{PARCEL_BYTES_MAX, PARCELS_ASKED_MAX, PARCELS_MAX};
use sambung_sync::message::{ParcelState, ParcelsDown, ParcelsUp};
use sambung_trust::{ItemId, Parcel, ParcelNote, PublicKey, SecretKey, Signed};

use super::arrival;
use crate::ReplicaError;
use crate::database::{in_turn, signed};

/// `parcel.state`: the relay is not known to have it.
const HERE: i64 = 0;
/// The relay has it.
const TAKEN: i64 = 1;
/// An office has recorded it.
const OPENED: i64 = 2;
/// The relay refused it: somebody must look.
const REFUSED: i64 = 3;

/// Name of the place in the list of waiting items up to which the relay was asked.
const ASKED: &str = "parcels asked";

/// What the next request says of sealed items; `None` if nothing.
pub(crate) fn outgoing(
    connection: &Connection,
    device: &SecretKey,
) -> Result<Option<ParcelsUp>, ReplicaError> {
    let up = ParcelsUp {
        sent: unsent(connection, device.public())?,
        waiting: waiting(connection)?,
        notes: notes(connection, device)?,
    };
    Ok(Some(up).filter(|up| *up != ParcelsUp::default()))
}

/// Whether items wait that the relay is not known to have.
pub(crate) fn has_unsent(connection: &Connection) -> Result<bool, ReplicaError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM parcel WHERE state = ?1)";
    Ok(connection.prepare_cached(sql)?.query_row([HERE], |row| row.get(0))?)
}

fn unsent(connection: &Connection, device: PublicKey) -> Result<Vec<Parcel>, ReplicaError> {
    let limit = i64::try_from(PARCELS_MAX).unwrap_or(i64::MAX);
    let sql = "SELECT body, signature, content FROM parcel WHERE state = ?1 ORDER BY made LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map((HERE, limit), |row| {
        let content: Vec<u8> = row.get(2)?;
        Ok(Parcel { device, header: signed(row, 0)?, content: content.into() })
    })?;
    let (mut parcels, mut bytes) = (Vec::new(), 0);
    for row in rows {
        let parcel = row?;
        bytes += parcel.content.len();
        if bytes > PARCEL_BYTES_MAX && !parcels.is_empty() {
            break;
        }
        parcels.push(parcel);
    }
    Ok(parcels)
}

/// Items to ask about, in turn where they are more than a request may name.
fn waiting(connection: &Connection) -> Result<Vec<ItemId>, ReplicaError> {
    in_turn(connection, ASKED, |after| page(connection, after))
}

fn page(connection: &Connection, after: i64) -> Result<Vec<(i64, ItemId)>, ReplicaError> {
    let limit = i64::try_from(PARCELS_ASKED_MAX).unwrap_or(i64::MAX);
    let sql = "SELECT rowid, item FROM parcel WHERE state IN (?1, ?2) AND rowid > ?3 ORDER BY rowid LIMIT ?4";
    let mut statement = connection.prepare_cached(sql)?;
    let rows =
        statement.query_map((TAKEN, OPENED, after, limit), |row| Ok((row.get(0)?, ItemId(row.get(1)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The word of this device about items whose record it holds, all of it in the relay's log.
fn notes(connection: &Connection, device: &SecretKey) -> Result<Vec<Signed>, ReplicaError> {
    let limit = i64::try_from(PARCELS_ASKED_MAX).unwrap_or(i64::MAX);
    let notes = arrival::recorded(connection, limit)?.into_iter().map(|(item, record, generation, at)| {
        let note = ParcelNote { item, record: RecordId(record), generation, at };
        Signed::seal(&note, device)
    });
    Ok(notes.collect())
}

/// Takes the relay's word on what was asked; gives how many items it has now and did not have before, and whether it
/// has lost some that must be sent again.
pub(crate) fn take_states(
    connection: &Connection,
    asked: &ParcelsUp,
    down: &ParcelsDown,
) -> Result<(u64, bool), ReplicaError> {
    let mut taken = 0;
    let sent = asked.sent.iter().map(|parcel| (*blake3::hash(&parcel.content).as_bytes(), true));
    let waiting = asked.waiting.iter().map(|item| (item.0, false));
    for ((name, was_sent), state) in sent.chain(waiting).zip(&down.states) {
        taken += u64::from(was_sent && *state != ParcelState::Later && *state != ParcelState::Refused);
        take_state(connection, &name, was_sent, *state)?;
    }
    for (note, state) in asked.notes.iter().zip(&down.noted) {
        if let (Ok(note), ParcelState::Safe) = (note.peek::<ParcelNote>(), state) {
            arrival::forget(connection, &note.item)?;
        }
    }
    Ok((taken, down.states.contains(&ParcelState::Unknown)))
}

/// `name` is the content's hash for what was sent, the item's name for what was asked about.
fn take_state(
    connection: &Connection,
    name: &[u8; 32],
    was_sent: bool,
    state: ParcelState,
) -> Result<(), ReplicaError> {
    let column = if was_sent { "content_hash" } else { "item" };
    let next = match state {
        ParcelState::Later => return Ok(()),
        ParcelState::Safe => {
            let sql = format!("DELETE FROM parcel WHERE {column} = ?1");
            connection.prepare_cached(&sql)?.execute([name])?;
            return Ok(());
        }
        ParcelState::Unknown => HERE,
        ParcelState::Taken => TAKEN,
        ParcelState::Opened => OPENED,
        ParcelState::Refused => REFUSED,
    };
    let sql = format!("UPDATE parcel SET state = ?2 WHERE {column} = ?1 AND state <> {REFUSED}");
    connection.prepare_cached(&sql)?.execute(params![name, next])?;
    Ok(())
}
