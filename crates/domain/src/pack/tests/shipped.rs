//! The shipped pack keeps what the texts around it promise.

use std::collections::BTreeSet;

use crate::form::{Condition, FindingCode};
use crate::pack::*;
use crate::{Access, Role};

fn pack() -> Pack {
    Pack::builtin().unwrap()
}

#[test]
fn the_builtin_pack_reads_and_names_itself() {
    let pack = pack();
    assert_eq!(pack.digest, Pack::builtin().unwrap().digest);
    assert!(pack.kind("worker").is_some());
}

#[test]
fn kinds_ids_and_access_are_those_of_the_kinds_table() {
    use Access::{Open, Ordinary, Restricted, Secret};
    let sibling = |of: &str| IdRule::Sibling(of.to_owned());
    let keys = |keys: &[&str]| IdRule::Keys(keys.iter().map(|key| (*key).to_owned()).collect());
    let expected = [
        ("case", Restricted, IdRule::SealedItem),
        ("complaint", Restricted, IdRule::SealedItem),
        ("data_request", Restricted, IdRule::Random),
        ("document", Restricted, IdRule::Random),
        ("group_arrival", Restricted, IdRule::Random),
        ("household", Ordinary, IdRule::Random),
        ("link", Ordinary, keys(&["a", "b"])),
        ("office", Open, keys(&["kode"])),
        ("opp_participant", Restricted, keys(&["session_id", "worker_id"])),
        ("opp_session", Restricted, IdRule::Random),
        ("partner", Open, IdRule::Random),
        ("pendataan", Ordinary, IdRule::Random),
        ("placement", Ordinary, IdRule::Random),
        ("placement_private", Restricted, sibling("placement")),
        ("referral", Restricted, IdRule::Random),
        ("repatriation", Restricted, IdRule::Random),
        ("report", Ordinary, IdRule::Random),
        ("rules", Open, IdRule::Random),
        ("service_tally", Ordinary, IdRule::Random),
        ("staff", Open, IdRule::Random),
        ("staff_private", Ordinary, sibling("staff")),
        ("statement", Secret, IdRule::Random),
        ("status_card", Ordinary, IdRule::Card),
        ("vacancy", Open, IdRule::Random),
        ("visit", Ordinary, IdRule::Random),
        ("visit_private", Restricted, sibling("visit")),
        ("worker", Ordinary, IdRule::Random),
        ("worker_private", Restricted, sibling("worker")),
    ];
    let pack = pack();
    let found: Vec<_> =
        pack.kinds.values().map(|kind| (kind.name.as_str(), kind.access, kind.id.clone())).collect();
    assert_eq!(found, expected);
}

#[test]
fn dependents_follow_their_worker() {
    let pack = pack();
    let following: Vec<&str> = pack
        .kinds
        .values()
        .filter(|kind| kind.follows.as_deref() == Some("worker"))
        .map(|kind| kind.name.as_str())
        .collect();
    assert_eq!(
        following,
        [
            "document",
            "placement",
            "placement_private",
            "repatriation",
            "visit",
            "visit_private",
            "worker_private"
        ]
    );
    assert_eq!(pack.kind("opp_participant").unwrap().follows.as_deref(), Some("opp_session"));
}

#[test]
fn statements_are_reached_by_name_and_cards_where_everybody_is() {
    let pack = pack();
    assert_eq!(pack.kind("statement").unwrap().reach, [Reach::Person]);
    assert_eq!(pack.kind("status_card").unwrap().reach, [Reach::Area]);
    assert_eq!(pack.kind("opp_session").unwrap().reach, [Reach::Office, Reach::Person]);
}

/// The form of the worker's document is frozen: replicas hold documents born with it.
#[test]
fn the_workers_genesis_is_what_it_always_was() {
    let pack = pack();
    let maps = pack.kind("worker").unwrap().genesis_maps();
    assert_eq!(
        maps,
        ["excluded", "kebutuhan", "nama_panggilan", "partners", "readers", "telepon", "whatsapp"]
    );
}

#[test]
fn genesis_maps_are_sorted_and_contain_the_routing_maps() {
    for kind in pack().kinds.values() {
        let maps = kind.genesis_maps();
        assert!(maps.is_sorted(), "{}", kind.name);
        assert!(ROUTING_MAPS.iter().all(|routing| maps.contains(routing)), "{}", kind.name);
    }
    assert!(pack().kind("case").unwrap().genesis_maps().contains(&"tindakan"));
}

#[test]
fn every_code_list_is_used() {
    let pack = pack();
    let mut used = BTreeSet::from([COUNTRY_LIST.to_owned(), CURRENCY_LIST.to_owned()]);
    for field in pack.kinds.values().flat_map(|kind| &kind.fields) {
        used.extend([field].into_iter().chain(&field.parts).filter_map(|field| field.codes.clone()));
    }
    assert_eq!(pack.codes.keys().cloned().collect::<BTreeSet<_>>(), used);
}

#[test]
fn where_the_first_code_holds_the_gravest_comes_first() {
    let pack = pack();
    for (list, first) in
        [("prioritas", "DARURAT"), ("indikasi_tppo", "KUAT"), ("siapa_boleh_membaca", "BP3MI")]
    {
        assert_eq!(pack.codes[list].codes[0].code, first);
    }
    for field in pack.kinds.values().flat_map(|kind| &kind.fields).filter(|f| f.clash == Clash::First) {
        let decides = field.parts.first().unwrap_or(field);
        assert!(pack.code_list(decides).is_some(), "{}", field.key);
    }
}

#[test]
fn a_clash_shows_what_protects_the_person() {
    let pack = pack();
    for (kind, field, clash) in [
        ("worker", "boleh_diketahui_desa", Clash::No),
        ("worker_private", "nik", Clash::Both),
        ("complaint", "kontak_aman", Clash::Neither),
        ("complaint", "pelapor_dirahasiakan", Clash::Yes),
        ("complaint", "jenis_utama", Clash::Both),
        ("case", "prioritas", Clash::First),
        ("case", "indikasi_tppo", Clash::First),
        ("case", "penanggung_jawab", Clash::Both),
        ("opp_participant", "no_surat_opp", Clash::Neither),
        ("repatriation", "kematian", Clash::Both),
    ] {
        assert_eq!(pack.kind(kind).unwrap().field(field).unwrap().clash, clash, "{kind}.{field}");
    }
}

#[test]
fn every_role_has_a_line_and_the_letters_of_the_table() {
    let pack = pack();
    assert_eq!(pack.ceilings.len(), Role::ALL.len());
    let cell = |role: Role, column: Column| {
        let rule = pack.roles.iter().find(|rule| rule.role == role && rule.column == column);
        rule.map(roles::cell)
    };
    for (role, column, letters) in [
        (Role::VillageOfficer, Column::Private, Some("S a")),
        (Role::FieldOfficer, Column::Private, Some("C a, RE p")),
        (Role::FrontOffice, Column::Case, Some("C a, CR o")),
        (Role::ComplaintOfficer, Column::Case, Some("CRETO ao")),
        (Role::CaseOfficer, Column::Case, Some("CRETO aop")),
        (Role::Central, Column::Private, Some("CREO aop")),
        (Role::Central, Column::Case, Some("CRETAO aop")),
        (Role::Verifier, Column::Opp, Some("RG o")),
        (Role::Mediator, Column::Private, None),
        (Role::Auditor, Column::Case, None),
        (Role::Admin, Column::Reference, None),
        (Role::Admin, Column::Staff, Some("CRE aop")),
        (Role::Dpo, Column::Request, Some("CREA aop")),
    ] {
        assert_eq!(cell(role, column).as_deref(), letters, "{role} {column:?}");
    }
}

#[test]
fn no_role_reaches_secret_records_but_by_name() {
    let pack = pack();
    for (role, ceiling) in &pack.ceilings {
        assert!(*ceiling < Access::Secret, "{role}");
        for reach in [Reach::Area, Reach::Office] {
            assert!(pack.readable(*role, reach).all(|kind| kind.access < Access::Secret), "{role}");
        }
    }
    let named = pack.readable(Role::CaseOfficer, Reach::Person);
    assert!(named.into_iter().any(|kind| kind.name == "statement"));
}

#[test]
fn what_the_forms_say_is_in_the_catalogue_in_both_languages() {
    let pack = pack();
    let known: BTreeSet<&str> =
        FindingCode::ALL.into_iter().map(FindingCode::name).chain([NOTHING_TO_TELL]).collect();
    let told: BTreeSet<&str> = pack.messages.keys().map(String::as_str).collect();
    assert_eq!(told, known);
}

#[test]
fn a_form_offers_every_field_a_person_fills_in() {
    let pack = pack();
    for form in pack.forms.values() {
        let asked: BTreeSet<&str> =
            form.sections.iter().flat_map(|section| &section.fields).map(|ask| ask.key.as_str()).collect();
        let written: BTreeSet<&str> = pack.kinds[&form.kind]
            .fields
            .iter()
            // Which status card belongs to a number stands in the list of cards: nobody types it.
            .filter(|field| field.merge != Merge::Derived && field.key != "kartu_status")
            .map(|field| field.key.as_str())
            .collect();
        assert_eq!(asked, written, "{}", form.name);
        assert!(form.sections[0].short, "{} begins with its short part", form.name);
    }
}

/// A code that a condition compares with is in the list of its field: a renamed code would hide a question.
#[test]
fn conditions_compare_with_codes_that_exist() {
    let pack = pack();
    for form in pack.forms.values() {
        let shows = form.sections.iter().flat_map(|section| {
            section.show.iter().chain(section.fields.iter().filter_map(|a| a.show.as_ref()))
        });
        for show in shows {
            compare(&pack, &pack.kinds[&form.kind], show);
        }
    }
}

fn compare(pack: &Pack, kind: &Kind, condition: &Condition) {
    let check = |key: &str, value: &serde_json::Value| {
        let (key, part) = key.split_once('.').map_or((key, None), |(key, part)| (key, Some(part)));
        let field = kind.field(key).unwrap();
        let field = part.map_or(field, |part| field.part(part).unwrap());
        if let (Some(list), Some(code)) = (pack.code_list(field), value.as_str()) {
            assert!(list.has(code), "{}.{key}: {code}", kind.name);
        }
    };
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|p| compare(pack, kind, p)),
        Condition::Not(part) => compare(pack, kind, part),
        Condition::Equals { field, value } => check(field, value),
        Condition::In { field, values } => values.iter().for_each(|value| check(field, value)),
        Condition::Has { field, value } => check(field, &serde_json::Value::from(value.clone())),
        Condition::Empty { .. } => {}
    }
}

#[test]
fn what_could_not_be_read_says_so() {
    let pack = pack();
    for name in [
        "opp_kehadiran_minimum",
        "opp_sertifikat_berlaku",
        "format_sip2mi",
        "format_e_kpmi",
        "format_paspor",
        "daftar_pmi_bermasalah",
        "perban_6_2024_berlaku",
    ] {
        assert!(!pack.settings[name].read, "{name}");
    }
    assert!(pack.codes["jenis_kepulangan"].setting);
}

#[test]
fn the_document_of_the_pack_is_in_step() {
    let committed = include_str!("../../../../../docs/data.md");
    let rendered = doc::render(&pack());
    // Not assert_eq: two documents of this size side by side help nobody.
    assert!(committed == rendered, "docs/data.md is behind the schema; run `cargo xtask pack-doc`");
}

#[test]
fn the_document_of_rights_is_in_step() {
    let committed = include_str!("../../../../../docs/authorisation.md");
    let rendered = doc::render_rights(&pack());
    assert!(committed == rendered, "docs/authorisation.md is behind the schema; run `cargo xtask pack-doc`");
}

#[test]
fn the_document_names_every_kind_field_code_and_setting() {
    let pack = pack();
    let text = doc::render(&pack);
    for kind in pack.kinds.values() {
        assert!(text.contains(&format!("\n## {}\n", kind.name)));
        for field in &kind.fields {
            assert!(text.contains(&format!("| `{}` | {} |", field.key, field.label.id)), "{}", field.key);
        }
    }
    for code in pack.codes.values().flat_map(|list| &list.codes) {
        assert!(text.contains(&format!("`{}`", code.code)), "{}", code.code);
    }
    for name in pack.settings.keys() {
        assert!(text.contains(&format!("| `{name}` |")), "{name}");
    }
}

/// A village could tell from the hour at which a card changes whose report was read.
#[test]
fn status_cards_are_for_offices_and_for_no_village() {
    let pack = pack();
    let kind = pack.kind("status_card").unwrap();
    assert_eq!((kind.access, kind.reference), (Access::Ordinary, true));
    let through_area = |role| {
        let rule = pack.rule(role, kind.column);
        let letters =
            rule.map(|rule| rule.area.iter().filter_map(|action| action.letter()).collect::<String>());
        letters.unwrap_or_default()
    };
    for (role, _, _) in Role::ALL {
        let expected = match role {
            Role::FrontOffice
            | Role::ComplaintOfficer
            | Role::CaseOfficer
            | Role::Mediator
            | Role::Central => "CRE",
            Role::Head | Role::Verifier => "R",
            Role::VillageOfficer | Role::FieldOfficer | Role::OppManager | Role::OppInstructor => "",
            Role::Admin | Role::Auditor | Role::Dpo => "",
        };
        assert_eq!(through_area(role), expected, "{role}");
    }
}

/// Every state of a case shows as one of the five plain ones.
#[test]
fn every_state_of_a_case_has_a_state_of_the_card() {
    let pack = pack();
    let shown: Vec<&str> =
        pack.codes["status_kasus"].codes.iter().map(|code| code.card.as_deref().unwrap()).collect();
    assert_eq!(shown.first(), Some(&"SUDAH_DIBACA"), "whoever opened a case has read it");
    assert!(shown.iter().all(|state| pack.codes["keadaan_kartu"].has(state)));
    assert_eq!(pack.codes["keadaan_kartu"].codes.len(), 5);
}
