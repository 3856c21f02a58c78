//! Service cards (*Kartu Layanan*) and the status cards behind them.
//!
//! A service card is paper: a number and, under a scratch field, a tracking code. Its status card is a record that
//! lies at every office and in no village. The record's id is derived from both, so that whoever brings number and code
//! is answered at any counter, and whoever lacks either learns nothing. Offices that handle reports know which status
//! card belongs to a number from a list that is made when cards are printed; the code is in no list.

mod list;
mod track;

use argon2::{Algorithm, Argon2, Params, Version};
use sambung_domain::identifier::{CardNumber, TrackingCode};
use sambung_domain::role::Action;
use sambung_domain::{Area, RecordId, Set};
use sambung_trust::{DeploymentKey, Grant};

pub(crate) use list::card_of;
pub use list::{BadRow, CARD_LIST_MAX, CardImport, CardListError, CardRow, RowFault};
pub(crate) use track::{DAY, PHONE, STATE};
pub use track::{Track, Tracked};

/// The kind of the record behind a service card.
pub(crate) const STATUS_CARD: &str = "status_card";

/// Memory of one derivation, in KiB: the second set of parameters OWASP recommends for Argon2id (19 MiB, two passes).
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes over it.
const PASSES: u32 = 2;
/// Lanes.
const LANES: u32 = 1;
/// What binds the salt to its use.
const SALT_CONTEXT: &str = "sambung 2026-11 status card salt 1";

/// The id of the status card behind a number and its code: Argon2id (RFC 9106) of the code, salted with the number under
/// the deployment's key. The parameters are the same in every process, since all offices must come to the same id;
/// `None` where the machine has no memory for them.
#[must_use]
pub fn card_id(deployment: &DeploymentKey, number: CardNumber, code: &TrackingCode) -> Option<RecordId> {
    let mut salted = blake3::Hasher::new_derive_key(SALT_CONTEXT);
    salted.update(&deployment.0).update(number.compact().as_bytes());
    let mut id = [0; 16];
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(id.len())).ok()?;
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(code.as_bytes(), salted.finalize().as_bytes(), &mut id)
        .ok()?;
    Some(RecordId(id))
}

/// Whether a device may do something with status cards. Those of offices read them.
pub(crate) fn allows(grant: &Grant, action: Action) -> bool {
    let place = Set::Area(Area::reference());
    grant.sets.contains(&place) && grant.actions(STATUS_CARD, &place).allow(action)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_depends_on_deployment_number_and_every_character_of_the_code() {
        let key = DeploymentKey([7; 32]);
        let (number, other) = (CardNumber::from_random([1; 8]), CardNumber::from_random([2; 8]));
        let code = TrackingCode::read("K7QM-2X9P").unwrap();
        let id = card_id(&key, number, &code).unwrap();
        assert_eq!(card_id(&key, number, &TrackingCode::read("k7qm 2x9p").unwrap()), Some(id));
        // Frozen: every card that was ever printed is found under it.
        assert_eq!(id.to_string(), "64w68vfk7dtntzxy679ngvdd1p");
        assert_ne!(card_id(&DeploymentKey([8; 32]), number, &code), Some(id));
        assert_ne!(card_id(&key, other, &code), Some(id));
        assert_ne!(card_id(&key, number, &TrackingCode::read("K7QM-2X9Q").unwrap()), Some(id));
    }
}
