//! Orders at the relay: merged both ways before anything else, and where a device stands by them.
//!
//! A replica names the set it holds. Mostly the relay's own set had that name once; then the rest is sent. Where it
//! never had, the relay has forgotten something, and the replica gives back what it holds.

use std::collections::BTreeSet;

use sambung_domain::Timestamp;
use sambung_trust::order::{Deed, OrderId, OrdersSum, standing};
use sambung_trust::{Grant, Order, PublicKey, Signed, Standing, Subject};

use super::answer::stored;
use super::recognition::Known;
use super::{Caller, NewOrder, Reject, Relay, RelayError, RelayStore, StoredOrder};
use crate::frame::FrameError;
use crate::limits::ORDERS_MAX;
use crate::message::{ExchangeRequest, ExchangeResponse};

impl Relay {
    /// Takes the orders that the replica gives and puts those it lacks into the response; false if it must first give
    /// the orders it holds.
    pub(super) fn merge_orders<S: RelayStore>(
        &self,
        store: &mut S,
        request: &ExchangeRequest,
        response: &mut ExchangeResponse,
        now: Timestamp,
    ) -> Result<bool, RelayError<S::Error>> {
        let held = request.orders_held.as_deref();
        for signed in held.unwrap_or_default() {
            self.take_order(store, signed, now)?;
        }
        let theirs = request.orders.map_or(OrdersSum::default(), OrdersSum::from_bytes);
        if theirs == stored(store.orders_sum())? {
            return Ok(true);
        }
        let (missing, more) = match (stored(store.orders_after(theirs, ORDERS_MAX + 1))?, held) {
            (Some(missing), _) => page(missing.into_iter()),
            (None, Some(held)) => {
                let known: BTreeSet<OrderId> = held.iter().map(Signed::short_id).collect();
                let all = stored(store.orders_after(OrdersSum::default(), usize::MAX))?.unwrap_or_default();
                page(all.into_iter().filter(|order| !known.contains(&order.short_id())))
            }
            (None, None) => return Ok(false),
        };
        response.more = more.then_some(true);
        response.orders = Some(missing).filter(|missing| !missing.is_empty());
        Ok(true)
    }

    /// Takes an order that a replica gives back. One bad order ends the request: nobody holds any.
    fn take_order<S: RelayStore>(
        &self,
        store: &mut S,
        signed: &Signed,
        now: Timestamp,
    ) -> Result<(), RelayError<S::Error>> {
        if stored(store.has_order(&signed.short_id()))? {
            return Ok(());
        }
        let order = Order::open(signed, &self.keys.issuer.public())
            .map_err(|_| Reject::Frame(FrameError::Signature))?;
        // All orders are made here: what was not here has been lost.
        self.notice_loss(store, order.at, now)?;
        stored(store.put_order(&NewOrder { signed, order: &order, tips: &[], reason: "" }))?;
        // One that ends grants may be older than the grant that a listed device has now.
        if order.deed() == Some(Deed::Revoke) { unlist(store, &order) } else { Ok(()) }
    }

    /// Makes an order on a device, in the transaction of whoever runs the relay.
    ///
    /// # Errors
    /// [`RelayError::Store`].
    pub fn order<S: RelayStore>(
        &self,
        store: &mut S,
        device: &PublicKey,
        deed: Deed,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), RelayError<S::Error>> {
        let order = Order::on(device, deed, now);
        let signed = Signed::seal(&order, &self.keys.issuer);
        let tips = stored(store.tips())?;
        let tips: Vec<_> = tips
            .into_iter()
            .map(|(shard, mark)| sambung_trust::batch::Seen { shard, sequence: mark.sequence })
            .collect();
        if stored(store.has_order(&signed.short_id()))? {
            return Ok(());
        }
        stored(store.put_order(&NewOrder { signed: &signed, order: &order, tips: &tips, reason }))?;
        unlist(store, &order)
    }

    /// Where a recognised device stands, by its newest grant and the orders on it. A replica that named an older grant
    /// is given the newest.
    pub(super) fn stand<S: RelayStore>(
        &self,
        store: &mut S,
        known: Known,
        request: &ExchangeRequest,
        response: &mut ExchangeResponse,
        now: Timestamp,
    ) -> Result<Caller, RelayError<S::Error>> {
        let Known { mut device, grant, .. } = known;
        let orders = stored(store.orders_on(&Subject::device(&device.key)))?;
        let mut newest = (request.grant, grant);
        if device.grant != request.grant
            && let Some(signed) = stored(store.grant(&device.grant))?
            && let Ok(current) = self.open_grant(&signed, &device.key)
            && is_newer(&current, &newest.1)
        {
            newest = (device.grant, current);
            response.grant = Some(signed);
        }
        if newest.0 != device.grant {
            device.grant = newest.0;
            stored(store.put_device(&device))?;
            self.list_recipient(store, &newest.1, now)?;
        }
        let standing = stands(&newest.1, &orders, now);
        if !matches!(standing, Standing::Live | Standing::Lapsed) {
            stored(store.drop_recipient(&device.key))?;
        }
        Ok(Caller { device, grant: newest.1, standing, orders })
    }

    /// Where a device stands that is not the one asking.
    pub(super) fn standing_of<S: RelayStore>(
        &self,
        store: &mut S,
        grant: &Grant,
        now: Timestamp,
    ) -> Result<Standing, RelayError<S::Error>> {
        Ok(stands(grant, &stored(store.orders_on(&Subject::device(&grant.device)))?, now))
    }
}

/// Seals nothing more to the device that an order is about.
fn unlist<S: RelayStore>(store: &mut S, order: &Order) -> Result<(), RelayError<S::Error>> {
    for recipient in stored(store.recipients())? {
        if Subject::device(&recipient.device) == order.subject {
            stored(store.drop_recipient(&recipient.device))?;
        }
    }
    Ok(())
}

fn stands(grant: &Grant, orders: &[StoredOrder], now: Timestamp) -> Standing {
    let orders: Vec<Order> = orders.iter().map(|stored| stored.order.clone()).collect();
    standing(grant, &orders, now)
}

fn is_newer(one: &Grant, other: &Grant) -> bool {
    (one.from, one.until) > (other.from, other.until)
}

/// As much as one response carries, and whether there is more.
fn page(mut orders: impl Iterator<Item = Signed>) -> (Vec<Signed>, bool) {
    let page: Vec<Signed> = orders.by_ref().take(ORDERS_MAX).collect();
    (page, orders.next().is_some())
}
