//! Numbers with rules of their own: what is odd about them.

use super::Record;
use crate::date::{Date, PartialDate};
use crate::identifier::{Reading, Sex, Warning, card, kk, nik, passport, phone};
use crate::pack::{Bilingual, Number};
use crate::region::Regions;

/// What a check knows besides the record.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The day of the check, for the century of a NIK.
    pub today: Date,
    /// The regions to look codes up in, where there are any at hand.
    pub regions: Option<&'a Regions>,
}

/// What is odd about a number, in the order it was found; nothing where none was typed. A NIK is held against the
/// date of birth and sex of the same record, a family card against its NIK.
pub(super) fn oddities(
    number: Number,
    text: &str,
    record: &Record,
    around: Surroundings<'_>,
) -> Vec<Bilingual> {
    let Surroundings { today, regions } = around;
    let other = |key: &str| record.get(key).and_then(serde_json::Value::as_str);
    match number {
        Number::Nik => {
            let birth = other("tanggal_lahir").and_then(|text| text.parse::<PartialDate>().ok());
            let sex = match other("jenis_kelamin") {
                Some("L") => Some(Sex::Male),
                Some("P") => Some(Sex::Female),
                _ => None,
            };
            said(&nik::read(text, &nik::NikContext { regions, today, sex, birth }))
        }
        Number::Kk => said(&kk::read(text, regions, today, other("nik"))),
        Number::Passport => said(&passport::read(text)),
        Number::Card => said(&card::read(text)),
        Number::Phone => said(&phone::read(text)),
    }
}

fn said<T>(reading: &Reading<T>) -> Vec<Bilingual> {
    reading.warnings.iter().map(Warning::text).collect()
}
