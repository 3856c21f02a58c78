//! Becoming a member: from an invitation code to a replica.

use std::path::Path;

use sambung_domain::Pack;
use sambung_sync::frame::{AnswerFrame, Frame, FrameError, pack, unpack};
use sambung_sync::message::{EnrolRequest, EnrolResponse, Hello, VERSION};
use sambung_trust::certificate::{Purpose, certified_key};
use sambung_trust::invitation::InvitationCode;
use sambung_trust::{Grant, OpeningKey, SecretKey};

use crate::{DatabaseKey, Identity, Replica, ReplicaError, database, identity, parcel, rebuild};

/// Why a device was not enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrolmentError {
    /// The text is no invitation code.
    #[error("this is no invitation code; it has 26 letters and digits")]
    Code,
    /// The relay is not of the deployment that the code names, or cannot prove it.
    #[error("the relay at this address is not the one this code was made for")]
    WrongRelay,
    /// The relay speaks no version that this release speaks.
    #[error("the relay speaks no protocol version of this release; install the newer release")]
    Version,
    /// The relay's answer cannot be read.
    #[error("the relay's answer: {0}")]
    Frame(#[from] FrameError),
    /// The replica could not be made.
    #[error(transparent)]
    Replica(#[from] ReplicaError),
}

/// An enrolment under way.
#[derive(Debug)]
pub struct Enrolment {
    identity: Identity,
    frame: Frame,
}

impl Enrolment {
    /// Prepares the request, from what the relay said in its hello.
    ///
    /// `seed` and `replica` are random bytes: the device's key and the replica's id.
    ///
    /// # Errors
    /// [`EnrolmentError`] where the code is none, or the relay is not the one it names.
    pub fn begin(
        hello: &[u8],
        relay: &str,
        code: &str,
        name: &str,
        seed: &[u8; 32],
        replica: [u8; 16],
    ) -> Result<Self, EnrolmentError> {
        let hello: Hello = unpack(hello)?;
        let parsed = InvitationCode::parse(code).ok_or(EnrolmentError::Code)?;
        let chain_holds =
            |purpose| certified_key(&hello.root, &hello.certificates, purpose, hello.relay_time).is_ok();
        if !parsed.names(&hello.root) || !chain_holds(Purpose::Relay) || !chain_holds(Purpose::Issuer) {
            return Err(EnrolmentError::WrongRelay);
        }
        if !hello.versions.contains(&VERSION) {
            return Err(EnrolmentError::Version);
        }
        let device = SecretKey::from_seed(seed);
        let request = EnrolRequest {
            code: parsed.text(),
            device: device.public(),
            replica,
            name: name.to_owned(),
            versions: vec![VERSION],
            recipient: OpeningKey::of_device(&device).recipient(),
        };
        let frame = Frame::enclose(&request, hello.nonce, &device);
        let identity = Identity {
            replica,
            device,
            name: name.to_owned(),
            relay: relay.to_owned(),
            root: hello.root,
            certificates: hello.certificates,
            deployment: sambung_trust::DeploymentKey([0; 32]),
        };
        Ok(Enrolment { identity, frame })
    }

    /// The body to send.
    #[must_use]
    pub fn request(&self) -> Vec<u8> {
        pack(&self.frame)
    }

    /// Makes the replica at `path` from the relay's answer.
    ///
    /// # Errors
    /// [`EnrolmentError`] where the answer is not the relay's, the grant is not for this device, or the
    /// database cannot be written.
    pub fn finish(
        mut self,
        answer: &[u8],
        path: &Path,
        key: &DatabaseKey,
    ) -> Result<Identity, EnrolmentError> {
        let answer: AnswerFrame = unpack(answer)?;
        // The relay time an answer claims counts only once its signature has been checked with a key certified at
        // that time.
        let response: EnrolResponse = answer.peek()?;
        let now = response.relay_time;
        let relay = self.identity.key_for(Purpose::Relay, now).map_err(|_| EnrolmentError::WrongRelay)?;
        if !answer.is_from(&relay, &self.frame.name()) {
            return Err(FrameError::Signature.into());
        }
        let issuer = self.identity.key_for(Purpose::Issuer, now).map_err(|_| EnrolmentError::WrongRelay)?;
        let grant: Grant = response.grant.open(&issuer).map_err(|_| EnrolmentError::WrongRelay)?;
        if grant.device != self.identity.device.public() {
            return Err(EnrolmentError::WrongRelay);
        }
        self.identity.deployment = response.deployment;
        let mut connection = database::create(path, key)?;
        let transaction = connection.transaction().map_err(ReplicaError::from)?;
        self.identity.write(&transaction)?;
        identity::set_grant(&transaction, &response.grant)?;
        identity::set_nonce(&transaction, &response.nonce)?;
        identity::see_relay_time(&transaction, response.relay_time)?;
        parcel::set_recipients(&transaction, &response.recipients)?;
        transaction.commit().map_err(ReplicaError::from)?;
        Ok(self.identity)
    }
}

impl Replica {
    /// Opens the replica at `path` for one process. `nonce` is 16 random bytes: the incarnation.
    ///
    /// # Errors
    /// [`ReplicaError`] where the key does not fit, the database is too new or damaged, or holds no replica.
    pub fn open(path: &Path, key: &DatabaseKey, pack: Pack, nonce: [u8; 16]) -> Result<Self, ReplicaError> {
        let mut connection = database::open(path, key)?;
        let identity = Identity::read(&connection)?.ok_or(ReplicaError::Empty)?;
        rebuild::follow(&mut connection, &pack)?;
        Ok(Replica {
            connection,
            pack,
            identity,
            nonce,
            sealer: std::sync::Arc::new(crate::Age),
            acting: crate::onlooker::Acting::default(),
            #[cfg(feature = "sabotage")]
            sabotage: None,
        })
    }
}
