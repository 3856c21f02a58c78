//! What a change makes of where a record belongs.
//!
//! Sharing needs authority at the live place only. Whatever takes a record from somebody needs more: a move both ends
//! and the right to move, lowering and hiding the rights of these names. An offer is the authority of the place it
//! leaves.

use std::collections::BTreeSet;

use sambung_domain::role::{Action, RoutingRight};
use sambung_domain::{Access, Area, OfficeCode, Routing, Set};

use super::{Question, reaches};
use crate::grant::Grant;

/// Whether a record may be born as `after` says.
pub(super) fn may_be_born(question: &Question<'_>) -> bool {
    let Question { grant, kind, action, after, .. } = *question;
    let starts_as = grant.kinds.iter().find(|rule| rule.kind == kind).map(|rule| rule.access);
    let right = |right| grant.routing.allow(right);
    let placed = Routing { partners: BTreeSet::new(), ..after.clone() };
    // The ceiling is no bound here: what somebody protects at birth is above it from then on.
    let at_a_place =
        grant.sets.iter().any(|set| placed.lies_in(set) && grant.actions(kind, set).allow(action));
    let secret = after.access == Some(Access::Secret);
    at_a_place
        && !after.excludes(&grant.staff, grant.office.as_ref())
        && (after.access >= starts_as || right(RoutingRight::Lower))
        && (!secret || named_only(after) && (starts_as == after.access || right(RoutingRight::Hide)))
        && (after.excluded.is_empty() || right(RoutingRight::Hide))
        && (after.offered.is_empty() || right(RoutingRight::Move))
}

/// A secret that names nobody would be lost to everybody.
fn named_only(after: &Routing) -> bool {
    !after.readers.is_empty()
}

/// Whether a record that lies `here` may be changed so that it lies as `after` says.
pub(super) fn may_change(question: &Question<'_>) -> bool {
    let Question { grant, kind, here, after, .. } = *question;
    if here == after {
        return reaches(grant, kind, question.action, here);
    }
    // A second birth with other values is a change of the first one's.
    let turn = Turn { grant, kind, here, after, holds: holds(grant, kind, here) };
    reaches(grant, kind, Action::Edit, here)
        && turn.stays_reached()
        && turn.shares()
        && turn.moves()
        && turn.protects()
        && turn.hides()
}

/// Whether a grant may edit a record where it lies, not only because it was shared: through its areas and its office,
/// and if it is secret through its readers, since it lies nowhere else.
fn holds(grant: &Grant, kind: &str, here: &Routing) -> bool {
    let secret = here.access == Some(Access::Secret);
    let readers = if secret { here.readers.clone() } else { BTreeSet::new() };
    reaches(grant, kind, Action::Edit, &Routing { partners: BTreeSet::new(), readers, ..here.clone() })
}

/// One change of routing.
struct Turn<'a> {
    grant: &'a Grant,
    kind: &'a str,
    here: &'a Routing,
    after: &'a Routing,
    /// Whether the grant has authority at the live place.
    holds: bool,
}

impl Turn<'_> {
    fn right(&self, right: RoutingRight) -> bool {
        self.grant.routing.allow(right)
    }

    /// Whether nothing but sharing changes.
    fn only_shares(&self) -> bool {
        let Routing { partners, readers, offered, .. } = self.after.clone();
        Routing { partners, readers, offered, ..self.here.clone() } == *self.after
    }

    /// Authority at the new end: with raised access as far as the author could see. Sharing moves nothing.
    fn stays_reached(&self) -> bool {
        self.only_shares() || reaches(self.grant, self.kind, Action::Edit, &self.seen(self.after))
    }

    /// A place under an access no higher than where the record is now.
    fn seen(&self, place: &Routing) -> Routing {
        Routing { access: place.access.min(self.here.access), ..place.clone() }
    }

    /// Whoever holds the place names partners and readers; everybody may take his own name off.
    fn shares(&self) -> bool {
        let Turn { here, after, .. } = self;
        let names_nobody = after.partners.is_subset(&here.partners) && after.readers.is_subset(&here.readers);
        let takes_off_own = here.partners.difference(&after.partners).all(|office| self.is_own(office))
            && here.readers.difference(&after.readers).all(|staff| self.grant.staff.contains(staff));
        let leaves_nobody = after.access == Some(Access::Secret) && after.readers.is_empty();
        !leaves_nobody && (self.holds || names_nobody && takes_off_own)
    }

    fn is_own(&self, office: &OfficeCode) -> bool {
        self.grant.sets.contains(&Set::Office(office.clone()))
    }

    /// Areas and offices, and offers of them.
    fn moves(&self) -> bool {
        let Turn { here, after, .. } = self;
        let right = self.right(RoutingRight::Move);
        let offers = !after.offered.is_subset(&here.offered);
        let withdraws_own = here.offered.difference(&after.offered).all(|office| self.is_own(office));
        let may_offer = if offers { right && self.holds } else { self.holds || withdraws_own };
        let stands = here.areas == after.areas && here.offices == after.offices;
        let accepted = here.offered.iter().any(|office| self.is_own(office));
        let leaves = self.holds || accepted;
        may_offer && (stands || right && leaves && self.arrives())
    }

    /// Whether every area and office it comes to is within the grant on its own. A guest, who lives elsewhere, is: by
    /// the office he lies at.
    fn arrives(&self) -> bool {
        let Turn { here, after, .. } = self;
        let at = |areas: BTreeSet<Area>, offices: BTreeSet<OfficeCode>| {
            let alone = Routing { areas, offices, ..(*after).clone() };
            holds(self.grant, self.kind, &self.seen(&alone))
        };
        after.areas.difference(&here.areas).all(|area| at([area.clone()].into(), after.offices.clone()))
            && after
                .offices
                .difference(&here.offices)
                .all(|office| at(after.areas.clone(), [office.clone()].into()))
    }

    /// Raising access needs no more than editing, unless the record leaves every area and office with it.
    fn protects(&self) -> bool {
        if self.after.access < self.here.access {
            return self.holds && self.right(RoutingRight::Lower);
        }
        let becomes_secret =
            self.after.access == Some(Access::Secret) && self.here.access != Some(Access::Secret);
        !becomes_secret || self.holds && self.right(RoutingRight::Hide)
    }

    fn hides(&self) -> bool {
        self.here.excluded == self.after.excluded || self.holds && self.right(RoutingRight::Hide)
    }
}
