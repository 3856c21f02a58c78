//! The one place that asks the machine for the time and for random bytes.

use std::time::{SystemTime, UNIX_EPOCH};

use sambung_domain::Timestamp;

use crate::store::StoreError;

/// The relay's time.
#[must_use]
pub fn now() -> Timestamp {
    let ms = |duration: std::time::Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => Timestamp(ms(since)),
        Err(before) => Timestamp(-ms(before.duration())),
    }
}

/// Random bytes from the operating system.
///
/// # Errors
/// [`StoreError::Random`].
pub fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| StoreError::Random)?;
    Ok(bytes)
}
