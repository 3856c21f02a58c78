//! What is inside a sealed item.

use sambung_domain::StaffId;
use serde::{Deserialize, Serialize};

use crate::ReplicaError;
use crate::command::Create;

/// What was entered, by whom and when.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Content {
    /// The command that would have made the record.
    pub(super) create: Create,
    /// The staff member who sealed it.
    pub(super) staff: StaffId,
    /// When, by the device's clock.
    pub(super) sealed_at: String,
}

impl Content {
    pub(super) fn encode(&self) -> Result<zeroize::Zeroizing<Vec<u8>>, ReplicaError> {
        let json = serde_json::to_vec(self).map_err(|_| ReplicaError::Unreadable("what is to be sealed"))?;
        Ok(zeroize::Zeroizing::new(crate::sealing::padded(json)))
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Content, ReplicaError> {
        serde_json::from_slice(bytes).map_err(|_| ReplicaError::Unreadable("a sealed item"))
    }
}
