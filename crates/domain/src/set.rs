//! The three kinds of set a scope is made of.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

use crate::{Area, OfficeCode, StaffId};

/// A set of records: an area prefix (`a:`), an office (`o:`) or a person (`p:`). A device's scope is the
/// union of its grant's sets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode)]
#[serde(try_from = "String", into = "String")]
pub enum Set {
    /// Records with a live area inside this one.
    #[n(0)]
    Area(#[n(0)] Area),
    /// Records whose `office` or `partners` name this office, wherever the person lives.
    #[n(1)]
    Office(#[n(0)] OfficeCode),
    /// Records that name this person as owner, assignee or reader.
    #[n(2)]
    Person(#[n(0)] StaffId),
}

impl Set {
    /// The sets that contain whatever is in this one: itself, and for an area those of the areas it lies in.
    #[must_use]
    pub fn wider(&self) -> Vec<Set> {
        match self {
            Set::Area(area) => area.wider().map(Set::Area).collect(),
            Set::Office(_) | Set::Person(_) => vec![self.clone()],
        }
    }

    /// Whether whatever is in another set is in this one as well.
    #[must_use]
    pub fn contains(&self, other: &Set) -> bool {
        match (self, other) {
            (Set::Area(wide), Set::Area(narrow)) => wide.covers(narrow),
            _ => self == other,
        }
    }

    /// Whether the records of the set can lie in several shards.
    #[must_use]
    pub fn spans_shards(&self) -> bool {
        match self {
            Set::Area(area) => area.shard().as_str() != &area.as_str()[..area.as_str().len().min(5)],
            Set::Office(_) | Set::Person(_) => true,
        }
    }
}

impl fmt::Display for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Set::Area(area) => write!(f, "a:{area}"),
            Set::Office(code) => write!(f, "o:{code}"),
            Set::Person(staff) => write!(f, "p:{staff}"),
        }
    }
}

/// A text that names no set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a set; write a:AREA, o:OFFICE or p:STAFF")]
pub struct BadSet(pub String);

impl FromStr for Set {
    type Err = BadSet;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || BadSet(text.to_owned());
        let (kind, name) = text.split_once(':').ok_or_else(bad)?;
        match kind {
            "a" => name.parse().map(Set::Area).map_err(|_| bad()),
            "o" => name.parse().map(Set::Office).map_err(|_| bad()),
            "p" => name.parse().map(Set::Person).map_err(|_| bad()),
            _ => Err(bad()),
        }
    }
}

impl TryFrom<String> for Set {
    type Error = BadSet;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Set> for String {
    fn from(set: Set) -> String {
        set.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wider_sets_are_those_of_the_areas_around() {
        let wider = |text: &str| {
            let sets = text.parse::<Set>().unwrap().wider();
            sets.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(wider("a:35.13.02.2004"), ["a:35", "a:35.13", "a:35.13.02", "a:35.13.02.2004"]);
        assert_eq!(wider("a:35.13"), ["a:35", "a:35.13"]);
        assert_eq!(wider("a:00"), ["a:00"]);
        assert_eq!(wider("o:P4MI-3513"), ["o:P4MI-3513"]);
    }

    #[test]
    fn a_province_an_office_and_a_person_span_shards() {
        let spanning = ["a:35", "o:P4MI-3513"];
        let single = ["a:00", "a:35.13", "a:35.13.02.2004"];
        assert!(spanning.iter().all(|set| set.parse::<Set>().unwrap().spans_shards()));
        assert!(single.iter().all(|set| !set.parse::<Set>().unwrap().spans_shards()));
    }
}
