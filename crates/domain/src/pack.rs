//! The schema pack: kinds, fields, code lists and the role table, as data.
//!
//! The pack drives forms, validation, projection, search, export and documentation. It is read from TOML
//! texts; [`Pack::builtin`] is the pack this release ships. A pack is checked as a whole when it is read
//! ([`PackError`]), so the rest of the system can rely on what it says.

mod check;
mod field;
mod load;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use field::{Field, FieldType, Harm, Merge, Required, ValueError};
pub use load::PackError;

use crate::{Access, Role, role::Action};

/// A text in the two languages of the interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bilingual {
    /// Bahasa Indonesia, plain words.
    pub id: String,
    /// English.
    pub en: String,
}

/// How the id of a record of a kind comes about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdRule {
    /// 16 random bytes, made offline.
    Random,
    /// Derived from the record of the named kind it belongs to, or from a natural key.
    Derived,
}

/// A column of the role table: the kinds that a role treats alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// Person kinds.
    Person,
    /// Private parts, documents, returns.
    Private,
    /// Complaint, case, referral.
    Case,
    /// Statements.
    Statement,
    /// Orientation sessions and participants.
    Opp,
    /// Reference data, staff, administration.
    Reference,
}

/// One kind of record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kind {
    /// Its name in code and in the documents (`worker`).
    pub name: String,
    /// What people call it.
    pub label: Bilingual,
    /// The access a new record of this kind starts with.
    pub access: Access,
    /// Which column of the role table speaks of it.
    pub column: Column,
    /// How its ids come about.
    pub id: IdRule,
    /// Its fields, in the order of the form.
    pub fields: Vec<Field>,
}

impl Kind {
    /// The field under a key.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == key)
    }

    /// The maps that every document of this kind is born with, sorted: sets, items and the routing maps. They
    /// are part of the genesis and never change for a kind once released.
    #[must_use]
    pub fn genesis_maps(&self) -> Vec<&str> {
        let mut maps: Vec<&str> =
            self.fields.iter().filter(|field| field.kind.is_map()).map(|field| field.key.as_str()).collect();
        maps.extend(ROUTING_MAPS);
        maps.sort_unstable();
        maps
    }
}

/// Routing keys that hold one text.
pub const ROUTING_TEXTS: [&str; 3] = ["access", "area", "office"];
/// Routing keys that hold a map of names to yes or no.
pub const ROUTING_MAPS: [&str; 3] = ["excluded", "partners", "readers"];
/// Root keys that are no fields of a form.
pub const RESERVED_KEYS: [&str; 12] = [
    "access",
    "area",
    "created_at",
    "created_by",
    "excluded",
    "generation",
    "kind",
    "office",
    "partners",
    "readers",
    "record",
    "schema",
];

/// One entry of a code list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// The official code, as stored.
    pub code: String,
    /// What people read.
    pub label: Bilingual,
}

/// A list of codes with the place it was taken from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeList {
    /// Regulation, form or system the codes come from; `setting` where no source could be read.
    pub source: String,
    /// The codes in the order they are offered.
    pub codes: Vec<Code>,
}

/// What one role may do in one column: the actions and through which kinds of set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleRule {
    /// The role.
    pub role: Role,
    /// The column.
    pub column: Column,
    /// Actions allowed through area sets.
    pub area: Vec<Action>,
    /// Actions allowed through office sets.
    pub office: Vec<Action>,
    /// Actions allowed through person sets.
    pub person: Vec<Action>,
}

/// The schema pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pack {
    /// Release number of the pack; grows.
    pub version: u32,
    /// First eight bytes of the BLAKE3 hash of the pack's sources: what a batch names.
    pub digest: [u8; 8],
    /// Kinds by name.
    pub kinds: BTreeMap<String, Kind>,
    /// Code lists by name.
    pub codes: BTreeMap<String, CodeList>,
    /// The role table.
    pub roles: Vec<RoleRule>,
    /// The highest access each role may hold through area and office sets.
    pub ceilings: BTreeMap<Role, Access>,
}

impl Pack {
    /// The kind under a name.
    #[must_use]
    pub fn kind(&self, name: &str) -> Option<&Kind> {
        self.kinds.get(name)
    }

    /// The code list a field draws on.
    #[must_use]
    pub fn code_list(&self, field: &Field) -> Option<&CodeList> {
        field.codes.as_ref().and_then(|name| self.codes.get(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_builtin_pack_reads_and_names_itself() {
        let pack = Pack::builtin().unwrap();
        assert_eq!(pack.digest, Pack::builtin().unwrap().digest);
        assert!(pack.kind("worker").is_some());
    }

    #[test]
    fn what_a_village_sees_of_a_worker_is_exactly_this() {
        let pack = Pack::builtin().unwrap();
        let keys: Vec<&str> = pack.kind("worker").unwrap().fields.iter().map(|f| f.key.as_str()).collect();
        assert_eq!(
            keys,
            [
                "nama_lengkap",
                "nama_panggilan",
                "jenis_kelamin",
                "tahun_lahir",
                "alamat",
                "rt",
                "rw",
                "dusun",
                "area_belum_pasti",
                "telepon",
                "whatsapp",
                "kebutuhan",
                "petugas_pendamping",
                "boleh_diketahui_desa",
                "status_pmi",
            ]
        );
    }

    #[test]
    fn genesis_maps_are_sorted_and_contain_the_routing_maps() {
        let pack = Pack::builtin().unwrap();
        let maps = pack.kind("worker").unwrap().genesis_maps();
        assert!(maps.is_sorted());
        for routing in ROUTING_MAPS {
            assert!(maps.contains(&routing));
        }
        assert!(maps.contains(&"telepon"));
    }
}
