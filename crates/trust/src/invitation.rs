//! Invitation codes: one use, until a date, for one deployment.
//!
//! A code is 16 bytes in the printed form of an id: eight random bytes, which the relay knows by their hash
//! only, and eight bytes of the root key's fingerprint, so that a device that was given the code over the
//! telephone also knows which deployment it must meet.

use sambung_domain::id::{decode_id, encode_id};

use crate::key::PublicKey;

/// An invitation code.
#[derive(Clone, PartialEq, Eq)]
pub struct InvitationCode {
    secret: [u8; 8],
    root: [u8; 8],
}

impl InvitationCode {
    /// The code around eight random bytes for the deployment of a root key.
    #[must_use]
    pub fn new(secret: [u8; 8], root: &PublicKey) -> Self {
        InvitationCode { secret, root: root.fingerprint() }
    }

    /// Reads a code as a person typed it: spaces and hyphens between groups do not matter.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bare: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        let bytes = decode_id(&bare)?;
        let (mut secret, mut root) = ([0; 8], [0; 8]);
        secret.copy_from_slice(&bytes[..8]);
        root.copy_from_slice(&bytes[8..]);
        Some(InvitationCode { secret, root })
    }

    /// The printed form.
    #[must_use]
    pub fn text(&self) -> String {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.secret);
        bytes[8..].copy_from_slice(&self.root);
        encode_id(bytes)
    }

    /// What the relay keeps instead of the code.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        blake3::derive_key("sambung invitation 1", &self.secret)
    }

    /// Whether the code was made for the deployment of this root key.
    #[must_use]
    pub fn names(&self, root: &PublicKey) -> bool {
        self.root == root.fingerprint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_survives_being_read_aloud() {
        let root = PublicKey([9; 32]);
        let code = InvitationCode::new([1, 2, 3, 4, 5, 6, 7, 8], &root);
        let text = code.text();
        let spoken = format!("{} {}-{}", &text[..5].to_uppercase(), &text[5..10], &text[10..]);
        let read = InvitationCode::parse(&spoken).unwrap();
        assert_eq!(read.hash(), code.hash());
        assert!(read.names(&root));
        assert!(!read.names(&PublicKey([8; 32])));
        assert!(InvitationCode::parse("salah").is_none());
    }
}
