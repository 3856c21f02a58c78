//! Who wants to be told that something waits: `GET /sync/v1/events`.

use minicbor::{Decode, Encode};
use sambung_trust::grant::GrantId;

/// A device that wants to be told. Travels in a frame, as any request, and says nothing but who asks.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ListenRequest {
    /// The replica.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub replica: [u8; 16],
    /// Its grant, by short name.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub grant: GrantId,
}
