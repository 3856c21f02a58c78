//! Meeting a relay: `GET /sync/v1/hello` and `POST /sync/v1/enrol`.

use minicbor::{Decode, Encode};
use sambung_domain::Timestamp;
use sambung_trust::nonce::Nonce;
use sambung_trust::{DeploymentKey, PublicKey, Recipient, RecipientKey, Signed};

use crate::chain::LogId;

/// What a relay says of itself to anybody.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Hello {
    /// Protocol versions it speaks.
    #[n(0)]
    pub versions: Vec<u16>,
    /// The deployment's root key. A device believes it only if its invitation code names it.
    #[n(1)]
    pub root: PublicKey,
    /// The root's certificates for issuer and relay key.
    #[n(2)]
    pub certificates: Vec<Signed>,
    /// Relay time.
    #[n(3)]
    pub relay_time: Timestamp,
    /// A nonce for enrolling.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub nonce: Nonce,
}

/// A device asks to be enrolled. The frame is signed with the key it registers.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct EnrolRequest {
    /// The invitation code as printed.
    #[n(0)]
    pub code: String,
    /// The device's key.
    #[n(1)]
    pub device: PublicKey,
    /// The replica's id: 16 random bytes drawn now.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub replica: [u8; 16],
    /// What people call the device.
    #[n(3)]
    pub name: String,
    /// Protocol versions it speaks.
    #[n(4)]
    pub versions: Vec<u16>,
    /// The key that opens what is sealed to it.
    #[n(5)]
    pub recipient: RecipientKey,
}

/// The device is enrolled. Asking again with the same code and key gives the same answer.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct EnrolResponse {
    /// Its grant.
    #[n(0)]
    pub grant: Signed,
    /// The deployment key.
    #[n(1)]
    pub deployment: DeploymentKey,
    /// The log whose sequences the relay speaks of.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub log: LogId,
    /// A nonce for the first exchange.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub nonce: Nonce,
    /// Relay time.
    #[n(4)]
    pub relay_time: Timestamp,
    /// Whom sealed content can go to: sealing must work before the first exchange.
    #[n(5)]
    pub recipients: Vec<Recipient>,
}
