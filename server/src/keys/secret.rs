//! Thirty-two bytes in hexadecimal.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::KeyError;

/// Thirty-two bytes that are wiped when dropped and never printed; hexadecimal in files.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Secret(Zeroizing<[u8; 32]>);

impl Secret {
    /// Random ones.
    ///
    /// # Errors
    /// [`KeyError::Random`].
    pub fn random() -> Result<Secret, KeyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut()).map_err(|_| KeyError::Random)?;
        Ok(Secret(bytes))
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl From<[u8; 32]> for Secret {
    fn from(bytes: [u8; 32]) -> Self {
        Secret(Zeroizing::new(bytes))
    }
}

impl From<Secret> for String {
    fn from(secret: Secret) -> String {
        hex(secret.bytes())
    }
}

impl TryFrom<String> for Secret {
    type Error = BadHex;

    fn try_from(text: String) -> Result<Self, BadHex> {
        let text = Zeroizing::new(text);
        let bytes = Zeroizing::new(unhex(&text)?);
        let bytes: [u8; 32] = bytes.as_slice().try_into().map_err(|_| BadHex)?;
        Ok(Secret::from(bytes))
    }
}

/// A text that is not the hexadecimal form of what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key or certificate is not in its hexadecimal form")]
pub struct BadHex;

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = |byte: &u8| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
    bytes.iter().flat_map(digits).map(char::from).collect()
}

/// The bytes behind [`hex`].
///
/// # Errors
/// [`BadHex`].
pub fn unhex(text: &str) -> Result<Vec<u8>, BadHex> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        _ => Err(BadHex),
    };
    match text.as_bytes().as_chunks::<2>() {
        (pairs, []) => pairs.iter().map(|[high, low]| Ok(digit(*high)? << 4 | digit(*low)?)).collect(),
        _ => Err(BadHex),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_their_text() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(unhex(&hex(&all)).unwrap(), all);
        for bad in ["0", "0g", "AB", "é"] {
            assert_eq!(unhex(bad), Err(BadHex), "{bad}");
        }
    }

    #[test]
    fn a_secret_does_not_print_itself() {
        assert!(!format!("{:?}", Secret::from([0xab; 32])).contains("ab"));
    }
}
