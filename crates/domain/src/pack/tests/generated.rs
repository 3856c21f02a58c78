//! Any valid pack survives its two written forms.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use crate::form::{Ask, Condition, Form, Section};
use crate::pack::*;
use crate::role::{Action, RoutingRight};
use crate::{Access, Role};

/// Texts with what TOML and JSON have to escape.
fn text() -> impl Strategy<Value = String> {
    "[a-zé\"\\\\'#\\n\\t{}=\\[\\] ]{0,12}[a-z]"
}

fn bilingual() -> impl Strategy<Value = Bilingual> {
    (text(), text()).prop_map(|(id, en)| Bilingual { id, en })
}

fn access() -> impl Strategy<Value = Access> {
    prop::sample::select(Access::ALL.to_vec())
}

/// Everything of a field but its type and parts, protected no more than its kind.
fn attributes(kind_access: Access) -> impl Strategy<Value = Field> {
    let sensitivity: Vec<Access> = Access::ALL.into_iter().filter(|level| *level <= kind_access).collect();
    (
        bilingual(),
        option::of(bilingual()),
        prop::sample::select(vec![None, Some(Required::Warn), Some(Required::Hard)]),
        prop::sample::select(vec![Clash::One, Clash::Both, Clash::First, Clash::Yes, Clash::Neither]),
        prop::sample::select(vec![Harm::Identity, Harm::Safety, Harm::Money, Harm::Other]),
        prop::sample::select(sensitivity),
        prop::sample::select(vec![PersonalData::None, PersonalData::General]),
        any::<(bool, bool)>(),
        option::of(1..=60_000u16),
    )
        .prop_map(|(label, help, required, clash, harm, sensitivity, personal, marks, max)| Field {
            key: String::new(),
            kind: FieldType::Text,
            label,
            help,
            codes: None,
            of: None,
            target: None,
            number: None,
            max,
            range: None,
            required,
            merge: Merge::Register,
            clash,
            harm,
            sensitivity,
            personal,
            indexed: marks.0,
            searchable: marks.1,
            parts: Vec::new(),
        })
}

/// A field of a type, with what the type needs and only that.
fn of_type(mut field: Field, kind: FieldType, parts: Vec<(FieldType, Field)>, spare: (bool, i64)) -> Field {
    field.kind = kind;
    field.merge = if spare.0 { Merge::Derived } else { Merge::of(kind) };
    let set_of_codes = kind == FieldType::Set && spare.0;
    if matches!(kind, FieldType::Code | FieldType::Stage) || set_of_codes {
        field.codes = Some("codes".to_owned());
    }
    if kind == FieldType::Set && !set_of_codes {
        field.of = Some(FieldType::Record);
    }
    if field.names_records() || kind == FieldType::Record {
        field.target = Some("first".to_owned());
    }
    if kind == FieldType::Text && spare.0 {
        field.number = Some(Number::Passport);
    }
    if kind == FieldType::Int {
        field.range = Some([spare.1, i64::MAX]);
    }
    if kind.has_parts() {
        let scalar = parts.into_iter().enumerate().map(|(at, (kind, part))| {
            let simple = if kind.is_map() || kind.has_parts() { FieldType::Text } else { kind };
            Field { key: format!("p{at}"), ..of_type(part, simple, Vec::new(), (false, 0)) }
        });
        field.parts = scalar.collect();
    }
    field
}

fn field(kind_access: Access) -> impl Strategy<Value = Field> {
    let types = || prop::sample::select(FieldType::ALL.to_vec());
    (attributes(kind_access), types(), vec((types(), attributes(kind_access)), 1..3), any::<(bool, i64)>())
        .prop_map(|(field, kind, parts, spare)| of_type(field, kind, parts, spare))
}

fn kind() -> impl Strategy<Value = Kind> {
    let header = (
        bilingual(),
        bilingual(),
        access(),
        prop::sample::select(vec![Column::Person, Column::Case, Column::Request]),
        prop::sample::select(vec![IdRule::Random, IdRule::Card, IdRule::Keys(vec!["f0".to_owned()])]),
        any::<(bool, bool, bool)>(),
        prop::sample::subsequence(Reach::ALL.to_vec(), 1..=3),
    );
    header.prop_flat_map(|(label, about, access, column, id, (follows, parent, reference), reach)| {
        vec(field(access), 1..5).prop_map(move |fields| Kind {
            name: String::new(),
            label: label.clone(),
            about: about.clone(),
            access,
            column,
            id: id.clone(),
            follows: follows.then(|| "first".to_owned()),
            parent: parent.then(|| "first".to_owned()),
            reference: reference || access == Access::Open,
            reach: reach.clone(),
            order: dated(&fields),
            fields: fields
                .into_iter()
                .enumerate()
                .map(|(at, field)| Field { key: format!("f{at}"), ..field })
                .collect(),
        })
    })
}

fn dated(fields: &[Field]) -> Vec<[String; 2]> {
    let date = |field: &Field| matches!(field.kind, FieldType::Date | FieldType::DateTime);
    let keys: Vec<String> =
        fields.iter().enumerate().filter(|(_, f)| date(f)).map(|(at, _)| format!("f{at}")).collect();
    keys.windows(2).map(|pair| [pair[0].clone(), pair[1].clone()]).collect()
}

fn condition() -> impl Strategy<Value = Condition> {
    let field = || Just("f0".to_owned());
    let value = prop_oneof![
        text().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<bool>().prop_map(serde_json::Value::from)
    ];
    let leaf = prop_oneof![
        field().prop_map(|field| Condition::Empty { field }),
        (field(), text()).prop_map(|(field, value)| Condition::Has { field, value }),
        (field(), value.clone()).prop_map(|(field, value)| Condition::Equals { field, value }),
        (field(), vec(value, 0..3)).prop_map(|(field, values)| Condition::In { field, values }),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Condition::All),
            vec(inner.clone(), 0..3).prop_map(Condition::Any),
            inner.prop_map(|part| Condition::Not(Box::new(part))),
        ]
    })
}

/// A form that asks the written fields of a kind, once each.
fn form(kind: &Kind) -> impl Strategy<Value = Form> + use<> {
    let asked: Vec<String> =
        kind.fields.iter().filter(|f| f.merge != Merge::Derived).map(|f| f.key.clone()).collect();
    let name = kind.name.clone();
    let ask = (option::of(condition()), any::<(bool, bool)>(), option::of(text()));
    (bilingual(), option::of(condition()), vec(ask, asked.len())).prop_map(move |(label, show, asks)| Form {
        name: format!("form_{name}"),
        kind: name.clone(),
        label: label.clone(),
        sections: vec![Section {
            key: "s".to_owned(),
            label,
            short: true,
            show,
            fields: asked
                .iter()
                .zip(asks)
                .map(|(key, (show, required, default))| Ask {
                    key: key.clone(),
                    show,
                    required: required.0.then_some(if required.1 { Required::Warn } else { Required::Hard }),
                    default: default.map(serde_json::Value::from),
                })
                .collect(),
        }],
    })
}

fn code_lists() -> impl Strategy<Value = BTreeMap<String, CodeList>> {
    let list = || {
        (text(), any::<bool>(), btree_map("[A-Z0-9_]{1,8}", bilingual(), 1..4)).prop_map(
            |(source, setting, codes)| CodeList {
                source,
                setting,
                codes: codes.into_iter().map(|(code, label)| Code { code, label, card: None }).collect(),
            },
        )
    };
    (list(), list(), list()).prop_map(|(one, countries, currencies)| {
        BTreeMap::from([
            ("codes".to_owned(), one),
            (COUNTRY_LIST.to_owned(), countries),
            (CURRENCY_LIST.to_owned(), currencies),
        ])
    })
}

fn settings() -> impl Strategy<Value = BTreeMap<String, Setting>> {
    let setting = (bilingual(), text(), option::of(text()), text(), any::<bool>())
        .prop_map(|(label, unit, value, source, read)| Setting { label, unit, value, source, read });
    btree_map("[a-z_]{1,8}", setting, 0..3)
}

/// Lines of the role table: a rule for each column, with the actions in the order of their letters.
fn role_table() -> impl Strategy<Value = (Vec<RoleRule>, BTreeMap<Role, Access>)> {
    let actions = || prop::sample::subsequence(Action::ALL.map(|(action, _)| action).to_vec(), 0..=8);
    let rule = (actions(), actions(), actions());
    let roles = prop::sample::subsequence(Role::ALL.map(|(role, _, _)| role).to_vec(), 0..=4);
    (roles, vec((rule, access()), 4)).prop_map(|(roles, lines)| {
        let rules = roles.iter().zip(&lines).map(|(role, ((area, office, person), _))| RoleRule {
            role: *role,
            column: Column::Person,
            area: area.clone(),
            office: office.clone(),
            person: person.clone(),
        });
        let ceilings = roles.iter().zip(&lines).map(|(role, (_, ceiling))| (*role, *ceiling));
        (rules.collect(), ceilings.collect())
    })
}

/// Two of the rights, so that a forgotten one shows.
fn rights() -> BTreeSet<RoutingRight> {
    [RoutingRight::Move, RoutingRight::Hide].into()
}

fn pack() -> impl Strategy<Value = Pack> {
    let kinds = (kind(), kind()).prop_flat_map(|(first, second)| {
        let first = Kind { name: "first".to_owned(), ..first };
        let second = Kind { name: "second".to_owned(), ..second };
        let form = form(&second);
        (Just([first, second]), form)
    });
    let messages = btree_map("[a-z_]{1,8}", "[a-z ]{0,8}[a-z]", 0..3);
    (any::<u32>(), kinds, code_lists(), settings(), messages, role_table()).prop_map(
        |(version, (kinds, form), codes, settings, messages, (roles, ceilings))| Pack {
            version: version >> 1,
            digest: [0; 8],
            kinds: kinds.into_iter().map(|kind| (kind.name.clone(), kind)).collect(),
            codes,
            settings,
            forms: BTreeMap::from([(form.name.clone(), form)]),
            messages: messages
                .into_iter()
                .map(|(name, text)| (name, Bilingual { id: text.clone(), en: text }))
                .collect(),
            imports: BTreeMap::new(),
            roles,
            routing_rights: ceilings.keys().map(|role| (*role, rights())).collect(),
            ceilings,
        },
    )
}

fn reread(pack: &Pack) -> Pack {
    let texts = pack.to_texts().unwrap();
    let sources: Vec<(&str, &str)> =
        texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    Pack::read(&sources).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_valid_pack_survives_its_toml_texts(pack in pack()) {
        let mut read = reread(&pack);
        read.digest = pack.digest;
        prop_assert_eq!(read, pack);
    }

    #[test]
    fn any_valid_pack_survives_json(pack in pack()) {
        let json = serde_json::to_string(&pack).unwrap();
        prop_assert_eq!(serde_json::from_str::<Pack>(&json).unwrap(), pack);
    }
}

#[test]
fn the_shipped_pack_survives_both() {
    let pack = Pack::builtin().unwrap();
    let json = serde_json::to_string(&pack).unwrap();
    assert_eq!(serde_json::from_str::<Pack>(&json).unwrap(), pack);
    let read = reread(&pack);
    assert_eq!(read.to_texts().unwrap(), pack.to_texts().unwrap());
    assert_eq!(Pack { digest: pack.digest, ..read }, pack);
}
