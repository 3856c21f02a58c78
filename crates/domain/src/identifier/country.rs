//! Country codes of telephone numbers.

use std::ops::RangeInclusive;

/// How numbers of a country look after its code.
pub(super) struct Country {
    /// Code without `+`.
    pub(super) prefix: &'static str,
    /// ISO 3166-1 alpha-2.
    pub(super) alpha2: &'static str,
    /// Name for people.
    pub(super) name: &'static str,
    /// Digits after the code.
    pub(super) lengths: RangeInclusive<usize>,
    /// First digits and lengths of mobile numbers, where known well enough to recognise one without `+`.
    pub(super) mobile: Option<(&'static [&'static str], RangeInclusive<usize>)>,
}

impl Country {
    /// Whether the digits after the code are a mobile number of the country.
    pub(super) fn is_mobile(&self, national: &str) -> bool {
        self.mobile.as_ref().is_some_and(|(starts, lengths)| {
            lengths.contains(&national.len()) && starts.iter().any(|start| national.starts_with(start))
        })
    }
}

const fn placement(
    prefix: &'static str,
    alpha2: &'static str,
    name: &'static str,
    lengths: RangeInclusive<usize>,
    starts: &'static [&'static str],
    mobile: RangeInclusive<usize>,
) -> Country {
    Country { prefix, alpha2, name, lengths, mobile: Some((starts, mobile)) }
}

const fn other(prefix: &'static str, alpha2: &'static str, name: &'static str) -> Country {
    Country { prefix, alpha2, name, lengths: 5..=12, mobile: None }
}

/// The chief placement countries with the lengths of their numbering plans, then others where Indonesians
/// work, with the bounds of ITU-T E.164 only. No code is the beginning of another.
///
/// Source: ITU-T E.164 (list of assigned codes) and the national numbering plans published with it.
const COUNTRIES: &[Country] = &[
    placement("60", "MY", "Malaysia", 8..=10, &["1"], 9..=10),
    placement("65", "SG", "Singapura", 8..=8, &["8", "9"], 8..=8),
    placement("81", "JP", "Jepang", 9..=10, &["70", "80", "90"], 10..=10),
    placement("82", "KR", "Korea Selatan", 8..=10, &["10"], 10..=10),
    placement("852", "HK", "Hong Kong", 8..=8, &["4", "5", "6", "7", "9"], 8..=8),
    placement("853", "MO", "Makau", 8..=8, &["6"], 8..=8),
    placement("886", "TW", "Taiwan", 8..=9, &["9"], 9..=9),
    placement("966", "SA", "Arab Saudi", 8..=9, &["5"], 9..=9),
    placement("971", "AE", "Uni Emirat Arab", 8..=9, &["5"], 9..=9),
    other("673", "BN", "Brunei"),
    other("974", "QA", "Qatar"),
    other("965", "KW", "Kuwait"),
    other("973", "BH", "Bahrain"),
    other("968", "OM", "Oman"),
    other("962", "JO", "Yordania"),
    other("90", "TR", "Turki"),
    other("20", "EG", "Mesir"),
    other("61", "AU", "Australia"),
    other("64", "NZ", "Selandia Baru"),
    other("63", "PH", "Filipina"),
    other("66", "TH", "Thailand"),
    other("84", "VN", "Vietnam"),
    other("855", "KH", "Kamboja"),
    other("95", "MM", "Myanmar"),
    other("86", "CN", "Tiongkok"),
    other("91", "IN", "India"),
    other("670", "TL", "Timor-Leste"),
    other("675", "PG", "Papua Nugini"),
    other("960", "MV", "Maladewa"),
    other("49", "DE", "Jerman"),
    other("48", "PL", "Polandia"),
    other("39", "IT", "Italia"),
    other("31", "NL", "Belanda"),
    other("44", "GB", "Inggris"),
    other("40", "RO", "Rumania"),
    other("36", "HU", "Hungaria"),
    other("1", "US", "Amerika Serikat atau Kanada"),
];

/// The country whose code the digits begin with.
pub(super) fn of_digits(digits: &str) -> Option<(&'static Country, &str)> {
    COUNTRIES
        .iter()
        .find_map(|country| digits.strip_prefix(country.prefix).map(|national| (country, national)))
}

/// The placement country whose mobile number the digits are, code included.
pub(super) fn of_bare_mobile(digits: &str) -> Option<(&'static Country, &str)> {
    of_digits(digits).filter(|(country, national)| country.is_mobile(national))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_hides_another_and_none_is_indonesias() {
        for a in COUNTRIES {
            assert!(!"62".starts_with(a.prefix) && !a.prefix.starts_with("62"));
            for b in COUNTRIES {
                assert!(a.prefix == b.prefix || !b.prefix.starts_with(a.prefix), "{} {}", a.name, b.name);
                assert!(a.prefix == b.prefix || a.alpha2 != b.alpha2, "{} {}", a.name, b.name);
            }
        }
    }
}
