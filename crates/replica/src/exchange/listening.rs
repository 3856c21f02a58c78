//! Asking the relay to tell when something waits.

use sambung_sync::frame::{Frame, pack};
use sambung_sync::message::ListenRequest;

use crate::identity::{grant, nonce};
use crate::{Replica, ReplicaError};

impl Replica {
    /// The packed frame that `GET /sync/v1/events` is asked with.
    ///
    /// # Errors
    /// [`ReplicaError`] where the database cannot be read.
    pub fn listen_request(&self) -> Result<Vec<u8>, ReplicaError> {
        let (signed, _) = grant(&self.connection)?;
        let request = ListenRequest { replica: self.identity.replica, grant: signed.short_id() };
        Ok(pack(&Frame::enclose(&request, nonce(&self.connection)?, &self.identity.device)))
    }
}
