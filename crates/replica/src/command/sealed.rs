//! Fields that only named readers can read: sealed to their devices when they are written, opened when they are shown.
//!
//! Nobody edits a statement (docs/authorisation.md): whom it names at its birth can read it, and whoever keeps the
//! recovery key, which is the data-protection officer.

use std::collections::BTreeSet;

use sambung_domain::StaffId;
use sambung_domain::pack::{FieldType, Kind};
use sambung_trust::{OpeningKey, RecipientKey};
use serde_json::Value as Json;

use super::Fields;
use crate::parcel::{recipients, recovery_key};
use crate::sealing::{Sealer, armoured, unarmoured};
use crate::write::Writer;
use crate::{Replica, ReplicaError, UsageError};

/// The routing map that names readers.
const READERS: &str = "readers";

impl Writer<'_, '_> {
    /// What a birth writes, with the texts of sealed fields sealed to the readers it names.
    pub(crate) fn with_sealed_texts(&self, kind: &Kind, fields: &Fields) -> Result<Fields, ReplicaError> {
        let mut fields = fields.clone();
        let named = fields.add.iter().filter(|(key, _)| key == READERS);
        let readers: BTreeSet<StaffId> = named.filter_map(|(_, name)| name.as_str()?.parse().ok()).collect();
        for field in kind.fields.iter().filter(|field| field.kind == FieldType::Sealed) {
            let Some(text) = fields.set.get(&field.key).and_then(Json::as_str) else { continue };
            if !text.is_empty() && unarmoured(text).is_none() {
                let sealed = self.sealed_text(text, &readers)?;
                fields.set.insert(field.key.clone(), Json::from(sealed));
            }
        }
        Ok(fields)
    }

    fn sealed_text(&self, text: &str, readers: &BTreeSet<StaffId>) -> Result<String, ReplicaError> {
        let list = recipients(&self.transaction)?;
        let names = |staff: &[StaffId]| staff.iter().any(|member| readers.contains(member));
        let mut keys: Vec<RecipientKey> =
            list.iter().filter(|device| names(&device.staff)).map(|device| device.key).collect();
        if keys.is_empty() {
            let nobody = "none of its readers has a device that could open it; name one with --add readers=";
            return Err(UsageError::Query(nobody.to_owned()).into());
        }
        keys.push(recovery_key(self.identity)?);
        let failed = ReplicaError::Unreadable("a text that is to be sealed");
        armoured(&self.sealer.seal(&keys, text.as_bytes()).ok_or(failed)?)
    }
}

impl Replica {
    /// The fields of a record with the texts of sealed ones, where this device is a reader's.
    pub(crate) fn open_sealed_texts(&self, kind: &str, fields: &mut serde_json::Map<String, Json>) {
        let Some(kind) = self.pack.kind(kind) else { return };
        let key = OpeningKey::of_device(&self.identity.device);
        for field in kind.fields.iter().filter(|field| field.kind == FieldType::Sealed) {
            let sealed = fields.get(&field.key).and_then(Json::as_str);
            if let Some(text) = sealed.and_then(|text| open(&*self.sealer, &key, text)) {
                fields.insert(field.key.clone(), Json::from(text));
            }
        }
    }
}

fn open(sealer: &dyn Sealer, key: &OpeningKey, text: &str) -> Option<String> {
    let opened = sealer.open(key, &unarmoured(text)?)?;
    String::from_utf8(opened.to_vec()).ok()
}
