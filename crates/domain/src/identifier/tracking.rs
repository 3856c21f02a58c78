//! The tracking code under the scratch field of a *Kartu Layanan*.
//!
//! Eight characters of Crockford's base 32, which has no I, L, O and U: 40 bits, printed `K7QM-2X9P`. With the card's
//! number it opens one of five plain states and nothing else; each guess costs one run of Argon2id.

use std::fmt;

use super::compact;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of a code.
pub const CODE_LENGTH: usize = 8;
/// Characters of a printed group.
const GROUP: usize = 4;

/// The code of one card. It does not print itself by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct TrackingCode([u8; CODE_LENGTH]);

impl TrackingCode {
    /// The code that random bytes stand for; all are equally likely.
    #[must_use]
    pub fn from_random(bytes: [u8; CODE_LENGTH]) -> TrackingCode {
        TrackingCode(bytes.map(|byte| ALPHABET[usize::from(byte & 31)]))
    }

    /// Reads a code as people copy it: in either case, with dividers or without, O for 0, I and L for 1.
    #[must_use]
    pub fn read(typed: &str) -> Option<TrackingCode> {
        let typed = compact(typed).to_ascii_uppercase();
        let read = |byte: u8| match byte {
            b'O' => Some(b'0'),
            b'I' | b'L' => Some(b'1'),
            known => ALPHABET.contains(&known).then_some(known),
        };
        let code: Option<Vec<u8>> = typed.bytes().map(read).collect();
        code.and_then(|code| code.try_into().ok()).map(TrackingCode)
    }

    /// The eight characters without a divider.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// As it is printed on the card.
    #[must_use]
    pub fn printed(&self) -> String {
        let (first, second) = self.0.split_at(GROUP);
        format!("{}-{}", String::from_utf8_lossy(first), String::from_utf8_lossy(second))
    }
}

impl fmt::Debug for TrackingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TrackingCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_code_is_read_as_people_copy_it() {
        let code = TrackingCode::read("K7QM-2X01").unwrap();
        for typed in ["k7qm2x01", " K7QM 2X01 ", "k7qm-2xol", "K7QM2XOI", "K7-QM 2x0L"] {
            assert_eq!(TrackingCode::read(typed), Some(code.clone()), "{typed}");
        }
        for typed in ["", "K7QM-2X0", "K7QM-2X011", "K7QM-2XU1", "K7QM-2X0é", "\0\0\0\0\0\0\0\0"] {
            assert_eq!(TrackingCode::read(typed), None, "{typed}");
        }
        assert_eq!(format!("{code:?}"), "TrackingCode(…)");
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back_and_every_bit_counts(bytes in any::<[u8; CODE_LENGTH]>(), at in 0..CODE_LENGTH, bit in 0..5u32) {
            let code = TrackingCode::from_random(bytes);
            prop_assert_eq!(TrackingCode::read(&code.printed()), Some(code.clone()));
            prop_assert_eq!(code.printed().len(), CODE_LENGTH + 1);
            let mut other = bytes;
            other[at] ^= 1 << bit;
            prop_assert!(TrackingCode::from_random(other) != code);
        }

        #[test]
        fn no_text_breaks_the_reading(typed in ".*") {
            if let Some(code) = TrackingCode::read(&typed) {
                prop_assert_eq!(TrackingCode::read(&code.printed()), Some(code));
            }
        }
    }
}
