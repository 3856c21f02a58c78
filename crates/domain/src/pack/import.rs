//! How the columns of a list that another system gives out become records, as data.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Bilingual, Field, IdRule, Kind, Merge, Pack};

/// A mapping: for each line of a list one record of a kind, with the records that belong to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportMap {
    /// Its name.
    pub name: String,
    /// The kind of the record that a line is about.
    pub kind: String,
    /// What people call the list.
    pub label: Bilingual,
    /// The columns it knows; others are left out and named.
    #[serde(rename = "column")]
    pub columns: Vec<ImportColumn>,
    /// What every line says without a column.
    #[serde(default, rename = "fixed", skip_serializing_if = "Vec::is_empty")]
    pub fixed: Vec<ImportFixed>,
}

/// One column of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportColumn {
    /// Its heading; capitals, spaces and punctuation do not matter.
    pub header: String,
    /// The kind its field is of.
    pub kind: String,
    /// The field.
    pub field: String,
    /// Whether a line without it is no line of such a list.
    #[serde(default)]
    pub required: bool,
    /// What the list writes, and what the field holds for it; capitals, spaces and punctuation do not matter.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
}

/// A value that every line says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportFixed {
    /// The kind its field is of.
    pub kind: String,
    /// The field.
    pub field: String,
    /// The value, as typed.
    pub value: String,
}

impl ImportMap {
    /// The kinds of the records a line becomes, the one it is about first.
    #[must_use]
    pub fn kinds(&self) -> Vec<&str> {
        let mut kinds = vec![self.kind.as_str()];
        let named = self.columns.iter().map(|column| &column.kind);
        for kind in named.chain(self.fixed.iter().map(|fixed| &fixed.kind)) {
            if !kinds.contains(&kind.as_str()) {
                kinds.push(kind);
            }
        }
        kinds
    }
}

/// A heading or value without what does not matter in it.
#[must_use]
pub fn plain(text: &str) -> String {
    text.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What must hold of a mapping.
pub(super) fn check(pack: &Pack, map: &ImportMap) -> Result<(), String> {
    let about = pack.kind(&map.kind).ok_or_else(|| format!("is about the unknown kind `{}`", map.kind))?;
    for name in map.kinds() {
        let kind = pack.kind(name).ok_or_else(|| format!("speaks of the unknown kind `{name}`"))?;
        if kind.name != about.name && !belongs(kind, about) {
            return Err(format!("speaks of `{name}`, which does not belong to a `{}`", about.name));
        }
    }
    let mut headers = BTreeSet::new();
    for column in &map.columns {
        field(pack, &column.kind, &column.field)?;
        if plain(&column.header).is_empty() || !headers.insert(plain(&column.header)) {
            return Err(format!("has the heading `{}` twice, or one without letters", column.header));
        }
    }
    map.fixed.iter().try_for_each(|fixed| {
        let field = field(pack, &fixed.kind, &fixed.field)?;
        field.parse(pack, &fixed.value).map(|_| ()).map_err(|error| error.to_string())
    })
}

fn belongs(kind: &Kind, about: &Kind) -> bool {
    let sibling = matches!(&kind.id, IdRule::Sibling(of) if *of == about.name);
    let named = kind.parent.as_ref() == Some(&about.name) && kind.parent_field().is_some();
    sibling || (named && kind.id == IdRule::Random)
}

fn field<'a>(pack: &'a Pack, kind: &str, key: &str) -> Result<&'a Field, String> {
    let field = pack.kind(kind).and_then(|kind| kind.field(key));
    match field.filter(|field| field.merge != Merge::Derived && !field.kind.has_items()) {
        Some(field) => Ok(field),
        None => Err(format!("speaks of `{kind}.{key}`, which no list can fill")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn siskop2mi() -> (Pack, ImportMap) {
        let pack = Pack::builtin().unwrap();
        let map = pack.imports["siskop2mi"].clone();
        (pack, map)
    }

    #[test]
    fn the_list_of_the_national_system_becomes_a_person_her_private_part_and_a_placement() {
        let (pack, map) = siskop2mi();
        assert_eq!(map.kinds(), ["worker", "worker_private", "placement"]);
        assert_eq!(check(&pack, &map), Ok(()));
    }

    #[test]
    fn headings_are_compared_without_capitals_and_punctuation() {
        assert_eq!(plain(" Tgl. LAHIR "), plain("TGL LAHIR"));
        assert_eq!(plain("--"), "");
    }

    #[test]
    fn a_mapping_speaks_of_what_there_is() {
        let (pack, map) = siskop2mi();
        let broken = |breaks: &dyn Fn(&mut ImportMap)| {
            let mut map = map.clone();
            breaks(&mut map);
            check(&pack, &map).unwrap_err()
        };
        assert!(broken(&|map| map.kind = "orang".to_owned()).contains("unknown kind `orang`"));
        assert!(broken(&|map| map.columns[0].kind = "vacancy".to_owned()).contains("does not belong"));
        assert!(broken(&|map| map.columns[0].field = "nikk".to_owned()).contains("no list can fill"));
        assert!(broken(&|map| map.columns[1].header = "n-i-k".to_owned()).contains("twice"));
        assert!(broken(&|map| map.fixed[0].value = "LAIN_LAIN".to_owned()).contains("not in the list"));
    }
}
