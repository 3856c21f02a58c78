//! What NIK and KK have in common: 16 digits `PPKKCC DDMMYY SSSS`.

use super::{Civil, CivilWarning, Warning, all_digits, compact};
use crate::date::Date;
use crate::region::{RegionCode, Regions};

/// The kabupaten/kota part between kabupaten (01–69) and kota (71–99), which is never given.
const NO_REGENCY: &str = "70";

/// Sixteen digits.
pub(super) struct Sixteen(String);

impl Sixteen {
    /// Reads what was typed; the warning says why it is no such number.
    pub(super) fn read(civil: Civil, typed: &str) -> Result<Sixteen, Warning> {
        let digits = compact(typed);
        if is_rounded(typed) {
            Err(Warning::Civil(civil, CivilWarning::Rounded))
        } else if !all_digits(&digits) {
            Err(Warning::Civil(civil, CivilWarning::NotDigits))
        } else if digits.len() == 16 && typed.chars().count() <= super::TYPED_MAX {
            Ok(Sixteen(digits))
        } else {
            Err(Warning::Civil(
                civil,
                CivilWarning::Length(typed.chars().filter(char::is_ascii_digit).count()),
            ))
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }

    /// Day, month and two digits of the year.
    pub(super) fn date_parts(&self) -> (u8, u8, u16) {
        let part = |from: usize| self.0[from..from + 2].parse().unwrap_or(0);
        (part(6), part(8), u16::from(part(10)))
    }

    /// The kecamatan in dotted form.
    fn district(&self) -> String {
        format!("{}.{}.{}", &self.0[..2], &self.0[2..4], &self.0[4..6])
    }

    /// The kecamatan; none where a part is 00.
    pub(super) fn region(&self) -> Option<RegionCode> {
        self.district().parse().ok()
    }

    /// What is odd about region and serial.
    pub(super) fn check(&self, civil: Civil, regions: Option<&Regions>) -> Vec<Warning> {
        let mut warnings = Vec::new();
        match self.region() {
            Some(region) if &self.0[2..4] != NO_REGENCY => {
                if regions.is_some_and(|regions| surely_lacks(regions, region)) {
                    warnings.push(Warning::Civil(civil, CivilWarning::RegionUnknown(self.district())));
                }
            }
            Some(_) | None => warnings.push(Warning::Civil(civil, CivilWarning::RegionForm(self.district()))),
        }
        if self.0.ends_with("0000") {
            warnings.push(Warning::Civil(civil, CivilWarning::Serial));
        }
        warnings
    }
}

/// `3,51302E+15`: what a spreadsheet leaves of sixteen digits.
fn is_rounded(typed: &str) -> bool {
    let upper = typed.trim().to_ascii_uppercase();
    upper
        .split_once("E+")
        .is_some_and(|(number, power)| all_digits(power) && all_digits(&number.replace(['.', ','], "")))
}

/// Whether a table that goes down to this level lacks the region. A table that stops above it cannot tell.
fn surely_lacks(regions: &Regions, region: RegionCode) -> bool {
    if regions.get(region).is_some() {
        return false;
    }
    match region.parent() {
        Some(parent) => match regions.get(parent) {
            Some(_) => regions.reaches_below(parent),
            None => surely_lacks(regions, parent),
        },
        None => true,
    }
}

/// The days a date with a two-digit year can mean up to `today`, the latest first: the century is guessed.
pub(super) fn days_up_to(today: Date, (day, month, year): (u8, u8, u16)) -> impl Iterator<Item = Date> {
    [2000, 1900]
        .into_iter()
        .filter_map(move |century| Date::new(century + year, month, day))
        .filter(move |&date| date <= today)
}
