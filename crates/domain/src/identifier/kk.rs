//! KK, the number of a family card.

use super::civil::{Sixteen, days_up_to};
use super::{Civil, CivilWarning, MismatchWarning, Reading, Warning};
use crate::Area;
use crate::date::Date;
use crate::region::{RegionCode, Regions};

/// Above this, the day part cannot be one: it is a woman's NIK.
const FEMALE_DAYS: std::ops::RangeInclusive<u8> = 41..=71;

/// What the number of a family card says: region (6 digits), date of issue (6, nothing added), serial (4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FamilyCard {
    digits: String,
    /// The kecamatan that issued it.
    pub issued_in: Option<Area>,
    /// The day of issue; its century is the latest that is not in the future.
    pub issued: Option<Date>,
}

impl FamilyCard {
    /// The 16 digits.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.digits
    }
}

/// Reads a typed family card number; `nik` is the person's own number, if typed.
#[must_use]
pub fn read(typed: &str, regions: Option<&Regions>, today: Date, nik: Option<&str>) -> Reading<FamilyCard> {
    if typed.trim().is_empty() {
        return Reading::empty();
    }
    let sixteen = match Sixteen::read(Civil::Kk, typed) {
        Ok(sixteen) => sixteen,
        Err(warning) => return Reading::unread(typed, warning),
    };
    let mut warnings = sixteen.check(Civil::Kk, regions);
    let parts = sixteen.date_parts();
    let issued = days_up_to(today, parts).next();
    if nik.is_some_and(|nik| super::compact(nik) == sixteen.text()) {
        warnings.push(MismatchWarning::KkEqualsNik.into());
    } else if FEMALE_DAYS.contains(&parts.0) {
        warnings.push(MismatchWarning::KkLooksLikeNik.into());
    } else if issued.is_none() {
        warnings.push(Warning::Civil(Civil::Kk, CivilWarning::Date));
    }
    let issued_in = sixteen.region().map(RegionCode::to_area);
    let text = sixteen.text().to_owned();
    Reading { text, value: Some(FamilyCard { digits: sixteen.into_text(), issued_in, issued }), warnings }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::tests::date;
    use crate::region::tests::east_java;

    fn codes(typed: &str, nik: Option<&str>) -> Vec<&'static str> {
        let reading = read(typed, Some(east_java()), date("2026-07-03"), nik);
        reading.warnings.iter().map(Warning::code).collect()
    }

    #[test]
    fn a_family_card_tells_where_and_when_it_was_issued() {
        let reading = read("3513.0812.0315.0001", Some(east_java()), date("2026-07-03"), None);
        let card = reading.value.clone().unwrap();
        assert!(reading.is_sound());
        assert_eq!((reading.text.as_str(), card.digits()), ("3513081203150001", "3513081203150001"));
        assert_eq!(card.issued_in.unwrap().as_str(), "35.13.08");
        assert_eq!(card.issued, Some(date("2015-03-12")));
    }

    #[test]
    fn oddities_are_named() {
        for (typed, expected) in [
            ("", vec![]),
            ("351308120315", vec!["kk_length"]),
            ("35130812O3150001", vec!["kk_not_digits"]),
            ("3,51308E+15", vec!["kk_rounded"]),
            ("3513085203150001", vec!["kk_looks_like_nik"]),
            ("3513083202150001", vec!["kk_date"]),
            ("3513990101150000", vec!["kk_region_unknown", "kk_serial"]),
            ("3500080101150001", vec!["kk_region_form"]),
        ] {
            assert_eq!(codes(typed, None), expected, "{typed}");
        }
        assert_eq!(codes("3513081203150001", Some("3513 0812 0315 0001")), ["kk_equals_nik"]);
    }
}
