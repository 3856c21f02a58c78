//! Reading a pack from its TOML texts.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Bilingual, CodeList, Column, Field, IdRule, Kind, Pack, RoleRule, check};
use crate::{Access, Role, role::Action};

/// The sources of the pack this release ships, by name.
const BUILTIN: &[(&str, &str)] = &[
    ("pack", include_str!("../../schema/pack.toml")),
    ("codes/worker", include_str!("../../schema/codes/worker.toml")),
    ("kinds/worker", include_str!("../../schema/kinds/worker.toml")),
];

/// Why a pack cannot be used, with the source it stands in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("schema pack, {source_name}: {why}")]
pub struct PackError {
    /// Name of the text.
    pub source_name: String,
    /// What is wrong.
    pub why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PackSource {
    version: u32,
    roles: BTreeMap<String, RoleSource>,
}

/// One line of the role table. A cell reads `CRE ao` or, with rights that differ by set, `C a, RE p`; cells
/// without letters stand for every set.
#[derive(Deserialize)]
struct RoleSource {
    ceiling: Access,
    #[serde(flatten)]
    cells: BTreeMap<Column, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KindSource {
    name: String,
    label: Bilingual,
    access: Access,
    column: Column,
    id: IdRule,
    #[serde(rename = "field")]
    fields: Vec<Field>,
}

impl Pack {
    /// The pack this release ships.
    ///
    /// # Errors
    /// None in a released build: a test reads it.
    pub fn builtin() -> Result<Pack, PackError> {
        Pack::read(BUILTIN)
    }

    /// Reads and checks a pack from its named texts: `pack`, `codes/*` and `kinds/*`.
    ///
    /// # Errors
    /// [`PackError`] names the text and what is wrong in it.
    pub fn read(sources: &[(&str, &str)]) -> Result<Pack, PackError> {
        let mut pack = Pack {
            version: 0,
            digest: digest(sources),
            kinds: BTreeMap::new(),
            codes: BTreeMap::new(),
            roles: Vec::new(),
            ceilings: BTreeMap::new(),
        };
        for (name, text) in sources {
            let fail = |why: String| PackError { source_name: (*name).to_owned(), why };
            if name.starts_with("codes/") {
                let lists: BTreeMap<String, CodeList> =
                    toml::from_str(text).map_err(|error| fail(error.to_string()))?;
                pack.codes.extend(lists);
            } else if name.starts_with("kinds/") {
                let source: KindSource = toml::from_str(text).map_err(|error| fail(error.to_string()))?;
                pack.kinds.insert(source.name.clone(), source.into());
            } else {
                let source: PackSource = toml::from_str(text).map_err(|error| fail(error.to_string()))?;
                pack.version = source.version;
                read_roles(&mut pack, source.roles).map_err(fail)?;
            }
        }
        check::pack(&pack)?;
        Ok(pack)
    }
}

impl From<KindSource> for Kind {
    fn from(source: KindSource) -> Kind {
        let KindSource { name, label, access, column, id, fields } = source;
        Kind { name, label, access, column, id, fields }
    }
}

fn digest(sources: &[(&str, &str)]) -> [u8; 8] {
    let mut hasher = blake3::Hasher::new();
    for (name, text) in sources {
        hasher.update(&name.len().to_be_bytes()).update(name.as_bytes());
        hasher.update(&text.len().to_be_bytes()).update(text.as_bytes());
    }
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    first
}

fn read_roles(pack: &mut Pack, roles: BTreeMap<String, RoleSource>) -> Result<(), String> {
    for (name, source) in roles {
        let role: Role = name.parse().map_err(|error: crate::role::UnknownRole| error.to_string())?;
        pack.ceilings.insert(role, source.ceiling);
        for (column, cell) in source.cells {
            pack.roles.push(read_cell(role, column, &cell)?);
        }
    }
    Ok(())
}

fn read_cell(role: Role, column: Column, cell: &str) -> Result<RoleRule, String> {
    let mut rule = RoleRule { role, column, area: Vec::new(), office: Vec::new(), person: Vec::new() };
    for part in cell.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (letters, sets) = part.split_once(' ').unwrap_or((part, "aop"));
        let actions: Vec<Action> = letters
            .chars()
            .map(|letter| {
                Action::from_letter(letter).ok_or_else(|| format!("role {role}: `{letter}` is no action"))
            })
            .collect::<Result<_, _>>()?;
        for set in sets.chars() {
            match set {
                'a' => rule.area.extend(&actions),
                'o' => rule.office.extend(&actions),
                'p' => rule.person.extend(&actions),
                _ => return Err(format!("role {role}: `{set}` is no kind of set; use a, o or p")),
            }
        }
    }
    Ok(rule)
}
