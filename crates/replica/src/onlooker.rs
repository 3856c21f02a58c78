//! Who looks: what a member of staff is shown of what lies here, and nothing at all while the device's lease is over.
//!
//! A device may serve several staff. What its member of staff may do is the grant within the roles of his own record, as far
//! as that is known here; what he may not read is not found. Writing goes on whatever the lease.

use std::collections::BTreeSet;

use minicbor::{Decode, Encode};
use rusqlite::Connection;
use sambung_domain::time::DAY_MS;
use sambung_domain::{Pack, RecordId, Role, Routing, StaffId, Timestamp};
use sambung_sync::message::Closed;
use sambung_trust::Grant;
use sambung_trust::decide::shows;
use serde_json::{Map, Value as Json};

use crate::database::{named_cbor, set_named};
use crate::exchange::{closed, has_ended};
use crate::identity::{grant, relay_time};
use crate::loaded::{self, RecordRow};
use crate::query::LAST_EXCHANGE;
use crate::{Replica, ReplicaError, projection};

/// Days that a gap between two uses of a device counts at most: a clock that jumps ahead once takes no lease away.
pub const GAP_MAX_DAYS: i64 = 30;

/// Milliseconds of use after which the time gone by is written down again.
const NOTED_MS: i64 = 10 * 60 * 1_000;

/// Name of the stored time gone by.
const LEASE: &str = "lease";

/// Time gone by since the highest relay time seen, by a device clock that may be wrong. It never runs backwards: a clock
/// set back counts nothing until it has caught up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
struct Elapsed {
    /// The relay time it counts from.
    #[n(0)]
    since: Timestamp,
    /// The latest that the device's clock has shown.
    #[n(1)]
    clock: Timestamp,
    /// Milliseconds gone by.
    #[n(2)]
    ms: i64,
}

impl Elapsed {
    fn until(self, now: Timestamp) -> Self {
        let gap = now.0.saturating_sub(self.clock.0).max(0);
        let ms = self.ms.saturating_add(gap.min(GAP_MAX_DAYS * DAY_MS));
        Elapsed { clock: now.max(self.clock), ms, ..self }
    }

    /// The least that relay time is by now.
    fn relay_time(self) -> Timestamp {
        self.since.plus_ms(self.ms)
    }
}

/// Who looks at a replica.
#[derive(Debug, Clone, Default)]
pub(crate) struct Acting {
    staff: Option<StaffId>,
    ended: Option<Ended>,
}

/// Why a device shows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Its lease is over: contact renews it.
    Lapsed,
    /// The relay, or an order that is here, has taken its right away.
    Taken,
}

impl Replica {
    /// From now on shows what a member of staff may see, as the device's clock says `now`. A host says so before each look.
    ///
    /// # Errors
    /// What the database says.
    pub fn act_as(&mut self, staff: StaffId, now: Timestamp) -> Result<(), ReplicaError> {
        self.acting = Acting { staff: Some(staff), ended: ended(&self.connection, now)? };
        Ok(())
    }

    /// What may be looked at.
    ///
    /// # Errors
    /// [`ReplicaError::Ended`] while the device shows nothing, and what the database says.
    pub(crate) fn onlooker(&self) -> Result<Onlooker, ReplicaError> {
        let Acting { staff, ended } = self.acting;
        if let Some(ended) = ended {
            return Err(ReplicaError::Ended(ended));
        }
        let Some(staff) = staff else { return Ok(Onlooker(None)) };
        let (_, grant) = grant(&self.connection)?;
        let own = own_grant(&self.connection, &self.pack, &grant, staff)?;
        Ok(Onlooker((own != grant).then_some(own)))
    }

    /// A record that may be looked at.
    ///
    /// # Errors
    /// As [`onlooker`](Replica::onlooker); [`ReplicaError::NotFound`] where there is none.
    pub(crate) fn found(&self, id: RecordId) -> Result<RecordRow, ReplicaError> {
        let onlooker = self.onlooker()?;
        let row = loaded::find(&self.connection, id)?.ok_or(ReplicaError::NotFound(id))?;
        if onlooker.sees(&self.connection, &row)? { Ok(row) } else { Err(ReplicaError::NotFound(id)) }
    }
}

/// What may be looked at: everything that lies here, or what a narrower grant reads.
pub(crate) struct Onlooker(Option<Grant>);

impl Onlooker {
    pub(crate) fn sees(&self, connection: &Connection, row: &RecordRow) -> Result<bool, ReplicaError> {
        let Some(grant) = &self.0 else { return Ok(true) };
        Ok(shows(grant, &row.kind, &routing(&projection::content(connection, row)?)))
    }

    /// As [`sees`](Onlooker::sees), of a record's projected content.
    pub(crate) fn sees_content(&self, kind: &str, content: &Map<String, Json>) -> bool {
        self.0.as_ref().is_none_or(|grant| shows(grant, kind, &routing(content)))
    }

    /// As [`sees`](Onlooker::sees), of a record by its id; one that is not here is not seen.
    pub(crate) fn sees_id(&self, connection: &Connection, id: RecordId) -> Result<bool, ReplicaError> {
        if self.0.is_none() {
            return Ok(true);
        }
        loaded::find(connection, id)?.map_or(Ok(false), |row| self.sees(connection, &row))
    }
}

/// Where a record lies by what is shown of it.
fn routing(content: &Map<String, Json>) -> Routing {
    let text = |key: &str| content.get(key).and_then(Json::as_str);
    let names =
        |key: &str| content.get(key).and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
    Routing {
        areas: text("area").and_then(|area| area.parse().ok()).into_iter().collect(),
        access: text("access").and_then(|access| access.parse().ok()),
        offices: text("office").and_then(|office| office.parse().ok()).into_iter().collect(),
        partners: names("partners").filter_map(|name| name.parse().ok()).collect(),
        readers: names("readers").filter_map(|name| name.parse().ok()).collect(),
        excluded: names("excluded").map(str::to_owned).collect(),
        offered: BTreeSet::new(),
    }
}

/// The device's grant within the roles of a member of staff; the grant alone where no role of his is known here.
pub(crate) fn own_grant(
    connection: &Connection,
    pack: &Pack,
    grant: &Grant,
    staff: StaffId,
) -> Result<Grant, ReplicaError> {
    let Some(row) = loaded::find(connection, staff)?.filter(|row| row.kind == "staff") else {
        return Ok(grant.clone());
    };
    let content = projection::content(connection, &row)?;
    let codes = content.get("peran").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
    let roles: Vec<Role> = codes.filter_map(|code| code.parse().ok()).collect();
    Ok(if roles.is_empty() { grant.clone() } else { grant.within(pack, &roles) })
}

/// Whether the device shows nothing now, and why.
fn ended(connection: &Connection, now: Timestamp) -> Result<Option<Ended>, ReplicaError> {
    let (_, grant) = grant(connection)?;
    let taken = matches!(closed(connection)?, Some(Closed::Revoked | Closed::Ended));
    if taken || has_ended(connection, &grant)? {
        return Ok(Some(Ended::Taken));
    }
    let over = elapsed(connection, now)?.relay_time() > grant.until || closed(connection)?.is_some();
    Ok(over.then_some(Ended::Lapsed))
}

/// The time gone by since the last contact, noted now and then.
fn elapsed(connection: &Connection, now: Timestamp) -> Result<Elapsed, ReplicaError> {
    let since = relay_time(connection)?;
    let noted: Option<Elapsed> = named_cbor(connection, LEASE)?;
    let before = match noted {
        Some(noted) if noted.since == since => noted,
        Some(_) | None => {
            let clock: Option<Timestamp> = named_cbor(connection, LAST_EXCHANGE)?;
            Elapsed { since, clock: clock.unwrap_or(now), ms: 0 }
        }
    };
    let elapsed = before.until(now);
    let is_fresh = noted.is_none_or(|noted| noted.since != since);
    if is_fresh || elapsed.clock.0 - before.clock.0 >= NOTED_MS {
        // A disk that is full keeps nobody from looking.
        match set_named(connection, LEASE, &sambung_trust::signed::encode(&elapsed)) {
            Ok(()) | Err(ReplicaError::StorageFull | ReplicaError::ReadOnly) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(elapsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_000 * DAY_MS);

    fn after(days: &[i64]) -> i64 {
        let start = Elapsed { since: START, clock: START, ms: 0 };
        let end = days.iter().fold(start, |elapsed, day| elapsed.until(START.plus_ms(day * DAY_MS)));
        end.ms / DAY_MS
    }

    #[test]
    fn time_gone_by_never_runs_backwards_and_a_jump_counts_a_gap() {
        assert_eq!(after(&[10, 35, 61]), 61);
        assert_eq!(after(&[30, 5, 6, 29]), 30, "set back: nothing until it has caught up");
        assert_eq!(after(&[30, 5, 31]), 31);
        assert_eq!(after(&[GAP_MAX_DAYS]), GAP_MAX_DAYS);
        assert_eq!(after(&[GAP_MAX_DAYS + 1]), GAP_MAX_DAYS);
        assert_eq!(after(&[20_000, 3, 4]), GAP_MAX_DAYS, "a clock that was wrong once");
        assert_eq!(after(&[-1_000, 1]), 1);
    }
}
