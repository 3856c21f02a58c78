//! From what a row says to the commands that make its records.

use rusqlite::{Connection, OptionalExtension};
use sambung_domain::RecordId;
use sambung_domain::pack::{IdRule, Kind};
use sambung_sync::document::Edit;
use serde_json::Value as Json;

use super::answers::Answers;
use super::name::Content;
use super::{Fault, RECORD_MAX, Reader, both};
use crate::ReplicaError;
use crate::command::{Create, Fields, derived_from, edits};
use crate::place::Place;

/// Bytes that one write takes besides its path and value, in the columns of a change.
const WRITE_BYTES: usize = 24;

/// A record of a row.
pub(super) struct Planned {
    pub(super) id: RecordId,
    pub(super) create: Create,
    pub(super) edits: Vec<Edit>,
    /// Whether it is here already.
    pub(super) present: bool,
}

/// The records of a row, each behind the one it belongs to.
pub(super) struct Records {
    pub(super) planned: Vec<Planned>,
    pub(super) content: Content,
    /// Whether the row itself names its record.
    pub(super) named: bool,
}

/// The kind of a record that is here, or was here and has left this device's scope.
pub(super) fn kind_of(connection: &Connection, id: RecordId) -> Result<Option<String>, ReplicaError> {
    let sql = "SELECT kind FROM record WHERE id = ?1 ORDER BY generation DESC LIMIT 1";
    Ok(connection.prepare_cached(sql)?.query_row([id.0], |row| row.get(0)).optional()?)
}

impl Reader<'_> {
    /// The records of a row, or what is wrong with it.
    pub(super) fn records(&self, answers: Answers) -> Result<Result<Records, Vec<Fault>>, ReplicaError> {
        let Answers { id, of, fields, faults } = answers;
        if !faults.is_empty() {
            return Ok(Err(faults));
        }
        let mut written = Vec::new();
        for (at, fields) in fields.iter().enumerate() {
            match self.edits(self.columns.kinds[at], fields) {
                Ok(edits) => written.push(edits),
                Err(fault) => return Ok(Err(vec![fault])),
            }
        }
        let names = self.columns.kinds.iter().map(|kind| kind.name.as_str());
        let all: Vec<(&str, &[Edit])> = names.zip(written.iter().map(Vec::as_slice)).collect();
        let content = self.namer.content(&all);
        let about = match self.name(id, of, content, &written[0]) {
            Ok(about) => about,
            Err(fault) => return Ok(Err(vec![fault])),
        };
        let named = id.is_some() || of.is_some();
        let mut records = Records { planned: Vec::new(), content, named };
        let mut place = None;
        for (at, (fields, edits)) in fields.into_iter().zip(written).enumerate() {
            if at > 0 && self.says_nothing(at, &fields) {
                continue;
            }
            let one = self.one(at, about, of, content, fields, edits)?;
            if let Some(fault) = self.fits(at, &one, &mut place)? {
                return Ok(Err(vec![fault]));
            }
            records.planned.push(one);
        }
        Ok(Ok(records))
    }

    /// The writes of one kind, if one change holds them.
    fn edits(&self, kind: &Kind, fields: &Fields) -> Result<Vec<Edit>, Fault> {
        let mut count = 0_u128;
        // Items get names of their own when they are written; here they only must not be taken for one.
        let mut next = || {
            count += 1;
            count.to_be_bytes()
        };
        let edits = edits(self.pack, kind, fields, &mut next).map_err(|error| {
            let why = error.to_string();
            Fault::of_row(both(format!("tidak dapat dicatat: {why}"), format!("cannot be recorded: {why}")))
        })?;
        let size: usize = edits.iter().map(size).sum();
        if size > RECORD_MAX {
            return Err(Fault::of_row(both(
                "terlalu panjang untuk satu catatan; pendekkan isiannya",
                "is too long for one record; shorten what it says",
            )));
        }
        Ok(edits)
    }

    /// The id of the record that a row is about.
    fn name(
        &self,
        id: Option<RecordId>,
        of: Option<RecordId>,
        content: Content,
        written: &[Edit],
    ) -> Result<RecordId, Fault> {
        let kind = self.columns.kinds[0];
        let derived = match (&kind.id, of) {
            (IdRule::Random | IdRule::SealedItem, _) => {
                return Ok(id.unwrap_or_else(|| self.namer.id(&kind.name, content, None)));
            }
            (IdRule::Sibling(_), Some(of)) => of.sibling(&kind.name),
            (IdRule::Sibling(of), None) => {
                let why = both(format!("kolom `{of}` kosong"), format!("the column `{of}` is empty"));
                return Err(Fault { column: of.clone(), message: why });
            }
            (IdRule::Keys(keys), _) => derived_from(kind, keys, written).map_err(|_| {
                let keys = keys.join(", ");
                Fault::of_row(both(format!("perlu {keys}"), format!("needs {keys}")))
            })?,
            (IdRule::Card, _) => {
                return Err(Fault::of_row(both(
                    "catatan jenis ini dibuat dari kartu dan kodenya, bukan dari daftar",
                    "a record of this kind is made from a card and its code, not from a list",
                )));
            }
        };
        if id.is_some_and(|id| id != derived) {
            return Err(Fault { column: "id".to_owned(), message: both("tidak cocok", "does not fit") });
        }
        Ok(derived)
    }

    /// A record of a row, tied to the one the row is about.
    fn one(
        &self,
        at: usize,
        about: RecordId,
        of: Option<RecordId>,
        content: Content,
        fields: Fields,
        mut edits: Vec<Edit>,
    ) -> Result<Planned, ReplicaError> {
        let kind = self.columns.kinds[at];
        let mut create = Create { kind: kind.name.clone(), of: None, fields };
        let id = if at == 0 {
            create.of = of;
            about
        } else if matches!(kind.id, IdRule::Sibling(_)) {
            create.of = Some(about);
            about.sibling(&kind.name)
        } else {
            if let Some(field) = kind.parent_field() {
                create.fields.set.insert(field.key.clone(), Json::String(about.to_string()));
                let value = sambung_domain::value::Value::Text(about.to_string());
                edits.push(crate::command::put(&field.key, value));
            }
            self.namer.id(&kind.name, content, Some(about))
        };
        let present = kind_of(&self.replica.connection, id)?.is_some();
        Ok(Planned { id, create, edits, present })
    }

    /// What keeps a record from being made. `place` is where the row's first record lies.
    fn fits(
        &self,
        at: usize,
        one: &Planned,
        place: &mut Option<Place>,
    ) -> Result<Option<Fault>, ReplicaError> {
        let kind = self.columns.kinds[at];
        if one.present {
            if kind_of(&self.replica.connection, one.id)?.as_deref() != Some(kind.name.as_str()) {
                let why = both("nama ini milik catatan jenis lain", "this id is of a record of another kind");
                return Ok(Some(Fault { column: "id".to_owned(), message: why }));
            }
            if at == 0 {
                *place = self.place_of(one.id)?;
            }
            return Ok(None);
        }
        let here = match self.place(kind, one, place.as_ref())? {
            Ok(here) => here,
            Err(why) => return Ok(Some(Fault::of_row(why))),
        };
        if !self.may_create(kind, &here) {
            let (area, office) = (here.area.as_deref().unwrap_or("-"), here.office.as_deref().unwrap_or("-"));
            return Ok(Some(Fault::of_row(both(
                format!("komputer ini tidak boleh mencatat {} di {area}, kantor {office}", kind.label.id),
                format!("this device may record no {} in {area}, office {office}", kind.label.en),
            ))));
        }
        place.get_or_insert(here);
        Ok(None)
    }

    /// Whether a row has nothing for one of its kinds but what every row has.
    fn says_nothing(&self, at: usize, fields: &Fields) -> bool {
        let fixed = self.columns.fixed.iter().filter(|(kind, _, _)| *kind == at).count();
        fields.set.len() + fields.add.len() <= fixed
    }
}

/// About how many bytes of a change a write takes, and not less.
fn size(edit: &Edit) -> usize {
    let (path, value) = match edit {
        Edit::Put { path, value } => (path, value.as_text().map_or(8, str::len)),
        Edit::PutMap { path } | Edit::Delete { path } => (path, 0),
    };
    path.iter().map(String::len).sum::<usize>() + value + WRITE_BYTES
}
