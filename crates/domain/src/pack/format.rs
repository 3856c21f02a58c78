//! Written forms of values: which texts are a time, an amount, a hash.

use crate::date::Date;

/// Greatest number of digits of a decimal number.
const DECIMAL_DIGITS_MAX: usize = 18;
/// Greatest number of digits after the point.
const DECIMAL_PLACES_MAX: usize = 6;
/// First line of an armoured `age` file.
const AGE_HEADER: &str = "-----BEGIN AGE ENCRYPTED FILE-----\n";
/// Last line of an armoured `age` file.
const AGE_FOOTER: &str = "-----END AGE ENCRYPTED FILE-----";

/// Whether a text is a full date, `T`, hours and minutes (seconds may follow) and `Z` or a distance from UTC:
/// the part of RFC 3339 in use here.
pub(super) fn is_date_time(text: &str) -> bool {
    let Some((date, rest)) = text.split_once('T') else { return false };
    if date.parse::<Date>().is_err() {
        return false;
    }
    let zone_at = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
    let (time, zone) = rest.split_at(zone_at);
    is_clock(time, 2..=3) && (zone == "Z" || (zone.len() == 6 && is_clock(&zone[1..], 2..=2)))
}

/// Whether a text is `hh:mm` or, where three parts are allowed, `hh:mm:ss`.
fn is_clock(text: &str, parts: std::ops::RangeInclusive<usize>) -> bool {
    let limits = [23, 59, 59];
    let given: Vec<&str> = text.split(':').collect();
    parts.contains(&given.len())
        && given.iter().zip(limits).all(|(part, limit)| {
            part.len() == 2
                && part.bytes().all(|b| b.is_ascii_digit())
                && part.parse::<u32>().is_ok_and(|number| number <= limit)
        })
}

/// Whether a text is a decimal number with a point, without separators of thousands: `-12.50`.
pub(super) fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, places) = unsigned.split_once('.').map_or((unsigned, None), |(w, p)| (w, Some(p)));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && whole.len() + places.map_or(0, str::len) <= DECIMAL_DIGITS_MAX
        && places.is_none_or(|places| digits(places) && places.len() <= DECIMAL_PLACES_MAX)
}

/// Currency and amount of `TWD 7500` or, as people also write it, `7500 TWD`.
pub(super) fn money(text: &str) -> Option<(&str, &str)> {
    let (first, second) = text.split_once(' ')?;
    let (currency, amount) = if is_decimal(first) { (second, first) } else { (first, second) };
    let well_formed = currency.len() == 3
        && currency.bytes().all(|b| b.is_ascii_uppercase())
        && is_decimal(amount)
        && !amount.starts_with('-');
    well_formed.then_some((currency, amount))
}

/// Whether a text is 32 bytes in lower-case hexadecimal digits.
pub(super) fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Whether a text is an armoured `age` file.
pub(super) fn is_sealed(text: &str) -> bool {
    let Some(body) = text.strip_prefix(AGE_HEADER) else { return false };
    let Some(body) = body.trim_end().strip_suffix(AGE_FOOTER) else { return false };
    let base64 = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'\n' | b'\r');
    body.bytes().any(|b| b.is_ascii_alphanumeric()) && body.bytes().all(base64)
}

/// Whether a text can name an item of a map.
pub(crate) fn is_item_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asserts which texts a form accepts.
    fn accepts(form: fn(&str) -> bool, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(form(text), "{text}");
        }
        for text in bad {
            assert!(!form(text), "{text}");
        }
    }

    #[test]
    fn times_carry_their_distance_from_utc() {
        accepts(
            is_date_time,
            &["2026-01-08T09:30+07:00", "2026-01-08T02:30:59Z", "2026-01-08T23:59:00-03:30"],
            &[
                "2026-01-08T09:30",
                "2026-01T09:30Z",
                "2026-02-30T09:30Z",
                "2026-01-08T24:00Z",
                "2026-01-08T09Z",
                "2026-01-08T09:30+7:00",
                "2026-01-08T09:30+0700",
                "2026-01-08T09:3éZ",
                "2026-01-08",
            ],
        );
    }

    #[test]
    fn decimals_have_a_point_and_an_end() {
        accepts(
            is_decimal,
            &["0", "12", "-12.50", "0.000001", "123456789012345678"],
            &["", "-", ".5", "5.", "1,5", "1.500.000", "007", "1e9", "0.0000001", "1234567890123456789"],
        );
    }

    #[test]
    fn amounts_name_their_currency_once() {
        assert_eq!(money("TWD 7500"), Some(("TWD", "7500")));
        assert_eq!(money("7500.50 TWD"), Some(("TWD", "7500.50")));
        for bad in ["7500", "TWD", "twd 7500", "TWD -1", "TWD 1 2", "Rp 7500", "TWD  1"] {
            assert_eq!(money(bad), None, "{bad}");
        }
    }

    #[test]
    fn sealed_texts_are_armoured_files() {
        accepts(
            is_sealed,
            &["-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n-----END AGE ENCRYPTED FILE-----\n"],
            &["dibaca saja", "-----BEGIN AGE ENCRYPTED FILE-----\n-----END AGE ENCRYPTED FILE-----"],
        );
    }
}
