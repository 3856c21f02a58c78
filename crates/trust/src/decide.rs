//! The one decision: may this device do this to that record.

use sambung_domain::role::Action;
use sambung_domain::{Access, Routing, Set, Timestamp};

use crate::grant::Grant;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The grant of the device that acts.
    pub grant: &'a Grant,
    /// The record's kind.
    pub kind: &'a str,
    /// What it wants to do.
    pub action: Action,
    /// Where the record lies in the judge's eyes; unborn for a new record.
    pub here: &'a Routing,
    /// Where the record lay in the author's eyes, at the change's dependencies; unborn for a birth.
    pub before: &'a Routing,
    /// Where the record lies once the change stands.
    pub after: &'a Routing,
    /// The judge's own time.
    pub now: Timestamp,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It may.
    Allow,
    /// Nothing is said, not even whether the record exists.
    Foreign,
}

/// Decides a question. Pure: the same answer at the relay, at a replica, for a bundle and in a simulation.
///
/// The rules so far: the grant holds now; the action is allowed for the kind through one of the grant's sets
/// that the record is in, both in the judge's eyes and in the author's; what the change makes of the routing
/// lies within the grant as well; nobody acts above his ceiling or on what excludes him.
#[must_use]
pub fn decide(question: &Question<'_>) -> Decision {
    let allowed = question.grant.holds_at(question.now) && allows(question);
    if allowed { Decision::Allow } else { Decision::Foreign }
}

/// Whether the grant allows it, whatever the time: for saving on a device whose lease is over, and for what was done
/// while a grant held that has ended since.
#[must_use]
pub fn allows(question: &Question<'_>) -> bool {
    let Question { grant, action, here, before, after, .. } = *question;
    let reaches = |routing: &Routing, action: Action| reaches(grant, question.kind, action, routing);
    after.is_born()
        && reaches(after, action)
        && (!here.is_born() || reaches(here, action))
        && (!before.is_born() || reaches(before, action))
        && adds_only_own_places(question)
}

/// Whether a grant reaches a record at all, whatever the time.
#[must_use]
pub fn touches(grant: &Grant, kind: &str, routing: &Routing) -> bool {
    let actions = [Action::Read, Action::Create, Action::Edit];
    routing.is_born() && actions.into_iter().any(|action| reaches(grant, kind, action, routing))
}

/// Whether a device may read a record.
#[must_use]
pub fn may_read(grant: &Grant, kind: &str, routing: &Routing, now: Timestamp) -> bool {
    grant.holds_at(now) && reaches(grant, kind, Action::Read, routing)
}

/// Whether a device of `full` is sent through its set `through` everything that one of `other` is sent through its
/// set `set`, records that exclude the first left aside. What it cannot know for certain it denies.
#[must_use]
pub fn covers(full: &Grant, through: &Set, other: &Grant, set: &Set) -> bool {
    // A person's own records are above no ceiling.
    let named = other.sets.iter().any(|set| matches!(set, Set::Person(_)));
    let ceiling = if named { Access::Restricted } else { other.ceiling };
    let reads = |grant: &Grant, kind: &str, set: &Set| grant.actions(kind, set).allow(Action::Read);
    let read = other.kinds.iter().filter(|rule| other.sets.iter().any(|set| reads(other, &rule.kind, set)));
    full.sets.contains(through)
        && set.wider().contains(through)
        && full.ceiling >= ceiling
        && read.into_iter().all(|rule| reads(full, &rule.kind, through))
}

fn reaches(grant: &Grant, kind: &str, action: Action, routing: &Routing) -> bool {
    let Some(access) = routing.access else { return false };
    if routing.excludes(&grant.staff, grant.office.as_ref()) {
        return false;
    }
    if access == Access::Open && action == Action::Read {
        return true;
    }
    grant.sets.iter().any(|set| {
        let within_ceiling = access <= grant.ceiling || matches!(set, Set::Person(_));
        within_ceiling && routing.is_in(set) && grant.actions(kind, set).allow(action)
    })
}

/// A change that moves a record needs authority at the new place as well as at the old one: every area and
/// office it adds must be reachable on its own.
fn adds_only_own_places(question: &Question<'_>) -> bool {
    let Question { grant, kind, action, here, before, after, .. } = *question;
    let known = |routing: &Routing, single: &Routing| {
        single.areas.is_subset(&routing.areas) && single.offices.is_subset(&routing.offices)
    };
    after.areas.iter().all(|area| {
        let alone = Routing { areas: [area.clone()].into(), offices: [].into(), ..after.clone() };
        known(here, &alone)
            || known(before, &alone)
            || reaches(grant, kind, action, &with_offices(&alone, after))
    })
}

/// An office may take in a guest: a record of another area that lies at an office of the grant.
fn with_offices(alone: &Routing, after: &Routing) -> Routing {
    Routing { offices: after.offices.clone(), ..alone.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grant::GrantSubject;
    use crate::key::PublicKey;
    use sambung_domain::{Pack, Role};

    fn grant(role: Role, sets: &[&str]) -> Grant {
        let subject = GrantSubject {
            device: PublicKey([1; 32]),
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
        let question =
            Question { grant, kind: "worker", action, here, before: here, after, now: Timestamp(1) };
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
        assert!(!covers(
            &grant(Role::VillageOfficer, &["a:35.13"]),
            &set("a:35.13"),
            &named,
            &set("a:35.13")
        ));
    }
}
