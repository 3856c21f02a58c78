//! Who a replica is: written once at enrolment, the grant renewed at exchanges.

use minicbor::{Decode, Encode};
use rusqlite::Connection;
use sambung_domain::{OfficeCode, Set, Timestamp};
use sambung_trust::certificate::{ChainError, Purpose, certified_key};
use sambung_trust::nonce::Nonce;
use sambung_trust::{DeploymentKey, Grant, PublicKey, SecretKey, Signed};

use crate::ReplicaError;
use crate::database::{named, named_cbor, set_named};

/// Who this replica is and whom it trusts.
#[derive(Debug, Clone)]
pub struct Identity {
    /// 16 random bytes, kept by copies.
    pub replica: [u8; 16],
    /// The device's key.
    pub device: SecretKey,
    /// What people call the device.
    pub name: String,
    /// The relay's address.
    pub relay: String,
    /// The deployment's root key, pinned at enrolment.
    pub root: PublicKey,
    /// The relay's certificates as shown at enrolment.
    pub certificates: Vec<Signed>,
    /// What every member of the deployment holds.
    pub deployment: DeploymentKey,
}

#[derive(Encode, Decode)]
struct StoredIdentity {
    #[cbor(n(0), with = "minicbor::bytes")]
    replica: [u8; 16],
    #[cbor(n(1), with = "minicbor::bytes")]
    device: [u8; 32],
    #[n(2)]
    name: String,
    #[n(3)]
    relay: String,
    #[n(4)]
    root: PublicKey,
    #[n(5)]
    certificates: Vec<Signed>,
    #[n(6)]
    deployment: DeploymentKey,
}

const IDENTITY: &str = "identity";
const GRANT: &str = "grant";
const NONCE: &str = "nonce";
const RELAY_TIME: &str = "relay time";
const COUNTER: &str = "counter";

impl Identity {
    pub(crate) fn write(&self, connection: &Connection) -> Result<(), ReplicaError> {
        let stored = StoredIdentity {
            replica: self.replica,
            device: *self.device.seed(),
            name: self.name.clone(),
            relay: self.relay.clone(),
            root: self.root,
            certificates: self.certificates.clone(),
            deployment: self.deployment,
        };
        set_named(connection, IDENTITY, &sambung_trust::signed::encode(&stored))
    }

    pub(crate) fn read(connection: &Connection) -> Result<Option<Self>, ReplicaError> {
        let stored: Option<StoredIdentity> = named_cbor(connection, IDENTITY)?;
        Ok(stored.map(|stored| Identity {
            replica: stored.replica,
            device: SecretKey::from_seed(&stored.device),
            name: stored.name,
            relay: stored.relay,
            root: stored.root,
            certificates: stored.certificates,
            deployment: stored.deployment,
        }))
    }

    /// The key that the root certifies for a purpose at a moment of relay time.
    ///
    /// # Errors
    /// [`ChainError`] where the certificates shown at enrolment do not cover it any more.
    pub fn key_for(&self, purpose: Purpose, now: Timestamp) -> Result<PublicKey, ChainError> {
        certified_key(&self.root, &self.certificates, purpose, now)
    }
}

/// The device's current grant.
pub(crate) fn grant(connection: &Connection) -> Result<(Signed, Grant), ReplicaError> {
    let signed: Signed = named_cbor(connection, GRANT)?.ok_or(ReplicaError::Empty)?;
    let grant = signed.peek().map_err(|_| ReplicaError::Unreadable(GRANT))?;
    Ok((signed, grant))
}

pub(crate) fn set_grant(connection: &Connection, grant: &Signed) -> Result<(), ReplicaError> {
    set_named(connection, GRANT, &sambung_trust::signed::encode(grant))
}

/// The nonce for the next request.
pub(crate) fn nonce(connection: &Connection) -> Result<Nonce, ReplicaError> {
    let bytes = named(connection, NONCE)?.unwrap_or_else(|| vec![0; 24]);
    bytes.try_into().map_err(|_| ReplicaError::Unreadable(NONCE))
}

pub(crate) fn set_nonce(connection: &Connection, nonce: &Nonce) -> Result<(), ReplicaError> {
    set_named(connection, NONCE, nonce)
}

/// The highest relay time seen; the epoch before the first contact.
pub(crate) fn relay_time(connection: &Connection) -> Result<Timestamp, ReplicaError> {
    Ok(named_cbor(connection, RELAY_TIME)?.unwrap_or_default())
}

/// Relay time never runs backwards here.
pub(crate) fn see_relay_time(connection: &Connection, time: Timestamp) -> Result<(), ReplicaError> {
    if time <= relay_time(connection)? {
        return Ok(());
    }
    set_named(connection, RELAY_TIME, &sambung_trust::signed::encode(&time))
}

/// The number of the next batch. Taken under the write lock.
pub(crate) fn next_counter(connection: &Connection) -> Result<u64, ReplicaError> {
    let last: u64 = named_cbor(connection, COUNTER)?.unwrap_or(0);
    set_named(connection, COUNTER, &sambung_trust::signed::encode(&(last + 1)))?;
    Ok(last + 1)
}

/// Moves the number of the next batch ahead of every number this replica can have used before `now`: a restored
/// database goes on behind its own later work.
pub(crate) fn jump_counter(connection: &Connection, now: Timestamp) -> Result<(), ReplicaError> {
    let last: u64 = named_cbor(connection, COUNTER)?.unwrap_or(0);
    let seconds = u64::try_from(now.seconds()).unwrap_or(0).min(u64::from(u32::MAX));
    let ahead = (last + (1 << 32)).max(seconds << 24);
    set_named(connection, COUNTER, &sambung_trust::signed::encode(&ahead))
}

/// The office that new records of this device belong to: the grant's, or, for a device without one, the code
/// made of its first area (`WIL-3513`).
pub(crate) fn home_office(grant: &Grant) -> Option<OfficeCode> {
    grant.office.clone().or_else(|| {
        let area = home_area(grant)?;
        format!("WIL-{}", area.as_str().replace('.', "")).parse().ok()
    })
}

/// The first area of the grant that people live in; everybody has that of reference data.
pub(crate) fn home_area(grant: &Grant) -> Option<sambung_domain::Area> {
    grant.sets.iter().find_map(|set| match set {
        Set::Area(area) if !area.is_reference() => Some(area.clone()),
        Set::Area(_) | Set::Office(_) | Set::Person(_) => None,
    })
}
