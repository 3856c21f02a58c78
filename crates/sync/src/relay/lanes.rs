//! With which rights a push is judged: the grant of the day, the one its batch names, and when that one ended.

use sambung_domain::role::Action;
use sambung_domain::{RecordId, Routing, StaffId, Timestamp};
use sambung_trust::batch::Seen;
use sambung_trust::decide::touches;
use sambung_trust::lane::{Author, End, Judgement, Matter, Reason, judge};
use sambung_trust::order::ended_at;
use sambung_trust::{BatchHeader, Grant, Order, Standing};

use super::answer::stored;
use super::{Caller, Load, RecordRow, Relay, RelayError, RelayStore};
use crate::document::Change;
use crate::form::{History, Message};
use crate::limits::{QUARANTINE_BYTES_MAX, QUARANTINE_CHANGES_MAX};
use crate::routing::{forges_creation, is_reserved, routing_after, routing_at};

/// The rights of a push.
pub(super) struct Rights {
    grant: Grant,
    live: bool,
    revoked: bool,
    named: Grant,
    ended: Option<End>,
    staff: StaffId,
    seen: Vec<Seen>,
    /// What of the device waits in quarantine; asked once it matters.
    load: Option<Load>,
}

/// How a record lies to the rights of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Never within them, or not of this kind: it is treated as if it did not exist.
    Foreign,
    /// Within them, or new.
    Here,
    /// It left the grant that the batch names.
    Left(End),
}

impl Relay {
    /// The rights of a push under a header that its device has signed. A grant that is not known here any more, or is
    /// another device's, says nothing: the device's own of today stands for it.
    pub(super) fn rights<S: RelayStore>(
        &self,
        store: &mut S,
        caller: &Caller,
        header: &BatchHeader,
        now: Timestamp,
    ) -> Result<Rights, RelayError<S::Error>> {
        let known = stored(store.grant(&header.grant))?;
        let named = known.and_then(|signed| self.open_grant(&signed, &caller.device.key).ok());
        let named = named.unwrap_or_else(|| caller.grant.clone());
        Ok(Rights {
            ended: end_of(&named, caller, &header.seen, now),
            grant: caller.grant.clone(),
            live: caller.standing == Standing::Live,
            revoked: caller.standing == Standing::Revoked,
            named,
            staff: header.staff,
            seen: header.seen.clone(),
            load: None,
        })
    }
}

/// When a grant ended: by an order, or because its time is over. Nothing was sent under it afterwards, so nobody has
/// seen the end of a lease; an order says where the logs ended then.
fn end_of(grant: &Grant, caller: &Caller, seen: &[Seen], now: Timestamp) -> Option<End> {
    let ending = |order: &Order| ended_at(grant, std::slice::from_ref(order));
    let ordered = caller.orders.iter().filter_map(|stored| Some((ending(&stored.order)?, &stored.tips)));
    let ordered = ordered.min_by_key(|(at, _)| *at);
    match ordered {
        Some((at, tips)) if at <= grant.until => Some(End { at, unseen: had_not_seen(seen, tips) }),
        _ => (grant.until < now).then_some(End { at: grant.until, unseen: true }),
    }
}

/// Whether what was seen lies at or before these places.
fn had_not_seen(seen: &[Seen], tips: &[Seen]) -> bool {
    seen.iter().all(|seen| {
        tips.iter().filter(|tip| tip.shard == seen.shard).all(|tip| seen.sequence <= tip.sequence)
    })
}

impl Rights {
    /// How a record lies to these rights.
    pub(super) fn reach<S: RelayStore>(
        &self,
        store: &mut S,
        (record, generation, kind): (RecordId, u32, &str),
        row: Option<&RecordRow>,
    ) -> Result<Reach, RelayError<S::Error>> {
        let Some(row) = row else { return Ok(Reach::Here) };
        if row.kind != kind {
            return Ok(Reach::Foreign);
        }
        if touches(&self.named, kind, &row.routing) {
            return Ok(Reach::Here);
        }
        let moves = stored(store.moves(record, generation))?;
        let left = moves.iter().rev().find(|moved| touches(&self.named, kind, &moved.before));
        Ok(match left {
            Some(moved) => Reach::Left(End { at: moved.at, unseen: had_not_seen(&self.seen, &moved.tips) }),
            None if touches(&self.grant, kind, &row.routing) => Reach::Here,
            None => Reach::Foreign,
        })
    }

    /// Judges a change that has passed the form check against a history.
    pub(super) fn judge(
        &self,
        (history, change): (&History, &Change),
        row: &RecordRow,
        reach: Reach,
        now: Timestamp,
    ) -> (Judgement, Routing) {
        let before = routing_at(history, &change.deps);
        let after = routing_after(history, change);
        let matter = Matter {
            kind: &row.kind,
            action: if before.is_born() { Action::Edit } else { Action::Create },
            here: &row.routing,
            before: &before,
            after: &after,
            left: if let Reach::Left(end) = reach { Some(end) } else { None },
            reserved: is_reserved(history, change),
            forged: self.forged(history, change),
        };
        let author = Author {
            grant: &self.grant,
            live: self.live,
            revoked: self.revoked,
            named: &self.named,
            ended: self.ended,
            staff: self.staff,
        };
        let judgement = judge(&author, &matter, now);
        (judgement, after)
    }

    /// What a change says of its author that the grants do not bear out.
    fn forged(&self, history: &History, change: &Change) -> Option<Reason> {
        let staff = staff_of(change).unwrap_or(self.staff);
        let known = [&self.named, &self.grant].into_iter().any(|grant| grant.staff.contains(&staff));
        if !known {
            return Some(Reason::Staff);
        }
        forges_creation(history, change).then_some(Reason::Creation)
    }

    /// Whether the device's quarantine has room for one more change, which is then counted.
    pub(super) fn make_room<S: RelayStore>(
        &mut self,
        store: &mut S,
        bytes: usize,
    ) -> Result<bool, RelayError<S::Error>> {
        let load = match self.load {
            Some(load) => load,
            None => stored(store.load(&self.grant.device))?,
        };
        let more = with_one_more(load, bytes);
        self.load = Some(more.unwrap_or(load));
        Ok(more.is_some())
    }

    /// The device that pushes.
    pub(super) fn device(&self) -> sambung_trust::PublicKey {
        self.grant.device
    }

    /// The staff member whom a batch names.
    pub(super) fn staff(&self) -> StaffId {
        self.staff
    }
}

/// What waits with one more change; `None` where that is too much.
fn with_one_more(load: Load, bytes: usize) -> Option<Load> {
    let more = Load { changes: load.changes + 1, bytes: load.bytes + bytes };
    let fits = more.changes <= QUARANTINE_CHANGES_MAX && more.bytes <= QUARANTINE_BYTES_MAX;
    fits.then_some(more)
}

/// The staff member whom a change names.
pub(super) fn staff_of(change: &Change) -> Option<StaffId> {
    change.message.as_deref().and_then(|text| Message::decode(text).ok()).map(|message| message.staff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sambung_domain::Area;

    #[test]
    fn a_devices_quarantine_is_bounded_in_changes_and_bytes() {
        let load = |changes, bytes| Load { changes, bytes };
        let last = load(QUARANTINE_CHANGES_MAX - 1, QUARANTINE_BYTES_MAX - 9);
        assert_eq!(with_one_more(last, 9), Some(load(QUARANTINE_CHANGES_MAX, QUARANTINE_BYTES_MAX)));
        assert_eq!(with_one_more(last, 10), None);
        assert_eq!(with_one_more(load(QUARANTINE_CHANGES_MAX, 0), 1), None);
    }

    #[test]
    fn who_has_seen_more_than_there_was_has_seen_the_end() {
        let seen = |area: &str, sequence| Seen { shard: area.parse::<Area>().unwrap().shard(), sequence };
        let tips = [seen("35.13", 5)];
        assert!(had_not_seen(&[seen("35.13", 5), seen("35.08", 900)], &tips));
        assert!(!had_not_seen(&[seen("35.08", 1), seen("35.13", 6)], &tips));
        assert!(had_not_seen(&[], &tips) && had_not_seen(&[seen("35.13", 9)], &[]));
    }
}
