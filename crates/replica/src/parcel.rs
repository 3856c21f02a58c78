//! Sealed items: what a village reports goes up unreadable and leaves nothing behind.
//!
//! Where a device may only *seal* a kind of record, making one seals what was entered to the receiving office and the
//! recovery key ([`seal`]). The item waits here as bytes that nobody here can open, until a second replica holds what it
//! became (`outbox`). At the office it arrives (`arrival`) and is opened: private parts by themselves, complaints
//! only by a person ([`open`]).

pub(crate) mod arrival;
pub mod open;
pub(crate) mod outbox;
pub mod seal;

use rusqlite::Connection;
use sambung_domain::pack::{IdRule, Kind, Reach};
use sambung_domain::role::Action;
use sambung_domain::{OfficeCode, Pack, RecordId, Role};
use sambung_sync::limits::RECIPIENTS_MAX;
use sambung_trust::certificate::{Certificate, Purpose};
use sambung_trust::{Grant, ItemId, Recipient, RecipientKey};

use crate::database::{named_cbor, set_named};
use crate::exchange::has_orders;
use crate::{Identity, ReplicaError};

pub use arrival::ArrivedItem;
pub use open::{OpenComplaint, Opened};
pub use seal::{Seal, Sealed};

/// Name of the stored list of recipients.
const RECIPIENTS: &str = "recipients";

/// Name of the stored list of those whom the relay listed before.
const MISSED: &str = "recipients missed";

/// The devices that content can be sealed to, as the relay last listed them.
pub(crate) fn recipients(connection: &Connection) -> Result<Vec<Recipient>, ReplicaError> {
    Ok(named_cbor(connection, RECIPIENTS)?.unwrap_or_default())
}

/// Takes the relay's list. Whom it does not name any more is remembered: a relay that was made anew knows only whom it
/// has met.
pub(crate) fn set_recipients(connection: &Connection, list: &[Recipient]) -> Result<(), ReplicaError> {
    let mut before = recipients(connection)?;
    before.extend(missed(connection)?);
    before.retain(|known| list.iter().all(|listed| listed.device != known.device));
    before.truncate(RECIPIENTS_MAX);
    set_named(connection, MISSED, &sambung_trust::signed::encode(&before))?;
    set_named(connection, RECIPIENTS, &sambung_trust::signed::encode(&list))
}

fn missed(connection: &Connection) -> Result<Vec<Recipient>, ReplicaError> {
    Ok(named_cbor(connection, MISSED)?.unwrap_or_default())
}

/// Whom content can be sealed to.
pub(crate) struct Openers {
    /// As the relay lists them.
    listed: Vec<Recipient>,
    /// Whom it listed before, without those of whom an order is here.
    before: Vec<Recipient>,
}

impl Openers {
    pub(crate) fn known(connection: &Connection) -> Result<Self, ReplicaError> {
        let mut before = Vec::new();
        for recipient in missed(connection)? {
            if !has_orders(connection, &recipient.device)? {
                before.push(recipient);
            }
        }
        Ok(Openers { listed: recipients(connection)?, before })
    }

    /// The keys of those who open items of a kind for a destination: an office, or with none the centre. Where the relay
    /// lists nobody, those whom it listed before.
    pub(crate) fn of(&self, pack: &Pack, kind: &Kind, to: Option<&OfficeCode>) -> Vec<RecipientKey> {
        let listed = openers(pack, &self.listed, kind, to);
        if listed.is_empty() { openers(pack, &self.before, kind, to) } else { listed }
    }
}

/// The key in the recovery file, by the root's last certificate for it. One that has run out still names it: content
/// that could not be sealed would be lost.
pub(crate) fn recovery_key(identity: &Identity) -> Result<RecipientKey, ReplicaError> {
    let certified = identity.certificates.iter().filter_map(|signed| signed.open(&identity.root).ok());
    let of_recovery = certified.filter(|certificate: &Certificate| certificate.purpose == Purpose::Recovery);
    let last = of_recovery.max_by_key(|certificate| certificate.until);
    last.map(|certificate| RecipientKey(certificate.key.0))
        .ok_or(ReplicaError::Unreadable("the recovery key"))
}

/// The id of the record that an item becomes.
pub(crate) fn becomes(kind: &Kind, item: &ItemId, of: Option<RecordId>) -> RecordId {
    match (&kind.id, of) {
        (IdRule::Sibling(_), Some(of)) => of.sibling(&kind.name),
        _ => item.record(&kind.name),
    }
}

fn openers(pack: &Pack, list: &[Recipient], kind: &Kind, to: Option<&OfficeCode>) -> Vec<RecipientKey> {
    let of_destination = |recipient: &&Recipient| match to {
        Some(office) => recipient.office.as_ref() == Some(office),
        None => recipient.role == Role::Central,
    };
    let opens = |recipient: &&Recipient| {
        let rule = pack.rule(recipient.role, kind.column);
        rule.is_some_and(|rule| Reach::ALL.iter().any(|reach| rule.through(*reach).contains(&Action::Open)))
    };
    list.iter().filter(of_destination).filter(opens).map(|recipient| recipient.key).collect()
}

/// Whether a device makes records of a kind only as sealed items.
pub(crate) fn only_seals(grant: &Grant, kind: &str) -> bool {
    grant.allows_somewhere(kind, Action::Seal) && !grant.allows_somewhere(kind, Action::Create)
}
