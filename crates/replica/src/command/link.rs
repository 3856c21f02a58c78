//! Saying whether two records are of the same person.

use sambung_domain::{Area, RecordId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Birth, Create, EditRecord, Fields, Outcome, needed};
use crate::loaded;
use crate::place::Place;
use crate::query::PERSON;
use crate::same::{DECISION, LINK, NOT_SAME, SAME};
use crate::write::Writer;
use crate::{ReplicaError, UsageError};

/// Two records of persons, and why they are said to be of one, or of two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Pair {
    /// One.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub a: RecordId,
    /// The other.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub b: RecordId,
    /// Codes of `alasan_sama`: what speaks for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<String>,
    /// Why.
    pub reason: String,
}

impl Writer<'_, '_> {
    /// Writes what was decided about two persons into the record that stands for the two.
    pub(crate) fn link(&mut self, pair: &Pair, same: bool) -> Result<Outcome, ReplicaError> {
        let reason = needed(&pair.reason)?;
        let (a, b) = (pair.a.min(pair.b), pair.a.max(pair.b));
        if a == b {
            return Err(UsageError::Query("these are one record, not two".to_owned()).into());
        }
        let (first, second) = (self.person_place(a)?, self.person_place(b)?);
        let mut fields = Fields::default();
        let decided = [
            (DECISION, json!(if same { SAME } else { NOT_SAME })),
            ("asal", json!("PETUGAS")),
            ("diputuskan_oleh", json!(self.staff())),
            ("diputuskan_pada", json!(self.now().to_string())),
        ];
        fields.set.extend(decided.map(|(key, value)| (key.to_owned(), value)));
        fields.add.extend(pair.because.iter().map(|code| ("alasan".to_owned(), json!(code))));
        let id = RecordId::derived(LINK, format!("{a}\n{b}").as_bytes());
        if loaded::find(&self.transaction, id)?.is_some() {
            let edit = EditRecord { id, fields, reason: Some(reason.to_owned()) };
            return self.edit_as(&edit, if same { "link" } else { "unlink" });
        }
        let place = self.between(&first, &second);
        let born = [
            ("a", json!(a)),
            ("b", json!(b)),
            ("area", json!(place.area)),
            ("office", json!(place.office)),
            ("access", json!(place.access.as_str())),
        ];
        let known = born.into_iter().filter(|(_, value)| !value.is_null());
        fields.set.extend(known.map(|(key, value)| (key.to_owned(), value)));
        let create = Create { kind: LINK.to_owned(), of: None, fields };
        self.bear(
            &create,
            &Birth {
                id: None,
                command: if same { "link" } else { "unlink" },
                reason: Some(reason),
                item: None,
            },
        )
    }

    fn person_place(&self, id: RecordId) -> Result<Place, ReplicaError> {
        let row = self.find(id)?;
        if row.kind != PERSON {
            return Err(UsageError::Query(format!("{id} is a {}, not a person", row.kind)).into());
        }
        Place::of(&self.transaction, &row)
    }

    /// Where the link of two persons lies: as protected as the stricter of the two, and in the smallest area around
    /// both where this device reaches it, so that whoever sees the link sees both; else with the first.
    fn between(&self, first: &Place, second: &Place) -> Place {
        let area = first.area.as_deref().zip(second.area.as_deref()).and_then(|(a, b)| common(a, b));
        let area = area
            .filter(|area| self.grant.covers(area))
            .map(|area| area.to_string())
            .or_else(|| first.area.clone());
        Place { area, office: first.office.clone(), access: first.access.max(second.access) }
    }
}

/// The smallest area around two.
fn common(a: &str, b: &str) -> Option<Area> {
    let both = a.split('.').zip(b.split('.')).take_while(|(a, b)| a == b).map(|(part, _)| part);
    both.collect::<Vec<_>>().join(".").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_around_two_is_what_their_codes_begin_with() {
        let around = |a, b| common(a, b).map(|area| area.to_string());
        assert_eq!(around("35.13.02.2004", "35.13.05.2001").as_deref(), Some("35.13"));
        assert_eq!(around("35.13.02.2004", "35.13.02.2004").as_deref(), Some("35.13.02.2004"));
        assert_eq!(around("35.13", "35.13.02").as_deref(), Some("35.13"));
        assert_eq!(around("35.13", "33.01"), None);
    }
}
