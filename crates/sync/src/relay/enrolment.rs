//! Enrolling a device with an invitation code.

use std::collections::BTreeSet;

use sambung_domain::{RecordId, Set, Timestamp};
use sambung_trust::grant::{GrantSubject, Named, sets_for_role};
use sambung_trust::invitation::InvitationCode;
use sambung_trust::nonce::{self, Nonce};
use sambung_trust::order::Deed;
use sambung_trust::{Grant, Signed, Subject};

use super::answer::stored;
use super::{Circumstances, Device, Invitation, Reject, Relay, RelayError, RelayStore};
use crate::frame::{AnswerFrame, Frame, FrameError};
use crate::limits::NAME_MAX;
use crate::message::{EnrolRequest, EnrolResponse};

/// The replica id that stands for "nobody yet" in a nonce.
const STRANGER: [u8; 16] = [0; 16];

/// The nonce in a hello.
pub(super) fn nonce_for_strangers(key: &[u8; 32], now: Timestamp) -> Nonce {
    nonce::issue(key, &STRANGER, now)
}

impl Relay {
    /// Answers `POST /sync/v1/enrol` inside one transaction of the store. The same code with the same key gets
    /// the same answer, so a lost answer costs nothing.
    ///
    /// # Errors
    /// [`RelayError::Rejected`] for a code that is wrong, used or expired; [`RelayError::Store`].
    pub fn enrol<S: RelayStore>(
        &self,
        store: &mut S,
        frame: &Frame,
        circumstances: &mut Circumstances<'_>,
    ) -> Result<AnswerFrame, RelayError<S::Error>> {
        let now = circumstances.now;
        let request: EnrolRequest = frame.peek().map_err(Reject::from)?;
        if !frame.is_from(&request.device) || request.name.len() > NAME_MAX {
            return Err(Reject::Frame(FrameError::Signature).into());
        }
        if !nonce::is_fresh(&self.keys.nonce, &STRANGER, &frame.nonce, now) {
            return Err(Reject::StaleNonce(nonce_for_strangers(&self.keys.nonce, now)).into());
        }
        // A revoked key is not enrolled again, whatever code it has.
        let orders = stored(store.orders_on(&Subject::device(&request.device)))?;
        if orders.iter().any(|stored| stored.order.deed() == Some(Deed::Revoke)) {
            return Err(Reject::GrantEnded.into());
        }
        let code = InvitationCode::parse(&request.code).ok_or(Reject::Invitation)?;
        let invitation = stored(store.invitation(&code.hash()))?.ok_or(Reject::Invitation)?;
        let grant = match invitation.used_by {
            Some(device) if device == request.device => self.grant_of(store, &request)?,
            None if now <= invitation.expires => self.admit(store, invitation, &request, circumstances)?,
            Some(_) | None => return Err(Reject::Invitation.into()),
        };
        let response = EnrolResponse {
            grant,
            deployment: self.keys.deployment,
            log: self.log,
            nonce: nonce::issue(&self.keys.nonce, &request.replica, now),
            relay_time: now,
            recipients: stored(store.recipients())?,
        };
        Ok(AnswerFrame::enclose(&response, &frame.name(), &self.keys.relay))
    }

    fn grant_of<S: RelayStore>(
        &self,
        store: &mut S,
        request: &EnrolRequest,
    ) -> Result<Signed, RelayError<S::Error>> {
        let device = stored(store.device(&request.replica))?.ok_or(Reject::Invitation)?;
        stored(store.grant(&device.grant))?.ok_or_else(|| Reject::Invitation.into())
    }

    /// What the role table gives of what an invitation names, and what it gives by name.
    fn sets_of(&self, invitation: &Invitation) -> Vec<Set> {
        let Invitation { role, areas, office, staff, sets, .. } = invitation;
        let named = Named { areas, office: office.as_ref(), staff };
        let mut given = sets_for_role(&self.pack, *role, named);
        given.extend(sets.iter().cloned());
        let mut seen = BTreeSet::new();
        given.retain(|set| seen.insert(set.clone()));
        given
    }

    fn admit<S: RelayStore>(
        &self,
        store: &mut S,
        mut invitation: Invitation,
        request: &EnrolRequest,
        circumstances: &mut Circumstances<'_>,
    ) -> Result<Signed, RelayError<S::Error>> {
        if stored(store.device(&request.replica))?.is_some() {
            return Err(Reject::Invitation.into());
        }
        if invitation.staff.is_empty() {
            invitation.staff.push(RecordId((circumstances.random)()));
        }
        let subject = GrantSubject {
            device: request.device,
            recipient: request.recipient,
            role: invitation.role,
            staff: invitation.staff.clone(),
            office: invitation.office.clone(),
            sets: self.sets_of(&invitation),
        };
        let grant = Grant::for_role(&self.pack, subject, circumstances.now);
        self.list_recipient(store, &grant, circumstances.now)?;
        let grant = Signed::seal(&grant, &self.keys.issuer);
        invitation.used_by = Some(request.device);
        stored(store.put_grant(&grant))?;
        stored(store.put_invitation(&invitation))?;
        stored(store.put_device(&Device {
            replica: request.replica,
            key: request.device,
            name: request.name.clone(),
            grant: grant.short_id(),
            counter: 0,
            root: None,
            seen: circumstances.now,
        }))?;
        Ok(grant)
    }
}
