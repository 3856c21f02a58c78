//! The role table through the decision: every role, kind, letter and kind of set, alone.

use sambung_domain::pack::{Column, Kind, Reach};
use sambung_domain::role::Action;
use sambung_domain::{Access, Pack, RecordId, Role, Routing, Set, Timestamp};

use super::*;
use crate::grant::GrantSubject;
use crate::key::PublicKey;

const STAFF: RecordId = RecordId([5; 16]);

fn only(reach: Reach, kind: &Kind) -> Set {
    let name = match reach {
        Reach::Area if kind.reference => "a:00".to_owned(),
        Reach::Area => "a:35.13".to_owned(),
        Reach::Office => "o:P4MI-3513".to_owned(),
        Reach::Person => format!("p:{STAFF}"),
    };
    name.parse().unwrap()
}

fn grant(pack: &Pack, role: Role, set: Set) -> Grant {
    let device = PublicKey([1; 32]);
    let subject = GrantSubject {
        device,
        recipient: crate::RecipientKey([1; 32]),
        role,
        staff: vec![STAFF],
        office: None,
        sets: vec![set],
    };
    Grant::for_role(pack, subject, Timestamp(0))
}

/// A record in all three kinds of set, at a place of its kind.
fn record(kind: &Kind, access: Access) -> Routing {
    let area = if kind.reference { "00" } else { "35.13.02.2004" };
    Routing {
        areas: [area.parse().unwrap()].into(),
        access: Some(access),
        offices: ["P4MI-3513".parse().unwrap()].into(),
        readers: [STAFF].into(),
        ..Routing::default()
    }
}

/// What the table says by itself, letter by letter.
fn says(pack: &Pack, role: Role, kind: &Kind, action: Action, reach: Reach, access: Access) -> bool {
    let Some(rule) = pack.rule(role, kind.column) else {
        return access == Access::Open && action == Action::Read;
    };
    let letters = rule.through(reach);
    let implied = action == Action::Transition && !matches!(kind.column, Column::Case | Column::Opp);
    let letter = letters.contains(&action) || implied && letters.contains(&Action::Edit);
    let reached = kind.reach.contains(&reach) || action == Action::Create;
    let by_name = reach == Reach::Person;
    let visible = by_name || (access <= pack.ceilings[&role] && access != Access::Secret);
    (letter && reached && visible) || (access == Access::Open && action == Action::Read)
}

#[test]
fn every_letter_of_the_role_table_is_decided_as_it_stands() {
    let pack = Pack::builtin().unwrap();
    let (mut allowed, mut denied) = (0, 0);
    for (role, _, _) in Role::ALL {
        for reach in Reach::ALL {
            for (kind, access) in
                pack.kinds.values().flat_map(|kind| Access::ALL.map(|access| (kind, access)))
            {
                let grant = grant(&pack, role, only(reach, kind));
                let here = record(kind, access);
                for (action, letter) in Action::ALL {
                    let name = kind.name.as_str();
                    let (kind_name, now) = (name, Timestamp(1));
                    let (before, after) = (&here, &here);
                    let question =
                        Question { grant: &grant, kind: kind_name, action, here: &here, before, after, now };
                    let may = decide(&question) == Decision::Allow;
                    let expected = says(&pack, role, kind, action, reach, access);
                    assert_eq!(may, expected, "{role}: {letter} on {name}, {access}, through {reach:?}");
                    *(if may { &mut allowed } else { &mut denied }) += 1;
                }
            }
        }
    }
    assert!(allowed > 500 && denied > 500, "{allowed} {denied}");
}

#[test]
fn a_record_in_none_of_the_sets_is_nobodys() {
    let pack = Pack::builtin().unwrap();
    let elsewhere = |kind: &Kind| Routing {
        areas: [if kind.reference { "00" } else { "94.71" }.parse().unwrap()].into(),
        offices: ["BLK-94".parse().unwrap()].into(),
        readers: [RecordId([6; 16])].into(),
        ..record(kind, Access::Ordinary)
    };
    for (role, _, _) in Role::ALL {
        for (kind, reach) in pack.kinds.values().flat_map(|kind| Reach::ALL.map(|reach| (kind, reach))) {
            // Nobody is outside the area of reference data.
            if kind.reference && reach == Reach::Area {
                continue;
            }
            for (action, letter) in Action::ALL {
                let (grant, here) = (&grant(&pack, role, only(reach, kind)), &elsewhere(kind));
                let (before, after, now, kind) = (here, here, Timestamp(1), kind.name.as_str());
                let decision = decide(&Question { grant, kind, action, here, before, after, now });
                assert_eq!(decision, Decision::Foreign, "{role}: {letter} on {kind}");
            }
        }
    }
}

#[test]
fn nothing_but_reference_data_lies_where_everybody_reads() {
    let pack = Pack::builtin().unwrap();
    let everywhere = ["a:00".parse().unwrap(), "a:35".parse().unwrap(), "o:P4MI-3513".parse().unwrap()];
    let lying = |area: &str, kind: &Kind| Routing {
        areas: [area.parse().unwrap()].into(),
        ..record(kind, kind.access)
    };
    let mut birthplaces = 0;
    for (role, kind) in
        Role::ALL.into_iter().flat_map(|(role, _, _)| pack.kinds.values().map(move |kind| (role, kind)))
    {
        let grant = Grant { sets: everywhere.to_vec(), ..grant(&pack, role, everywhere[0].clone()) };
        let (open, home) = (lying("00", kind), lying("35.13.02.2004", kind));
        let (right, wrong) = if kind.reference { (open, home) } else { (home, open) };
        let ask = |action, here: &Routing, after: &Routing| {
            let question = Question {
                grant: &grant,
                kind: &kind.name,
                action,
                here,
                before: here,
                after,
                now: Timestamp(1),
            };
            decide(&question) == Decision::Allow
        };
        let unborn = Routing::default();
        birthplaces += usize::from(ask(Action::Create, &unborn, &right));
        let mut both = right.clone();
        both.areas.extend(wrong.areas.clone());
        for place in [&wrong, &both] {
            assert!(!ask(Action::Create, &unborn, place), "{role} makes {}", kind.name);
            assert!(!ask(Action::Edit, &right, place), "{role} moves {}", kind.name);
            assert!(!ask(Action::Edit, place, place), "{role} goes on where {} must not lie", kind.name);
        }
    }
    assert!(birthplaces > 50, "{birthplaces}");
}

#[test]
fn the_area_that_everybody_has_shows_reference_data_only() {
    let pack = Pack::builtin().unwrap();
    let (set, now) = ("a:00".parse().unwrap(), Timestamp(1));
    for (role, kind) in
        Role::ALL.into_iter().flat_map(|(role, _, _)| pack.kinds.values().map(move |kind| (role, kind)))
    {
        let grant = grant(&pack, role, "a:00".parse().unwrap());
        for access in [Access::Open, kind.access] {
            let mislaid =
                Routing { areas: [sambung_domain::Area::reference()].into(), ..record(kind, access) };
            let shown = reads_through(&grant, &kind.name, &mislaid, &set, now);
            assert!(kind.reference || !shown, "{role}: {} in 00, {access}", kind.name);
            assert!(shown || !kind.reference || access != Access::Open, "{role}: {} is open", kind.name);
        }
    }
    let unknown = Routing {
        areas: [sambung_domain::Area::reference()].into(),
        ..record(&pack.kinds["rules"], Access::Open)
    };
    assert!(!reads_through(
        &grant(&pack, Role::Central, set.clone()),
        "kind_of_tomorrow",
        &unknown,
        &set,
        now
    ));
}
