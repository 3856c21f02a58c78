//! Fields that only named readers can read: sealed to their devices when they are written, opened when they are shown.
//!
//! Whoever names another reader seals the texts anew, so that he can read what was written before; whoever is taken off
//! reads nothing that is written afterwards. The recovery key, which the data-protection officer keeps, opens them all.

use std::collections::BTreeSet;

use sambung_domain::StaffId;
use sambung_domain::pack::{FieldType, Kind};
use sambung_sync::routing;
use sambung_trust::{OpeningKey, RecipientKey};
use serde_json::Value as Json;

use super::Fields;
use crate::loaded::RecordRow;
use crate::parcel::{recipients, recovery_key};
use crate::sealing::{Sealer, armoured, unarmoured};
use crate::write::Writer;
use crate::{Replica, ReplicaError, UsageError, projection};

/// The routing map that names readers.
const READERS: &str = "readers";

impl Writer<'_, '_> {
    /// What a command writes, with the texts of sealed fields sealed to the record's readers.
    pub(crate) fn with_sealed_texts(
        &self,
        kind: &Kind,
        fields: &Fields,
        row: Option<&RecordRow>,
    ) -> Result<Fields, ReplicaError> {
        let mut fields = fields.clone();
        let sealed = kind.fields.iter().filter(|field| field.kind == FieldType::Sealed);
        let sealed: Vec<&str> = sealed.map(|field| field.key.as_str()).collect();
        if sealed.is_empty() {
            return Ok(fields);
        }
        let (before, after) = self.readers(&fields, row)?;
        for key in sealed {
            let given = fields.set.get(key).and_then(Json::as_str).map(str::to_owned);
            // What the readers so far may read, those named now may as well.
            let again = if before == after { None } else { self.opened(row, key)? };
            let Some(text) = given.or(again).filter(|text| !text.is_empty()) else { continue };
            if unarmoured(&text).is_none() {
                fields.set.insert(key.to_owned(), Json::from(self.sealed_text(&text, &after)?));
            }
        }
        Ok(fields)
    }

    /// The readers of a record before and after a command.
    fn readers(
        &self,
        fields: &Fields,
        row: Option<&RecordRow>,
    ) -> Result<(BTreeSet<StaffId>, BTreeSet<StaffId>), ReplicaError> {
        let before = match row {
            Some(row) => routing::routing(&row.history(&self.transaction, self.pack)?).readers,
            None => BTreeSet::new(),
        };
        let named = |list: &[(String, Json)]| -> BTreeSet<StaffId> {
            let names = list.iter().filter(|(key, _)| key == READERS);
            names.filter_map(|(_, name)| name.as_str()?.parse().ok()).collect()
        };
        let mut after = before.clone();
        after.extend(named(&fields.add));
        for gone in named(&fields.remove) {
            after.remove(&gone);
        }
        Ok((before, after))
    }

    /// The text of a sealed field as it stands, where this device can open it.
    fn opened(&self, row: Option<&RecordRow>, key: &str) -> Result<Option<String>, ReplicaError> {
        let Some(row) = row else { return Ok(None) };
        let content = projection::content(&self.transaction, row)?;
        let text = content.get(key).and_then(Json::as_str);
        Ok(text.and_then(|text| open(self.sealer, &OpeningKey::of_device(&self.identity.device), text)))
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
        keys.push(recovery_key(&self.transaction, self.identity)?);
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
