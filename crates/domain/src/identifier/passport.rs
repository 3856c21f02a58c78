//! Passport numbers.

use super::{PaperWarning, Reading, compact};

/// A passport number of 7 to 9 capital letters and digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passport(String);

impl Passport {
    /// The number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Reads a typed passport number. Indonesian ones have one letter and seven digits (so a public form of
/// BP3MI Lampung checks them); sources disagree on older series, so anything of 7 to 9 letters and digits is
/// read, and remarked on.
#[must_use]
pub fn read(typed: &str) -> Reading<Passport> {
    if typed.trim().is_empty() {
        return Reading::empty();
    }
    let number = compact(typed).to_ascii_uppercase();
    let alphanumeric = number.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !alphanumeric || !(7..=9).contains(&number.len()) {
        return Reading::unread(typed, PaperWarning::PassportLength);
    }
    let usual = number.len() == 8
        && number.starts_with(|first: char| first.is_ascii_uppercase())
        && number[1..].bytes().all(|byte| byte.is_ascii_digit());
    let warnings = if usual { Vec::new() } else { vec![PaperWarning::PassportForm.into()] };
    Reading { text: number.clone(), value: Some(Passport(number)), warnings }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identifier::Warning;

    #[test]
    fn passports_are_kept_in_capitals_and_unusual_ones_remarked_on() {
        for (typed, kept, code) in [
            ("C1234567", "C1234567", None),
            (" c 123-4567 ", "C1234567", None),
            ("XE123456", "XE123456", Some("passport_form")),
            ("A123456", "A123456", Some("passport_form")),
            ("123456789", "123456789", Some("passport_form")),
            ("C12345", "C12345", Some("passport_length")),
            ("hilang dibawa agen", "hilang dibawa agen", Some("passport_length")),
            ("Ç1234567", "Ç1234567", Some("passport_length")),
            ("  ", "", None),
        ] {
            let reading = read(typed);
            let codes: Vec<&str> = reading.warnings.iter().map(Warning::code).collect();
            assert_eq!((reading.text.as_str(), codes), (kept, code.into_iter().collect()), "{typed}");
        }
    }
}
