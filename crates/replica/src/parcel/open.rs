//! Opening sealed items into records.
//!
//! To open is to bear: what was sealed becomes a birth, as if the village had made the record itself. Where the record
//! is there already the second birth stands beside what is written: what is equal says nothing new, what differs goes to
//! the review list and is not shown in the field.

use sambung_domain::RecordId;
use sambung_domain::pack::{Kind, ROUTING_TEXTS};
use sambung_domain::role::Action;
use sambung_domain::value::Value;
use sambung_trust::{ItemId, OpeningKey, ParcelHeader, RecipientKey};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::arrival::{self, Arrived, headers, named_item, note_opened};
use super::seal::Addressed;
use super::{Openers, becomes};
use crate::command::{Birth, Create, EditRecord, Fields, put, unknown_field};
use crate::loaded::{self, RecordRow};
use crate::place::Place;
use crate::rules::{CARD_NUMBER, CASE, COMPLAINT, COMPLAINTS, STATUS};
use crate::write::{Intent, Writer};
use crate::{Circumstances, Replica, ReplicaError};

/// The command named in the history.
const COMMAND: &str = "open_sealed";

/// The state that a new case is in.
const NEW: &str = "BARU";

/// Opens a complaint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct OpenComplaint {
    /// The item, by its name or the beginning of it.
    pub item: String,
    /// The case it belongs to. Without one, the case of another complaint with the same card, or else a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub case: Option<RecordId>,
}

/// What a complaint became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Opened {
    /// The complaint.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub complaint: RecordId,
    /// The case it belongs to.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub case: RecordId,
    /// Whether the case was there before.
    pub joined: bool,
}

/// What was done with items by themselves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedAlone {
    /// Private parts that became records.
    pub opened: u64,
    /// Items sealed anew for devices that were enrolled later.
    pub resealed: u64,
    /// Private parts that could not be recorded yet, because what they belong to is not here, or that this release
    /// does not understand.
    pub waiting: u64,
}

impl Replica {
    /// Opens a complaint: it becomes a record, and part of a case. Opened twice, here or by another device, it is the
    /// same record. Returns after the commit.
    ///
    /// # Errors
    /// [`ReplicaError::Usage`] where there is no such item or it says what this release does not know,
    /// [`ReplicaError::NotAllowed`] where this device does not open complaints, and what the database says.
    pub fn open_complaint(
        &mut self,
        command: &OpenComplaint,
        circumstances: &mut Circumstances<'_>,
    ) -> Result<Opened, ReplicaError> {
        self.write(circumstances, |writer| writer.open_complaint(command))
    }

    /// Opens what needs no person, and seals what waits anew for devices that cannot open it yet.
    ///
    /// # Errors
    /// What the database says. One item that cannot be opened holds up no other.
    pub fn open_private_parts(
        &mut self,
        circumstances: &mut Circumstances<'_>,
    ) -> Result<OpenedAlone, ReplicaError> {
        let mut done = OpenedAlone::default();
        for header in headers(&self.connection)? {
            if header.kind == COMPLAINT {
                let missing = self.cannot_open(&header)?;
                if !missing.is_empty() {
                    let reseal = |writer: &mut Writer<'_, '_>| writer.reseal(&header, &missing);
                    done.resealed += self.write_as_device(circumstances, reseal)?;
                }
                continue;
            }
            match self.write_as_device(circumstances, |writer| writer.open_private_part(&header.item)) {
                Ok(()) => done.opened += 1,
                Err(
                    ReplicaError::Usage(_)
                    | ReplicaError::NotFound(_)
                    | ReplicaError::NotAllowed
                    | ReplicaError::Odd { .. }
                    | ReplicaError::Unreadable(_),
                ) => done.waiting += 1,
                Err(other) => return Err(other),
            }
        }
        Ok(done)
    }

    /// The keys of devices that are to open an item and cannot, by what came and by what this device sealed anew.
    fn cannot_open(&self, header: &ParcelHeader) -> Result<Vec<RecipientKey>, ReplicaError> {
        let Some(kind) = self.pack.kind(&header.kind) else { return Ok(Vec::new()) };
        let mut can = header.sealed_to.clone();
        let mut statement = self.connection.prepare_cached("SELECT body FROM parcel WHERE item = ?1")?;
        let bodies: Vec<Vec<u8>> =
            statement.query_map([header.item.0], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for body in bodies {
            if let Ok(anew) = minicbor::decode::<ParcelHeader>(&body) {
                can.extend(anew.sealed_to);
            }
        }
        let mut keys = Openers::known(&self.connection)?.of(&self.pack, kind, header.to.as_ref());
        keys.retain(|key| !can.contains(&key.fingerprint()));
        Ok(keys)
    }
}

impl Writer<'_, '_> {
    /// What was entered; `None` where it is sealed to other devices.
    fn unsealed(&self, arrived: &Arrived) -> Option<zeroize::Zeroizing<Vec<u8>>> {
        self.sealer.open(&OpeningKey::of_device(&self.identity.device), &arrived.content)
    }

    fn content(&self, arrived: &Arrived) -> Result<Create, ReplicaError> {
        let other = ReplicaError::Unreadable("an item that is sealed to another device");
        let content = self.unsealed(arrived).ok_or(other)?;
        serde_json::from_slice(&content).map_err(|_| ReplicaError::Unreadable("a sealed item"))
    }

    fn open_complaint(&mut self, command: &OpenComplaint) -> Result<Opened, ReplicaError> {
        let arrived = named_item(&self.transaction, &command.item)?;
        if arrived.header.kind != COMPLAINT || !self.grant.allows_somewhere(COMPLAINT, Action::Open) {
            return Err(ReplicaError::NotAllowed);
        }
        let complaint = arrived.item.record(COMPLAINT);
        if loaded::find(&self.transaction, complaint)?.is_none() {
            #[cfg_attr(
                not(feature = "sabotage"),
                expect(unused_mut, reason = "sabotage takes something out")
            )]
            let mut create = self.content(&arrived)?;
            #[cfg(feature = "sabotage")]
            if self.sabotage == Some("complaint_whole_at_office") {
                create.fields.set.remove("kontak_aman");
            }
            self.bear(&create, &born(&arrived, complaint, &origin(&arrived.header)))?;
            self.place_in_case(&arrived, command.case, complaint, &create)?;
        }
        note_opened(&self.transaction, &arrived.item, complaint, self.now())?;
        let known = self.cases_of(complaint)?.first().map(|case| case.id);
        let case = known.unwrap_or_else(|| arrived.item.record(CASE));
        Ok(Opened { complaint, case, joined: case != arrived.item.record(CASE) })
    }

    /// Puts a complaint into the case named, into the one of an earlier complaint with the same card, or a new one.
    fn place_in_case(
        &mut self,
        arrived: &Arrived,
        named: Option<RecordId>,
        complaint: RecordId,
        create: &Create,
    ) -> Result<(), ReplicaError> {
        let known = match named {
            Some(case) => Some(case),
            None => self.case_of_card(create, complaint)?,
        };
        let add = vec![(COMPLAINTS.to_owned(), Json::from(complaint.to_string()))];
        let reason = origin(&arrived.header);
        if let Some(case) = known {
            let fields = Fields { add, ..Fields::default() };
            let edit = EditRecord { id: case, fields, reason: Some(reason) };
            return self.edit_as(&edit, COMMAND).map(drop);
        }
        let case = arrived.item.record(CASE);
        if loaded::find(&self.transaction, case)?.is_none() {
            let create = self.new_case(create, add);
            self.bear(&create, &Birth { item: None, ..born(arrived, case, &reason) })?;
            let row = self.find(case)?;
            let kind = self.kind(CASE)?;
            let status = kind.field(STATUS).ok_or_else(|| unknown_field(kind, STATUS))?;
            self.step(&row, status, NEW, None, COMMAND)?;
            self.show_on_cards(&row)?;
        }
        Ok(())
    }

    /// A case that begins with one complaint: as urgent, and hidden from the same.
    fn new_case(&self, complaint: &Create, mut add: Vec<(String, Json)>) -> Create {
        let mut set = std::collections::BTreeMap::new();
        for key in ["area", "prioritas"] {
            if let Some(value) = complaint.fields.set.get(key) {
                set.insert(key.to_owned(), value.clone());
            }
        }
        let same = |key: &str| ["excluded", "readers"].contains(&key);
        add.extend(complaint.fields.add.iter().filter(|(key, _)| same(key)).cloned());
        let read = json!({ "oleh": self.staff().to_string(), "pada": self.now().to_string() });
        add.push(("dibaca".to_owned(), read));
        Create { kind: CASE.to_owned(), of: None, fields: Fields { set, add, ..Fields::default() } }
    }

    /// The one case of other complaints with the card of this one.
    fn case_of_card(&self, create: &Create, complaint: RecordId) -> Result<Option<RecordId>, ReplicaError> {
        let typed = create.fields.set.get(CARD_NUMBER).and_then(Json::as_str);
        let Some(typed) = typed else { return Ok(None) };
        let card = typed.replace(['-', ' '], "").to_uppercase();
        let sql = "SELECT p.id FROM projection p JOIN record ON number = p.record
                   WHERE away = 0 AND p.kind = ?1 AND p.id <> ?3
                     AND upper(replace(replace(content ->> '$.nomor_kartu', '-', ''), ' ', '')) = ?2";
        let mut statement = self.transaction.prepare_cached(sql)?;
        let ids: Vec<[u8; 16]> = statement
            .query_map((COMPLAINT, &card, complaint.0), |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let mut cases = std::collections::BTreeSet::new();
        for id in ids {
            cases.extend(self.cases_of(RecordId(id))?.first().map(|case| case.id));
        }
        Ok(if cases.len() == 1 { cases.pop_first() } else { None })
    }

    fn open_private_part(&mut self, item: &ItemId) -> Result<(), ReplicaError> {
        let arrived = &arrival::of_item(&self.transaction, item)?;
        let kind = self.kind(&arrived.header.kind)?;
        let create = self.content(arrived)?;
        if create.kind != kind.name || !self.grant.allows_somewhere(&kind.name, Action::Open) {
            return Err(ReplicaError::NotAllowed);
        }
        let id = becomes(kind, &arrived.item, create.of);
        let reason = origin(&arrived.header);
        match loaded::find(&self.transaction, id)? {
            None => drop(self.bear(&create, &born(arrived, id, &reason))?),
            Some(row) => self.bear_beside(&row, kind, &create, (&reason, arrived.item))?,
        }
        note_opened(&self.transaction, &arrived.item, id, self.now())
    }

    /// Writes a second birth of a record, at the place where it lies now.
    fn bear_beside(
        &mut self,
        row: &RecordRow,
        kind: &Kind,
        create: &Create,
        (reason, item): (&str, ItemId),
    ) -> Result<(), ReplicaError> {
        let mut edits = self.edits(kind, &create.fields, Some(item))?;
        let place = Place::of(&self.transaction, row)?;
        edits.retain(|edit| !ROUTING_TEXTS.iter().any(|key| edit.path() == [*key]));
        edits.extend(place.edits());
        edits.push(put("schema", Value::Int(i64::from(self.pack.version))));
        let intent = Intent { action: Action::Create, command: COMMAND, reason: Some(reason) };
        self.save_beside(row, &edits, &intent).map(drop)
    }

    /// Seals an item anew for devices that cannot open it, under the name of who sealed it first; gives how many parcels
    /// that made.
    fn reseal(&mut self, header: &ParcelHeader, missing: &[RecipientKey]) -> Result<u64, ReplicaError> {
        let arrived = arrival::of_item(&self.transaction, &header.item)?;
        let Some(content) = self.unsealed(&arrived) else { return Ok(0) };
        let ParcelHeader { kind, to, staff, at, .. } = header;
        let addressed = Addressed { item: Some(header.item), kind, to: to.as_ref(), staff: *staff, at: *at };
        self.put_parcel(&addressed, missing, &content)?;
        Ok(1)
    }
}

/// The birth of what an item becomes.
fn born<'a>(arrived: &Arrived, id: RecordId, reason: &'a str) -> Birth<'a> {
    Birth { id: Some(id), command: COMMAND, reason: Some(reason), item: Some(arrived.item) }
}

/// Who sealed an item, for the history of what it became.
fn origin(header: &ParcelHeader) -> String {
    format!("tersegel oleh {} pada {}", header.staff, header.at)
}
