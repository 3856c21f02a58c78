//! The schema pack: kinds, fields, code lists and the role table, as data.
//!
//! The pack drives forms, validation, projection, search, export and documentation. It is read from TOML
//! texts; [`Pack::builtin`] is the pack this release ships. A pack is checked as a whole when it is read
//! ([`PackError`]), so the rest of the system can rely on what it says.

mod check;
pub mod doc;
mod field;
mod field_type;
mod format;
mod import;
mod kind;
mod load;
mod parse;
mod problem;
mod roles;
mod source;
pub mod stage;
mod write;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use field::{
    Clash, Field, Harm, LONG_TEXT_MAX, Merge, Number, PersonalData, Required, SEALED_MAX, TEXT_MAX,
};
pub use field_type::FieldType;
pub use import::{ImportColumn, ImportFixed, ImportMap, plain};
pub use kind::{
    Column, IdRule, Kind, PROVENANCE, RESERVED_KEYS, ROUTING_MAPS, ROUTING_TEXTS, Reach, TRANSFER,
    TRANSFER_TERMS,
};
pub use load::{PackError, SOURCE_MAX, SOURCES_MAX};
pub use parse::ValueError;
pub use problem::Problem;
pub(crate) use problem::named;

pub(crate) use format::is_item_id;

use crate::form::Form;
use crate::role::{Action, RoutingRight};
use crate::{Access, Role};

/// A text in the two languages of the interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bilingual {
    /// Bahasa Indonesia, plain words.
    pub id: String,
    /// English.
    pub en: String,
}

/// One entry of a code list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// The official code, as stored.
    pub code: String,
    /// What people read.
    pub label: Bilingual,
    /// The state ([`CARD_STATES`]) that status cards show while a matter stands here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
}

/// A list of codes with the place it was taken from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeList {
    /// Regulation, form or system the codes come from; `setting` where no source could be read.
    pub source: String,
    /// Whether the list could not be read at its source and is kept as a setting of the deployment.
    #[serde(default)]
    pub setting: bool,
    /// The codes in the order they are offered; where a clash is decided by the list, strictest first.
    pub codes: Vec<Code>,
}

impl CodeList {
    /// The entry of a code.
    #[must_use]
    pub fn code(&self, code: &str) -> Option<&Code> {
        self.codes.iter().find(|known| known.code == code)
    }

    /// Whether a code is in the list.
    #[must_use]
    pub fn has(&self, code: &str) -> bool {
        self.code(code).is_some()
    }
}

/// The list that fields of type `country` draw on.
pub const COUNTRY_LIST: &str = "negara";
/// The list of the plain states that status cards show.
pub const CARD_STATES: &str = "keadaan_kartu";
/// The message with which every office answers whoever brings no card number and code that fit.
pub const NOTHING_TO_TELL: &str = "lacak_kosong";
/// The list that the currencies of `money` fields are of.
pub const CURRENCY_LIST: &str = "mata_uang";

/// A number or rule that the centre may change without a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// What people call it.
    pub label: Bilingual,
    /// Its unit: `hari`, `hari_kerja`, `bulan`, `persen`, `pola` (a pattern), `daftar` (a list).
    pub unit: String,
    /// Its value; absent where nobody could read the rule, and then nothing is computed from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Where the value stands, or where it ought to stand.
    pub source: String,
    /// Whether the source itself was read; otherwise the value is to be confirmed before it is relied on.
    pub read: bool,
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
    /// Numbers and rules that may change without a release, by name.
    pub settings: BTreeMap<String, Setting>,
    /// Forms by name.
    pub forms: BTreeMap<String, Form>,
    /// How lists of other systems become records, by name.
    #[serde(default)]
    pub imports: BTreeMap<String, ImportMap>,
    /// What forms say about values, by the code of the finding.
    pub messages: BTreeMap<String, Bilingual>,
    /// The role table.
    pub roles: Vec<RoleRule>,
    /// The highest access each role may hold through area and office sets.
    pub ceilings: BTreeMap<Role, Access>,
    /// What each role may do to where a record belongs.
    pub routing_rights: BTreeMap<Role, BTreeSet<RoutingRight>>,
}

impl Pack {
    /// The line of the role table for one role and column.
    #[must_use]
    pub fn rule(&self, role: Role, column: Column) -> Option<&RoleRule> {
        self.roles.iter().find(|rule| rule.role == role && rule.column == column)
    }

    /// The kind under a name.
    #[must_use]
    pub fn kind(&self, name: &str) -> Option<&Kind> {
        self.kinds.get(name)
    }

    /// The code list a field draws on.
    #[must_use]
    pub fn code_list(&self, field: &Field) -> Option<&CodeList> {
        let name = match (&field.codes, field.kind, field.of) {
            (Some(name), _, _) => name.as_str(),
            (None, FieldType::Country, _) | (None, FieldType::Set, Some(FieldType::Country)) => COUNTRY_LIST,
            _ => return None,
        };
        self.codes.get(name)
    }

    /// The forms of a kind, in the order of their names.
    pub fn forms_of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Form> {
        self.forms.values().filter(move |form| form.kind == kind)
    }
}
