//! `device …`: who is enrolled, how each stands, and what is taken back.

use sambung_domain::hex::hex;
use sambung_domain::{RecordId, Timestamp};
use sambung_sync::relay::{Device, Relay, RelayError, RelayStore};
use sambung_trust::grant::{GrantSubject, Named, sets_for_role};
use sambung_trust::order::{Deed, standing};
use sambung_trust::{Grant, Order, Signed, Standing, Subject};
use serde::Serialize;

use super::CommandError;
use crate::cli::{Look, OneDevice, Regrant, Revoke};
use crate::data::DataDir;
use crate::store::{DeviceRow, OrderRow, Pool, SqliteStore, StoreError};
use crate::{clock, output};

/// One device, without anything secret.
#[derive(Serialize)]
struct Listed {
    device: String,
    replica: String,
    name: String,
    role: &'static str,
    areas: Vec<String>,
    office: Option<String>,
    staff: Vec<String>,
    enrolled: String,
    seen: String,
    granted_until: String,
    counter: u64,
    standing: &'static str,
}

/// One device with what was ordered about it.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    device: Listed,
    orders: Vec<Ordered>,
}

#[derive(Serialize)]
struct Ordered {
    order: &'static str,
    at: String,
    reason: Option<String>,
}

pub(super) fn list(args: &Look) -> Result<(), CommandError> {
    let now = clock::now();
    let listed: Vec<Listed> = pool(args)?.read::<_, StoreError>(|store| {
        store.devices()?.into_iter().map(|row| listed(store, row, now)).collect()
    })?;
    if args.json {
        output::json(&listed)?;
        return Ok(());
    }
    for device in &listed {
        output::line(&one_line(device))?;
    }
    Ok(())
}

pub(super) fn show(args: &OneDevice) -> Result<(), CommandError> {
    let shown = pool(&args.look)?.read::<_, CommandError>(|store| shown(store, &args.device))?;
    print(args.look.json, &shown)
}

pub(super) fn revoke(args: &Revoke) -> Result<(), CommandError> {
    let (relay, pool) = DataDir::at(&args.device.look.data.data).open()?;
    let shown = pool.write::<_, CommandError>(|store| {
        let row = find(store, &args.device.device)?;
        let orders = store.orders_on(&Subject::device(&row.device.key))?;
        // Again changes nothing: the first reason stands.
        if orders.iter().all(|stored| stored.order.deed() != Some(Deed::Revoke)) {
            relay
                .order(store, &row.device.key, Deed::Revoke, &args.reason, clock::now())
                .map_err(of_store)?;
        }
        shown(store, &args.device.device)
    })?;
    print(args.device.look.json, &shown)
}

pub(super) fn regrant(args: &Regrant) -> Result<(), CommandError> {
    let (relay, pool) = DataDir::at(&args.device.look.data.data).open()?;
    let shown = pool.write::<_, CommandError>(|store| {
        let row = find(store, &args.device.device)?;
        let now = clock::now();
        if stands(store, &grant_of(&row)?, now)? == Standing::Revoked {
            return Err(CommandError::Revoked(args.device.device.clone()));
        }
        give(&relay, store, row, args, now)?;
        shown(store, &args.device.device)
    })?;
    print(args.device.look.json, &shown)
}

/// Ends the grants so far and issues the next one, which begins a moment after their end.
fn give(
    relay: &Relay,
    store: &mut SqliteStore<'_>,
    row: DeviceRow,
    args: &Regrant,
    now: Timestamp,
) -> Result<(), CommandError> {
    let old = grant_of(&row)?;
    // A moment ago, so that the next one holds already.
    let end = now.plus_ms(-1).max(old.from);
    relay.order(store, &row.device.key, Deed::End, &args.reason, end).map_err(of_store)?;
    let role = args.role.unwrap_or(old.role);
    let named = Named { areas: &args.area, office: old.office.as_ref(), staff: &old.staff };
    let sets = sets_for_role(&relay.pack, role, named);
    let (device, recipient) = (row.device.key, old.recipient);
    let subject = GrantSubject { device, recipient, role, sets, staff: old.staff, office: old.office };
    let grant = Grant::for_role(&relay.pack, subject, end.plus_ms(1));
    let signed = Signed::seal(&grant, &relay.keys.issuer);
    store.put_grant(&signed)?;
    store.put_device(&Device { grant: signed.short_id(), ..row.device })?;
    relay.list_recipient(store, &grant, now).map_err(of_store)?;
    Ok(())
}

fn pool(look: &Look) -> Result<Pool, CommandError> {
    Ok(Pool::open(&DataDir::at(&look.data.data).database())?)
}

pub(super) fn of_store(error: RelayError<StoreError>) -> CommandError {
    match error {
        RelayError::Store(error) => error.into(),
        RelayError::Rejected(reject) => StoreError::Damaged(reject.to_string()).into(),
    }
}

/// The device that is called so: by the fingerprint of its key, or by its replica.
fn find(store: &mut SqliteStore<'_>, name: &str) -> Result<DeviceRow, CommandError> {
    let called = |row: &DeviceRow| {
        hex(&row.device.key.fingerprint()) == name || RecordId(row.device.replica).to_string() == name
    };
    let mut found = store.devices()?.into_iter().filter(called);
    match (found.next(), found.next()) {
        (Some(row), None) => Ok(row),
        (None, _) | (_, Some(_)) => Err(CommandError::NoDevice(name.to_owned())),
    }
}

fn grant_of(row: &DeviceRow) -> Result<Grant, StoreError> {
    row.grant.peek().map_err(|error| StoreError::Damaged(error.to_string()))
}

fn stands(store: &mut SqliteStore<'_>, grant: &Grant, now: Timestamp) -> Result<Standing, StoreError> {
    let orders = store.orders_on(&Subject::device(&grant.device))?;
    let orders: Vec<Order> = orders.into_iter().map(|stored| stored.order).collect();
    Ok(standing(grant, &orders, now))
}

fn shown(store: &mut SqliteStore<'_>, name: &str) -> Result<Shown, CommandError> {
    let row = find(store, name)?;
    let subject = Subject::device(&row.device.key);
    let orders = store.order_rows(&subject)?.iter().map(ordered).collect();
    Ok(Shown { device: listed(store, row, clock::now())?, orders })
}

fn ordered(row: &OrderRow) -> Ordered {
    let order = match row.order.deed() {
        Some(Deed::Revoke) => "revoke",
        Some(Deed::End) => "end",
        None => "unknown",
    };
    let reason = Some(row.reason.clone()).filter(|reason| !reason.is_empty());
    Ordered { order, at: row.order.at.to_string(), reason }
}

fn listed(store: &mut SqliteStore<'_>, row: DeviceRow, now: Timestamp) -> Result<Listed, StoreError> {
    let grant = grant_of(&row)?;
    let standing = match stands(store, &grant, now)? {
        Standing::Live => "live",
        Standing::Lapsed => "lapsed",
        Standing::Expired => "expired",
        Standing::Ended => "ended",
        Standing::Revoked => "revoked",
    };
    Ok(Listed {
        device: hex(&row.device.key.fingerprint()),
        replica: RecordId(row.device.replica).to_string(),
        name: row.device.name,
        role: grant.role.as_str(),
        areas: grant.sets.iter().map(ToString::to_string).collect(),
        office: grant.office.as_ref().map(ToString::to_string),
        staff: grant.staff.iter().map(ToString::to_string).collect(),
        enrolled: row.enrolled.to_string(),
        seen: row.device.seen.to_string(),
        granted_until: grant.until.to_string(),
        counter: row.device.counter,
        standing,
    })
}

fn print(json: bool, shown: &Shown) -> Result<(), CommandError> {
    if json {
        output::json(shown)?;
        return Ok(());
    }
    output::line(&one_line(&shown.device))?;
    for Ordered { order, at, reason } in &shown.orders {
        output::line(&format!("  {order}  {at}  {}", reason.as_deref().unwrap_or("(no reason kept here)")))?;
    }
    Ok(())
}

fn one_line(device: &Listed) -> String {
    format!(
        "{}  {}  {}  {}  {}  enrolled {}  seen {}  pushes {}",
        device.device,
        device.name,
        device.role,
        device.areas.join(","),
        device.standing,
        device.enrolled,
        device.seen,
        device.counter
    )
}
