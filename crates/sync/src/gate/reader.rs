//! A bounded reader of LEB128 numbers in their shortest form.

use crate::form::BadForm;

/// Most bytes of a 64-bit LEB128 number.
const LEB_MAX: u32 = 10;

/// The unread rest of a chunk.
#[derive(Debug, Clone)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Reader { rest }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn remaining(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], BadForm> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(BadForm::Length)?;
        self.rest = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, BadForm> {
        let (first, rest) = self.rest.split_first().ok_or(BadForm::Length)?;
        self.rest = rest;
        Ok(*first)
    }

    /// An unsigned number; a longer encoding than needed is refused.
    pub(super) fn unsigned(&mut self) -> Result<u64, BadForm> {
        let mut value = 0;
        for at in 0..LEB_MAX {
            let byte = self.byte()?;
            if at == LEB_MAX - 1 && byte > 1 {
                return Err(BadForm::Number);
            }
            value |= u64::from(byte & 0x7f) << (7 * at);
            if byte & 0x80 == 0 {
                return if byte == 0 && at > 0 { Err(BadForm::Number) } else { Ok(value) };
            }
        }
        Err(BadForm::Number)
    }

    /// A signed number; a longer encoding than needed is refused.
    pub(super) fn signed(&mut self) -> Result<i64, BadForm> {
        let mut value: i64 = 0;
        let mut before = 0;
        for at in 0..LEB_MAX {
            let byte = self.byte()?;
            if at == LEB_MAX - 1 && byte != 0 && byte != 0x7f {
                return Err(BadForm::Number);
            }
            value |= i64::from(byte & 0x7f) << (7 * at);
            if byte & 0x80 == 0 {
                let repeats_the_sign =
                    (byte == 0 && before & 0x40 == 0) || (byte == 0x7f && before & 0x40 != 0);
                if at > 0 && repeats_the_sign {
                    return Err(BadForm::Number);
                }
                let sign_bits = 7 * (at + 1);
                if byte & 0x40 != 0 && sign_bits < i64::BITS {
                    value |= -1 << sign_bits;
                }
                return Ok(value);
            }
            before = byte;
        }
        Err(BadForm::Number)
    }

    /// A length or count, which never exceeds what is in memory.
    pub(super) fn length(&mut self) -> Result<usize, BadForm> {
        usize::try_from(self.unsigned()?).map_err(|_| BadForm::Length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unsigned(bytes: &[u8]) -> Result<u64, BadForm> {
        Reader::new(bytes).unsigned()
    }

    fn signed(bytes: &[u8]) -> Result<i64, BadForm> {
        Reader::new(bytes).signed()
    }

    #[test]
    fn numbers_have_one_form() {
        assert_eq!(unsigned(&[0]), Ok(0));
        assert_eq!(unsigned(&[0x80, 1]), Ok(128));
        assert_eq!(unsigned(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]), Ok(u64::MAX));
        assert_eq!(
            unsigned(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2]),
            Err(BadForm::Number)
        );
        assert_eq!(unsigned(&[0x80; 11]), Err(BadForm::Number));
        assert_eq!(unsigned(&[0x81, 0]), Err(BadForm::Number));
        assert_eq!(unsigned(&[0x80]), Err(BadForm::Length));
    }

    #[test]
    fn signed_numbers_have_one_form() {
        for (bytes, value) in [
            (&[0][..], 0),
            (&[0x3f], 63),
            (&[0xc0, 0], 64),
            (&[0x40], -64),
            (&[0xbf, 0x7f], -65),
            (&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f], i64::MIN),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0], i64::MAX),
        ] {
            assert_eq!(signed(bytes), Ok(value));
        }
        assert_eq!(signed(&[0xff, 0]), Ok(127));
        assert_eq!(signed(&[0x81, 0]), Err(BadForm::Number));
        assert_eq!(signed(&[0xff, 0x7f]), Err(BadForm::Number));
        assert_eq!(signed(&[0x80; 11]), Err(BadForm::Number));
    }
}
