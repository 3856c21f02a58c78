//! Recognising the sender of a request, also where this relay has lost sight of it.
//!
//! A relay that was made anew or restored knows no device, or not its latest grant. The grant itself is the
//! proof: the issuer signed it, it names the device's key, and that key made the frame. So the relay asks for it
//! whole and takes the device in again.

use sambung_domain::Timestamp;
use sambung_trust::{Grant, PublicKey, Signed, nonce};

use super::answer::stored;
use super::{Device, Reject, Relay, RelayError, RelayStore};
use crate::frame::{Frame, FrameError};
use crate::message::ExchangeRequest;

/// A device that has shown who it is, with the grant it named, which may have ended.
pub(super) struct Known {
    pub(super) device: Device,
    pub(super) grant: Grant,
}

impl Relay {
    /// The device that made a frame with a fresh nonce, and a grant that is its own; `None` if the relay must first
    /// be given the grant whole.
    pub(super) fn recognise<S: RelayStore>(
        &self,
        store: &mut S,
        frame: &Frame,
        request: &ExchangeRequest,
        now: Timestamp,
    ) -> Result<Option<Known>, RelayError<S::Error>> {
        let device = stored(store.device(&request.replica))?;
        let held = stored(store.grant(&request.grant))?;
        match (device, held) {
            (Some(device), Some(signed)) => {
                self.check_frame(frame, request, &device.key, now)?;
                let grant = self.open_grant(&signed, &device.key)?;
                Ok(Some(Known { device, grant }))
            }
            // A grant that is known belongs to a replica that is known, and this is another.
            (None, Some(_)) => Err(Reject::GrantEnded.into()),
            (device, None) => self.take_in(store, device, frame, request, now),
        }
    }

    /// Recognises a device by its grant alone, and remembers both.
    fn take_in<S: RelayStore>(
        &self,
        store: &mut S,
        device: Option<Device>,
        frame: &Frame,
        request: &ExchangeRequest,
        now: Timestamp,
    ) -> Result<Option<Known>, RelayError<S::Error>> {
        let given = request.whole_grant.as_ref().filter(|signed| signed.short_id() == request.grant);
        let Some(signed) = given else {
            if let Some(device) = &device {
                self.check_frame(frame, request, &device.key, now)?;
            }
            return Ok(None);
        };
        let key = match &device {
            Some(device) => device.key,
            None => signed.peek::<Grant>().map_err(|_| Reject::GrantEnded)?.device,
        };
        self.check_frame(frame, request, &key, now)?;
        let grant = self.open_grant(signed, &key)?;
        let device = Device {
            seen: now,
            ..device.unwrap_or(Device {
                replica: request.replica,
                key,
                name: String::new(),
                grant: request.grant,
                counter: 0,
                root: None,
                seen: now,
            })
        };
        stored(store.put_grant(signed))?;
        stored(store.put_device(&device))?;
        self.list_recipient(store, &grant, now)?;
        Ok(Some(Known { device, grant }))
    }

    fn check_frame(
        &self,
        frame: &Frame,
        request: &ExchangeRequest,
        key: &PublicKey,
        now: Timestamp,
    ) -> Result<(), Reject> {
        if !frame.is_from(key) {
            return Err(Reject::Frame(FrameError::Signature));
        }
        if nonce::is_fresh(&self.keys.nonce, &request.replica, &frame.nonce, now) {
            return Ok(());
        }
        Err(Reject::StaleNonce(nonce::issue(&self.keys.nonce, &request.replica, now)))
    }

    /// A grant of the issuer for this key, whether it still holds or not.
    pub(super) fn open_grant(&self, signed: &Signed, key: &PublicKey) -> Result<Grant, Reject> {
        let grant: Grant = signed.open(&self.keys.issuer.public()).map_err(|_| Reject::GrantEnded)?;
        if grant.device == *key { Ok(grant) } else { Err(Reject::GrantEnded) }
    }
}
