//! NIK, the number of a person in the civil registry.

use super::civil::{Sixteen, days_up_to};
use super::{Civil, CivilWarning, MismatchWarning, Reading, Sex, Warning};
use crate::Area;
use crate::date::{Date, PartialDate};
use crate::region::{RegionCode, Regions};

/// Added to the day of birth of women.
const FEMALE_DAY: u8 = 40;

/// What a NIK of 16 digits says. Where a part makes no sense it says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nik {
    digits: String,
    /// The kecamatan in which it was **first issued**; it stays when the person moves or the region is
    /// divided.
    pub issued_in: Option<Area>,
    /// Sex, told by the day of birth.
    pub sex: Option<Sex>,
    /// Day of birth. Its century is a guess: the typed one if that fits, else the latest that is not in the
    /// future.
    pub birth: Option<Date>,
}

impl Nik {
    /// The 16 digits.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.digits
    }
}

/// What is known besides the number.
#[derive(Debug, Clone, Copy)]
pub struct NikContext<'a> {
    /// The regions to look the code up in; a table that does not reach so far down raises no warning.
    pub regions: Option<&'a Regions>,
    /// The day of reading, for the century.
    pub today: Date,
    /// The sex that was typed.
    pub sex: Option<Sex>,
    /// The date of birth that was typed; a year alone will do.
    pub birth: Option<PartialDate>,
}

/// The state of a NIK that has not been checked with the civil registry: a code of the list `nik_status`.
#[must_use]
pub fn status_code(reading: &Reading<Nik>) -> &'static str {
    if reading.text.is_empty() {
        "BELUM_ADA"
    } else if reading.is_sound() {
        "BENTUK_SAH"
    } else {
        "BELUM_DICEK"
    }
}

/// Reads a typed NIK.
///
/// Form: `PPKKCC DDMMYY SSSS`, women with 40 added to the day (PP 37/2007 Ps 37). It is for life and follows
/// neither a move nor a corrected date of birth (PP 40/2019 Ps 30(2)), hence only warnings.
#[must_use]
pub fn read(typed: &str, context: &NikContext<'_>) -> Reading<Nik> {
    if typed.trim().is_empty() {
        return Reading::empty();
    }
    let sixteen = match Sixteen::read(Civil::Nik, typed) {
        Ok(sixteen) => sixteen,
        Err(warning) => return Reading::unread(typed, warning),
    };
    let mut warnings = sixteen.check(Civil::Nik, context.regions);
    let (sex, birth) = sex_and_birth(&sixteen, context);
    if birth.is_none() {
        warnings.push(Warning::Civil(Civil::Nik, CivilWarning::Date));
    }
    if context.sex.is_some() && sex.is_some() && sex != context.sex {
        warnings.push(MismatchWarning::NikSex.into());
    }
    if let (Some(in_nik), Some(typed)) = (birth, context.birth)
        && !typed.allows(in_nik)
    {
        warnings.push(MismatchWarning::NikBirth { in_nik, typed }.into());
    }
    let issued_in = sixteen.region().map(RegionCode::to_area);
    let text = sixteen.text().to_owned();
    Reading { text, value: Some(Nik { digits: sixteen.into_text(), issued_in, sex, birth }), warnings }
}

/// Sex and day of birth; neither if the date part is no day.
fn sex_and_birth(sixteen: &Sixteen, context: &NikContext<'_>) -> (Option<Sex>, Option<Date>) {
    let (day, month, year) = sixteen.date_parts();
    let (sex, day) = match day.checked_sub(FEMALE_DAY) {
        Some(day @ 1..) => (Sex::Female, day),
        Some(0) | None => (Sex::Male, day),
    };
    let days = || days_up_to(context.today, (day, month, year));
    let fitting = context.birth.and_then(|typed| days().find(|&day| typed.allows(day)));
    let birth = fitting.or_else(|| days().next());
    (birth.map(|_| sex), birth)
}

#[cfg(test)]
mod tests;
