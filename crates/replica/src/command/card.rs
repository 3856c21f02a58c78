//! Writing status cards: whatever a case says of itself in public.

use sambung_domain::date::Date;
use sambung_domain::identifier::CardNumber;
use sambung_domain::pack::{CARD_STATES, Kind, stage};
use sambung_domain::role::Action;
use sambung_domain::value::Value;
use sambung_domain::{Area, RecordId};
use sambung_sync::document::Edit;
use serde_json::Value as Json;

use super::create::{FIRST_GENERATION, text_of};
use super::{Fields, edits, put};
use crate::card::{self, DAY, PHONE, STATE, STATUS_CARD, card_of};
use crate::loaded::{self, RecordRow};
use crate::place::Place;
use crate::rules::{CARD_NUMBER, CASE, COMPLAINT, COMPLAINTS, STATUS};
use crate::write::{Intent, Writer};
use crate::{ReplicaError, projection};

/// A complaint's field with the status card of that number.
const CARD: &str = "kartu_status";
/// What a card says of a complaint that is in no case yet.
const COME_IN: &str = "SUDAH_MASUK";
/// The office that status cards are of: none. With a real one a card would say where the report is handled, and two
/// offices that make the same card at once would disagree where it lies.
const NO_OFFICE: &str = "KARTU";

impl Writer<'_, '_> {
    /// Fills in which status card belongs to a complaint, if the list here knows its number.
    pub(super) fn name_card(&self, kind: &Kind, edits: &mut Vec<Edit>) -> Result<(), ReplicaError> {
        if kind.name != COMPLAINT || text_of(edits, CARD).is_some() {
            return Ok(());
        }
        let number = text_of(edits, CARD_NUMBER).and_then(|number| number.parse::<CardNumber>().ok());
        let card = number.map(|number| card_of(&self.transaction, number)).transpose()?.flatten();
        edits.extend(card.map(|card| put(CARD, Value::Text(card.to_string()))));
        Ok(())
    }

    /// Shows on status cards where a matter stands: of a case on the cards of all its complaints, of a complaint that is
    /// in no case that it has come in. Other kinds show nothing. A card that this device may not write, or a complaint
    /// that is not here, is left out.
    pub(crate) fn show_on_cards(&mut self, row: &RecordRow) -> Result<(), ReplicaError> {
        match row.kind.as_str() {
            CASE => self.show_case(row),
            COMPLAINT => {
                let cases = self.cases_of(row.id)?;
                if cases.is_empty() {
                    return self.show_complaint(row, COME_IN, row);
                }
                cases.iter().try_for_each(|case| self.show_case(case))
            }
            _ => Ok(()),
        }
    }

    fn show_case(&mut self, case: &RecordRow) -> Result<(), ReplicaError> {
        let content = projection::content(&self.transaction, case)?;
        let steps = content.get(STATUS).and_then(Json::as_object).cloned().unwrap_or_default();
        let Some(state) = self.state_of(&stage::codes(&steps).into_iter().collect::<Vec<_>>()) else {
            return Ok(());
        };
        let named = content.get(COMPLAINTS).and_then(Json::as_array).cloned().unwrap_or_default();
        for id in named.iter().filter_map(|id| id.as_str()?.parse().ok()) {
            let found = loaded::find(&self.transaction, id)?.filter(|row| row.kind == COMPLAINT);
            if let Some(complaint) = found {
                self.show_complaint(&complaint, &state, case)?;
            }
        }
        Ok(())
    }

    /// The state that cards show for a case at these steps, the least advanced one where they differ. A case without
    /// a step stands where every case begins.
    fn state_of(&self, codes: &[&str]) -> Option<String> {
        let field = self.pack.kind(CASE)?.field(STATUS)?;
        let list = self.pack.code_list(field)?;
        let states = self.pack.codes.get(CARD_STATES)?;
        let shown = |code: &&str| list.code(code)?.card.as_deref();
        let place = |state: &&str| states.codes.iter().position(|known| known.code == **state);
        let first = list.codes.first()?.code.as_str();
        let codes = if codes.is_empty() { &[first][..] } else { codes };
        codes.iter().filter_map(shown).min_by_key(place).map(str::to_owned)
    }

    /// The cases here that list a complaint, in the order of their ids.
    pub(crate) fn cases_of(&self, complaint: RecordId) -> Result<Vec<RecordRow>, ReplicaError> {
        let sql = "SELECT r.record FROM reference r JOIN record ON number = r.record
                   WHERE r.target = ?1 AND r.kind = ?2 AND away = 0 ORDER BY record.id";
        let mut statement = self.transaction.prepare_cached(sql)?;
        let numbers: Vec<i64> =
            statement.query_map((complaint.0, CASE), |row| row.get(0))?.collect::<Result<_, _>>()?;
        numbers.into_iter().map(|number| loaded::by_number(&self.transaction, number)).collect()
    }

    fn show_complaint(
        &mut self,
        complaint: &RecordRow,
        state: &str,
        handled: &RecordRow,
    ) -> Result<(), ReplicaError> {
        let content = projection::content(&self.transaction, complaint)?;
        let card = content.get(CARD).and_then(Json::as_str).and_then(|card| card.parse().ok());
        let Some(card) = card else { return Ok(()) };
        let mut fields = Fields::default();
        fields.set.insert(STATE.to_owned(), Json::from(state));
        fields.set.insert(DAY.to_owned(), Json::from(Date::in_wib(self.now().0).to_iso()));
        if let Some(phone) = self.phone_of(handled)? {
            fields.set.insert(PHONE.to_owned(), Json::from(phone));
        }
        self.write_card(card, &fields)
    }

    /// The first telephone of the office that a record is handled at, if that office is known here.
    fn phone_of(&self, row: &RecordRow) -> Result<Option<String>, ReplicaError> {
        let Some(code) = Place::of(&self.transaction, row)?.office else { return Ok(None) };
        let office = loaded::find(&self.transaction, RecordId::derived("office", code.as_bytes()))?;
        let content = office.map(|row| projection::content(&self.transaction, &row)).transpose()?;
        let first =
            content.as_ref().and_then(|content| content.get("telepon")?.as_array()?.first()?.as_str());
        Ok(first.map(str::to_owned))
    }

    fn write_card(&mut self, id: RecordId, fields: &Fields) -> Result<(), ReplicaError> {
        let kind = self.kind(STATUS_CARD)?;
        let mut edits = edits(self.pack, kind, fields, self.random())?;
        let intent = |action| Intent { action, command: "card", reason: None };
        if let Some(row) = loaded::find(&self.transaction, id)? {
            if row.kind == STATUS_CARD {
                self.save_or_leave(&row, &edits, &intent(Action::Edit))?;
            }
            return Ok(());
        }
        let known = loaded::find_generation(&self.transaction, id, FIRST_GENERATION)?.is_some();
        // Asked before a row is made: a birth that is not allowed would leave an empty one.
        if known || !card::allows(&self.grant, Action::Create) {
            return Ok(());
        }
        let place = [
            ("area", Area::reference().to_string()),
            ("office", NO_OFFICE.to_owned()),
            ("access", kind.access.to_string()),
        ];
        edits.extend(place.map(|(key, value)| put(key, Value::Text(value))));
        edits.extend(self.provenance());
        let row = loaded::insert(&self.transaction, id, FIRST_GENERATION, STATUS_CARD)?;
        self.save(&row, &edits, &intent(Action::Create))?;
        Ok(())
    }
}

/// Whether edits of a case change which complaints it lists.
pub(super) fn lists_complaints(edits: &[Edit]) -> bool {
    edits.iter().any(|edit| edit.path().first().is_some_and(|key| key == COMPLAINTS))
}
