//! Grants: what a device may do, on which records, until when.

use minicbor::{Decode, Encode};
use sambung_domain::pack::{Column, Kind, Pack, Reach, RoleRule};
use sambung_domain::role::{Action, RoutingRight};
use sambung_domain::time::DAY_MS;
use sambung_domain::{Access, Area, OfficeCode, Role, Set, StaffId, Timestamp};

use crate::RecipientKey;
use crate::key::PublicKey;
use crate::signed::{Statement, encode};

/// The short name of a grant: the first eight bytes of its hash.
pub type GrantId = [u8; 8];

/// Days a village device may go without contact before it becomes write-only.
pub const LEASE_DAYS_VILLAGE: i64 = 60;
/// Days an office device may go without contact before it becomes write-only.
pub const LEASE_DAYS_OFFICE: i64 = 90;

/// Several actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(transparent)]
pub struct Actions(#[n(0)] u8);

impl Actions {
    /// The set of these actions. Editing includes transitions except for cases and orientation.
    #[must_use]
    pub fn of(actions: &[Action], column: Column) -> Self {
        let implied =
            |action: &Action| *action == Action::Edit && !matches!(column, Column::Case | Column::Opp);
        let mut set = Actions::default();
        for action in actions {
            set.0 |= bit(*action);
            if implied(action) {
                set.0 |= bit(Action::Transition);
            }
        }
        set
    }

    /// Whether an action is among them.
    #[must_use]
    pub fn allow(self, action: Action) -> bool {
        self.0 & bit(action) != 0
    }
}

/// What a grant allows to do to where records belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(transparent)]
pub struct RoutingRights(#[n(0)] u8);

impl RoutingRights {
    /// The set of these rights.
    #[must_use]
    pub fn of(rights: impl IntoIterator<Item = RoutingRight>) -> Self {
        RoutingRights(rights.into_iter().map(right_bit).fold(0, |bits, bit| bits | bit))
    }

    /// Whether a right is among them.
    #[must_use]
    pub fn allow(self, right: RoutingRight) -> bool {
        self.0 & right_bit(right) != 0
    }
}

fn right_bit(right: RoutingRight) -> u8 {
    match right {
        RoutingRight::Move => 1,
        RoutingRight::Lower => 1 << 1,
        RoutingRight::Hide => 1 << 2,
    }
}

fn bit(action: Action) -> u8 {
    match action {
        Action::Create => 1,
        Action::Read => 1 << 1,
        Action::Edit => 1 << 2,
        Action::Transition => 1 << 3,
        Action::Approve => 1 << 4,
        Action::Seal => 1 << 5,
        Action::Open => 1 << 6,
        Action::Gate => 1 << 7,
    }
}

/// What a grant allows for one kind, by the kind of set the record is reached through.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct KindRule {
    /// The kind's name.
    #[n(0)]
    pub kind: String,
    /// Through area sets.
    #[n(1)]
    pub area: Actions,
    /// Through office sets.
    #[n(2)]
    pub office: Actions,
    /// Through person sets.
    #[n(3)]
    pub person: Actions,
    /// The access the kind's records start with: only what starts as secret can be born secret.
    #[n(4)]
    pub access: Access,
    /// Whether the kind is reference data: its records lie in the area that everybody has, and no others do.
    #[n(5)]
    pub reference: bool,
}

/// The issuer's statement of what one device may do.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Grant {
    /// The device's key.
    #[n(0)]
    pub device: PublicKey,
    /// The role it was invited for.
    #[n(1)]
    pub role: Role,
    /// The staff who may unlock it; the first is the one who enrolled it.
    #[n(2)]
    pub staff: Vec<StaffId>,
    /// The office it stands in.
    #[n(3)]
    pub office: Option<OfficeCode>,
    /// The sets whose union is the device's scope.
    #[n(4)]
    pub sets: Vec<Set>,
    /// What it may do, kind by kind; an absent kind means nothing.
    #[n(5)]
    pub kinds: Vec<KindRule>,
    /// The highest access it reaches through areas and offices.
    #[n(6)]
    pub ceiling: Access,
    /// Not before, in relay time.
    #[n(7)]
    pub from: Timestamp,
    /// Not after, in relay time; renewed at exchanges.
    #[n(8)]
    pub until: Timestamp,
    /// What it may do to where records belong.
    #[n(9)]
    pub routing: RoutingRights,
    /// The key that opens what is sealed to the device.
    #[n(10)]
    pub recipient: RecipientKey,
}

impl Statement for Grant {
    const CONTEXT: &'static str = "sambung grant 1";
}

/// Who and where a grant is for.
#[derive(Debug, Clone)]
pub struct GrantSubject {
    /// The device's key.
    pub device: PublicKey,
    /// The key that opens what is sealed to it.
    pub recipient: RecipientKey,
    /// Its role.
    pub role: Role,
    /// Its staff.
    pub staff: Vec<StaffId>,
    /// Its office.
    pub office: Option<OfficeCode>,
    /// Its sets.
    pub sets: Vec<Set>,
}

/// What an invitation names: areas, an office, staff.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// The areas.
    pub areas: &'a [Area],
    /// The office.
    pub office: Option<&'a OfficeCode>,
    /// The staff.
    pub staff: &'a [StaffId],
}

/// The sets that the role table gives a role of what an invitation names: the areas always, the office and each
/// member of staff where the role has a letter through such sets. Reference data everybody has.
#[must_use]
pub fn sets_for_role(pack: &Pack, role: Role, named: Named<'_>) -> Vec<Set> {
    let has = |reach: Reach| {
        pack.kinds.values().any(|kind| {
            kind.reach.contains(&reach)
                && pack.rule(role, kind.column).is_some_and(|rule| !rule.through(reach).is_empty())
        })
    };
    let areas = named.areas.iter().cloned().map(Set::Area);
    let office = named.office.filter(|_| has(Reach::Office)).cloned().map(Set::Office);
    let staff = named.staff.iter().copied().filter(|_| has(Reach::Person)).map(Set::Person);
    let everybodys = Set::Area(Area::reference());
    let named = areas.chain(office).chain(staff).filter(|set| *set != everybodys);
    named.chain([everybodys.clone()]).collect()
}

impl Grant {
    /// The grant the role table gives `subject` from `now` on, for one lease.
    #[must_use]
    pub fn for_role(pack: &Pack, subject: GrantSubject, now: Timestamp) -> Self {
        let GrantSubject { device, recipient, role, staff, office, sets } = subject;
        let kinds = pack
            .kinds
            .values()
            .filter_map(|kind| match pack.rule(role, kind.column) {
                Some(rule) => Some(kind_rule(kind, rule)),
                // Named without a letter: what a grant does not know for reference data is none.
                None => kind.reference.then(|| bare_rule(kind)),
            })
            .collect();
        let ceiling = pack.ceilings.get(&role).copied().unwrap_or(Access::Open);
        let routing = RoutingRights::of(pack.routing_rights.get(&role).into_iter().flatten().copied());
        let until = lease_end(role, now);
        Grant { device, role, staff, office, sets, kinds, ceiling, from: now, until, routing, recipient }
    }

    /// What one member of staff may do with a device: what its grant and any of the member's roles allow. Never more than
    /// the grant.
    #[must_use]
    pub fn within(&self, pack: &Pack, roles: &[Role]) -> Self {
        let kinds = self.kinds.iter().map(|rule| {
            let mut own =
                KindRule { area: Actions(0), office: Actions(0), person: Actions(0), ..rule.clone() };
            let kind = pack.kind(&rule.kind);
            for table in kind.into_iter().flat_map(|kind| {
                roles.iter().filter_map(|role| Some(kind_rule(kind, pack.rule(*role, kind.column)?)))
            }) {
                own.area.0 |= rule.area.0 & table.area.0;
                own.office.0 |= rule.office.0 & table.office.0;
                own.person.0 |= rule.person.0 & table.person.0;
            }
            own
        });
        let ceiling = roles.iter().filter_map(|role| pack.ceilings.get(role)).max().copied();
        let rights = roles.iter().flat_map(|role| pack.routing_rights.get(role).into_iter().flatten());
        let routing = RoutingRights(self.routing.0 & RoutingRights::of(rights.copied()).0);
        Grant {
            kinds: kinds.collect(),
            ceiling: self.ceiling.min(ceiling.unwrap_or(Access::Open)),
            routing,
            ..self.clone()
        }
    }

    /// The same grant for another lease from `now` on.
    #[must_use]
    pub fn renewed(&self, now: Timestamp) -> Self {
        Grant { until: lease_end(self.role, now), ..self.clone() }
    }

    /// Whether less than two thirds of the lease remain, so that a renewal is due.
    #[must_use]
    pub fn is_worn(&self, now: Timestamp) -> bool {
        let whole = lease_days(self.role) * DAY_MS;
        self.until.0.saturating_sub(now.0) < whole / 3 * 2
    }

    /// Whether the grant holds at a moment of relay time.
    #[must_use]
    pub fn holds_at(&self, now: Timestamp) -> bool {
        (self.from..=self.until).contains(&now)
    }

    /// What a cursor in `set` depends on: the hash of everything in the grant that decides what is sent
    /// through it. Another epoch starts anew; a renewal keeps it.
    #[must_use]
    pub fn epoch(&self, set: &Set) -> [u8; 8] {
        let filter = encode(&(set, &self.kinds, self.ceiling, (&self.staff, &self.office)));
        let mut first = [0; 8];
        first.copy_from_slice(&blake3::hash(&filter).as_bytes()[..8]);
        first
    }

    /// Whether an action on records of `kind` is allowed through some kind of set.
    #[must_use]
    pub fn allows_somewhere(&self, kind: &str, action: Action) -> bool {
        let rules = self.kinds.iter().filter(|rule| rule.kind == kind);
        rules
            .into_iter()
            .any(|rule| [rule.area, rule.office, rule.person].iter().any(|set| set.allow(action)))
    }

    /// The actions allowed on records of `kind` through `set`.
    #[must_use]
    pub fn actions(&self, kind: &str, set: &Set) -> Actions {
        let Some(rule) = self.rule(kind) else { return Actions::default() };
        match set {
            Set::Area(area) if area.is_reference() != rule.reference => Actions::default(),
            Set::Area(_) => rule.area,
            Set::Office(_) => rule.office,
            Set::Person(_) => rule.person,
        }
    }

    /// Whether an area lies in one of the grant's areas.
    #[must_use]
    pub fn covers(&self, area: &Area) -> bool {
        self.sets.iter().any(|set| matches!(set, Set::Area(own) if own.covers(area)))
    }

    /// What is allowed for a kind; `None` for one the grant does not name.
    #[must_use]
    pub fn rule(&self, kind: &str) -> Option<&KindRule> {
        self.kinds.iter().find(|rule| rule.kind == kind)
    }

    /// Whether records of a kind belong in an area: reference data where everybody reads, and nothing else there.
    #[must_use]
    pub fn belongs(&self, kind: &str, area: &Area) -> bool {
        area.is_reference() == self.rule(kind).is_some_and(|rule| rule.reference)
    }
}

/// The line of a kind that the role has no letters for.
fn bare_rule(kind: &Kind) -> KindRule {
    let none = Actions::default();
    let Kind { access, reference, .. } = *kind;
    KindRule { kind: kind.name.clone(), area: none, office: none, person: none, access, reference }
}

/// The role table's line for a kind, through the kinds of set that the kind is reached through.
fn kind_rule(kind: &Kind, rule: &RoleRule) -> KindRule {
    // A statement is born at a desk and read by those it names: where a kind is not reached, only births remain.
    let through = |reach: Reach| {
        let allowed = |action: &Action| kind.reach.contains(&reach) || *action == Action::Create;
        let actions: Vec<Action> = rule.through(reach).iter().copied().filter(allowed).collect();
        Actions::of(&actions, rule.column)
    };
    KindRule {
        area: through(Reach::Area),
        office: through(Reach::Office),
        person: through(Reach::Person),
        ..bare_rule(kind)
    }
}

fn lease_days(role: Role) -> i64 {
    match role {
        Role::VillageOfficer | Role::FieldOfficer => LEASE_DAYS_VILLAGE,
        Role::FrontOffice
        | Role::ComplaintOfficer
        | Role::CaseOfficer
        | Role::Mediator
        | Role::Verifier
        | Role::OppManager
        | Role::OppInstructor
        | Role::Head
        | Role::Central
        | Role::Admin
        | Role::Auditor
        | Role::Dpo => LEASE_DAYS_OFFICE,
    }
}

fn lease_end(role: Role, now: Timestamp) -> Timestamp {
    now.plus_ms(lease_days(role) * DAY_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(role: Role) -> Grant {
        let subject = GrantSubject {
            device: PublicKey([1; 32]),
            recipient: RecipientKey([1; 32]),
            role,
            staff: vec![],
            office: None,
            sets: vec!["a:35.13".parse().unwrap()],
        };
        Grant::for_role(&Pack::builtin().unwrap(), subject, Timestamp(0))
    }

    #[test]
    fn the_role_table_becomes_the_grants_actions() {
        let area: Set = "a:35.13".parse().unwrap();
        let village = grant(Role::VillageOfficer);
        assert!(village.actions("worker", &area).allow(Action::Create));
        assert!(village.actions("worker", &area).allow(Action::Transition));
        assert!(!village.actions("worker", &area).allow(Action::Approve));
        assert!(!village.actions("unknown", &area).allow(Action::Read));
        let head = grant(Role::Head);
        assert!(head.actions("worker", &area).allow(Action::Read));
        assert!(!head.actions("worker", &area).allow(Action::Edit));
    }

    #[test]
    fn a_member_of_staff_has_what_the_grant_and_a_role_of_his_allow() {
        let (pack, area): (_, Set) = (Pack::builtin().unwrap(), "a:35.13".parse().unwrap());
        let device = grant(Role::CaseOfficer);
        let may = |grant: &Grant, kind: &str, action| grant.actions(kind, &area).allow(action);
        let desk = device.within(&pack, &[Role::FrontOffice]);
        assert!(
            may(&desk, "worker", Action::Edit) && !may(&desk, "worker", Action::Create),
            "the grant bounds"
        );
        assert!(may(&device, "case", Action::Read) && !may(&desk, "case", Action::Read), "the role bounds");
        assert!(device.routing.allow(RoutingRight::Hide) && !desk.routing.allow(RoutingRight::Hide));
        let both = device.within(&pack, &[Role::FrontOffice, Role::CaseOfficer]);
        assert_eq!(both, device, "one role is enough");
        assert_eq!(device.within(&pack, &[Role::Auditor]).ceiling, Access::Open);
        let none = device.within(&pack, &[]);
        assert!(
            pack.kinds.keys().all(|kind| Action::ALL.iter().all(|(action, _)| !may(&none, kind, *action)))
        );
    }

    #[test]
    fn an_invitation_gives_the_sets_that_the_role_has_letters_for() {
        let (pack, staff) = (Pack::builtin().unwrap(), [sambung_domain::RecordId([5; 16])]);
        let areas: [Area; 1] = ["35.13".parse().unwrap()];
        let office = "P4MI-3513".parse().unwrap();
        let sets = |role| {
            let named = Named { areas: &areas, office: Some(&office), staff: &staff };
            sets_for_role(&pack, role, named)
                .iter()
                .map(|set| set.to_string()[..2].to_owned())
                .collect::<String>()
        };
        assert_eq!(sets(Role::VillageOfficer), "a:p:a:", "named participants of an orientation");
        assert_eq!(sets(Role::FrontOffice), "a:o:a:");
        assert_eq!(sets(Role::CaseOfficer), "a:o:p:a:");
        assert_eq!(sets(Role::Mediator), "a:p:a:");
        assert_eq!(sets(Role::OppManager), "a:o:a:");
    }

    #[test]
    fn everybody_has_the_area_of_reference_data_once() {
        let pack = Pack::builtin().unwrap();
        let everybodys = Set::Area(Area::reference());
        for (role, _, _) in Role::ALL {
            for areas in [vec![Area::reference()], vec![], vec!["35.13".parse().unwrap(), Area::reference()]]
            {
                let sets = sets_for_role(&pack, role, Named { areas: &areas, office: None, staff: &[] });
                assert_eq!(sets.last(), Some(&everybodys), "{role}");
                assert_eq!(sets.iter().filter(|set| **set == everybodys).count(), 1, "{role}");
            }
        }
    }

    #[test]
    fn a_lease_is_sixty_days_in_the_village_and_ninety_in_an_office() {
        assert_eq!(grant(Role::VillageOfficer).until, Timestamp(60 * DAY_MS));
        assert_eq!(grant(Role::FrontOffice).until, Timestamp(90 * DAY_MS));
    }

    #[test]
    fn a_worn_grant_is_renewed_for_a_whole_lease() {
        let fresh = grant(Role::FrontOffice);
        assert!(!fresh.is_worn(Timestamp(29 * DAY_MS)));
        assert!(fresh.is_worn(Timestamp(31 * DAY_MS)));
        assert_eq!(fresh.renewed(Timestamp(31 * DAY_MS)).until, Timestamp(121 * DAY_MS));
        assert!(!fresh.holds_at(Timestamp(91 * DAY_MS)));
        let set = &fresh.sets[0];
        assert_eq!(fresh.epoch(set), fresh.renewed(Timestamp(31 * DAY_MS)).epoch(set));
        assert_ne!(fresh.epoch(set), grant(Role::Head).epoch(set));
    }
}
