//! Nonces of the exchange's proof: a MAC over replica and relay time, so the relay remembers nothing.

use sambung_domain::Timestamp;
use sambung_domain::time::DAY_MS;

/// How long a nonce is accepted.
pub const NONCE_MS: i64 = DAY_MS;

/// A nonce: relay time in milliseconds (8 bytes, big-endian), then 16 bytes of MAC.
pub type Nonce = [u8; 24];

/// Makes the nonce for a replica at a moment of relay time.
#[must_use]
pub fn issue(key: &[u8; 32], replica: &[u8; 16], now: Timestamp) -> Nonce {
    let time = now.0.to_be_bytes();
    let mut nonce = [0; 24];
    nonce[..8].copy_from_slice(&time);
    nonce[8..].copy_from_slice(&mac(key, replica, &time));
    nonce
}

/// When a nonce was issued, by the relay's clock: an answer says so with the nonce it brings.
#[must_use]
pub fn issued_at(nonce: &Nonce) -> Timestamp {
    let mut time = [0; 8];
    time.copy_from_slice(&nonce[..8]);
    Timestamp(i64::from_be_bytes(time))
}

/// Whether a nonce was issued for this replica at most [`NONCE_MS`] ago.
#[must_use]
pub fn is_fresh(key: &[u8; 32], replica: &[u8; 16], nonce: &Nonce, now: Timestamp) -> bool {
    let issued = issued_at(nonce);
    let time = issued.0.to_be_bytes();
    let age = now.0.saturating_sub(issued.0);
    let expected = blake3::Hash::from_bytes(widened(mac(key, replica, &time)));
    let mut given = [0; 16];
    given.copy_from_slice(&nonce[8..]);
    // Hash equality is constant-time.
    expected == blake3::Hash::from_bytes(widened(given)) && (0..=NONCE_MS).contains(&age)
}

fn mac(key: &[u8; 32], replica: &[u8; 16], time: &[u8; 8]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(b"sambung nonce 1").update(replica).update(time);
    let mut first = [0; 16];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    first
}

fn widened(half: [u8; 16]) -> [u8; 32] {
    let mut whole = [0; 32];
    whole[..16].copy_from_slice(&half);
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_for_one_replica_one_relay_and_one_day() {
        let (key, replica, then) = ([1; 32], [2; 16], Timestamp(1_000_000));
        let nonce = issue(&key, &replica, then);
        assert!(is_fresh(&key, &replica, &nonce, then));
        assert!(is_fresh(&key, &replica, &nonce, then.plus_ms(NONCE_MS)));
        assert!(!is_fresh(&key, &replica, &nonce, then.plus_ms(NONCE_MS + 1)));
        assert!(!is_fresh(&key, &replica, &nonce, then.plus_ms(-1)));
        assert!(!is_fresh(&key, &[3; 16], &nonce, then));
        assert!(!is_fresh(&[4; 32], &replica, &nonce, then));
    }
}
