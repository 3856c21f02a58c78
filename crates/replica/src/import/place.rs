//! Where the record of a row will lie, and whether this device may make it there.

use sambung_domain::pack::{Bilingual, Kind};
use sambung_domain::role::Action;
use sambung_domain::{RecordId, Routing};
use sambung_trust::{Decision, Question, decide};

use super::records::Planned;
use super::{Reader, both};
use crate::ReplicaError;
use crate::command::{text_of, village_answer};
use crate::identity::{home_area, home_office};
use crate::loaded;
use crate::place::Place;
use crate::rules::access_of;

/// The area of reference data.
const REFERENCE_AREA: &str = "00";

impl Reader<'_> {
    /// Where a record of the replica lies; nowhere that this device sees.
    pub(super) fn place_of(&self, id: RecordId) -> Result<Option<Place>, ReplicaError> {
        let connection = &self.replica.connection;
        loaded::find(connection, id)?.map(|row| Place::of(connection, &row)).transpose()
    }

    /// Where a record will lie: as its row says, as what it follows, or as new records of this device do.
    pub(super) fn place(
        &self,
        kind: &Kind,
        one: &Planned,
        base: Option<&Place>,
    ) -> Result<Result<Place, Bilingual>, ReplicaError> {
        let from = match (base, kind.follows.is_some()) {
            (Some(base), _) => Some(base.for_kind(kind)),
            (None, true) => match self.parent(kind, one)? {
                Ok(parent) => parent.map(|place| place.for_kind(kind)),
                Err(why) => return Ok(Err(why)),
            },
            (None, false) => None,
        };
        let home = from.unwrap_or_else(|| self.home(kind, one));
        let said = |key: &str| text_of(&one.edits, key).map(str::to_owned);
        Ok(Ok(Place {
            area: said("area").or(home.area),
            office: said("office").or(home.office),
            access: said("access").and_then(|text| text.parse().ok()).unwrap_or(home.access),
        }))
    }

    /// Where the record lies that a new one belongs to, if the row names one.
    fn parent(&self, kind: &Kind, one: &Planned) -> Result<Result<Option<Place>, Bilingual>, ReplicaError> {
        let named = kind.parent_field().and_then(|field| text_of(&one.edits, &field.key)?.parse().ok());
        let Some(parent) = one.create.of.or(named) else { return Ok(Ok(None)) };
        let Some(row) = loaded::find(&self.replica.connection, parent)? else {
            return Ok(Err(both(
                format!("milik {parent}, yang belum ada di sini; masukkan dulu yang itu"),
                format!("belongs to {parent}, which is not here; bring that in first"),
            )));
        };
        if kind.parent.as_deref() != Some(row.kind.as_str()) {
            let of = kind.parent.clone().unwrap_or_default();
            let why = both(format!("{parent} bukan {of}"), format!("{parent} is no {of}"));
            return Ok(Err(why));
        }
        Place::of(&self.replica.connection, &row).map(|place| Ok(Some(place)))
    }

    fn home(&self, kind: &Kind, one: &Planned) -> Place {
        let area = if kind.reference {
            Some(REFERENCE_AREA.to_owned())
        } else {
            home_area(&self.grant).map(|area| area.to_string())
        };
        Place {
            area,
            office: home_office(&self.grant).map(|office| office.to_string()),
            access: access_of(kind, self.grant.role, village_answer(&one.edits)),
        }
    }

    /// The decision that the save will meet.
    pub(super) fn may_create(&self, kind: &Kind, place: &Place) -> bool {
        let after = Routing {
            areas: place.area.iter().filter_map(|area| area.parse().ok()).collect(),
            offices: place.office.iter().filter_map(|office| office.parse().ok()).collect(),
            access: Some(place.access),
            ..Routing::default()
        };
        let unborn = Routing::default();
        let question = Question {
            grant: &self.grant,
            kind: &kind.name,
            action: Action::Create,
            here: &unborn,
            before: &unborn,
            after: &after,
            now: self.relay_time,
        };
        let complete = place.area.is_some() && place.office.is_some();
        complete && decide(&question) == Decision::Allow
    }
}
