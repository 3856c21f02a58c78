//! A deployment's keys: how they are made, where they lie, how they come back.
//!
//! The root's secret half lies in the recovery file only, which is kept offline. The relay works with an issuer
//! key and a relay key that the root has certified for five years.

mod recovery;
mod secret;

use std::io;
use std::path::Path;

use minicbor::{Decode, Encode};
use sambung_domain::Timestamp;
use sambung_domain::hex::{BadHex, hex, unhex};
use sambung_domain::time::DAY_MS;
use sambung_sync::relay::RelayKeys;
use sambung_trust::certificate::{Certificate, Purpose};
use sambung_trust::signed::encode;
use sambung_trust::{DeploymentKey, PublicKey, SecretKey, Signed};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

pub use recovery::Recovery;
pub use secret::Secret;

use crate::file;

/// Days a certificate lasts: five years.
const CERTIFIED_DAYS: i64 = 1_826;
/// Days before its making that a certificate already holds, for clocks that are set back.
const LENIENT_DAYS: i64 = 1;
/// Format of the key file.
const FORMAT: u32 = 1;

const HEADER: &str = "\
# Kunci kerja relay Sambung. RAHASIA: siapa pun yang memegang berkas ini dapat mendaftarkan perangkat.
# Working keys of a Sambung relay. SECRET: whoever holds this file can enrol devices.
";

/// What a relay works with from day to day, as it lies in `relay.key`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    format: u32,
    /// The deployment's name.
    pub name: String,
    root: Secret,
    issuer: Secret,
    relay: Secret,
    deployment: Secret,
    nonce: Secret,
    certificates: Vec<CertificateText>,
}

/// A signed certificate as hexadecimal CBOR.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct CertificateText(String);

/// Why keys could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The system refused.
    #[error("{path}: {error}")]
    Io {
        /// Which file.
        path: String,
        /// What it said.
        error: io::Error,
    },
    /// The file is not what it should be.
    #[error("{path} cannot be read: {why}")]
    Unreadable {
        /// Which file.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// The operating system gave no random bytes.
    #[error("the operating system gives no random bytes")]
    Random,
}

impl KeyError {
    fn io(path: &Path) -> impl Fn(io::Error) -> KeyError {
        let path = path.display().to_string();
        move |error| KeyError::Io { path: path.clone(), error }
    }

    fn unreadable(path: &Path, why: impl std::fmt::Display) -> KeyError {
        KeyError::Unreadable { path: path.display().to_string(), why: why.to_string() }
    }
}

impl KeyFile {
    /// The working keys that a deployment's recovery file stands for, certified anew by its root. The nonce key
    /// is new: nonces of an earlier relay are merely stale.
    ///
    /// # Errors
    /// [`KeyError::Random`].
    pub fn certify(recovery: &Recovery, name: &str, now: Timestamp) -> Result<KeyFile, KeyError> {
        let root = SecretKey::from_seed(recovery.root.bytes());
        let certificate = |purpose, key: PublicKey| {
            let certificate = Certificate {
                purpose,
                key,
                name: name.to_owned(),
                from: now.plus_ms(-LENIENT_DAYS * DAY_MS),
                until: now.plus_ms(CERTIFIED_DAYS * DAY_MS),
            };
            CertificateText(hex(&encode(&Signed::seal(&certificate, &root))))
        };
        let signing = |seed: &Secret| SecretKey::from_seed(seed.bytes()).public();
        Ok(KeyFile {
            format: FORMAT,
            name: name.to_owned(),
            root: Secret::from(root.public().0),
            issuer: recovery.issuer.clone(),
            relay: recovery.relay.clone(),
            deployment: recovery.deployment.clone(),
            nonce: Secret::random()?,
            certificates: vec![
                certificate(Purpose::Issuer, signing(&recovery.issuer)),
                certificate(Purpose::Relay, signing(&recovery.relay)),
                certificate(Purpose::Recovery, PublicKey(recovery.opening_key().recipient().0)),
            ],
        })
    }

    /// Writes the file; it must not exist.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn write(&self, path: &Path) -> Result<(), KeyError> {
        write_toml(path, HEADER, self)
    }

    /// Reads the file.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn read(path: &Path) -> Result<KeyFile, KeyError> {
        let file: KeyFile = read_toml(path)?;
        if file.format == FORMAT {
            return Ok(file);
        }
        Err(KeyError::unreadable(path, format!("its format is {}, this release knows {FORMAT}", file.format)))
    }

    /// The root's public key.
    #[must_use]
    pub fn root(&self) -> PublicKey {
        PublicKey(*self.root.bytes())
    }

    /// The keys as the protocol takes them.
    ///
    /// # Errors
    /// [`BadHex`] where a certificate was altered.
    pub fn keys(&self) -> Result<RelayKeys, BadHex> {
        let signed = |text: &CertificateText| minicbor_of::<Signed>(&unhex(&text.0)?);
        Ok(RelayKeys {
            root: self.root(),
            certificates: self.certificates.iter().map(signed).collect::<Result<_, _>>()?,
            issuer: SecretKey::from_seed(self.issuer.bytes()),
            relay: SecretKey::from_seed(self.relay.bytes()),
            deployment: DeploymentKey(*self.deployment.bytes()),
            nonce: *self.nonce.bytes(),
        })
    }
}

fn minicbor_of<T: Encode<()> + for<'b> Decode<'b, ()>>(bytes: &[u8]) -> Result<T, BadHex> {
    minicbor::decode(bytes).map_err(|_| BadHex)
}

fn write_toml<T: Serialize>(path: &Path, header: &str, value: &T) -> Result<(), KeyError> {
    let body = Zeroizing::new(toml::to_string(value).map_err(|error| KeyError::unreadable(path, error))?);
    let text = Zeroizing::new([header, &body].concat());
    file::write_new(path, text.as_bytes()).map_err(KeyError::io(path))
}

fn read_toml<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, KeyError> {
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(KeyError::io(path))?);
    // The reader's own message quotes the line, which here is a secret.
    toml::from_str(&text).map_err(|error| KeyError::unreadable(path, error.message()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sambung_trust::certificate::certified_key;

    #[test]
    fn the_root_certifies_both_working_keys_for_five_years() {
        let recovery = Recovery::generate("BP3MI Jawa Timur", Timestamp(0)).unwrap();
        let file = KeyFile::certify(&recovery, "BP3MI Jawa Timur", Timestamp(0)).unwrap();
        let keys = file.keys().unwrap();
        let key = |purpose, day: i64| {
            certified_key(&keys.root, &keys.certificates, purpose, Timestamp(day * DAY_MS))
        };
        assert_eq!(key(Purpose::Issuer, 0), Ok(keys.issuer.public()));
        assert_eq!(key(Purpose::Relay, CERTIFIED_DAYS), Ok(keys.relay.public()));
        assert!(key(Purpose::Relay, CERTIFIED_DAYS + 1).is_err());
    }

    #[test]
    fn the_same_recovery_file_gives_the_same_identity() {
        let recovery = Recovery::generate("uji", Timestamp(0)).unwrap();
        let first = KeyFile::certify(&recovery, "uji", Timestamp(0)).unwrap().keys().unwrap();
        let again = KeyFile::certify(&recovery, "uji", Timestamp(DAY_MS)).unwrap().keys().unwrap();
        assert_eq!(first.root, again.root);
        assert_eq!(first.issuer.public(), again.issuer.public());
        assert_eq!(first.relay.public(), again.relay.public());
        assert_eq!(first.deployment, again.deployment);
        assert_ne!(first.nonce, again.nonce);
    }

    #[test]
    fn the_key_file_returns_and_does_not_hold_the_root_secret() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("relay.key");
        let recovery = Recovery::generate("uji", Timestamp(0)).unwrap();
        let file = KeyFile::certify(&recovery, "uji", Timestamp(0)).unwrap();
        file.write(&path).unwrap();
        assert_eq!(KeyFile::read(&path).unwrap(), file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains(&hex(recovery.root.bytes())));
        assert!(!text.contains(&hex(recovery.parcels.bytes())));
    }

    #[test]
    fn a_broken_key_file_is_named_and_not_quoted() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("relay.key");
        std::fs::write(&path, "format = 1\nissuer = \"c0ffee\"\n").unwrap();
        let error = KeyFile::read(&path).unwrap_err().to_string();
        assert!(error.contains("relay.key") && !error.contains("c0ffee"), "{error}");
    }
}
