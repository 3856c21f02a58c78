//! Where a record belongs and who may not see it: the live values of its routing keys.

use std::collections::BTreeSet;

use minicbor::{Decode, Encode};

use crate::{Access, Area, OfficeCode, RecordId, Set, StaffId};

/// The live values of a record's routing keys at one point of its history. A record is in the sets of every
/// live area and office, under the strictest live access.
///
/// In CBOR a map with small keys, so that later releases can add to it: it is what a relay's store keeps of a
/// record.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(map)]
pub struct Routing {
    /// Every live area.
    #[n(0)]
    pub areas: BTreeSet<Area>,
    /// The strictest live access; `None` before the birth.
    #[n(1)]
    pub access: Option<Access>,
    /// Every live owning office.
    #[n(2)]
    pub offices: BTreeSet<OfficeCode>,
    /// Offices the record is shared with.
    #[n(3)]
    pub partners: BTreeSet<OfficeCode>,
    /// Persons named as owner, assignee or reader.
    #[n(4)]
    pub readers: BTreeSet<StaffId>,
    /// Offices and persons who must not see it, above every grant.
    #[n(5)]
    pub excluded: BTreeSet<String>,
    /// Offices the record is offered to: what an acceptor needs from the place it leaves.
    #[n(6)]
    pub offered: BTreeSet<OfficeCode>,
}

impl Routing {
    /// Whether the birth has been seen: before it a record belongs nowhere.
    #[must_use]
    pub fn is_born(&self) -> bool {
        !self.areas.is_empty() && !self.offices.is_empty() && self.access.is_some()
    }

    /// Whether the record is in a set. Secret records are in person sets only.
    #[must_use]
    pub fn is_in(&self, set: &Set) -> bool {
        let by_name = matches!(set, Set::Person(_));
        (by_name || self.access != Some(Access::Secret)) && self.lies_in(set)
    }

    /// Whether its live values name the set, secret or not.
    #[must_use]
    pub fn lies_in(&self, set: &Set) -> bool {
        match set {
            Set::Area(area) => self.areas.iter().any(|live| area.covers(live)),
            Set::Office(office) => self.offices.contains(office) || self.partners.contains(office),
            Set::Person(staff) => self.readers.contains(staff),
        }
    }

    /// The sets it is in by its live values: one an area, office, partner and reader. Secret records are in person
    /// sets only.
    #[must_use]
    pub fn sets(&self) -> BTreeSet<Set> {
        let persons = self.readers.iter().copied().map(Set::Person);
        if self.access == Some(Access::Secret) {
            return persons.collect();
        }
        let offices = self.offices.iter().chain(&self.partners).cloned().map(Set::Office);
        self.areas.iter().cloned().map(Set::Area).chain(offices).chain(persons).collect()
    }

    /// Whether a person or office is excluded from the record.
    #[must_use]
    pub fn excludes(&self, staff: &[RecordId], office: Option<&OfficeCode>) -> bool {
        let named = |name: &str| self.excluded.contains(name);
        staff.iter().any(|id| named(&id.to_string())) || office.is_some_and(|code| named(code.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routing(area: &str, access: Access) -> Routing {
        Routing {
            areas: [area.parse().unwrap()].into(),
            access: Some(access),
            offices: ["P4MI-3513".parse().unwrap()].into(),
            ..Routing::default()
        }
    }

    #[test]
    fn a_record_is_in_the_sets_of_its_live_values() {
        let live = routing("35.13.02.2004", Access::Ordinary);
        assert!(live.is_in(&"a:35.13".parse().unwrap()));
        assert!(live.is_in(&"o:P4MI-3513".parse().unwrap()));
        assert!(!live.is_in(&"a:35.08".parse().unwrap()));
    }

    #[test]
    fn it_returns_from_cbor() {
        let mut live = routing("35.13.02.2004", Access::Restricted);
        live.partners.insert("DISNAKER-3508".parse().unwrap());
        live.readers.insert(RecordId([7; 16]));
        live.excluded.insert("P4MI-3513".to_owned());
        for routing in [live, Routing::default()] {
            let bytes = minicbor::to_vec(&routing).unwrap();
            assert_eq!(minicbor::decode::<Routing>(&bytes).unwrap(), routing);
        }
    }

    #[test]
    fn a_secret_is_in_no_area_and_no_office() {
        let mut live = routing("35.13", Access::Secret);
        assert!(!live.is_in(&"a:35".parse().unwrap()));
        assert!(!live.is_in(&"o:P4MI-3513".parse().unwrap()));
        let reader = RecordId([7; 16]);
        live.readers.insert(reader);
        assert!(live.is_in(&Set::Person(reader)));
    }
}
