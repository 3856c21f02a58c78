//! Sealed items that came to be opened here.

use rusqlite::{Connection, Row, params};
use sambung_domain::{RecordId, Timestamp};
use sambung_sync::limits::PARCEL_MAX;
use sambung_sync::message::{Arrival, ParcelMark};
use sambung_trust::{ItemId, Parcel, ParcelHeader, PublicKey, Signed};
use serde::{Deserialize, Serialize};

use crate::database::{named_cbor, set_named, signed};
use crate::rules::COMPLAINT;
use crate::{Replica, ReplicaError, UsageError};

/// What cannot be read where a stored item is damaged.
const ITEM: &str = "sealed item";

/// Name of the stored position in the relay's order of items.
const SEEN: &str = "parcels seen";

/// Shortest beginning of an item's name that names it, in hexadecimal digits.
const NAME_MIN: usize = 8;

/// An item in the list of those that wait for somebody to open them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ArrivedItem {
    /// Its name.
    pub item: String,
    /// The kind of record it becomes.
    pub kind: String,
    /// Who sealed it.
    pub staff: String,
    /// When, by that device's clock.
    pub sealed_at: String,
    /// When it came here.
    pub came: String,
    /// The rights of its sender had ended when it came to the relay.
    pub sender_ended: bool,
}

/// An item as it lies here.
pub(super) struct Arrived {
    pub(super) item: ItemId,
    pub(super) header: ParcelHeader,
    pub(super) content: Vec<u8>,
}

/// The position to go on from.
pub(crate) fn seen(connection: &Connection) -> Result<Option<ParcelMark>, ReplicaError> {
    named_cbor(connection, SEEN)
}

/// Takes items that came. One that is not of one piece is left aside: its sender still has it, and so has the relay.
pub(crate) fn take(
    connection: &Connection,
    arrivals: &[Arrival],
    now: Timestamp,
) -> Result<u64, ReplicaError> {
    let mut taken = 0;
    for arrival in arrivals {
        let parcel = &arrival.parcel;
        if let Ok(header) = parcel.open()
            && parcel.content.len() <= PARCEL_MAX
        {
            taken += keep(connection, &header, parcel, arrival.ended, now)?;
        }
        let mark = ParcelMark { number: arrival.number, mark: arrival.mark };
        set_named(connection, SEEN, &sambung_trust::signed::encode(&mark))?;
    }
    Ok(taken)
}

fn keep(
    connection: &Connection,
    header: &ParcelHeader,
    parcel: &Parcel,
    ended: bool,
    now: Timestamp,
) -> Result<u64, ReplicaError> {
    let sql = "INSERT INTO arrival (item, kind, device, body, signature, content, ended, came)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (item) DO NOTHING";
    let new = connection.prepare_cached(sql)?.execute(params![
        header.item.0,
        header.kind,
        parcel.device.0,
        &parcel.header.body[..],
        parcel.header.signature.0,
        &parcel.content[..],
        ended,
        now.0
    ])?;
    Ok(u64::try_from(new).unwrap_or(0))
}

/// Notes which record an item became.
pub(super) fn note_opened(
    connection: &Connection,
    item: &ItemId,
    record: RecordId,
    now: Timestamp,
) -> Result<(), ReplicaError> {
    connection
        .prepare_cached("UPDATE arrival SET record = ?2, opened = ?3 WHERE item = ?1")?
        .execute(params![item.0, record.0, now.0])?;
    Ok(())
}

/// Forgets an item whose record a second replica holds.
pub(crate) fn forget(connection: &Connection, item: &ItemId) -> Result<(), ReplicaError> {
    connection.prepare_cached("DELETE FROM arrival WHERE item = ?1")?.execute([item.0])?;
    Ok(())
}

/// An item with its record: name, record, generation, when it was opened.
pub(super) type Recorded = (ItemId, [u8; 16], u32, Timestamp);

/// Items whose record is here with everything this device wrote to it in the relay's log. A complaint's record says by
/// its id that it is of the item, whoever opened it.
pub(super) fn recorded(connection: &Connection, limit: i64) -> Result<Vec<Recorded>, ReplicaError> {
    let sql = "SELECT arrival.item, record.id, record.generation, arrival.opened
        FROM arrival JOIN record ON record.id = arrival.record AND away = 0
        WHERE NOT EXISTS (SELECT 1 FROM change WHERE change.record = record.number AND own = 1
                          AND sequence IS NULL AND receipt IS NULL)
        ORDER BY arrival.opened LIMIT ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([limit], |row| {
        Ok((ItemId(row.get(0)?), row.get(1)?, row.get(2)?, Timestamp(row.get(3)?)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Complaints that another device opened and whose record has come.
pub(crate) fn adopt(connection: &Connection) -> Result<(), ReplicaError> {
    let sql = "SELECT item FROM arrival WHERE record IS NULL AND kind = ?1";
    let items: Vec<[u8; 32]> = connection
        .prepare_cached(sql)?
        .query_map([COMPLAINT], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for item in items.into_iter().map(ItemId) {
        let record = item.record(COMPLAINT);
        connection
            .prepare_cached(
                "UPDATE arrival SET record = ?2, opened = came
                 WHERE item = ?1 AND EXISTS (SELECT 1 FROM record WHERE id = ?2)",
            )?
            .execute(params![item.0, record.0])?;
    }
    Ok(())
}

const COLUMNS: &str = "item, device, content, body, signature";

fn read(row: &Row<'_>) -> rusqlite::Result<(ItemId, Parcel)> {
    let content: Vec<u8> = row.get(2)?;
    let parcel = Parcel { device: PublicKey(row.get(1)?), header: signed(row, 3)?, content: content.into() };
    Ok((ItemId(row.get(0)?), parcel))
}

fn arrived((item, parcel): (ItemId, Parcel)) -> Result<Arrived, ReplicaError> {
    let header = parcel.open().map_err(|_| ReplicaError::Unreadable(ITEM))?;
    Ok(Arrived { item, header, content: parcel.content.to_vec() })
}

/// What stands on an item that nobody has opened yet, as far as is known here.
struct Unopened {
    header: ParcelHeader,
    came: Timestamp,
    ended: bool,
}

/// The items that nobody has opened yet, oldest first, without their content.
fn waiting(connection: &Connection) -> Result<Vec<Unopened>, ReplicaError> {
    let sql = "SELECT body, signature, came, ended FROM arrival WHERE record IS NULL ORDER BY came, item";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement
        .query_map([], |row| Ok((signed(row, 0)?, Timestamp(row.get(2)?), row.get(3)?)))?
        .collect::<Result<Vec<(Signed, _, _)>, _>>()?;
    let read = |(header, came, ended): (Signed, _, _)| {
        let header = header.peek().map_err(|_| ReplicaError::Unreadable(ITEM))?;
        Ok(Unopened { header, came, ended })
    };
    rows.into_iter().map(read).collect()
}

/// What stands on the items that nobody has opened yet.
pub(super) fn headers(connection: &Connection) -> Result<Vec<ParcelHeader>, ReplicaError> {
    Ok(waiting(connection)?.into_iter().map(|unopened| unopened.header).collect())
}

/// An item that is here.
pub(super) fn of_item(connection: &Connection, item: &ItemId) -> Result<Arrived, ReplicaError> {
    let sql = format!("SELECT {COLUMNS} FROM arrival WHERE item = ?1");
    arrived(connection.prepare_cached(&sql)?.query_row([item.0], read)?)
}

/// The item that a name or its beginning names.
pub(super) fn named_item(connection: &Connection, name: &str) -> Result<Arrived, ReplicaError> {
    let none = || UsageError::Query(format!("there is no sealed item `{name}` here"));
    let hex = name.len() >= NAME_MIN && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !hex {
        let short = format!("an item is named by at least {NAME_MIN} digits of its name");
        return Err(UsageError::Query(short).into());
    }
    let sql = format!("SELECT {COLUMNS} FROM arrival WHERE hex(item) LIKE ?1 LIMIT 2");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found: Vec<(ItemId, Parcel)> =
        statement.query_map([format!("{name}%")], read)?.collect::<Result<_, _>>()?;
    match (found.pop(), found.pop()) {
        (Some(one), None) => arrived(one),
        (None, _) | (Some(_), Some(_)) => Err(none().into()),
    }
}

impl Replica {
    /// The items that wait for somebody to open them.
    ///
    /// # Errors
    /// [`ReplicaError::Ended`] while the device shows nothing, and what the database says.
    pub fn unopened(&self) -> Result<Vec<ArrivedItem>, ReplicaError> {
        self.onlooker()?;
        let listed = |Unopened { header, came, ended }| ArrivedItem {
            item: header.item.to_string(),
            kind: header.kind,
            staff: header.staff.to_string(),
            sealed_at: header.at.to_string(),
            came: came.to_string(),
            sender_ended: ended,
        };
        Ok(waiting(&self.connection)?.into_iter().map(listed).collect())
    }
}
