//! What the headings of a list mean.

use std::collections::{BTreeMap, BTreeSet};

use sambung_domain::Pack;
use sambung_domain::pack::{Field, FieldType, IdRule, ImportMap, Kind, Merge, ROUTING_TEXTS, plain};

use crate::command::unknown_field;
use crate::{ReplicaError, UsageError};

/// The heading of the column with ids.
const ID: &str = "id";

/// What a column holds.
pub(super) enum Column<'a> {
    /// The record's id.
    Id,
    /// The id of the record that this one is a part of.
    Of,
    /// A routing text of the record a row is about.
    Routing(&'static str),
    /// A field of the record of the kind with this number.
    Field { kind: usize, field: &'a Field, required: bool, values: BTreeMap<String, &'a str> },
    /// Nothing that is read.
    Ignored,
}

/// The columns of a list.
pub(super) struct Columns<'a> {
    /// The kinds a row becomes, the one it is about first.
    pub(super) kinds: Vec<&'a Kind>,
    pub(super) columns: Vec<(String, Column<'a>)>,
    pub(super) fixed: Vec<(usize, &'a Field, &'a str)>,
}

impl<'a> Columns<'a> {
    pub(super) fn of(
        pack: &'a Pack,
        kind: &'a Kind,
        map: Option<&'a ImportMap>,
        headings: &[String],
    ) -> Result<Self, ReplicaError> {
        let mut seen = BTreeSet::new();
        if let Some(twice) =
            headings.iter().find(|heading| !plain(heading).is_empty() && !seen.insert(plain(heading)))
        {
            return Err(UsageError::Query(format!("the heading `{twice}` stands twice")).into());
        }
        match map {
            Some(map) => Self::mapped(pack, map, headings),
            None => Self::plain(kind, headings),
        }
    }

    /// The headings that nothing is read from.
    pub(super) fn ignored(&self) -> Vec<String> {
        let ignored = self.columns.iter().filter(|(_, column)| matches!(column, Column::Ignored));
        ignored.map(|(heading, _)| heading.clone()).collect()
    }

    /// Headings that are keys.
    fn plain(kind: &'a Kind, headings: &[String]) -> Result<Self, ReplicaError> {
        let mut columns = Vec::new();
        for heading in headings {
            let key = heading.trim().to_lowercase();
            columns.push((heading.clone(), column(kind, &key)?));
        }
        Ok(Columns { kinds: vec![kind], columns, fixed: Vec::new() })
    }

    fn mapped(pack: &'a Pack, map: &'a ImportMap, headings: &[String]) -> Result<Self, ReplicaError> {
        let kinds: Vec<&Kind> = map.kinds().into_iter().filter_map(|name| pack.kind(name)).collect();
        let number = |name: &str| kinds.iter().position(|kind| kind.name == name).unwrap_or(0);
        let mut columns = Vec::new();
        for heading in headings {
            let known = map.columns.iter().find(|column| plain(&column.header) == plain(heading));
            let routing = ROUTING_TEXTS.into_iter().find(|key| *key == plain(heading));
            let column = match (known, routing) {
                (Some(known), _) => {
                    field_of(pack, &known.kind, &known.field).map_or(Column::Ignored, |field| Column::Field {
                        kind: number(&known.kind),
                        field,
                        required: known.required,
                        values: known
                            .values
                            .iter()
                            .map(|(said, held)| (plain(said), held.as_str()))
                            .collect(),
                    })
                }
                (None, Some(key)) => Column::Routing(key),
                (None, None) => Column::Ignored,
            };
            columns.push((heading.clone(), column));
        }
        for needed in map.columns.iter().filter(|column| column.required) {
            if !headings.iter().any(|heading| plain(heading) == plain(&needed.header)) {
                let why = format!("the list has no column `{}`; is it another list?", needed.header);
                return Err(UsageError::Query(why).into());
            }
        }
        let fixed = map.fixed.iter().filter_map(|fixed| {
            Some((number(&fixed.kind), field_of(pack, &fixed.kind, &fixed.field)?, fixed.value.as_str()))
        });
        let fixed = fixed.collect();
        Ok(Columns { kinds, columns, fixed })
    }
}

fn field_of<'a>(pack: &'a Pack, kind: &str, key: &str) -> Option<&'a Field> {
    pack.kind(kind)?.field(key)
}

fn column<'a>(kind: &'a Kind, key: &str) -> Result<Column<'a>, ReplicaError> {
    if let Some(key) = ROUTING_TEXTS.into_iter().find(|known| *known == key) {
        return Ok(Column::Routing(key));
    }
    if key == ID {
        return Ok(Column::Id);
    }
    if matches!(&kind.id, IdRule::Sibling(of) if of == key) {
        return Ok(Column::Of);
    }
    if key.is_empty() {
        return Ok(Column::Ignored);
    }
    let field = kind.field(key).ok_or_else(|| unknown_field(kind, key))?;
    // What is computed, or moves by transitions, stands in an export and is not read back.
    if field.merge == Merge::Derived || field.kind == FieldType::Stage {
        return Ok(Column::Ignored);
    }
    Ok(Column::Field { kind: 0, field, required: false, values: BTreeMap::new() })
}
