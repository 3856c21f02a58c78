use super::*;
use crate::grant::GrantSubject;
use crate::key::PublicKey;
use sambung_domain::role::Action;
use sambung_domain::{Access, Pack, RecordId, Role};
use std::collections::BTreeSet;

const STAFF: RecordId = RecordId([5; 16]);
const NOW: Timestamp = Timestamp(1_000 * DAY_MS);

fn grant(role: Role, set: &str) -> Grant {
    let subject = GrantSubject {
        device: PublicKey([1; 32]),
        recipient: crate::RecipientKey([1; 32]),
        role,
        staff: vec![STAFF],
        office: None,
        sets: vec![set.parse().unwrap()],
    };
    Grant::for_role(&Pack::builtin().unwrap(), subject, NOW)
}

fn at(area: &str) -> Routing {
    Routing {
        areas: [area.parse().unwrap()].into(),
        access: Some(Access::Ordinary),
        offices: ["DISNAKER-3508".parse().unwrap()].into(),
        ..Routing::default()
    }
}

fn ended(days: i64, unseen: bool) -> End {
    End { at: NOW.plus_ms(-days * DAY_MS), unseen }
}

/// A device whose right to 35.13 is today's.
fn author(grant: &Grant) -> Author<'_> {
    Author { grant, live: true, revoked: false, named: grant, ended: None, staff: STAFF }
}

/// An edit of a record that lies where it lay.
fn edit(place: &Routing) -> Matter<'_> {
    Matter {
        kind: "worker",
        action: Action::Edit,
        here: place,
        before: place,
        after: place,
        left: None,
        reserved: false,
        forged: None,
    }
}

const QUARANTINE: fn(Reason) -> Judgement = Judgement::Quarantine;

#[test]
fn what_the_grant_of_the_day_allows_is_allowed_and_what_it_never_covered_is_foreign() {
    let office = grant(Role::FrontOffice, "a:35.13");
    let (near, far) = (at("35.13.02.2004"), at("35.08"));
    assert_eq!(judge(&author(&office), &edit(&near), NOW), Judgement::Allow);
    assert_eq!(judge(&author(&office), &edit(&far), NOW), Judgement::Foreign);
    let revoked = Author { revoked: true, live: false, ..author(&office) };
    assert_eq!(judge(&revoked, &edit(&far), NOW), Judgement::Foreign, "revoked or not");
    let head = grant(Role::Head, "a:35.13");
    assert_eq!(judge(&author(&head), &edit(&near), NOW), QUARANTINE(Reason::NotAllowed));
}

#[test]
fn whatever_a_revoked_device_claims_is_quarantined() {
    let office = grant(Role::FrontOffice, "a:35.13");
    let near = at("35.13.02.2004");
    let revoked = Author { revoked: true, ended: Some(ended(1, true)), ..author(&office) };
    assert_eq!(judge(&revoked, &edit(&near), NOW), QUARANTINE(Reason::Revoked));
    let unborn = Routing::default();
    let birth = Matter { action: Action::Create, here: &unborn, before: &unborn, ..edit(&near) };
    assert_eq!(judge(&revoked, &birth, NOW), QUARANTINE(Reason::Revoked));
}

#[test]
fn a_lapsed_grant_makes_work_late_for_half_a_year() {
    let office = grant(Role::FrontOffice, "a:35.13");
    let near = at("35.13.02.2004");
    let unborn = Routing::default();
    let birth =
        Matter { action: Action::Create, here: &unborn, before: &unborn, reserved: true, ..edit(&near) };
    for (matter, what) in [(edit(&near), "edit"), (birth, "birth")] {
        let judged = |days| {
            let lapsed = Author { live: false, ended: Some(ended(days, true)), ..author(&office) };
            judge(&lapsed, &matter, NOW)
        };
        assert_eq!(judged(1), Judgement::Late, "{what}");
        assert_eq!(judged(LATE_DAYS), Judgement::Late, "{what}");
        assert_eq!(judged(LATE_DAYS + 1), QUARANTINE(Reason::TooLate), "{what}");
    }
}

#[test]
fn the_window_of_late_work_ends_to_the_millisecond() {
    let office = grant(Role::FrontOffice, "a:35.13");
    let near = at("35.13.02.2004");
    let lapsed = Author { live: false, ended: Some(End { at: NOW, unseen: true }), ..author(&office) };
    let last = NOW.plus_ms(LATE_DAYS * DAY_MS);
    assert_eq!(judge(&lapsed, &edit(&near), last), Judgement::Late);
    assert_eq!(judge(&lapsed, &edit(&near), last.plus_ms(1)), QUARANTINE(Reason::TooLate));
}

#[test]
fn a_narrowed_grant_leaves_what_was_done_before_and_nothing_else() {
    let (wide, narrow) = (grant(Role::FrontOffice, "a:35.13"), grant(Role::FrontOffice, "a:35.13.01"));
    let taken_away = at("35.13.02.2004");
    let old = Author { named: &wide, ended: Some(ended(10, true)), ..author(&narrow) };
    assert_eq!(judge(&old, &edit(&taken_away), NOW), Judgement::Late);
    let knowing = Author { ended: Some(ended(10, false)), ..old };
    assert_eq!(judge(&knowing, &edit(&taken_away), NOW), QUARANTINE(Reason::SeenEnd));
    let routing = Matter { reserved: true, ..edit(&taken_away) };
    assert_eq!(judge(&old, &routing, NOW), QUARANTINE(Reason::Routing));
    let new = Author { named: &narrow, ended: None, ..old };
    assert_eq!(
        judge(&new, &edit(&taken_away), NOW),
        Judgement::Foreign,
        "under the new grant it never had it"
    );
}

#[test]
fn a_second_birth_without_a_right_to_it_is_left_waiting() {
    let office = grant(Role::FrontOffice, "a:35.13");
    let (near, unborn) = (at("35.13.02.2004"), Routing::default());
    let mut both = at("35.08");
    both.areas.extend(near.areas.clone());
    let again =
        Matter { action: Action::Create, before: &unborn, after: &both, reserved: true, ..edit(&near) };
    assert_eq!(judge(&author(&office), &again, NOW), Judgement::Foreign);
    let revoked = Author { revoked: true, ..author(&office) };
    assert_eq!(judge(&revoked, &again, NOW), QUARANTINE(Reason::Revoked));
}

#[test]
fn a_record_that_moved_away_takes_late_edits() {
    let office = grant(Role::FrontOffice, "a:35.13");
    let (was, is) = (at("35.13.02.2004"), at("35.08.01.2001"));
    let moved = Matter { here: &is, before: &was, after: &is, left: Some(ended(3, true)), ..edit(&is) };
    assert_eq!(judge(&author(&office), &moved, NOW), Judgement::Late);
    let seen = Matter { left: Some(ended(3, false)), ..moved };
    assert_eq!(judge(&author(&office), &seen, NOW), QUARANTINE(Reason::SeenEnd));
    let old = Matter { left: Some(ended(LATE_DAYS + 1, true)), ..moved };
    assert_eq!(judge(&author(&office), &old, NOW), QUARANTINE(Reason::TooLate));
}

#[test]
fn an_author_who_is_not_in_the_grant_or_lies_about_the_creation_is_quarantined() {
    let office = grant(Role::FrontOffice, "a:35.13");
    let near = at("35.13.02.2004");
    let stranger = Author { staff: RecordId([6; 16]), ..author(&office) };
    assert_eq!(judge(&stranger, &edit(&near), NOW), QUARANTINE(Reason::Staff));
    for live in [true, false] {
        let ended = if live { None } else { Some(ended(1, true)) };
        let forged = Matter { forged: Some(Reason::Creation), ..edit(&near) };
        let author = Author { live, ended, ..author(&office) };
        assert_eq!(judge(&author, &forged, NOW), QUARANTINE(Reason::Creation));
    }
}

#[test]
fn every_reason_has_a_code_of_its_own() {
    let codes: BTreeSet<&str> = Reason::ALL.iter().map(|reason| reason.code()).collect();
    assert_eq!(codes.len(), Reason::ALL.len());
    assert!(codes.iter().all(|code| code.starts_with("quarantine_")));
}
