//! The one decision: may this device do this to that record.

#[cfg(test)]
mod matrix;
mod place;
#[cfg(test)]
mod tests;

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
/// The grant holds now. A birth happens at a place where the grant may create. A change needs the action at the
/// record's place, in the judge's eyes and in the author's; what it makes of the routing is decided key by key
/// (`place`). Nobody acts above his ceiling or on what excludes him. Reference data lies in the area that every
/// device has, and nothing else ever does.
#[must_use]
pub fn decide(question: &Question<'_>) -> Decision {
    let allowed = question.grant.holds_at(question.now) && allows(question);
    if allowed { Decision::Allow } else { Decision::Foreign }
}

/// Whether the grant allows it, whatever the time: for saving on a device whose lease is over, and for what was done
/// while a grant held that has ended since.
#[must_use]
pub fn allows(question: &Question<'_>) -> bool {
    let Question { grant, here, before, after, .. } = *question;
    let known = if here.is_born() { place::may_change(question) } else { place::may_be_born(question) };
    let author = !before.is_born() || reaches(grant, question.kind, question.action, before);
    let belongs = after.areas.iter().all(|area| grant.belongs(question.kind, area));
    after.is_born() && belongs && author && known
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

/// Whether a grant reaches a record for reading, whatever the time: what lies on a device is shown as far as the member of
/// staff may see it.
#[must_use]
pub fn shows(grant: &Grant, kind: &str, routing: &Routing) -> bool {
    reaches(grant, kind, Action::Read, routing)
}

/// Whether a device reads a record through one of its sets: what is sent through the set, and what makes the record a
/// member of it.
#[must_use]
pub fn reads_through(grant: &Grant, kind: &str, routing: &Routing, set: &Set, now: Timestamp) -> bool {
    grant.holds_at(now)
        && routing.is_in(set)
        && !routing.excludes(&grant.staff, grant.office.as_ref())
        && reads_collection(grant, kind, routing.access, set)
}

/// Whether a grant reads the records of a kind and an access through a set, those that exclude it left aside: one
/// collection of a set is read whole or not at all.
#[must_use]
pub fn reads_collection(grant: &Grant, kind: &str, access: Option<Access>, set: &Set) -> bool {
    belongs_in(grant, kind, set)
        && (access == Some(Access::Open) || allows_through(grant, kind, Action::Read, access, set))
}

/// Whether records of a kind can be in a set at all: whatever lies in the area of reference data, that set shows
/// reference data only.
fn belongs_in(grant: &Grant, kind: &str, set: &Set) -> bool {
    match set {
        Set::Area(area) => grant.belongs(kind, area),
        Set::Office(_) | Set::Person(_) => true,
    }
}

/// Whether a device of `full` is sent through its set `wide` everything that one of `other` is sent through its set
/// `set`, records that exclude the first left aside. What it cannot know for certain it denies.
#[must_use]
pub fn covers(full: &Grant, wide: &Set, other: &Grant, set: &Set) -> bool {
    let reads = |grant: &Grant, kind: &str, set: &Set| grant.actions(kind, set).allow(Action::Read);
    full.sets.contains(wide)
        && wide.contains(set)
        && (matches!(set, Set::Person(_)) || full.ceiling >= other.ceiling)
        && other
            .kinds
            .iter()
            .filter(|rule| reads(other, &rule.kind, set))
            .all(|rule| reads(full, &rule.kind, wide))
}

/// Whether a grant allows an action on a record through any of its sets.
fn reaches(grant: &Grant, kind: &str, action: Action, routing: &Routing) -> bool {
    let Some(access) = routing.access else { return false };
    if routing.excludes(&grant.staff, grant.office.as_ref()) {
        return false;
    }
    let everybody = access == Access::Open && action == Action::Read;
    everybody || grant.sets.iter().any(|set| through(grant, kind, action, routing, set))
}

/// Whether one set of a grant allows an action on a record. What a person is named for is above no ceiling.
fn through(grant: &Grant, kind: &str, action: Action, routing: &Routing, set: &Set) -> bool {
    routing.is_in(set) && allows_through(grant, kind, action, routing.access, set)
}

fn allows_through(grant: &Grant, kind: &str, action: Action, access: Option<Access>, set: &Set) -> bool {
    let within_ceiling = access <= Some(grant.ceiling) || matches!(set, Set::Person(_));
    within_ceiling && grant.actions(kind, set).allow(action)
}
