//! The key of the database: raw in `device.key`, or wrapped under a passphrase.
//!
//! SQLCipher gets a raw 256-bit key either way; Argon2id only unwraps it, so that changing a passphrase never
//! rewrites the database.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sambung_domain::hex::{hex, unhex};
use sambung_replica::DatabaseKey;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::node::random;

/// Name of the file in the replica's directory.
pub(crate) const KEY_FILE: &str = "device.key";

/// Environment variable that names the file with the passphrase.
pub(crate) const PASSPHRASE_FILE: &str = "SAMBUNG_PASSPHRASE_FILE";

/// Environment variable that makes Argon2id cheap, for tests only.
const CHEAP: &str = "SAMBUNG_TEST_CHEAP_KDF";

/// What lies in the key file.
#[derive(Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "snake_case")]
enum KeyFile {
    /// The key itself: whoever reads the file reads the database.
    Raw { key: String },
    /// The key under a passphrase.
    Wrapped { memory_kib: u32, passes: u32, salt: String, nonce: String, key: String },
}

/// What binds a wrapped key to its use.
const PURPOSE: &[u8] = b"sambung database key 1";

/// Makes a new key and writes it to the directory, under the passphrase of a file if there is one.
pub(crate) fn create(dir: &Path, passphrase: Option<&Path>) -> Result<DatabaseKey, Failure> {
    let key = DatabaseKey(Zeroizing::new(random()));
    let stored = match passphrase {
        Some(file) => wrap(&key, &read_passphrase(file)?)?,
        None => KeyFile::Raw { key: hex(&key.0[..]) },
    };
    let text =
        serde_json::to_string_pretty(&stored).map_err(|error| Failure::Configuration(error.to_string()))?;
    let text = Zeroizing::new(text);
    let (KeyFile::Raw { key: shown } | KeyFile::Wrapped { key: shown, .. }) = stored;
    drop(Zeroizing::new(shown));
    write_protected(&dir.join(KEY_FILE), text.as_bytes())?;
    Ok(key)
}

/// Reads the key of a directory; a wrapped one asks for the passphrase file in the environment.
pub(crate) fn read(dir: &Path) -> Result<DatabaseKey, Failure> {
    let path = dir.join(KEY_FILE);
    let text = std::fs::read_to_string(&path).map_err(|source| {
        if source.kind() == std::io::ErrorKind::NotFound {
            Failure::Configuration(format!(
                "{} holds no replica; enrol first, or name another directory with --dir",
                dir.display()
            ))
        } else {
            Failure::File { what: path.display().to_string(), source }
        }
    })?;
    let text = Zeroizing::new(text);
    let damaged = || Failure::Configuration(format!("{} cannot be read", path.display()));
    match serde_json::from_str(&text).map_err(|_| damaged())? {
        KeyFile::Raw { key } => {
            let key = Zeroizing::new(key);
            let bytes = Zeroizing::new(unhex(&key).map_err(|_| damaged())?);
            let bytes: [u8; 32] = bytes.as_slice().try_into().map_err(|_| damaged())?;
            Ok(DatabaseKey(Zeroizing::new(bytes)))
        }
        KeyFile::Wrapped { memory_kib, passes, salt, nonce, key } => {
            let file = std::env::var_os(PASSPHRASE_FILE).map(PathBuf::from).ok_or_else(|| {
                Failure::Configuration(format!(
                    "this replica has a passphrase; name its file in {PASSPHRASE_FILE}"
                ))
            })?;
            let part = |text: &str| unhex(text).map_err(|_| damaged());
            let secret = stretch(&read_passphrase(&file)?, &part(&salt)?, memory_kib, passes)?;
            unwrap(&secret, &part(&nonce)?, &part(&key)?)
        }
    }
}

/// Puts a kept key file into a directory that has none; true if it was put there now. A directory with another
/// key is refused: its database would open no more.
pub(crate) fn adopt(kept: &Path, dir: &Path) -> Result<bool, Failure> {
    /// Far more than any key file of ours has.
    const LENGTH_MAX: u64 = 64 * 1024;
    let failed = |source| Failure::File { what: kept.display().to_string(), source };
    let mut bytes = Zeroizing::new(Vec::new());
    File::open(kept).map_err(failed)?.take(LENGTH_MAX).read_to_end(&mut bytes).map_err(failed)?;
    let path = dir.join(KEY_FILE);
    if !path.exists() {
        write_protected(&path, &bytes)?;
        return Ok(true);
    }
    let there = Zeroizing::new(
        std::fs::read(&path).map_err(|source| Failure::File { what: path.display().to_string(), source })?,
    );
    if *there == *bytes {
        return Ok(false);
    }
    Err(Failure::Configuration(format!("{} is another key; restore into another directory", path.display())))
}

fn wrap(key: &DatabaseKey, passphrase: &[u8]) -> Result<KeyFile, Failure> {
    let (memory_kib, passes) = if std::env::var_os(CHEAP).is_some() { (64, 1) } else { (64 * 1024, 3) };
    let (salt, nonce): ([u8; 16], [u8; 24]) = (random(), random());
    let secret = stretch(passphrase, &salt, memory_kib, passes)?;
    let payload = Payload { msg: &key.0[..], aad: PURPOSE };
    let wrapped = cipher(&secret)
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| Failure::Configuration("the key could not be wrapped".to_owned()))?;
    Ok(KeyFile::Wrapped { memory_kib, passes, salt: hex(&salt), nonce: hex(&nonce), key: hex(&wrapped) })
}

fn unwrap(secret: &Zeroizing<[u8; 32]>, nonce: &[u8], wrapped: &[u8]) -> Result<DatabaseKey, Failure> {
    let wrong = || Failure::Configuration("the passphrase is wrong".to_owned());
    let nonce: [u8; 24] = nonce.try_into().map_err(|_| wrong())?;
    let payload = Payload { msg: wrapped, aad: PURPOSE };
    let key = Zeroizing::new(cipher(secret).decrypt(&XNonce::from(nonce), payload).map_err(|_| wrong())?);
    let bytes: [u8; 32] = key.as_slice().try_into().map_err(|_| wrong())?;
    Ok(DatabaseKey(Zeroizing::new(bytes)))
}

fn cipher(secret: &Zeroizing<[u8; 32]>) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&(**secret).into())
}

/// Argon2id (RFC 9106) over a passphrase.
fn stretch(
    passphrase: &[u8],
    salt: &[u8],
    memory_kib: u32,
    passes: u32,
) -> Result<Zeroizing<[u8; 32]>, Failure> {
    /// More memory than any key file of ours asks for: a damaged file must not take the machine down.
    const MEMORY_MAX_KIB: u32 = 1024 * 1024;
    let failed = |_| Failure::Configuration("the key file asks for impossible parameters".to_owned());
    let params = Params::new(memory_kib.min(MEMORY_MAX_KIB), passes.min(16), 1, Some(32)).map_err(failed)?;
    let mut secret = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase, salt, &mut secret[..])
        .map_err(failed)?;
    Ok(secret)
}

/// The passphrase in a file, without the line break at its end.
fn read_passphrase(file: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let bytes = std::fs::read(file)
        .map_err(|source| Failure::File { what: format!("passphrase file {}", file.display()), source })?;
    let mut bytes = Zeroizing::new(bytes);
    while matches!(bytes.last(), Some(b'\n' | b'\r')) {
        bytes.pop();
    }
    if bytes.is_empty() {
        return Err(Failure::Configuration(format!("{} is empty", file.display())));
    }
    Ok(bytes)
}

/// Writes a file that only its owner may read, and sees to it that it is on the disk.
fn write_protected(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed = |source| Failure::File { what: path.display().to_string(), source };
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    if let Some(dir) = path.parent() {
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(failed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raw_key_returns_and_is_protected() {
        let dir = tempfile::tempdir().unwrap();
        let key = create(dir.path(), None).unwrap();
        assert_eq!(*read(dir.path()).unwrap().0, *key.0);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(dir.path().join(KEY_FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert!(create(dir.path(), None).is_err(), "an existing key is never overwritten");
    }

    #[test]
    fn a_wrapped_key_opens_with_its_passphrase_only() {
        let key = DatabaseKey(Zeroizing::new([7; 32]));
        let (salt, nonce) = ([1; 16], [2; 24]);
        let secret = stretch(b"kata sandi", &salt, 64, 1).unwrap();
        let payload = Payload { msg: &key.0[..], aad: PURPOSE };
        let wrapped = cipher(&secret).encrypt(&XNonce::from(nonce), payload).unwrap();
        assert_eq!(*unwrap(&secret, &nonce, &wrapped).unwrap().0, *key.0);
        let other = stretch(b"kata sand1", &salt, 64, 1).unwrap();
        assert!(unwrap(&other, &nonce, &wrapped).is_err());
    }
}
