//! Thirty-two bytes in hexadecimal.

use std::fmt;

use sambung_domain::hex::{BadHex, hex, unhex};
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print_itself() {
        assert!(!format!("{:?}", Secret::from([0xab; 32])).contains("ab"));
    }
}
