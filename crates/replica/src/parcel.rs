//! Sealed items: what a village reports goes up unreadable and leaves nothing behind.
//!
//! Where a device may only *seal* a kind of record, making one seals what was entered to the receiving office and the
//! recovery key ([`seal`]). The item waits here as bytes that nobody here can open, until a second replica holds what it
//! became (`outbox`). At the office it arrives (`arrival`) and is opened: private parts by themselves, complaints
//! only by a person ([`open`]).

pub(crate) mod arrival;
mod content;
pub mod open;
pub(crate) mod outbox;
pub mod seal;

use rusqlite::Connection;
use sambung_domain::role::Action;
use sambung_domain::{OfficeCode, Role};
use sambung_trust::certificate::{ChainError, Purpose};
use sambung_trust::{Grant, Recipient, RecipientKey};

use crate::database::{named_cbor, set_named};
use crate::identity::relay_time;
use crate::{Identity, ReplicaError};

pub use arrival::ArrivedItem;
pub use open::{OpenComplaint, Opened};
pub use seal::{Seal, Sealed};

/// Name of the stored list of recipients.
const RECIPIENTS: &str = "recipients";

/// The kind whose items only a person opens.
const COMPLAINT: &str = "complaint";

/// The devices that content can be sealed to, as the relay last listed them.
pub(crate) fn recipients(connection: &Connection) -> Result<Vec<Recipient>, ReplicaError> {
    Ok(named_cbor(connection, RECIPIENTS)?.unwrap_or_default())
}

pub(crate) fn set_recipients(connection: &Connection, list: &[Recipient]) -> Result<(), ReplicaError> {
    set_named(connection, RECIPIENTS, &sambung_trust::signed::encode(&list))
}

/// The key in the recovery file, as the root certifies it. A certificate that has run out still names it: content that
/// could not be sealed would be lost.
pub(crate) fn recovery_key(
    connection: &Connection,
    identity: &Identity,
) -> Result<RecipientKey, ReplicaError> {
    let now = relay_time(connection)?;
    let key = identity.key_for(Purpose::Recovery, now).or_else(|_: ChainError| {
        let ever = identity
            .certificates
            .iter()
            .filter_map(|signed| signed.open::<sambung_trust::certificate::Certificate>(&identity.root).ok());
        let of_recovery = ever.into_iter().find(|certificate| certificate.purpose == Purpose::Recovery);
        of_recovery.map(|certificate| certificate.key).ok_or(ReplicaError::Unreadable("the recovery key"))
    })?;
    Ok(RecipientKey(key.0))
}

/// The keys of those who open items of a kind for a destination: an office, or with none the centre.
pub(crate) fn openers(
    pack: &sambung_domain::Pack,
    list: &[Recipient],
    kind: &sambung_domain::pack::Kind,
    to: Option<&OfficeCode>,
) -> Vec<RecipientKey> {
    let of_destination = |recipient: &&Recipient| match to {
        Some(office) => recipient.office.as_ref() == Some(office),
        None => recipient.role == Role::Central,
    };
    let opens = |recipient: &&Recipient| {
        pack.rule(recipient.role, kind.column).is_some_and(|rule| {
            let sets = [&rule.area, &rule.office, &rule.person];
            sets.iter().any(|actions| actions.contains(&Action::Open))
        })
    };
    list.iter().filter(of_destination).filter(opens).map(|recipient| recipient.key).collect()
}

/// Whether a device makes records of a kind only as sealed items.
pub(crate) fn only_seals(grant: &Grant, kind: &str) -> bool {
    grant.allows_somewhere(kind, Action::Seal) && !grant.allows_somewhere(kind, Action::Create)
}
