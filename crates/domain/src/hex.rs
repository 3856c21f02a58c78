//! Bytes as text in lower-case hexadecimal.
//!
//! The text of a secret is one as well: a caller keeps it in something that is wiped. Nothing of it is left behind
//! here, because the space is taken at once and never moved.

/// A text that is not the hexadecimal form of what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key or certificate is not in its hexadecimal form")]
pub struct BadHex;

/// Two digits a byte.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// The bytes behind [`hex`].
///
/// # Errors
/// [`BadHex`] for anything that [`hex`] does not write.
pub fn unhex(text: &str) -> Result<Vec<u8>, BadHex> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        _ => Err(BadHex),
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return Err(BadHex);
    }
    let mut bytes = Vec::with_capacity(pairs.len());
    for [high, low] in pairs {
        bytes.push(digit(*high)? << 4 | digit(*low)?);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_their_text() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(unhex(&hex(&all)).unwrap(), all);
        assert_eq!(hex(&[0, 0xab]), "00ab");
        for bad in ["0", "0g", "AB", "+1", "é"] {
            assert_eq!(unhex(bad), Err(BadHex), "{bad}");
        }
    }
}
