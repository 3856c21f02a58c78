//! Orders: what the issuer takes back. A grow-only set of signed statements that relay and replicas merge both ways
//! before anything else is judged, so that a relay restored from an old backup is given back what it has forgotten.
//!
//! An order names a device by a hash of its key and nobody by name: every device of the deployment holds it.

use minicbor::{Decode, Encode};
use sambung_domain::Timestamp;
use sambung_domain::time::DAY_MS;

use crate::grant::Grant;
use crate::key::PublicKey;
use crate::lane::LATE_DAYS;
use crate::signed::{Signed, SignedError, Statement};

/// Greatest length of an order's body, in bytes.
pub const ORDER_MAX: usize = 256;

/// The short name of an order: the first eight bytes of its hash.
pub type OrderId = [u8; 8];

/// What an order is about: sixteen bytes of the hash of a device's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct Subject(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 16]);

impl Subject {
    /// The subject of orders on a device.
    #[must_use]
    pub fn device(key: &PublicKey) -> Self {
        let mut first = [0; 16];
        first.copy_from_slice(&blake3::derive_key("sambung order subject 1", &key.0)[..16]);
        Subject(first)
    }
}

/// What an order does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// The device may do nothing any more, whatever grant it shows.
    Revoke,
    /// The device's grants up to a moment have ended; a later one may hold.
    End,
}

const REVOKE: u8 = 0;
const END: u8 = 1;

/// An order. One of a kind that this release does not know is kept and passed on.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Order {
    #[n(0)]
    deed: u8,
    /// What it is about.
    #[n(1)]
    pub subject: Subject,
    /// Since when, in relay time.
    #[n(2)]
    pub at: Timestamp,
}

impl Statement for Order {
    const CONTEXT: &'static str = "sambung order 1";
}

impl Order {
    /// An order on a device.
    #[must_use]
    pub fn on(key: &PublicKey, deed: Deed, at: Timestamp) -> Self {
        let deed = match deed {
            Deed::Revoke => REVOKE,
            Deed::End => END,
        };
        Order { deed, subject: Subject::device(key), at }
    }

    /// What it does; `None` for a kind of a later release.
    #[must_use]
    pub fn deed(&self) -> Option<Deed> {
        match self.deed {
            REVOKE => Some(Deed::Revoke),
            END => Some(Deed::End),
            _ => None,
        }
    }

    /// The order behind a signed statement of bounded size.
    ///
    /// # Errors
    /// [`SignedError`] where it is not the issuer's, too long or unreadable.
    pub fn open(signed: &Signed, issuer: &PublicKey) -> Result<Self, SignedError> {
        if signed.body.len() > ORDER_MAX { Err(SignedError::Body) } else { signed.open(issuer) }
    }
}

/// The name of a set of orders: the sum of their short names. Whoever adds the same orders, in whatever order, comes to
/// the same sum. Only the issuer makes orders, so nobody else can aim at a sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct OrdersSum(u64);

impl OrdersSum {
    /// The set with one more order.
    #[must_use]
    pub fn with(self, id: &OrderId) -> Self {
        OrdersSum(self.0.wrapping_add(u64::from_be_bytes(*id)))
    }

    /// As it travels and lies in columns.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }

    /// From where it lies; all zeros is the empty set.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 8]) -> Self {
        OrdersSum(u64::from_be_bytes(bytes))
    }
}

/// How a device stands under its grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The grant holds.
    Live,
    /// The lease is over; the next contact renews it.
    Lapsed,
    /// The lease is over for so long that contact does not renew it.
    Expired,
    /// An order has ended the grant.
    Ended,
    /// An order has revoked the device.
    Revoked,
}

/// How a device stands under a grant, by the orders on it, at a moment of relay time.
#[must_use]
pub fn standing(grant: &Grant, orders: &[Order], now: Timestamp) -> Standing {
    if is_revoked(orders) {
        Standing::Revoked
    } else if ended_at(grant, orders).is_some() {
        Standing::Ended
    } else if grant.holds_at(now) {
        Standing::Live
    } else if now > grant.until && now <= grant.until.plus_ms(LATE_DAYS * DAY_MS) {
        Standing::Lapsed
    } else {
        Standing::Expired
    }
}

/// Whether one of the orders on a device revokes it.
#[must_use]
pub fn is_revoked(orders: &[Order]) -> bool {
    orders.iter().any(|order| order.deed() == Some(Deed::Revoke))
}

/// When an order ended a grant: the first that names its device and is not older than the grant. A renewal keeps its
/// grant's beginning and ends with it.
#[must_use]
pub fn ended_at(grant: &Grant, orders: &[Order]) -> Option<Timestamp> {
    let subject = Subject::device(&grant.device);
    let ends = |order: &&Order| {
        order.deed() == Some(Deed::End) && order.subject == subject && grant.from <= order.at
    };
    orders.iter().filter(ends).map(|order| order.at).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grant::GrantSubject;
    use crate::key::SecretKey;
    use crate::signed::encode;
    use sambung_domain::{Pack, Role};

    const DEVICE: PublicKey = PublicKey([1; 32]);

    fn grant(from: i64) -> Grant {
        let subject = GrantSubject {
            device: DEVICE,
            recipient: crate::RecipientKey([1; 32]),
            role: Role::FrontOffice,
            staff: vec![],
            office: None,
            sets: vec!["a:35.13".parse().unwrap()],
        };
        Grant::for_role(&Pack::builtin().unwrap(), subject, Timestamp(from))
    }

    #[test]
    fn an_end_ends_every_grant_up_to_it_and_none_after() {
        let orders = [Order::on(&DEVICE, Deed::End, Timestamp(10))];
        assert_eq!(ended_at(&grant(10), &orders), Some(Timestamp(10)));
        assert_eq!(ended_at(&grant(10).renewed(Timestamp(99)), &orders), Some(Timestamp(10)));
        assert_eq!(ended_at(&grant(11), &orders), None);
        let other = [Order::on(&PublicKey([2; 32]), Deed::End, Timestamp(10))];
        assert_eq!(ended_at(&grant(10), &other), None);
        assert_eq!(standing(&grant(10), &orders, Timestamp(12)), Standing::Ended);
        assert_eq!(standing(&grant(11), &orders, Timestamp(12)), Standing::Live);
        let revoked = [Order::on(&DEVICE, Deed::Revoke, Timestamp(5))];
        assert_eq!(standing(&grant(11), &revoked, Timestamp(12)), Standing::Revoked);
    }

    #[test]
    fn a_lapsed_lease_is_renewed_by_contact_for_half_a_year() {
        let grant = grant(0);
        let after = |ms| standing(&grant, &[], grant.until.plus_ms(ms));
        assert_eq!(after(0), Standing::Live);
        assert_eq!(after(1), Standing::Lapsed);
        assert_eq!(after(LATE_DAYS * DAY_MS), Standing::Lapsed);
        assert_eq!(after(LATE_DAYS * DAY_MS + 1), Standing::Expired);
    }

    #[test]
    fn only_the_issuers_orders_of_bounded_size_count() {
        let issuer = SecretKey::from_seed(&[3; 32]);
        let order = Order::on(&DEVICE, Deed::Revoke, Timestamp(5));
        let signed = Signed::seal(&order, &issuer);
        assert_eq!(Order::open(&signed, &issuer.public()), Ok(order.clone()));
        assert_eq!(Order::open(&signed, &DEVICE), Err(SignedError::Signature));
        let sealed = |length: usize| {
            let mut body = encode(&order);
            body.resize(length, 0xf6);
            Signed { signature: issuer.sign(Order::CONTEXT, &body), body: body.into() }
        };
        assert!(Order::open(&sealed(ORDER_MAX), &issuer.public()).is_ok());
        assert_eq!(Order::open(&sealed(ORDER_MAX + 1), &issuer.public()), Err(SignedError::Body));
    }

    #[test]
    fn an_order_of_a_later_release_is_read_and_does_nothing() {
        let bytes = encode(&(9u8, Subject([1; 16]), Timestamp(5), "alasan"));
        let order: Order = minicbor::decode(&bytes).unwrap();
        assert_eq!(order.deed(), None);
        assert!(!is_revoked(&[order]));
    }

    #[test]
    fn a_set_has_one_sum_whatever_came_first() {
        let (a, b) = ([1; 8], [255; 8]);
        let empty = OrdersSum::default();
        assert_eq!(empty.with(&a).with(&b), empty.with(&b).with(&a));
        assert_ne!(empty.with(&a), empty.with(&b));
        assert_eq!(OrdersSum::from_bytes(empty.with(&a).to_bytes()), empty.with(&a));
    }
}
