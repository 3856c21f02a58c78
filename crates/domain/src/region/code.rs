//! Region codes as numbers that sort parents directly before their children.

use std::fmt;
use std::str::FromStr;

use super::kind::{Level, RegionKind};
use crate::Area;

/// A Kemendagri code `PP.KK.CC.VVVV` of any level as one number, `PPKKCCVVVV` with zeros for what is not
/// named. So a region stands directly before those inside it, and these stand together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegionCode(u64);

const PROVINCE: u64 = 100_000_000;
const REGENCY: u64 = 1_000_000;
const DISTRICT: u64 = 10_000;

impl RegionCode {
    /// The code of a number `PPKKCCVVVV`; `None` where a level is zero above one that is not, or the number
    /// is too large.
    #[must_use]
    pub fn from_number(number: u64) -> Option<RegionCode> {
        let parts = [number / PROVINCE, number / REGENCY % 100, number / DISTRICT % 100, number % DISTRICT];
        let named = parts.iter().take_while(|&&part| part > 0).count();
        let rest_is_zero = parts[named..].iter().all(|&part| part == 0);
        (parts[0] < 100 && named > 0 && rest_is_zero).then_some(RegionCode(number))
    }

    /// The number `PPKKCCVVVV`.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }

    /// The code of an area; none for reference data (`00`) and for codes with a part of zeros.
    #[must_use]
    pub fn from_area(area: &Area) -> Option<RegionCode> {
        let mut digits = area.as_str().replace('.', "");
        while digits.len() < 10 {
            digits.push('0');
        }
        let code = digits.parse().ok().and_then(RegionCode::from_number)?;
        // `35.00` names no region, though its number is that of 35.
        (code.to_area() == *area).then_some(code)
    }

    /// The code as an area.
    #[must_use]
    pub fn to_area(self) -> Area {
        // Printed codes are well formed; the fallback keeps this total.
        self.to_string().parse().unwrap_or_else(|_| Area::reference())
    }

    /// Which level it names.
    #[must_use]
    pub fn level(self) -> Level {
        if !self.0.is_multiple_of(DISTRICT) {
            Level::Village
        } else if !self.0.is_multiple_of(REGENCY) {
            Level::District
        } else if !self.0.is_multiple_of(PROVINCE) {
            Level::Regency
        } else {
            Level::Province
        }
    }

    /// What it names, told by its digits.
    #[must_use]
    pub fn kind(self) -> RegionKind {
        RegionKind::of_code(self)
    }

    /// The region it lies in.
    #[must_use]
    pub fn parent(self) -> Option<RegionCode> {
        self.level().above().map(|above| self.truncated(above))
    }

    /// The region of a level that this one is or lies in; itself if it is above that level.
    #[must_use]
    pub fn truncated(self, level: Level) -> RegionCode {
        RegionCode(self.0 - self.0 % unit(level))
    }

    /// Whether `other` is this region or lies inside it.
    #[must_use]
    pub fn covers(self, other: RegionCode) -> bool {
        (self..=self.last_below()).contains(&other)
    }

    /// The greatest number a code inside this region can have.
    pub(super) fn last_below(self) -> RegionCode {
        RegionCode(self.0 + unit(self.level()) - 1)
    }

    /// The part of its own level: 13 for 35.13.
    pub(super) fn own_part(self) -> u64 {
        match self.level() {
            Level::Province => self.0 / PROVINCE,
            Level::Regency => self.0 / REGENCY % 100,
            Level::District => self.0 / DISTRICT % 100,
            Level::Village => self.0 % DISTRICT,
        }
    }
}

/// How many numbers a region of a level spans.
fn unit(level: Level) -> u64 {
    match level {
        Level::Province => PROVINCE,
        Level::Regency => REGENCY,
        Level::District => DISTRICT,
        Level::Village => 1,
    }
}

/// A text that is no region code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no region; write for example 35, 35.13, 35.13.02 or 35.13.02.2004")]
pub struct BadRegionCode(pub String);

impl FromStr for RegionCode {
    type Err = BadRegionCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let area: Option<Area> = text.parse().ok();
        area.as_ref().and_then(RegionCode::from_area).ok_or_else(|| BadRegionCode(text.to_owned()))
    }
}

impl fmt::Display for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = self.level();
        write!(f, "{:02}", self.0 / PROVINCE)?;
        if level >= Level::Regency {
            write!(f, ".{:02}", self.0 / REGENCY % 100)?;
        }
        if level >= Level::District {
            write!(f, ".{:02}", self.0 / DISTRICT % 100)?;
        }
        if level == Level::Village {
            write!(f, ".{:04}", self.0 % DISTRICT)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn codes_name_regions_and_areas_without_one_do_not() {
        for good in ["35", "35.13", "35.13.02", "35.13.02.2004"] {
            let code: RegionCode = good.parse().unwrap();
            assert_eq!((code.to_string(), code.to_area().to_string()), (good.to_owned(), good.to_owned()));
        }
        for bad in ["00", "35.00", "35.00.01", "35.13.00.2001", "35.13.02.0000", "3513", ""] {
            assert!(bad.parse::<RegionCode>().is_err(), "{bad}");
        }
    }

    #[test]
    fn parents_lead_up_to_the_province() {
        let village: RegionCode = "35.13.02.2004".parse().unwrap();
        let up: Vec<String> = std::iter::successors(village.parent(), |code| code.parent())
            .map(|code| code.to_string())
            .collect();
        assert_eq!(up, ["35.13.02", "35.13", "35"]);
    }

    proptest! {
        #[test]
        fn covering_is_what_areas_say(a in 0u64..10_000_000_000, b in 0u64..10_000_000_000, cut in 0usize..4) {
            let full = |number: u64| RegionCode::from_number(number);
            if let (Some(a), Some(b)) = (full(a), full(b)) {
                let level = [Level::Province, Level::Regency, Level::District, Level::Village][cut];
                let above = a.truncated(level);
                prop_assert!(above.covers(a));
                prop_assert_eq!(above.covers(b), above.to_area().covers(&b.to_area()));
                prop_assert_eq!(a.to_string().parse::<RegionCode>(), Ok(a));
            }
        }
    }
}
