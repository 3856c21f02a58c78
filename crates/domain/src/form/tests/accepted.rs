//! Whatever a form accepts survives JSON and a document unchanged.

use std::sync::LazyLock;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::Value as Json;

use crate::form::*;
use crate::pack::{Field, FieldType, Kind, Merge, Pack};
use crate::{Access, RecordId};

static PACK: LazyLock<Pack> = LazyLock::new(|| Pack::builtin().unwrap());

fn checked(form: &Form, record: &Record) -> Report {
    check(&PACK, form, record, Surroundings { today: "2026-01-08".parse().unwrap(), regions: None })
}

/// JSON without fractions, as deep as people and other packs might nest it.
fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        ".{0,12}".prop_map(Json::from),
        "(1984-05|TWD 5|081234|L|35\\.13)".prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Json::from),
            btree_map("[a-z0-9]{1,6}", inner, 0..4).prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    })
}

/// A value of one text type.
fn text_value(field: &Field, kind: FieldType) -> BoxedStrategy<Json> {
    let codes = PACK.code_list(field).map(|list| list.codes.iter().map(|c| c.code.clone()).collect());
    let id = any::<[u8; 16]>().prop_map(|bytes| RecordId(bytes).to_string());
    let date = (1900..2100, 1..=12, 1..=28).prop_map(|(y, m, d)| format!("{y:04}-{m:02}-{d:02}"));
    let text = match kind {
        FieldType::Text | FieldType::LongText => ".{0,3}".boxed(),
        FieldType::Code | FieldType::Country | FieldType::Set => {
            // Mostly a known code; sometimes one of a newer pack.
            let known: Vec<String> = codes.unwrap_or_else(|| vec!["apa saja".to_owned()]);
            prop_oneof![4 => prop::sample::select(known), 1 => "[A-Z_]{1,9}"].boxed()
        }
        FieldType::Decimal => "-?(0|[1-9][0-9]{0,8})(\\.[0-9]{1,4})?".boxed(),
        FieldType::Money => "(IDR|TWD|HKD|MYR) [1-9][0-9]{0,9}(\\.[0-9]{1,2})?".boxed(),
        FieldType::Date => date.boxed(),
        FieldType::DateTime => {
            (date, 0..24, 0..60).prop_map(|(d, h, m)| format!("{d}T{h:02}:{m:02}+07:00")).boxed()
        }
        FieldType::Phone => "\\+62 ?8[0-9]{8,10}".boxed(),
        FieldType::Area => "(35|35\\.13|35\\.13\\.02|35\\.13\\.02\\.2004)".boxed(),
        FieldType::Office => "[A-Z0-9]{2,6}-[0-9]{4}".boxed(),
        FieldType::Staff | FieldType::Record => id.boxed(),
        FieldType::Hash => "[0-9a-f]{64}".boxed(),
        FieldType::Sealed => "[A-Za-z0-9+/]{4,40}"
            .prop_map(|body| {
                format!("-----BEGIN AGE ENCRYPTED FILE-----\n{body}\n-----END AGE ENCRYPTED FILE-----\n")
            })
            .boxed(),
        FieldType::Bool
        | FieldType::Int
        | FieldType::Blob
        | FieldType::Block
        | FieldType::Items
        | FieldType::Log
        | FieldType::Stage => panic!("{kind:?} is not one text"),
    };
    prop_oneof![9 => text, 1 => Just(String::new())].prop_map(Json::from).boxed()
}

/// A value of a field, as people, imports and newer packs write it.
fn value(field: &Field) -> BoxedStrategy<Json> {
    match field.kind {
        FieldType::Bool => any::<bool>().prop_map(Json::from).boxed(),
        FieldType::Int => {
            let [low, high] = field.range.unwrap_or([i64::MIN, i64::MAX]);
            (low..=high).prop_map(Json::from).boxed()
        }
        FieldType::Set => {
            vec(text_value(field, field.of.unwrap_or(FieldType::Set)), 0..4).prop_map(Json::from).boxed()
        }
        FieldType::Blob | FieldType::Block => parts(field, json().boxed()),
        FieldType::Items | FieldType::Log | FieldType::Stage => {
            let scalar = prop_oneof![any::<bool>().prop_map(Json::from), ".{0,9}".prop_map(Json::from)];
            btree_map("[a-z0-9-]{1,12}", parts(field, scalar.boxed()), 0..4)
                .prop_map(|items| Json::Object(items.into_iter().collect()))
                .boxed()
        }
        FieldType::Text
        | FieldType::LongText
        | FieldType::Code
        | FieldType::Decimal
        | FieldType::Money
        | FieldType::Date
        | FieldType::DateTime
        | FieldType::Phone
        | FieldType::Country
        | FieldType::Area
        | FieldType::Office
        | FieldType::Staff
        | FieldType::Record
        | FieldType::Hash
        | FieldType::Sealed => text_value(field, field.kind),
    }
}

/// An object of some of a field's parts and one that another pack put there.
fn parts(field: &Field, unknown: BoxedStrategy<Json>) -> BoxedStrategy<Json> {
    let known: Vec<_> =
        field.parts.iter().map(|part| (Just(part.key.clone()), option::of(value(part)))).collect();
    (known, option::of(unknown))
        .prop_map(|(known, unknown)| {
            let mut parts: Record =
                known.into_iter().filter_map(|(key, value)| value.map(|value| (key, value))).collect();
            parts.extend(unknown.map(|json| ("x_baru".to_owned(), json)));
            Json::Object(parts)
        })
        .boxed()
}

/// A record with values of its types in some fields, and keys of another pack.
fn record(kind: &'static Kind) -> BoxedStrategy<Record> {
    let written = kind.fields.iter().filter(|field| field.merge != Merge::Derived);
    let fields: Vec<_> = written
        .map(|field| {
            (
                Just(field.key.clone()),
                prop_oneof![2 => Just(None), 2 => value(field).prop_map(Some), 1 => Just(Some(Json::Null))],
            )
        })
        .collect();
    (fields, btree_map("x_[a-z]{1,6}", json(), 0..3))
        .prop_map(|(fields, unknown)| {
            fields
                .into_iter()
                .filter_map(|(key, value)| value.map(|value| (key, value)))
                .chain(unknown)
                .collect()
        })
        .boxed()
}

/// A record with anything in it under the keys of a kind.
fn anything(kind: &'static Kind) -> impl Strategy<Value = Record> {
    let keys: Vec<String> = kind.fields.iter().map(|field| field.key.clone()).collect();
    vec((prop::sample::select(keys), json()), 0..6).prop_map(|entries| entries.into_iter().collect())
}

fn kind() -> impl Strategy<Value = &'static Kind> {
    prop::sample::select(PACK.kinds.values().collect::<Vec<_>>())
}

/// The record without keys of other packs and without root keys.
fn known(kind: &Kind, record: &Record) -> Record {
    let of_kind = record.iter().filter(|(key, _)| kind.field(key).is_some());
    of_kind.map(|(key, json)| (key.clone(), json.clone())).collect()
}

/// Asserts that a record comes back from JSON text and from a document's entries as it went in.
fn survives(kind: &Kind, record: &Record) -> Result<(), TestCaseError> {
    let one_form = normalised(kind, record);
    prop_assert_eq!(&normalised(kind, &one_form), &one_form);
    let text = serde_json::to_string(&one_form).unwrap();
    prop_assert_eq!(&serde_json::from_str::<Record>(&text).unwrap(), &one_form);
    prop_assert_eq!(from_entries(kind, &entries(kind, &one_form)), known(kind, &one_form));
    // Nothing that says something was dropped on the way to the one form.
    for (key, json) in record.iter().filter(|(key, json)| kind.field(key).is_none() && !json.is_null()) {
        prop_assert_eq!(one_form.get(key), Some(json));
    }
    for (key, json) in record.iter().filter(|(_, json)| json.as_str().is_some()) {
        prop_assert_eq!(one_form.get(key), Some(json));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn values_of_their_types_are_accepted_and_survive(
        (kind, record) in kind().prop_flat_map(|kind| (Just(kind), record(kind)))
    ) {
        let report = checked(&Form::plain(kind), &record);
        let stopped: Vec<_> = report.findings.iter().filter(|finding| finding.code.stops_save()).collect();
        prop_assert!(stopped.is_empty(), "{:?}", stopped);
        survives(kind, &record)?;
        let one_form = normalised(kind, &record);
        prop_assert!(checked(&Form::plain(kind), &one_form).can_save());
    }

    #[test]
    fn whatever_is_accepted_survives(
        (kind, record) in kind().prop_flat_map(|kind| (Just(kind), anything(kind)))
    ) {
        let plain = Form::plain(kind);
        for form in PACK.forms_of(&kind.name).chain([&plain]) {
            if checked(form, &record).can_save() {
                survives(kind, &record)?;
            }
        }
    }

    #[test]
    fn defaults_are_accepted(fields in kind()) {
        for form in PACK.forms_of(&fields.name) {
            prop_assert!(checked(form, &with_defaults(form, &Record::new())).can_save());
        }
    }
}

#[test]
fn a_secret_kind_is_among_those_tried() {
    assert!(PACK.kinds.values().any(|kind| kind.access == Access::Secret));
}
