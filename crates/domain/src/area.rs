//! Region codes as areas, and the shards the relay orders by.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// Lengths of a region code in its dotted form: province, kabupaten/kota, kecamatan, desa/kelurahan.
const CODE_LENGTHS: [usize; 4] = [2, 5, 8, 13];

/// A Kemendagri region code (`35.13.02.2004`) or any prefix of it at a level boundary; `00` is the area of
/// reference data that belongs to no place.
///
/// Source of the form: Kepmendagri 300.2.2-2430/2025 (`PP.KK.CC.VVVV`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode)]
#[serde(try_from = "String", into = "String")]
#[cbor(transparent)]
pub struct Area(#[n(0)] String);

impl Area {
    /// The area of reference data.
    #[must_use]
    pub fn reference() -> Self {
        Area("00".to_owned())
    }

    /// Whether it is the area of reference data.
    #[must_use]
    pub fn is_reference(&self) -> bool {
        self.0 == "00"
    }

    /// The code in its dotted form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `other` is this area or lies inside it.
    #[must_use]
    pub fn covers(&self, other: &Area) -> bool {
        other.0.starts_with(&self.0)
            && (other.0.len() == self.0.len() || other.0.as_bytes()[self.0.len()] == b'.')
    }

    /// This area and those it lies in, the widest first.
    pub fn wider(&self) -> impl Iterator<Item = Area> {
        let levels = CODE_LENGTHS.into_iter().filter(|length| *length <= self.0.len());
        levels.map(|length| Area(self.0[..length].to_owned()))
    }

    /// The shard whose log orders records of this area. Areas shorter than a kabupaten lie in `PP.00`.
    #[must_use]
    pub fn shard(&self) -> Shard {
        if self.is_reference() {
            Shard("00".to_owned())
        } else if self.0.len() >= 5 {
            Shard(self.0[..5].to_owned())
        } else {
            Shard(format!("{}.00", self.0))
        }
    }
}

/// A text that is not a region code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a region code; write for example 35, 35.13, 35.13.02 or 35.13.02.2004")]
pub struct BadArea(pub String);

impl FromStr for Area {
    type Err = BadArea;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let well_formed = CODE_LENGTHS.contains(&text.len())
            && text.bytes().enumerate().all(|(at, byte)| match at {
                2 | 5 | 8 => byte == b'.',
                _ => byte.is_ascii_digit(),
            });
        if well_formed { Ok(Area(text.to_owned())) } else { Err(BadArea(text.to_owned())) }
    }
}

impl TryFrom<String> for Area {
    type Error = BadArea;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Area> for String {
    fn from(area: Area) -> String {
        area.0
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The kabupaten/kota part of an area (`35.13`), `35.00` for a whole province, `00` for reference data: the
/// unit of ordering at the relay.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode)]
#[serde(transparent)]
#[cbor(transparent)]
pub struct Shard(#[n(0)] String);

impl Shard {
    /// The shard's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A shard by its stored name, which was produced by [`Area::shard`].
    #[must_use]
    pub fn from_stored(name: String) -> Self {
        Shard(name)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_four_levels_are_areas_and_nothing_else_is() {
        for good in ["00", "35", "35.13", "35.13.02", "35.13.02.2004"] {
            assert_eq!(good.parse::<Area>().unwrap().as_str(), good);
        }
        for bad in ["", "3", "3513", "35.1", "35.13.", "35.13.02.200", "35-13", "35.13.02.20041", "ab"] {
            assert_eq!(bad.parse::<Area>(), Err(BadArea(bad.to_owned())));
        }
    }

    #[test]
    fn covering_respects_level_boundaries() {
        let area = |text: &str| text.parse::<Area>().unwrap();
        assert!(area("35.13").covers(&area("35.13.02.2004")));
        assert!(area("35").covers(&area("35")));
        assert!(!area("35.13.02").covers(&area("35.13")));
        assert!(!area("35.13").covers(&area("35.08")));
    }

    #[test]
    fn short_areas_have_a_shard_of_their_own() {
        let shard = |text: &str| text.parse::<Area>().unwrap().shard().to_string();
        assert_eq!(shard("35.13.02.2004"), "35.13");
        assert_eq!(shard("35"), "35.00");
        assert_eq!(shard("00"), "00");
    }
}
