//! Looking for a text in every byte that a replica keeps.

use rusqlite::MAIN_DB;
use sambung_relay::clock;

use crate::site::Office;

/// A text that occurs nowhere else.
pub(crate) fn marker() -> String {
    let bytes: [u8; 10] = clock::random().unwrap();
    bytes.iter().map(|byte| char::from(b'a' + byte % 26)).collect()
}

pub(crate) fn contains(bytes: &[u8], marker: &str) -> bool {
    let folded: Vec<u8> = bytes.to_ascii_lowercase();
    // A trigram index keeps pieces: four letters of the marker are what nothing else has.
    folded.windows(marker.len()).any(|window| window == marker.as_bytes())
}

/// Every page of the database as its pager decrypts it, free ones included.
pub(crate) fn pages(office: &Office) -> Vec<u8> {
    office.database().serialize(MAIN_DB).unwrap().to_vec()
}
