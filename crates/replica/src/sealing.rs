//! Sealing content to recipients and opening it: `age` files (age-encryption.org/v1).

use std::io::{Read, Write};

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::x25519;
use sambung_trust::{OpeningKey, RecipientKey};
use zeroize::Zeroizing;

use crate::ReplicaError;

/// What sealed content is padded to a multiple of, in bytes: its size says little of what it holds.
const BLOCK: usize = 1024;

/// Seals and opens. Encryption needs randomness of its own; a simulation that must repeat itself brings another.
pub trait Sealer: std::fmt::Debug + Send + Sync {
    /// Encrypts content to every recipient; `None` where that fails.
    fn seal(&self, to: &[RecipientKey], content: &[u8]) -> Option<Vec<u8>>;

    /// Decrypts content; `None` where it is sealed to others or damaged.
    fn open(&self, key: &OpeningKey, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>>;
}

/// The real thing.
#[derive(Debug, Clone, Copy)]
pub struct Age;

impl Sealer for Age {
    fn seal(&self, to: &[RecipientKey], content: &[u8]) -> Option<Vec<u8>> {
        let recipients: Vec<x25519::Recipient> =
            to.iter().map(|key| key.to_string().parse().ok()).collect::<Option<_>>()?;
        let named = recipients.iter().map(|recipient| recipient as &dyn age::Recipient);
        let mut sealed = Vec::new();
        let mut writer = age::Encryptor::with_recipients(named).ok()?.wrap_output(&mut sealed).ok()?;
        writer.write_all(content).ok()?;
        writer.finish().ok()?;
        Some(sealed)
    }

    fn open(&self, key: &OpeningKey, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let identity: x25519::Identity = key.text().parse().ok()?;
        let decryptor = age::Decryptor::new_buffered(sealed).ok()?;
        let mut reader = decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity)).ok()?;
        let mut content = Zeroizing::new(Vec::with_capacity(sealed.len()));
        reader.read_to_end(&mut content).ok()?;
        Some(content)
    }
}

/// JSON with blanks up to the next full block.
pub(crate) fn padded(mut json: Vec<u8>) -> Vec<u8> {
    json.resize(json.len().div_ceil(BLOCK) * BLOCK, b' ');
    json
}

/// Sealed content as text, for a field.
pub(crate) fn armoured(sealed: &[u8]) -> Result<String, ReplicaError> {
    let mut text = Vec::new();
    let written = ArmoredWriter::wrap_output(&mut text, Format::AsciiArmor)
        .and_then(|mut writer| writer.write_all(sealed).and_then(|()| writer.finish()).map(drop));
    written
        .ok()
        .and_then(|()| String::from_utf8(text).ok())
        .ok_or(ReplicaError::Unreadable("a text that was just sealed"))
}

/// The sealed content behind a text; `None` where it is none.
pub(crate) fn unarmoured(text: &str) -> Option<Vec<u8>> {
    let mut sealed = Vec::new();
    ArmoredReader::new(text.as_bytes()).read_to_end(&mut sealed).ok()?;
    Some(sealed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_recipients_open_what_is_sealed() {
        let [one, two, other] = [1, 2, 3].map(|byte| OpeningKey::from_seed(&[byte; 32]));
        let sealed = Age.seal(&[one.recipient(), two.recipient()], b"kronologi").unwrap();
        for key in [&one, &two] {
            assert_eq!(Age.open(key, &sealed).unwrap().as_slice(), b"kronologi");
        }
        assert!(Age.open(&other, &sealed).is_none());
        let mut damaged = sealed.clone();
        *damaged.last_mut().unwrap() ^= 1;
        assert!(Age.open(&one, &damaged).is_none());
        assert!(Age.open(&one, b"").is_none());
        assert!(!sealed.windows(9).any(|window| window == b"kronologi"));
    }

    #[test]
    fn a_text_returns_from_its_armour() {
        let key = OpeningKey::from_seed(&[1; 32]);
        let sealed = Age.seal(&[key.recipient()], &vec![7; 5_000]).unwrap();
        let text = armoured(&sealed).unwrap();
        assert!(text.starts_with("-----BEGIN AGE ENCRYPTED FILE-----"));
        assert_eq!(unarmoured(&text).unwrap(), sealed);
        assert!(unarmoured("-----BEGIN AGE ENCRYPTED FILE-----\n???").is_none());
    }

    #[test]
    fn the_size_of_content_is_hidden_in_blocks() {
        assert_eq!(padded(b"{}".to_vec()).len(), BLOCK);
        assert_eq!(padded(vec![b'1'; BLOCK + 1]).len(), 2 * BLOCK);
        let value: serde_json::Value = serde_json::from_slice(&padded(b"{\"a\":1}".to_vec())).unwrap();
        assert_eq!(value["a"], 1);
    }
}
