//! Somebody lives elsewhere now (*pindah*): the person and what is open about her goes along, cases and what is over stay.

use sambung_domain::pack::Column;
use sambung_domain::role::Action;
use sambung_domain::{Area, OfficeCode, RecordId};
use serde::{Deserialize, Serialize};

use super::transfer::usage;
use super::{Offer, Outcome, needed};
use crate::ReplicaError;
use crate::loaded::RecordRow;
use crate::offer::{own_offices, serving};
use crate::place::Place;
use crate::write::{Intent, Writer};

/// Says where somebody lives now. Where this device has no right there it is offered to the office that serves the
/// place, which makes the move by accepting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Move {
    /// The person or household.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub id: RecordId,
    /// The area.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub to: Area,
    /// The office that serves her there; without one the office that is known to serve the area.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub office: Option<OfficeCode>,
    /// Why.
    pub reason: String,
}

impl Writer<'_, '_> {
    pub(crate) fn relocate(&mut self, command: &Move) -> Result<Outcome, ReplicaError> {
        let row = self.find(command.id)?;
        self.leads(&row)?;
        if self.kind(&row.kind)?.column != Column::Person {
            return Err(usage("only people and households move; hand it over with an offer"));
        }
        needed(&command.reason)?;
        let own = |office: &OfficeCode| own_offices(&self.grant).contains(office);
        if self.grant.covers(&command.to) || command.office.as_ref().is_some_and(own) {
            return self.move_all(&row, command);
        }
        let to = match &command.office {
            Some(office) => office.clone(),
            None => serving(&self.transaction, &command.to, self.now())?
                .ok_or_else(|| usage("no office is known to serve that area; name one with --office"))?,
        };
        let Move { id, to: area, reason, .. } = command.clone();
        self.offer_all(&row, &Offer { id, to, area: Some(area), keep: false, reason }, "move")
    }

    fn move_all(&mut self, row: &RecordRow, command: &Move) -> Result<Outcome, ReplicaError> {
        let there = self.destination(row, command)?;
        let intent = Intent { action: Action::Edit, command: "move", reason: Some(command.reason.trim()) };
        let change = self.save(row, &there.moves(), &intent)?;
        let mut followed = Vec::new();
        for dependent in self.goes_along(row, true)? {
            followed.extend(self.save_or_leave(&dependent, &there.moves(), &intent)?.map(|_| dependent.id));
        }
        Ok(Outcome { followed, ..Outcome::of(row.id, change) })
    }

    /// Where the record comes to. The office changes with the kabupaten, if it is known who serves there.
    fn destination(&self, row: &RecordRow, command: &Move) -> Result<Place, ReplicaError> {
        let here = Place::of(&self.transaction, row)?;
        let from: Option<Area> = here.area.as_deref().and_then(|area| area.parse().ok());
        let leaves = from.is_none_or(|from| from.shard() != command.to.shard());
        let office = match &command.office {
            Some(office) => Some(office.clone()),
            None if leaves => serving(&self.transaction, &command.to, self.now())?,
            None => None,
        };
        let office = office.map(|office| office.to_string()).or(here.office);
        Ok(Place { area: Some(command.to.to_string()), office, access: here.access })
    }
}
