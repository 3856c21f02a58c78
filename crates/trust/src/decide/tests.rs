//! The decision, rule by rule.

use super::*;
use crate::grant::GrantSubject;
use crate::key::PublicKey;
use sambung_domain::{Pack, Role};

fn grant(role: Role, sets: &[&str]) -> Grant {
    let subject = GrantSubject {
        device: PublicKey([1; 32]),
        recipient: crate::RecipientKey([1; 32]),
        role,
        staff: vec![sambung_domain::RecordId([5; 16])],
        office: Some("P4MI-3513".parse().unwrap()),
        sets: sets.iter().map(|set| set.parse().unwrap()).collect(),
    };
    Grant::for_role(&Pack::builtin().unwrap(), subject, Timestamp(0))
}

fn at(area: &str, access: Access) -> Routing {
    Routing {
        areas: [area.parse().unwrap()].into(),
        access: Some(access),
        offices: ["DISNAKER-3508".parse().unwrap()].into(),
        ..Routing::default()
    }
}

fn ask(grant: &Grant, action: Action, here: &Routing, after: &Routing) -> Decision {
    let question = Question { grant, kind: "worker", action, here, before: here, after, now: Timestamp(1) };
    decide(&question)
}

const ORDINARY: Access = Access::Ordinary;

#[test]
fn a_device_acts_inside_its_areas_only() {
    let office = grant(Role::FrontOffice, &["a:35.13"]);
    let (near, far) = (at("35.13.02.2004", ORDINARY), at("35.08.01.2001", ORDINARY));
    let unborn = Routing::default();
    assert_eq!(ask(&office, Action::Create, &unborn, &near), Decision::Allow);
    assert_eq!(ask(&office, Action::Create, &unborn, &far), Decision::Foreign);
    assert_eq!(ask(&office, Action::Edit, &near, &near), Decision::Allow);
    assert_eq!(ask(&office, Action::Edit, &far, &far), Decision::Foreign);
}

#[test]
fn moving_needs_authority_at_both_ends() {
    let one = grant(Role::FrontOffice, &["a:35.13"]);
    let both = grant(Role::FrontOffice, &["a:35.13", "a:35.08"]);
    let (near, far) = (at("35.13.02.2004", ORDINARY), at("35.08.01.2001", ORDINARY));
    assert_eq!(ask(&one, Action::Edit, &near, &far), Decision::Foreign);
    assert_eq!(ask(&one, Action::Edit, &far, &near), Decision::Foreign);
    assert_eq!(ask(&both, Action::Edit, &near, &far), Decision::Allow);
    let mut doubled = near.clone();
    doubled.areas.extend(far.areas.clone());
    assert_eq!(ask(&one, Action::Edit, &near, &doubled), Decision::Foreign);
    assert_eq!(ask(&one, Action::Edit, &doubled, &doubled), Decision::Allow);
}

#[test]
fn the_ceiling_and_exclusion_stand_above_the_sets() {
    let village = grant(Role::VillageOfficer, &["a:35.13.02.2004"]);
    let protected = at("35.13.02.2004", Access::Restricted);
    assert!(!may_read(&village, "worker", &protected, Timestamp(1)));
    let office = grant(Role::FrontOffice, &["a:35.13"]);
    assert!(may_read(&office, "worker", &protected, Timestamp(1)));
    let mut excluded = at("35.13.02.2004", ORDINARY);
    assert!(may_read(&office, "worker", &excluded, Timestamp(1)));
    excluded.excluded.insert("P4MI-3513".to_owned());
    assert!(!may_read(&office, "worker", &excluded, Timestamp(1)));
    excluded.excluded = [sambung_domain::RecordId([5; 16]).to_string()].into();
    assert_eq!(ask(&office, Action::Edit, &excluded, &excluded), Decision::Foreign);
}

#[test]
fn a_lapsed_grant_allows_nothing() {
    let office = grant(Role::FrontOffice, &["a:35.13"]);
    let near = at("35.13.02.2004", ORDINARY);
    let late = office.until.plus_ms(1);
    assert!(!may_read(&office, "worker", &near, late));
}

#[test]
fn roles_without_the_letter_may_not() {
    let head = grant(Role::Head, &["a:35.13"]);
    let near = at("35.13.02.2004", ORDINARY);
    assert!(may_read(&head, "worker", &near, Timestamp(1)));
    assert_eq!(ask(&head, Action::Edit, &near, &near), Decision::Foreign);
}

#[test]
fn a_grant_covers_another_where_it_reads_all_the_other_reads() {
    let set = |text: &str| text.parse::<Set>().unwrap();
    let covered = |full: (Role, &str), other: (Role, &str)| {
        covers(&grant(full.0, &[full.1]), &set(full.1), &grant(other.0, &[other.1]), &set(other.1))
    };
    let office = (Role::FrontOffice, "a:35.13");
    assert!(covered(office, office));
    assert!(covered((Role::Central, "a:35"), office));
    assert!(covered(office, (Role::VillageOfficer, "a:35.13.02.2004")));
    assert!(!covered(office, (Role::Central, "a:35")), "less area");
    assert!(!covered(office, (Role::FrontOffice, "a:35.08")), "another area");
    assert!(!covered((Role::VillageOfficer, "a:35.13"), office), "a lower ceiling and fewer kinds");
    assert!(!covered((Role::Auditor, "a:35.13"), office), "fewer kinds");
    let (wide, narrow) = (grant(Role::FrontOffice, &["a:35.13"]), grant(Role::FrontOffice, &["a:35.13"]));
    assert!(!covers(&wide, &set("a:35"), &narrow, &set("a:35.13")), "not a set of the grant");
    let named = grant(Role::VillageOfficer, &["a:35.13", "p:00000000000000000000000000"]);
    let village = grant(Role::VillageOfficer, &["a:35.13"]);
    assert!(covers(&village, &set("a:35.13"), &named, &set("a:35.13")));
    assert!(!covers(&village, &set("a:35.13"), &named, &named.sets[1]), "the person's own set");
}

mod routing {
    //! Sharing, moving, protecting and hiding; what a thief would do with them.

    use super::*;

    const VILLAGE: &str = "35.13.02.2004";

    /// A record of the village at the Probolinggo office, as `change` makes it.
    fn record(change: impl FnOnce(&mut Routing)) -> Routing {
        let mut record = at(VILLAGE, ORDINARY);
        record.offices = ["P4MI-3513".parse().unwrap()].into();
        change(&mut record);
        record
    }

    fn village() -> Grant {
        grant(Role::VillageOfficer, &[&format!("a:{VILLAGE}")])
    }

    fn desk() -> Grant {
        grant(Role::FrontOffice, &["a:35.13", "o:P4MI-3513"])
    }

    fn partner() -> Grant {
        let office = Some("BLK-3508".parse().unwrap());
        Grant { office, staff: vec![], ..grant(Role::CaseOfficer, &["a:35.08", "o:BLK-3508"]) }
    }

    fn allows(grant: &Grant, here: &Routing, after: &Routing) -> bool {
        ask(grant, Action::Edit, here, after) == Decision::Allow
    }

    fn shared(partner: &str) -> Routing {
        record(|record| record.partners = [partner.parse().unwrap()].into())
    }

    #[test]
    fn a_village_officer_cannot_take_another_areas_record_into_his_own() {
        let far = at("35.08.01.2001", ORDINARY);
        let mut taken = far.clone();
        taken.areas = [VILLAGE.parse().unwrap()].into();
        let mut doubled = far.clone();
        doubled.areas.insert(VILLAGE.parse().unwrap());
        for after in [&taken, &doubled] {
            assert!(!allows(&village(), &far, after));
        }
        // As a second birth, by someone who says he has never seen the record: his eyes saw nothing before.
        let (grant, unborn) = (village(), Routing::default());
        let question = Question {
            grant: &grant,
            kind: "worker",
            action: Action::Create,
            here: &far,
            before: &unborn,
            after: &doubled,
            now: Timestamp(1),
        };
        assert_eq!(decide(&question), Decision::Foreign);
    }

    #[test]
    fn a_village_officer_cannot_make_a_record_vanish() {
        let here = record(|_| {});
        let own = sambung_domain::RecordId([5; 16]);
        let hidden = [
            ("to Papua", record(|record| record.areas = ["94.71".parse().unwrap()].into())),
            ("to another office", record(|record| record.offices = ["BLK-3508".parse().unwrap()].into())),
            ("to nobody", record(|record| record.access = Some(Access::Secret))),
            (
                "to himself",
                record(|record| {
                    record.access = Some(Access::Secret);
                    record.readers = [own].into();
                }),
            ),
            ("from the office", record(|record| record.excluded = ["P4MI-3508".to_owned()].into())),
            ("to whom he offers it", record(|record| record.offered = ["BLK-3508".parse().unwrap()].into())),
        ];
        for (how, after) in hidden {
            assert!(!allows(&village(), &here, &after), "{how}");
        }
    }

    #[test]
    fn an_office_cannot_move_a_record_to_where_it_has_no_authority() {
        let here = record(|_| {});
        let away = record(|record| {
            record.areas = ["94.71".parse().unwrap()].into();
            record.offices = ["BLK-3508".parse().unwrap()].into();
        });
        assert!(!allows(&desk(), &here, &away));
        let guest = record(|record| record.areas = ["94.71".parse().unwrap()].into());
        assert!(allows(&desk(), &here, &guest), "she moves and stays with the office");
        let stranded = Routing { offices: ["BLK-3508".parse().unwrap()].into(), ..guest.clone() };
        assert!(!allows(&desk(), &guest, &stranded), "in two steps no more than in one");
    }

    #[test]
    fn sharing_needs_authority_at_the_live_place_only() {
        let (here, with) = (record(|_| {}), shared("BLK-3508"));
        assert!(allows(&village(), &here, &with) && allows(&desk(), &here, &with));
        assert!(!allows(&partner(), &here, &with), "nobody shares with himself");
        assert!(allows(&partner(), &with, &with), "a partner edits what it says");
        let further = record(|r| r.partners = ["BLK-3508", "BP3MI-35"].map(|c| c.parse().unwrap()).into());
        assert!(!allows(&partner(), &with, &further), "a partner does not share further");
        assert!(allows(&partner(), &with, &here), "but takes its own name off");
        assert!(!allows(&partner(), &further, &shared("BLK-3508")), "and no other name");
    }

    #[test]
    fn a_partner_takes_over_only_what_was_offered_to_it() {
        let with = shared("BLK-3508");
        let offered = Routing { offered: ["BLK-3508".parse().unwrap()].into(), ..with.clone() };
        let theirs = |from: &Routing| Routing {
            offices: ["BLK-3508".parse().unwrap()].into(),
            areas: ["35.08.01.2001".parse().unwrap()].into(),
            offered: [].into(),
            ..from.clone()
        };
        assert!(!allows(&partner(), &with, &theirs(&with)));
        assert!(!allows(&partner(), &with, &offered), "nobody offers to himself");
        assert!(allows(&desk(), &with, &offered));
        assert!(allows(&partner(), &offered, &theirs(&offered)), "accepted");
        assert!(allows(&partner(), &offered, &with), "declined");
        assert!(allows(&desk(), &offered, &with), "taken back");
        let other = Routing { offered: ["BP3MI-35".parse().unwrap()].into(), ..with.clone() };
        assert!(!allows(&partner(), &other, &theirs(&other)), "offered to somebody else");
        let elsewhere = Routing { areas: ["94.71".parse().unwrap()].into(), ..theirs(&offered) };
        assert!(allows(&partner(), &offered, &elsewhere), "as a guest of its office");
    }

    #[test]
    fn raising_needs_only_editing_and_lowering_an_office() {
        let (low, high) = (record(|_| {}), record(|record| record.access = Some(Access::Restricted)));
        assert!(allows(&village(), &low, &high) && allows(&desk(), &low, &high));
        assert!(!allows(&village(), &high, &low) && allows(&desk(), &high, &low));
        let field = grant(Role::FieldOfficer, &[&format!("a:{VILLAGE}")]);
        assert!(!allows(&field, &high, &low), "the ceiling alone is not enough");
    }

    #[test]
    fn secrets_keep_a_reader_and_are_born_only_where_the_kind_is_one() {
        let reader = sambung_domain::RecordId([5; 16]);
        let secret = Routing { readers: [reader].into(), ..record(|r| r.access = Some(Access::Secret)) };
        let nobody = Routing { readers: [].into(), ..secret.clone() };
        let complaints = grant(Role::ComplaintOfficer, &["a:35.13", "p:0m2g50ma0m2g50ma0m2g50ma0m"]);
        let born = |grant: &Grant, kind: &str, after: &Routing| {
            let unborn = Routing::default();
            let (here, before, action) = (&unborn, &unborn, Action::Create);
            decide(&Question { grant, kind, action, here, before, after, now: Timestamp(1) })
                == Decision::Allow
        };
        assert!(born(&desk(), "statement", &secret) && !born(&desk(), "statement", &nobody));
        assert!(!born(&desk(), "worker", &secret) && born(&complaints, "worker", &secret));
        let lowered = Routing { access: Some(ORDINARY), ..secret.clone() };
        let field = grant(Role::FieldOfficer, &[&format!("a:{VILLAGE}")]);
        assert!(!born(&field, "statement", &lowered) && born(&desk(), "statement", &lowered));
    }

    #[test]
    fn excluding_is_for_those_who_handle_cases() {
        let cases = grant(Role::CaseOfficer, &["a:35.13"]);
        let (here, past) =
            (record(|_| {}), record(|record| record.excluded = ["BLK-3508".to_owned()].into()));
        assert!(allows(&cases, &here, &past) && allows(&cases, &past, &here));
        assert!(!allows(&desk(), &here, &past) && !allows(&desk(), &past, &here));
        let own = record(|record| record.excluded = ["P4MI-3513".to_owned()].into());
        assert!(!allows(&cases, &here, &own), "nobody hides a record from himself");
    }
}
