//! Orders at a replica: taken from every answer before anything else of it, and given back to a relay that has
//! forgotten some.

use rusqlite::{Connection, params};
use sambung_sync::limits::ORDERS_HELD_MAX;
use sambung_sync::message::Closed;
use sambung_trust::order::{OrdersSum, ended_at};
use sambung_trust::signed::encode;
use sambung_trust::{Grant, Order, PublicKey, Signed, Subject};

use super::session::SyncError;
use crate::ReplicaError;
use crate::database::{named, named_cbor, set_named};

/// Name of the stored name of the set of orders.
const SUM: &str = "orders";
/// Name of the stored word that the relay sends this device nothing any more.
const CLOSED: &str = "closed";

/// The name of the set held; `None` for the empty one.
pub(super) fn sum(connection: &Connection) -> Result<Option<[u8; 8]>, ReplicaError> {
    named(connection, SUM)?.map(|sum| sum.try_into().map_err(|_| ReplicaError::Unreadable(SUM))).transpose()
}

/// The orders held, the newest first, as many as a request takes.
pub(super) fn held(connection: &Connection) -> Result<Vec<Signed>, ReplicaError> {
    let sql = "SELECT signed FROM orders ORDER BY number DESC LIMIT ?1";
    let limit = i64::try_from(ORDERS_HELD_MAX).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([limit], |row| row.get::<_, Vec<u8>>(0))?;
    rows.map(|row| minicbor::decode(&row?).map_err(|_| ReplicaError::Unreadable("an order"))).collect()
}

/// Takes orders of the issuer.
pub(super) fn take(connection: &Connection, issuer: &PublicKey, orders: &[Signed]) -> Result<(), SyncError> {
    let mut set = OrdersSum::from_bytes(sum(connection)?.unwrap_or_default());
    for signed in orders {
        let order = Order::open(signed, issuer).map_err(|_| SyncError::Nonsense("an order of nobody's"))?;
        let written = connection
            .prepare_cached("INSERT OR IGNORE INTO orders (id, subject, signed) VALUES (?1, ?2, ?3)")
            .and_then(|mut insert| {
                insert.execute(params![signed.short_id(), order.subject.0, encode(signed)])
            })
            .map_err(ReplicaError::from)?;
        if written == 1 {
            set = set.with(&signed.short_id());
        }
    }
    if !orders.is_empty() {
        set_named(connection, SUM, &set.to_bytes())?;
    }
    Ok(())
}

/// Whether an order held here has ended a grant.
pub(crate) fn has_ended(connection: &Connection, grant: &Grant) -> Result<bool, ReplicaError> {
    let mut statement = connection.prepare_cached("SELECT signed FROM orders WHERE subject = ?1")?;
    let rows = statement.query_map([Subject::device(&grant.device).0], |row| row.get::<_, Vec<u8>>(0))?;
    let mut orders = Vec::new();
    for row in rows {
        let signed: Option<Signed> = minicbor::decode(&row?).ok();
        orders.extend(signed.and_then(|signed| signed.peek::<Order>().ok()));
    }
    Ok(ended_at(grant, &orders).is_some())
}

/// Whether an order about a device is here.
pub(crate) fn has_orders(connection: &Connection, device: &PublicKey) -> Result<bool, ReplicaError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM orders WHERE subject = ?1)";
    Ok(connection.prepare_cached(sql)?.query_row([Subject::device(device).0], |row| row.get(0))?)
}

/// Notes whether the relay sends this device anything, as it last said.
pub(super) fn note_closed(connection: &Connection, closed: Option<Closed>) -> Result<(), ReplicaError> {
    match closed {
        Some(closed) => set_named(connection, CLOSED, &encode(&closed)),
        None => {
            connection.prepare_cached("DELETE FROM named WHERE name = ?1")?.execute([CLOSED])?;
            Ok(())
        }
    }
}

/// Why the relay sends this device nothing; `None` while it does.
pub(crate) fn closed(connection: &Connection) -> Result<Option<Closed>, ReplicaError> {
    named_cbor(connection, CLOSED)
}
