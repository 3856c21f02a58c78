//! Names of records, staff and offices.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Crockford's base 32 alphabet, lower case: no `i`, `l`, `o`, `u`.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Characters of a printed 16-byte id.
pub const ID_TEXT_LEN: usize = 26;

/// 16 bytes that name one record, drawn at random or derived from a natural key. Printed as 26 characters of
/// lower-case Crockford base 32.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode)]
#[serde(try_from = "String", into = "String")]
#[cbor(transparent)]
pub struct RecordId(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 16]);

impl RecordId {
    /// The id derived from a natural key: `BLAKE3(namespace ‖ 0x00 ‖ key)[..16]`. Replicas that derive the
    /// same record independently agree on its name.
    #[must_use]
    pub fn derived(namespace: &str, key: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(namespace.as_bytes()).update(&[0]).update(key);
        let mut id = [0; 16];
        id.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        RecordId(id)
    }

    /// The id of the sibling record of `kind` that belongs to this one (`worker_private` of a `worker`).
    #[must_use]
    pub fn sibling(self, kind: &str) -> Self {
        RecordId::derived(kind, &self.0)
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode_id(self.0))
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordId({self})")
    }
}

/// A text that is not the printed form of an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an id; an id has 26 characters of 0-9 and a-z without i, l, o, u")]
pub struct BadId(pub String);

impl FromStr for RecordId {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        decode_id(text).map(RecordId).ok_or_else(|| BadId(text.to_owned()))
    }
}

impl TryFrom<String> for RecordId {
    type Error = BadId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<RecordId> for String {
    fn from(id: RecordId) -> String {
        id.to_string()
    }
}

/// A staff member: the id of his `staff` record.
pub type StaffId = RecordId;

/// 16 bytes as 26 characters of lower-case Crockford base 32, most significant bits first.
#[must_use]
pub fn encode_id(bytes: [u8; 16]) -> String {
    let number = u128::from_be_bytes(bytes);
    (0..ID_TEXT_LEN)
        .map(|at| {
            let shift = 5 * (ID_TEXT_LEN - 1 - at);
            let digit = usize::try_from((number >> shift) & 31).unwrap_or(0);
            char::from(ALPHABET[digit])
        })
        .collect()
}

/// The bytes behind [`encode_id`]; `None` where the text is no such form. Upper case is accepted.
#[must_use]
pub fn decode_id(text: &str) -> Option<[u8; 16]> {
    if text.len() != ID_TEXT_LEN {
        return None;
    }
    let mut number: u128 = 0;
    for (at, byte) in text.bytes().enumerate() {
        let digit = ALPHABET.iter().position(|&known| known == byte.to_ascii_lowercase())?;
        if at == 0 && digit > 7 {
            return None;
        }
        number = (number << 5) | u128::try_from(digit).ok()?;
    }
    Some(number.to_be_bytes())
}

/// Greatest length of an office code.
pub const OFFICE_CODE_MAX: usize = 32;

/// The code of an office (`P4MI-3513`): capital letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode)]
#[serde(try_from = "String", into = "String")]
#[cbor(transparent)]
pub struct OfficeCode(#[n(0)] String);

impl OfficeCode {
    /// The code itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that is not an office code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not an office code; use 2 to 32 capital letters, digits and hyphens, for example P4MI-3513"
)]
pub struct BadOfficeCode(pub String);

impl FromStr for OfficeCode {
    type Err = BadOfficeCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-';
        if (2..=OFFICE_CODE_MAX).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(OfficeCode(text.to_owned()))
        } else {
            Err(BadOfficeCode(text.to_owned()))
        }
    }
}

impl TryFrom<String> for OfficeCode {
    type Error = BadOfficeCode;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<OfficeCode> for String {
    fn from(code: OfficeCode) -> String {
        code.0
    }
}

impl fmt::Display for OfficeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ids_survive_their_printed_form(bytes: [u8; 16]) {
            let text = RecordId(bytes).to_string();
            prop_assert_eq!(text.len(), ID_TEXT_LEN);
            prop_assert_eq!(text.parse::<RecordId>().unwrap(), RecordId(bytes));
            prop_assert_eq!(text.to_uppercase().parse::<RecordId>().unwrap(), RecordId(bytes));
        }
    }

    #[test]
    fn near_misses_are_not_ids() {
        let overflow = format!("8{}", "0".repeat(25));
        for bad in ["", "0", "il000000000000000000000000", overflow.as_str()] {
            assert!(bad.parse::<RecordId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn derived_ids_separate_namespace_and_key() {
        assert_ne!(RecordId::derived("ab", b"c"), RecordId::derived("a", b"bc"));
        assert_eq!(RecordId::derived("case", b"x"), RecordId::derived("case", b"x"));
    }

    #[test]
    fn office_codes_are_plain() {
        assert!("P4MI-3513".parse::<OfficeCode>().is_ok());
        for bad in ["", "A", "p4mi", "P4MI 3513", &"A".repeat(33)] {
            assert!(bad.parse::<OfficeCode>().is_err(), "{bad}");
        }
    }
}
