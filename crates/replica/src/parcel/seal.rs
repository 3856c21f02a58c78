//! *Kirim*: sealing what was entered.

use rusqlite::params;
use sambung_domain::pack::{IdRule, Kind};
use sambung_domain::role::Action;
use sambung_domain::{OfficeCode, RecordId, StaffId, Timestamp};
use sambung_trust::{ItemId, ParcelHeader, RecipientKey, Signed};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use zeroize::Zeroizing;

use super::{Openers, recovery_key};
use crate::command::{Create, edits};
use crate::draft::forget;
use crate::place::Place;
use crate::sealing::padded;
use crate::write::Writer;
use crate::{Circumstances, Replica, ReplicaError, UsageError, identity, loaded, purge};
use sambung_sync::limits::PARCEL_MAX;

/// The answer to *who may read* that goes past the district's office.
const STRAIGHT_TO_CENTRE: &str = "BP3MI";

/// Seals what would be a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Seal {
    /// What was entered, as for making the record.
    pub create: Create,
    /// The office that is to open it, if not the one this device belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub to: Option<OfficeCode>,
    /// The draft that it was entered in: destroyed with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub draft: Option<RecordId>,
}

/// What is known of an item that was sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Sealed {
    /// Its name.
    pub item: String,
    /// The office that opens it; absent for the centre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub to: Option<OfficeCode>,
    /// How many devices can open it. With none, only the recovery key does.
    pub openers: usize,
}

impl Replica {
    /// Seals what was entered: afterwards nothing of it can be read here. Returns after the commit.
    ///
    /// # Errors
    /// [`ReplicaError::Usage`] for what the kind does not have, [`ReplicaError::NotAllowed`] where this device does not
    /// seal such records, and what the database says. Nothing was changed then, and a draft is still there.
    pub fn seal(
        &mut self,
        command: &Seal,
        circumstances: &mut Circumstances<'_>,
    ) -> Result<Sealed, ReplicaError> {
        let staff = circumstances.staff;
        let sealed = self.write(circumstances, |writer| {
            let (_, sealed) = writer.seal(&command.create, command.to.as_ref())?;
            if let Some(draft) = command.draft {
                forget(&writer.transaction, draft, staff)?;
            }
            Ok(sealed)
        })?;
        // Pages of the draft, and of those it replaced, lie in the log until then.
        purge::scrub_log(&self.connection)?;
        Ok(sealed)
    }
}

/// What stands on an item.
pub(super) struct Addressed<'a> {
    /// Its name, for one that is sealed anew.
    pub(super) item: Option<ItemId>,
    /// The kind of record it becomes.
    pub(super) kind: &'a str,
    /// The office it is for; none for the centre.
    pub(super) to: Option<&'a OfficeCode>,
    /// Who sealed it first.
    pub(super) staff: StaffId,
    /// When, by that device's clock.
    pub(super) at: Timestamp,
}

impl Writer<'_, '_> {
    /// Seals a record that would be made.
    pub(crate) fn seal(
        &mut self,
        create: &Create,
        to: Option<&OfficeCode>,
    ) -> Result<(ItemId, Sealed), ReplicaError> {
        let kind = self.kind(&create.kind)?;
        if !self.grant.allows_somewhere(&kind.name, Action::Seal) {
            return Err(ReplicaError::NotAllowed);
        }
        // What cannot be recorded is told to whoever entered it, not to whoever opens it.
        edits(self.pack, kind, &create.fields, self.random())?;
        let parent = self.parent(kind, create)?;
        let create = self.completed(kind, create, parent.as_ref());
        let office = parent.and_then(|place| place.office?.parse().ok());
        let to = self.receiver(&create, to.cloned().or(self.grant.office.clone()).or(office));
        self.seal_for(kind, &create, to)
    }

    /// Where the record lies that the sealed one will belong to. It must be known here.
    fn parent(&self, kind: &Kind, create: &Create) -> Result<Option<Place>, ReplicaError> {
        let needed = matches!(kind.id, IdRule::Sibling(_));
        let Some(of) = create.of else {
            let missing =
                UsageError::Query("a record of this kind needs --of with what it belongs to".to_owned());
            return if needed { Err(missing.into()) } else { Ok(None) };
        };
        let row = loaded::find(&self.transaction, of)?.ok_or(ReplicaError::NotFound(of))?;
        Place::of(&self.transaction, &row).map(Some)
    }

    /// What the office cannot know: where, when and by whom it was taken.
    fn completed(&self, kind: &Kind, create: &Create, parent: Option<&Place>) -> Create {
        let mut create = create.clone();
        let area = parent
            .and_then(|place| place.area.clone())
            .or_else(|| identity::home_area(&self.grant).map(|area| area.to_string()));
        let (now, staff) = (self.now().to_string(), self.staff().to_string());
        let known = [("diterima_pada", now), ("petugas_penerima", staff)];
        let of_kind = known.into_iter().filter(|(key, _)| kind.field(key).is_some());
        for (key, value) in area.map(|area| ("area", area)).into_iter().chain(of_kind) {
            create.fields.set.entry(key.to_owned()).or_insert(Json::from(value));
        }
        create
    }

    /// The office an item goes to: none, which is the centre, where the person wants that or the office itself is
    /// involved.
    fn receiver(&self, create: &Create, office: Option<OfficeCode>) -> Option<OfficeCode> {
        let wish = create.fields.set.get("siapa_boleh_membaca").and_then(Json::as_str);
        let involved = |office: &OfficeCode| {
            let named =
                |(key, name): &(String, Json)| key == "excluded" && name.as_str() == Some(office.as_str());
            create.fields.add.iter().any(named)
        };
        office.filter(|office| wish != Some(STRAIGHT_TO_CENTRE) && !involved(office))
    }

    fn seal_for(
        &mut self,
        kind: &Kind,
        create: &Create,
        to: Option<OfficeCode>,
    ) -> Result<(ItemId, Sealed), ReplicaError> {
        let openers = Openers::known(&self.transaction)?;
        let office = to.filter(|office| !openers.of(self.pack, kind, Some(office)).is_empty());
        let keys = openers.of(self.pack, kind, office.as_ref());
        let unsayable = |_| ReplicaError::Unreadable("what is to be sealed");
        let content = Zeroizing::new(padded(serde_json::to_vec(create).map_err(unsayable)?));
        #[cfg(feature = "sabotage")]
        if self.sabotage == Some("complaint_sealed") {
            crate::database::set_named(&self.transaction, "last sealed", &content)?;
        }
        let addressed = Addressed {
            item: None,
            kind: &kind.name,
            to: office.as_ref(),
            staff: self.staff(),
            at: self.now(),
        };
        let item = self.put_parcel(&addressed, &keys, &content)?;
        Ok((item, Sealed { item: item.to_string(), to: office, openers: keys.len() }))
    }

    /// Seals content to keys and the recovery key and keeps it for sending.
    pub(super) fn put_parcel(
        &self,
        addressed: &Addressed<'_>,
        keys: &[RecipientKey],
        content: &[u8],
    ) -> Result<ItemId, ReplicaError> {
        let mut keys = keys.to_vec();
        keys.push(recovery_key(self.identity)?);
        let failed = ReplicaError::Unreadable("what is to be sealed");
        let sealed = self.sealer.seal(&keys, content).ok_or(failed)?;
        if sealed.len() > PARCEL_MAX {
            return Err(UsageError::TooLarge(format!("a sealed item has at most {PARCEL_MAX} bytes")).into());
        }
        let hash = *blake3::hash(&sealed).as_bytes();
        let header = ParcelHeader {
            item: addressed.item.unwrap_or(ItemId(hash)),
            content: hash,
            kind: addressed.kind.to_owned(),
            to: addressed.to.cloned(),
            staff: addressed.staff,
            at: addressed.at,
            sealed_to: keys.iter().map(RecipientKey::fingerprint).collect(),
        };
        let signed = Signed::seal(&header, &self.identity.device);
        self.transaction.prepare_cached("INSERT INTO parcel VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)")?.execute(
            params![header.item.0, hash, &signed.body[..], signed.signature.0, sealed, self.now().0],
        )?;
        Ok(header.item)
    }
}
