//! Handing a record to another office: offered, accepted, declined.
//!
//! Nobody can move a record to an office he has no right at. So it is offered: the receiver is named beside it and sees
//! it, and it moves when somebody there accepts. What belongs to it is offered and moves along.

use sambung_domain::pack::{TRANSFER, TRANSFER_TERMS};
use sambung_domain::role::Action;
use sambung_domain::value::Value;
use sambung_domain::{Area, OfficeCode, RecordId, Routing};
use sambung_sync::document::Edit;
use serde::{Deserialize, Serialize};

use super::{Outcome, needed, put};
use crate::loaded::RecordRow;
use crate::offer::{Terms, open_offers, own_offices, routing_of, terms_of};
use crate::place::{dependents, movers};
use crate::write::{Intent, Writer};
use crate::{ReplicaError, UsageError};

/// Offers a record to another office.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Offer {
    /// Which.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub id: RecordId,
    /// The office.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub to: OfficeCode,
    /// The area it comes to with the acceptance; without one it stays where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub area: Option<Area>,
    /// Whether the office that has it now stays a partner.
    #[serde(default)]
    pub keep: bool,
    /// Why.
    pub reason: String,
}

/// Answers an offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Answer {
    /// The record that was offered.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub id: RecordId,
    /// Why; asked for where an offer is declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Writer<'_, '_> {
    pub(crate) fn offer(&mut self, command: &Offer) -> Result<Outcome, ReplicaError> {
        let row = self.find(command.id)?;
        self.leads(&row)?;
        needed(&command.reason)?;
        if routing_of(&self.transaction, self.pack, &row)?.offices.contains(&command.to) {
            return Err(usage("it is that office's already"));
        }
        self.offer_all(&row, command, "offer")
    }

    /// Offers a record and what goes with it.
    pub(super) fn offer_all(
        &mut self,
        row: &RecordRow,
        command: &Offer,
        name: &str,
    ) -> Result<Outcome, ReplicaError> {
        let intent = Intent { action: Action::Edit, command: name, reason: Some(command.reason.trim()) };
        let change = self.save(row, &self.offer_edits(row, command)?, &intent)?;
        let mut followed = Vec::new();
        for dependent in self.goes_along(row, command.area.is_some())? {
            let edits = self.offer_edits(&dependent, command)?;
            followed.extend(self.save_or_leave(&dependent, &edits, &intent)?.map(|_| dependent.id));
        }
        Ok(Outcome { followed, offered: Some(command.to.clone()), ..Outcome::of(row.id, change) })
    }

    fn offer_edits(&self, row: &RecordRow, command: &Offer) -> Result<Vec<Edit>, ReplicaError> {
        let routing = routing_of(&self.transaction, self.pack, row)?;
        let terms = Terms {
            to: command.to.clone(),
            from: routing.offices.first().cloned(),
            since: self.now().to_string(),
            area: command.area.clone(),
            partner: routing.partners.contains(&command.to),
        };
        let kept = routing.offices.iter().filter(|_| command.keep).map(|office| partner(office, true));
        let mut edits = vec![
            put(TRANSFER, Value::Text(command.to.to_string())),
            put(TRANSFER_TERMS, Value::Text(terms.text())),
            partner(&command.to, true),
        ];
        edits.extend(kept);
        Ok(edits)
    }

    pub(crate) fn accept(&mut self, command: &Answer) -> Result<Outcome, ReplicaError> {
        let row = self.find(command.id)?;
        self.leads(&row)?;
        let office = self.offered_to_us(&row)?.ok_or_else(|| usage("nobody offers it to this office"))?;
        let terms = terms_of(&self.transaction, self.pack, &row)?;
        let area = terms.into_iter().find(|terms| terms.to == office).and_then(|terms| terms.area);
        let reason = command.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
        let intent = Intent { action: Action::Edit, command: "accept", reason };
        let change = self.accept_one(&row, &office, area.as_ref(), &intent)?;
        let mut followed = Vec::new();
        for dependent in self.goes_along(&row, area.is_some())? {
            match self.accept_one(&dependent, &office, area.as_ref(), &intent) {
                Ok(change) => followed.extend(change.map(|_| dependent.id)),
                // It was not offered along: an office that sees both ends puts it right.
                Err(ReplicaError::NotAllowed) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Outcome { followed, ..Outcome::of(row.id, change) })
    }

    /// Moves a record to the office that accepts. Where another offer of it stands none is settled: whoever that one was
    /// made to may have accepted as well, and then two offices are a question that people see.
    fn accept_one(
        &self,
        row: &RecordRow,
        office: &OfficeCode,
        area: Option<&Area>,
        intent: &Intent<'_>,
    ) -> Result<Option<sambung_sync::ChangeHash>, ReplicaError> {
        let routing = routing_of(&self.transaction, self.pack, row)?;
        let mut edits = vec![put("office", Value::Text(office.to_string()))];
        edits.extend(area.map(|area| put("area", Value::Text(area.to_string()))));
        if routing.offered.iter().all(|other| other == office) {
            edits.extend(withdrawn(&routing, &[office], &[]));
        } else if routing.partners.contains(office) {
            edits.push(partner(office, false));
        }
        self.save(row, &edits, intent)
    }

    pub(crate) fn decline(&mut self, command: &Answer) -> Result<Outcome, ReplicaError> {
        let row = self.find(command.id)?;
        self.leads(&row)?;
        let reason = needed(command.reason.as_deref().unwrap_or_default())?;
        let routing = routing_of(&self.transaction, self.pack, &row)?;
        if routing.offered.is_empty() {
            return Err(usage("nobody offers it to anybody"));
        }
        let own = own_offices(&self.grant);
        let ours: Vec<OfficeCode> = open_offers(&routing).filter(|to| own.contains(to)).cloned().collect();
        let settled = if ours.is_empty() { routing.offered.iter().cloned().collect() } else { ours };
        let intent = Intent { action: Action::Edit, command: "decline", reason: Some(reason) };
        let change = self.save(&row, &self.decline_edits(&row, &settled)?, &intent)?;
        let mut followed = Vec::new();
        for dependent in dependents(&self.transaction, self.pack, &row)? {
            let edits = self.decline_edits(&dependent, &settled)?;
            if !edits.is_empty() {
                followed.extend(self.save_or_leave(&dependent, &edits, &intent)?.map(|_| dependent.id));
            }
        }
        Ok(Outcome { followed, ..Outcome::of(row.id, change) })
    }

    fn decline_edits(&self, row: &RecordRow, settled: &[OfficeCode]) -> Result<Vec<Edit>, ReplicaError> {
        let routing = routing_of(&self.transaction, self.pack, row)?;
        let settled: Vec<&OfficeCode> =
            settled.iter().filter(|office| routing.offered.contains(office)).collect();
        if settled.is_empty() {
            return Ok(Vec::new());
        }
        let terms = terms_of(&self.transaction, self.pack, row)?;
        let partners: Vec<OfficeCode> =
            terms.into_iter().filter(|terms| terms.partner).map(|terms| terms.to).collect();
        Ok(withdrawn(&routing, &settled, &partners))
    }

    /// The first of this device's offices that a record is offered to.
    fn offered_to_us(&self, row: &RecordRow) -> Result<Option<OfficeCode>, ReplicaError> {
        let own = own_offices(&self.grant);
        let routing = routing_of(&self.transaction, self.pack, row)?;
        Ok(open_offers(&routing).find(|office| own.contains(office)).cloned())
    }

    /// What goes with a record: everything that belongs to it, or without what is over where a person moves.
    pub(super) fn goes_along(&self, row: &RecordRow, moves: bool) -> Result<Vec<RecordRow>, ReplicaError> {
        let along = if moves { movers } else { dependents };
        along(&self.transaction, self.pack, row)
    }

    /// Whether a record goes by itself and does not follow another.
    pub(super) fn leads(&self, row: &RecordRow) -> Result<(), ReplicaError> {
        match &self.kind(&row.kind)?.follows {
            Some(base) => Err(usage(&format!("it goes where its {base} goes; name that one"))),
            None => Ok(()),
        }
    }
}

/// The writes that take offers away, and their offices off the partners, those left out that are partners anyway.
/// An offer that stands besides is put in their place.
fn withdrawn(routing: &Routing, settled: &[&OfficeCode], stay: &[OfficeCode]) -> Vec<Edit> {
    let left = routing.offered.iter().find(|office| !settled.contains(office));
    let mut edits = vec![put(TRANSFER, Value::Text(left.map(ToString::to_string).unwrap_or_default()))];
    if left.is_none() {
        edits.push(put(TRANSFER_TERMS, Value::from("")));
    }
    let off = settled.iter().filter(|office| routing.partners.contains(**office) && !stay.contains(office));
    edits.extend(off.map(|office| partner(office, false)));
    edits
}

fn partner(office: &OfficeCode, held: bool) -> Edit {
    Edit::Put { path: vec!["partners".to_owned(), office.to_string()], value: Value::Bool(held) }
}

pub(super) fn usage(what: &str) -> ReplicaError {
    UsageError::Query(what.to_owned()).into()
}
