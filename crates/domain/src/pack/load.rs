//! Reading a pack from its TOML texts.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::source::{CommonParts, FieldSource, KindSource};
use super::{ImportMap, Kind, Pack, check, roles};
use crate::form::Form;

/// Greatest size of one text of a pack, in bytes.
pub const SOURCE_MAX: usize = 1 << 20;
/// Greatest number of texts of a pack.
pub const SOURCES_MAX: usize = 512;

macro_rules! sources {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../schema/", $name, ".toml")))),*]
    };
}

/// The sources of the pack this release ships, by name.
const BUILTIN: &[(&str, &str)] = sources![
    "pack",
    "messages",
    "parts",
    "settings",
    "codes/admin",
    "codes/case",
    "codes/complaint",
    "codes/country",
    "codes/currency",
    "codes/document",
    "codes/family",
    "codes/office",
    "codes/opp",
    "codes/placement",
    "codes/reference",
    "codes/return",
    "codes/visit",
    "codes/worker",
    "forms/case",
    "forms/complaint",
    "forms/placement",
    "forms/placement_private",
    "forms/repatriation",
    "forms/visit",
    "forms/visit_private",
    "forms/worker",
    "forms/worker_private",
    "imports/siskop2mi",
    "kinds/case",
    "kinds/complaint",
    "kinds/data_request",
    "kinds/document",
    "kinds/group_arrival",
    "kinds/household",
    "kinds/link",
    "kinds/office",
    "kinds/opp_participant",
    "kinds/opp_session",
    "kinds/partner",
    "kinds/pendataan",
    "kinds/placement",
    "kinds/placement_private",
    "kinds/referral",
    "kinds/repatriation",
    "kinds/report",
    "kinds/rules",
    "kinds/service_tally",
    "kinds/staff",
    "kinds/staff_private",
    "kinds/statement",
    "kinds/status_card",
    "kinds/vacancy",
    "kinds/visit",
    "kinds/visit_private",
    "kinds/worker",
    "kinds/worker_private",
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
    roles: BTreeMap<String, roles::RoleSource>,
}

impl Pack {
    /// The pack this release ships.
    ///
    /// # Errors
    /// None in a released build: a test reads it.
    pub fn builtin() -> Result<Pack, PackError> {
        // Always the same, and far costlier to read than to copy.
        static READ: OnceLock<Result<Pack, PackError>> = OnceLock::new();
        READ.get_or_init(|| Pack::read(BUILTIN)).clone()
    }

    /// Names of the texts of the pack this release ships, as below `schema/` and without `.toml`.
    pub fn builtin_texts() -> impl Iterator<Item = &'static str> {
        BUILTIN.iter().map(|(name, _)| *name)
    }

    /// Reads and checks a pack from its named texts: `pack`, `messages`, `parts`, `settings`, `codes/*`,
    /// `kinds/*`, `forms/*` and `imports/*`, in any order.
    ///
    /// # Errors
    /// [`PackError`] names the text and what is wrong in it.
    pub fn read(sources: &[(&str, &str)]) -> Result<Pack, PackError> {
        check_bounds(sources)?;
        let mut pack = Pack {
            version: 0,
            digest: digest(sources),
            kinds: BTreeMap::new(),
            codes: BTreeMap::new(),
            settings: BTreeMap::new(),
            forms: BTreeMap::new(),
            imports: BTreeMap::new(),
            messages: BTreeMap::new(),
            roles: Vec::new(),
            ceilings: BTreeMap::new(),
            routing_rights: BTreeMap::new(),
        };
        let common = common_parts(sources)?;
        for (name, text) in sources {
            read_source(&mut pack, name, text, &common)
                .map_err(|why| PackError { source_name: (*name).to_owned(), why })?;
        }
        pack.checked()
    }

    /// The pack itself if everything holds of it that [`Pack::read`] checks; for packs that came as JSON.
    ///
    /// # Errors
    /// [`PackError`] names the part and what is wrong in it.
    pub fn checked(self) -> Result<Pack, PackError> {
        check::pack(&self)?;
        Ok(self)
    }
}

fn check_bounds(sources: &[(&str, &str)]) -> Result<(), PackError> {
    if sources.len() > SOURCES_MAX {
        let why = format!("a pack has at most {SOURCES_MAX} texts");
        return Err(PackError { source_name: "pack".to_owned(), why });
    }
    match sources.iter().find(|(_, text)| text.len() > SOURCE_MAX) {
        Some((name, _)) => Err(PackError {
            source_name: (*name).to_owned(),
            why: format!("is longer than {SOURCE_MAX} bytes"),
        }),
        None => Ok(()),
    }
}

fn common_parts(sources: &[(&str, &str)]) -> Result<CommonParts, PackError> {
    let mut common = CommonParts::new();
    for (name, text) in sources.iter().filter(|(name, _)| *name == "parts") {
        read_entries(&mut common, text).map_err(|why| PackError { source_name: (*name).to_owned(), why })?;
    }
    Ok(common)
}

/// The tree of a TOML text. Every type is then read from this one tree: reading each from the text itself would
/// put the parser into a phone's download once for every type.
fn tree(text: &str) -> Result<serde_json::Map<String, Json>, String> {
    toml::from_str(text).map_err(|error| error.to_string())
}

fn typed<T: DeserializeOwned>(what: &str, json: Json) -> Result<T, String> {
    let named = |error: serde_json::Error| {
        if what.is_empty() { error.to_string() } else { format!("{what}: {error}") }
    };
    serde_json::from_value(json).map_err(named)
}

/// Adds the entries of a text by name, each read on its own so that an error names it.
fn read_entries<T: DeserializeOwned>(all: &mut BTreeMap<String, T>, text: &str) -> Result<(), String> {
    for (name, json) in tree(text)? {
        let entry = typed(&format!("`{name}`"), json)?;
        add(all, name, entry)?;
    }
    Ok(())
}

/// Adds an entry under a name that is not taken.
fn add<T>(all: &mut BTreeMap<String, T>, name: String, entry: T) -> Result<(), String> {
    if all.contains_key(&name) {
        return Err(format!("`{name}` stands in two texts"));
    }
    all.insert(name, entry);
    Ok(())
}

fn kind(text: &str, common: &CommonParts) -> Result<Kind, String> {
    let mut tree = tree(text)?;
    let Some(Json::Array(fields)) = tree.remove("field") else {
        return Err("has no fields".to_owned());
    };
    let field = |json: Json| {
        let what = format!("field `{}`", json.get("key").and_then(Json::as_str).unwrap_or("without key"));
        typed::<FieldSource>(&what, json)
    };
    let fields = fields.into_iter().map(field).collect::<Result<_, _>>()?;
    typed::<KindSource>("", Json::Object(tree))?.resolve(fields, common)
}

fn read_source(pack: &mut Pack, name: &str, text: &str, common: &CommonParts) -> Result<(), String> {
    match name.split_once('/').map_or(name, |(folder, _)| folder) {
        "codes" => read_entries(&mut pack.codes, text),
        "settings" => read_entries(&mut pack.settings, text),
        "messages" => read_entries(&mut pack.messages, text),
        "kinds" => {
            let kind = kind(text, common)?;
            add(&mut pack.kinds, kind.name.clone(), kind)
        }
        "forms" => {
            let form: Form = typed("", Json::Object(tree(text)?))?;
            add(&mut pack.forms, form.name.clone(), form)
        }
        "imports" => {
            let map: ImportMap = typed("", Json::Object(tree(text)?))?;
            add(&mut pack.imports, map.name.clone(), map)
        }
        "parts" => Ok(()),
        "pack" => {
            let source: PackSource = typed("", Json::Object(tree(text)?))?;
            pack.version = source.version;
            roles::read(pack, source.roles)
        }
        _ => Err("is no text of a pack".to_owned()),
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
