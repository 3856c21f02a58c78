//! The role table through the decision: every role, kind, letter and kind of set, alone.

use sambung_domain::pack::{Column, Kind, Reach};
use sambung_domain::role::Action;
use sambung_domain::{Access, Pack, RecordId, Role, Routing, Set, Timestamp};

use super::*;
use crate::grant::GrantSubject;
use crate::key::PublicKey;

const STAFF: RecordId = RecordId([5; 16]);

fn only(reach: Reach) -> Set {
    let name = match reach {
        Reach::Area => "a:35.13".to_owned(),
        Reach::Office => "o:P4MI-3513".to_owned(),
        Reach::Person => format!("p:{STAFF}"),
    };
    name.parse().unwrap()
}

fn grant(pack: &Pack, role: Role, reach: Reach) -> Grant {
    let device = PublicKey([1; 32]);
    let subject = GrantSubject {
        device,
        recipient: crate::RecipientKey([1; 32]),
        role,
        staff: vec![STAFF],
        office: None,
        sets: vec![only(reach)],
    };
    Grant::for_role(pack, subject, Timestamp(0))
}

/// A record in all three kinds of set.
fn record(access: Access) -> Routing {
    Routing {
        areas: ["35.13.02.2004".parse().unwrap()].into(),
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
            let grant = grant(&pack, role, reach);
            for (kind, access) in
                pack.kinds.values().flat_map(|kind| Access::ALL.map(|access| (kind, access)))
            {
                let here = record(access);
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
    let elsewhere = Routing {
        areas: ["94.71".parse().unwrap()].into(),
        offices: ["BLK-94".parse().unwrap()].into(),
        readers: [RecordId([6; 16])].into(),
        ..record(Access::Ordinary)
    };
    for (role, _, _) in Role::ALL {
        for (kind, reach) in pack.kinds.keys().flat_map(|kind| Reach::ALL.map(|reach| (kind, reach))) {
            for (action, letter) in Action::ALL {
                let (grant, here) = (&grant(&pack, role, reach), &elsewhere);
                let (before, after, now) = (here, here, Timestamp(1));
                let decision = decide(&Question { grant, kind, action, here, before, after, now });
                assert_eq!(decision, Decision::Foreign, "{role}: {letter} on {kind}");
            }
        }
    }
}
