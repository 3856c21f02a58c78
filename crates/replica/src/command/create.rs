//! Making a record.

use sambung_domain::pack::{IdRule, Kind};
use sambung_domain::role::Action;
use sambung_domain::value::Value;
use sambung_domain::{Access, RecordId};
use sambung_sync::document::Edit;
use sambung_trust::ItemId;

use super::{Create, Fields, Outcome, edits, put};
use crate::identity::{home_area, home_office};
use crate::loaded;
use crate::parcel::{becomes, only_seals};
use crate::place::Place;
use crate::rules::access_of;
use crate::write::{Intent, Writer};
use crate::{ReplicaError, UsageError};

/// The generation of a record that was never erased.
pub(super) const FIRST_GENERATION: u32 = 1;

/// How a record comes to be.
pub(crate) struct Birth<'a> {
    /// Its id, where that is given.
    pub(crate) id: Option<RecordId>,
    /// The command, for the history.
    pub(crate) command: &'a str,
    /// Why.
    pub(crate) reason: Option<&'a str>,
    /// The sealed item it is opened from.
    pub(crate) item: Option<ItemId>,
}

impl Writer<'_, '_> {
    pub(crate) fn create(
        &mut self,
        given: Option<RecordId>,
        command: &Create,
    ) -> Result<Outcome, ReplicaError> {
        if only_seals(&self.grant, &command.kind) {
            return self.create_sealed(command);
        }
        self.bear(command, &Birth { id: given, command: "create", reason: None, item: None })
    }

    /// Seals what this device may not record.
    fn create_sealed(&mut self, command: &Create) -> Result<Outcome, ReplicaError> {
        let (item, sealed) = self.seal(command, None)?;
        let kind = self.kind(&command.kind)?;
        let id = becomes(kind, &item, command.of);
        Ok(Outcome { sealed: Some(sealed), ..Outcome::of(id, None) })
    }

    /// Makes a record, whatever the command.
    pub(crate) fn bear(&mut self, command: &Create, birth: &Birth<'_>) -> Result<Outcome, ReplicaError> {
        let kind = self.kind(&command.kind)?;
        let fields = self.with_sealed_texts(kind, &command.fields)?;
        let mut edits = self.edits(kind, &fields, birth.item)?;
        let id = self.name(kind, birth.id, command, &edits)?;
        if loaded::find(&self.transaction, id)?.is_some() {
            return Err(UsageError::Exists(id).into());
        }
        if loaded::find_generation(&self.transaction, id, FIRST_GENERATION)?.is_some() {
            // It left this device's sets and waits for its work to be safe.
            return Err(ReplicaError::NotAllowed);
        }
        let base = self.base(kind, command.of, &edits)?;
        self.complete_birth(&mut edits, kind, base.as_ref())?;
        self.name_card(kind, &mut edits)?;
        edits.extend(self.provenance());
        let row = loaded::insert(&self.transaction, id, FIRST_GENERATION, &kind.name)?;
        let intent = Intent { action: Action::Create, command: birth.command, reason: birth.reason };
        let change = self.save(&row, &edits, &intent)?;
        self.show_on_cards(&row)?;
        let findings = self.findings(&row, kind, &edits, command.fields.strict)?;
        Ok(Outcome { findings, ..Outcome::of(id, change) })
    }

    /// The writes of a command. What is opened from a sealed item names its entries after it: two who open it at once
    /// write the same.
    pub(crate) fn edits(
        &mut self,
        kind: &Kind,
        fields: &Fields,
        item: Option<ItemId>,
    ) -> Result<Vec<Edit>, ReplicaError> {
        let pack = self.pack;
        let Some(item) = item else { return Ok(edits(pack, kind, fields, self.random())?) };
        let mut number = 0_u64;
        let mut next = || {
            number += 1;
            let name = [&item.0[..], &number.to_be_bytes()].concat();
            RecordId::derived(&kind.name, &name).0
        };
        Ok(edits(pack, kind, fields, &mut next)?)
    }

    /// The id of the new record, as the kind says.
    fn name(
        &mut self,
        kind: &Kind,
        given: Option<RecordId>,
        command: &Create,
        edits: &[Edit],
    ) -> Result<RecordId, ReplicaError> {
        let derived = match &kind.id {
            IdRule::Random | IdRule::SealedItem => return Ok(given.unwrap_or_else(|| self.fresh_id())),
            IdRule::Sibling(parent) => {
                let of = command.of.ok_or_else(|| needs(&format!("--of with the id of its {parent}")))?;
                of.sibling(&kind.name)
            }
            IdRule::Keys(keys) => derived_from(kind, keys, edits)?,
            IdRule::Card => return Err(needs("a card number and its tracking code").into()),
        };
        match given {
            Some(given) if given != derived => Err(needs(&format!("the id {derived}")).into()),
            Some(_) | None => Ok(derived),
        }
    }

    /// Where the record lies that a new one of this kind follows; none for kinds that follow nothing, or where
    /// the record it would follow was not named.
    fn base(&self, kind: &Kind, of: Option<RecordId>, edits: &[Edit]) -> Result<Option<Place>, ReplicaError> {
        if kind.follows.is_none() {
            return Ok(None);
        }
        let named = kind.parent_field().and_then(|field| text_of(edits, &field.key)?.parse().ok());
        let Some(parent) = of.or(named) else { return Ok(None) };
        let row = loaded::find(&self.transaction, parent)?.ok_or(ReplicaError::NotFound(parent))?;
        if kind.parent.as_deref() != Some(row.kind.as_str()) {
            let expected = kind.parent.clone().unwrap_or_default();
            return Err(UsageError::Query(format!("{parent} is no {expected}")).into());
        }
        Place::of(&self.transaction, &row).map(Some)
    }

    /// Puts the routing keys that were not given: the birth has all of them.
    fn complete_birth(
        &self,
        edits: &mut Vec<Edit>,
        kind: &Kind,
        base: Option<&Place>,
    ) -> Result<(), ReplicaError> {
        let access = access_of(kind, self.grant.role, village_answer(edits));
        let home = match base {
            Some(base) => base.for_kind(kind),
            None if kind.reference => Place { area: Some("00".to_owned()), ..self.home(access) },
            None => self.home(access),
        };
        let defaults =
            [("area", home.area), ("office", home.office), ("access", Some(home.access.to_string()))];
        for (key, value) in defaults {
            if text_of(edits, key).is_none() {
                edits.push(put(key, Value::Text(value.ok_or(ReplicaError::NotAllowed)?)));
            }
        }
        Ok(())
    }

    fn home(&self, access: Access) -> Place {
        Place {
            area: home_area(&self.grant).map(|area| area.to_string()),
            office: home_office(&self.grant).map(|office| office.to_string()),
            access,
        }
    }

    pub(super) fn provenance(&self) -> [Edit; 3] {
        [
            put("schema", Value::Int(i64::from(self.pack.version))),
            put("created_by", Value::Text(self.staff().to_string())),
            put("created_at", Value::Text(self.now().to_string())),
        ]
    }
}

fn needs(what: &str) -> UsageError {
    UsageError::Query(format!("a record of this kind needs {what}"))
}

/// The id derived from the values of some fields, in their order.
pub(crate) fn derived_from(kind: &Kind, keys: &[String], edits: &[Edit]) -> Result<RecordId, UsageError> {
    let values: Option<Vec<&str>> = keys.iter().map(|key| text_of(edits, key)).collect();
    let values = values.ok_or_else(|| needs(&keys.join(" and ")))?;
    Ok(RecordId::derived(&kind.name, values.join("\n").as_bytes()))
}

/// The text that edits put at a root key; none if it is empty.
pub(crate) fn text_of<'a>(edits: &'a [Edit], key: &str) -> Option<&'a str> {
    edits.iter().find_map(|edit| match edit {
        Edit::Put { path, value: Value::Text(text) } if *path == [key] && !text.is_empty() => {
            Some(text.as_str())
        }
        Edit::Put { .. } | Edit::PutMap { .. } | Edit::Delete { .. } => None,
    })
}

/// The answer that edits give to the question whether the village may know.
pub(crate) fn village_answer(edits: &[Edit]) -> Option<bool> {
    edits.iter().find_map(|edit| match edit {
        Edit::Put { path, value: Value::Bool(yes) } if *path == [crate::rules::VILLAGE_MAY_KNOW] => {
            Some(*yes)
        }
        Edit::Put { .. } | Edit::PutMap { .. } | Edit::Delete { .. } => None,
    })
}
