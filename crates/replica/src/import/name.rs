//! The ids of imported records.

use sambung_domain::RecordId;
use sambung_domain::value::Value;
use sambung_sync::document::Edit;
use sambung_trust::SecretKey;

/// What the key for ids is derived for; never changed, or a list read again makes everything anew.
const CONTEXT: &str = "sambung 2026-11-24 ids of imported rows";

/// Names the records of rows by what the rows say. The hash has a key that only this device knows: ids are seen by
/// people who may not see a NIK, and a plain hash of name, birthday and NIK would let them find it by trying.
pub(super) struct Namer {
    key: [u8; 32],
    list: Vec<u8>,
}

/// The fingerprint of everything that a row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Content([u8; 32]);

impl Namer {
    pub(super) fn of(device: &SecretKey, kind: &str, map: Option<&str>) -> Self {
        let mut list = Vec::new();
        put(&mut list, kind);
        put(&mut list, map.unwrap_or_default());
        Namer { key: blake3::derive_key(CONTEXT, device.seed().as_ref()), list }
    }

    /// The fingerprint of the writes of each kind. The order of columns and of entries in a set does not matter.
    pub(super) fn content(&self, kinds: &[(&str, &[Edit])]) -> Content {
        let mut bytes = self.list.clone();
        for (kind, edits) in kinds {
            put(&mut bytes, kind);
            let mut lines: Vec<Vec<u8>> = edits.iter().map(line).collect();
            lines.sort_unstable();
            bytes.extend(length(lines.len()));
            lines.iter().for_each(|line| bytes.extend(line));
        }
        Content(*blake3::keyed_hash(&self.key, &bytes).as_bytes())
    }

    /// The id of a row's record of a kind. `of` is the record it belongs to, where it belongs to one.
    pub(super) fn id(&self, kind: &str, content: Content, of: Option<RecordId>) -> RecordId {
        let mut bytes = content.0.to_vec();
        put(&mut bytes, kind);
        bytes.extend(of.map(|id| id.0).unwrap_or_default());
        let mut id = [0; 16];
        id.copy_from_slice(&blake3::keyed_hash(&self.key, &bytes).as_bytes()[..16]);
        RecordId(id)
    }
}

/// One write, so that no two different ones have the same bytes.
fn line(edit: &Edit) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (path, value) = match edit {
        Edit::Put { path, value } => (path, Some(value)),
        Edit::PutMap { path } | Edit::Delete { path } => (path, None),
    };
    bytes.extend(length(path.len()));
    path.iter().for_each(|part| put(&mut bytes, part));
    match value {
        None => bytes.push(0),
        Some(Value::Bool(yes)) => bytes.extend([1, u8::from(*yes)]),
        Some(Value::Int(number)) => {
            bytes.push(2);
            bytes.extend(number.to_be_bytes());
        }
        Some(Value::Text(text)) => {
            bytes.push(3);
            put(&mut bytes, text);
        }
    }
    bytes
}

fn put(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend(length(text.len()));
    bytes.extend(text.as_bytes());
}

fn length(length: usize) -> [u8; 8] {
    u64::try_from(length).unwrap_or(u64::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::put as write;

    fn named(seed: u8, list: (&str, Option<&str>), edits: &[Edit]) -> RecordId {
        let namer = Namer::of(&SecretKey::from_seed(&[seed; 32]), list.0, list.1);
        namer.id("worker", namer.content(&[("worker", edits)]), None)
    }

    #[test]
    fn an_id_hangs_on_the_list_the_device_and_every_value_and_on_no_order() {
        let (name, year) =
            (write("nama_lengkap", Value::from("Uji")), write("tahun_lahir", Value::Int(1984)));
        let both = [name.clone(), year.clone()];
        let usual = named(1, ("worker", None), &both);
        assert_eq!(usual, named(1, ("worker", None), &[year, name.clone()]));
        let text = [name.clone(), write("tahun_lahir", Value::from("1984"))];
        let shifted = [write("nama_lengkap", Value::from("Uji1984")), write("tahun_lahir", Value::from(""))];
        for other in [
            named(2, ("worker", None), &both),
            named(1, ("worker", Some("siskop2mi")), &both),
            named(1, ("placement", None), &both),
            named(1, ("worker", None), &[name]),
            named(1, ("worker", None), &text),
            named(1, ("worker", None), &shifted),
        ] {
            assert_ne!(usual, other);
        }
    }
}
