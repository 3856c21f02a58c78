//! Kinds and fields as people write them: what goes without saying is left out.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    Bilingual, Clash, Column, Field, FieldType, Harm, IdRule, Kind, Merge, Number, PersonalData, Reach,
    Required,
};
use crate::Access;

/// A kind in its file, without its fields.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KindSource {
    name: String,
    label: Bilingual,
    about: Bilingual,
    access: Access,
    column: Column,
    id: IdRule,
    follows: Option<String>,
    parent: Option<String>,
    #[serde(default)]
    reference: bool,
    reach: Option<Vec<Reach>>,
    #[serde(default)]
    order: Vec<[String; 2]>,
}

/// A field in its file. Left out: the kind's access as sensitivity, the type's own merge policy, harm `other`;
/// for parts also the personal-data class and harm of the field they belong to.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldSource {
    key: String,
    #[serde(rename = "type")]
    kind: FieldType,
    label: Bilingual,
    help: Option<Bilingual>,
    codes: Option<String>,
    of: Option<FieldType>,
    target: Option<String>,
    number: Option<Number>,
    max: Option<u16>,
    range: Option<[i64; 2]>,
    required: Option<Required>,
    merge: Option<Merge>,
    #[serde(default)]
    clash: Clash,
    harm: Option<Harm>,
    sensitivity: Option<Access>,
    personal: Option<PersonalData>,
    #[serde(default)]
    indexed: bool,
    #[serde(default)]
    searchable: bool,
    #[serde(default, rename = "part")]
    parts: Vec<FieldSource>,
}

/// The parts that every field of a type has, by the type's name.
pub(super) type CommonParts = BTreeMap<String, Vec<FieldSource>>;

/// What a field inherits where its file says nothing.
#[derive(Clone, Copy)]
struct Inherited {
    sensitivity: Access,
    harm: Harm,
    personal: Option<PersonalData>,
}

impl KindSource {
    /// The kind with everything said.
    pub(super) fn resolve(self, fields: Vec<FieldSource>, common: &CommonParts) -> Result<Kind, String> {
        let inherited = Inherited { sensitivity: self.access, harm: Harm::Other, personal: None };
        let fields =
            fields.into_iter().map(|field| field.resolve(inherited, common)).collect::<Result<_, _>>()?;
        Ok(Kind {
            name: self.name,
            label: self.label,
            about: self.about,
            access: self.access,
            column: self.column,
            id: self.id,
            follows: self.follows,
            parent: self.parent,
            reference: self.reference,
            reach: self.reach.unwrap_or_else(|| Reach::ALL.to_vec()),
            order: self.order,
            fields,
        })
    }
}

impl FieldSource {
    fn resolve(self, inherited: Inherited, common: &CommonParts) -> Result<Field, String> {
        let Some(personal) = self.personal.or(inherited.personal) else {
            return Err(format!("field `{}` does not say which class of personal data it is", self.key));
        };
        let own = Inherited {
            sensitivity: self.sensitivity.unwrap_or(inherited.sensitivity),
            harm: self.harm.unwrap_or(inherited.harm),
            personal: Some(personal),
        };
        let parts = if self.parts.is_empty() && self.kind.has_common_parts() {
            common.get(self.kind.name()).cloned().unwrap_or_default()
        } else {
            self.parts
        };
        let mut parts: Vec<Field> =
            parts.into_iter().map(|part| part.resolve(own, common)).collect::<Result<_, _>>()?;
        if self.kind == FieldType::Stage {
            // The code of a step is of the field's own list.
            for part in parts.iter_mut().filter(|part| part.kind == FieldType::Code) {
                part.codes.get_or_insert_with(|| self.codes.clone().unwrap_or_default());
            }
        }
        Ok(Field {
            merge: self.merge.unwrap_or_else(|| Merge::of(self.kind)),
            key: self.key,
            kind: self.kind,
            label: self.label,
            help: self.help,
            codes: self.codes,
            of: self.of,
            target: self.target,
            number: self.number,
            max: self.max,
            range: self.range,
            required: self.required,
            clash: self.clash,
            harm: own.harm,
            sensitivity: own.sensitivity,
            personal,
            indexed: self.indexed,
            searchable: self.searchable,
            parts,
        })
    }
}
