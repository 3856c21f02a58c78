//! Sealing that repeats itself: hides content from a search for it, and protects nothing.

use sambung_replica::Sealer;
use sambung_trust::{OpeningKey, RecipientKey};
use zeroize::Zeroizing;

/// Seals with a key that follows from the content, and opens where the opener is among those named in front.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Repeatable;

impl Sealer for Repeatable {
    fn seal(&self, to: &[RecipientKey], content: &[u8]) -> Option<Vec<u8>> {
        let key = *blake3::hash(content).as_bytes();
        let mut sealed = vec![u8::try_from(to.len()).ok()?];
        for recipient in to {
            sealed.extend(recipient.0);
        }
        sealed.extend(key);
        sealed.extend(masked(&key, content));
        Some(sealed)
    }

    fn open(&self, key: &OpeningKey, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (count, rest) = sealed.split_first()?;
        let (names, rest) = rest.split_at_checked(usize::from(*count) * 32)?;
        let (mask, content) = rest.split_at_checked(32)?;
        let own = key.recipient().0;
        if !names.chunks(32).any(|name| name == own) {
            return None;
        }
        Some(Zeroizing::new(masked(mask.try_into().ok()?, content)))
    }
}

fn masked(key: &[u8; 32], content: &[u8]) -> Vec<u8> {
    let mut mask = vec![0; content.len()];
    blake3::Hasher::new_keyed(key).finalize_xof().fill(&mut mask);
    content.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect()
}

#[test]
fn only_those_named_open_and_nothing_is_readable() {
    let [one, other] = [1, 2].map(|byte| OpeningKey::from_seed(&[byte; 32]));
    let sealed = Repeatable.seal(&[one.recipient()], b"kronologi").unwrap();
    assert_eq!(Repeatable.open(&one, &sealed).unwrap().as_slice(), b"kronologi");
    assert!(Repeatable.open(&other, &sealed).is_none());
    assert!(!sealed.windows(9).any(|window| window == b"kronologi"));
    assert_eq!(sealed, Repeatable.seal(&[one.recipient()], b"kronologi").unwrap());
}
