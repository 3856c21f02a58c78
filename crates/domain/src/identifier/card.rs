//! The number of a *Kartu Layanan*: neutral, random, for life.
//!
//! Ten digits and a check letter, printed `482-915-3067-W`. The letter is the number modulo 23, the scheme of
//! the Spanish identity number (Real Decreto 1553/2005), with an alphabet that has no I, O and Q. It is a pure
//! system in the sense of ISO/IEC 7064 with radix 10 and modulus 23. Since 23 is a prime above 10 and 10 is a
//! primitive root of it, the letter catches every single wrong digit and every exchange of two digits, adjacent
//! or not (J. Verhoeff, *Error Detecting Decimal Codes*, 1969, on the errors people make). It protects against
//! mistakes, not against guessing: what a card opens also needs its tracking code.

use std::fmt;
use std::str::FromStr;

use super::{PaperWarning, Reading, all_digits, compact};

/// Check letters by remainder.
const LETTERS: &[u8; 23] = b"ABCDEFGHJKLMNPRSTUVWXYZ";
/// The smallest number: the first digit is never 0, so that no card looks like a telephone number.
const FIRST: u64 = 1_000_000_000;
/// How many numbers there are.
const COUNT: u64 = 9_000_000_000;
const DIGITS: usize = 10;

/// A card number whose letter fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CardNumber(u64);

impl CardNumber {
    /// The number that random bytes stand for; all are equally likely up to one part in 10⁹. With ten thousand
    /// cards drawn apart from each other the chance of any two being equal is 1 in 180.
    #[must_use]
    pub fn from_random(bytes: [u8; 8]) -> CardNumber {
        CardNumber(FIRST + u64::from_be_bytes(bytes) % COUNT)
    }

    /// The check letter.
    #[must_use]
    pub fn letter(self) -> char {
        let remainder = usize::try_from(self.0 % 23).unwrap_or(0);
        char::from(LETTERS[remainder])
    }

    /// The stored form, which is also what a QR code holds: `4829153067W`.
    #[must_use]
    pub fn compact(self) -> String {
        format!("{}{}", self.0, self.letter())
    }
}

/// Why a text is no card number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadCard {
    /// Not ten digits and a letter.
    #[error("a card number has ten digits and one letter, for example 482-915-3067-W")]
    Form,
    /// The letter belongs to other digits.
    #[error("the last letter does not fit the digits: something is mistyped")]
    Letter,
}

impl FromStr for CardNumber {
    type Err = BadCard;

    /// Reads a number with or without dividers, in either case. The letter O stands for 0, and I and L for 1,
    /// where a digit belongs.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let typed = compact(text).to_ascii_uppercase();
        let (digits, letter) = typed.split_at_checked(DIGITS).ok_or(BadCard::Form)?;
        let digits = digits.replace('O', "0").replace(['I', 'L'], "1");
        let letter_is_one = letter.len() == 1 && letter.bytes().all(|byte| byte.is_ascii_uppercase());
        if !all_digits(&digits) || !letter_is_one {
            return Err(BadCard::Form);
        }
        let number: u64 = digits.parse().map_err(|_| BadCard::Form)?;
        if number < FIRST {
            return Err(BadCard::Form);
        }
        let card = CardNumber(number);
        if letter.starts_with(card.letter()) { Ok(card) } else { Err(BadCard::Letter) }
    }
}

impl fmt::Display for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        let (first, rest) = digits.split_at(3);
        let (second, third) = rest.split_at(3);
        write!(f, "{first}-{second}-{third}-{}", self.letter())
    }
}

/// Reads a typed card number as a field's value.
#[must_use]
pub fn read(typed: &str) -> Reading<CardNumber> {
    if typed.trim().is_empty() {
        return Reading::empty();
    }
    match typed.parse::<CardNumber>() {
        Ok(card) => Reading { text: card.compact(), value: Some(card), warnings: Vec::new() },
        Err(BadCard::Form) => Reading::unread(typed, PaperWarning::CardForm),
        Err(BadCard::Letter) => Reading::unread(typed, PaperWarning::CardLetter),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_card() -> impl Strategy<Value = CardNumber> {
        any::<[u8; 8]>().prop_map(CardNumber::from_random)
    }

    #[test]
    fn a_card_is_read_as_people_copy_it() {
        // 4 829 153 067 = 23 × 209 963 176 + 19, and the twentieth letter is W.
        let card: CardNumber = "482-915-3067-W".parse().unwrap();
        assert_eq!((card.to_string(), card.compact()), ("482-915-3067-W".into(), "4829153067W".into()));
        for typed in ["4829153067w", " 482 915 3067 W ", "482-9l5-3O67-W"] {
            assert_eq!(typed.parse(), Ok(card), "{typed}");
            assert_eq!(read(typed).text, "4829153067W");
        }
        for (typed, why) in [
            ("482-915-3067", BadCard::Form),
            ("482-915-306-W", BadCard::Form),
            ("482-915-3067-WW", BadCard::Form),
            ("082-915-3067-W", BadCard::Form),
            ("482-915-3067-K", BadCard::Letter),
            ("482-915-3076-W", BadCard::Letter),
            ("", BadCard::Form),
            ("é82-915-3067-W", BadCard::Form),
        ] {
            assert_eq!(typed.parse::<CardNumber>(), Err(why), "{typed}");
        }
        assert_eq!(read("482-915-3067-K").warnings, [PaperWarning::CardLetter.into()]);
        assert_eq!(read("lupa").text, "lupa");
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(card in any_card()) {
            prop_assert_eq!(card.to_string().parse(), Ok(card));
            prop_assert_eq!(card.compact().parse(), Ok(card));
            prop_assert_eq!(card.compact().len(), 11);
        }

        #[test]
        fn one_wrong_digit_or_two_exchanged_are_always_noticed(card in any_card()) {
            let printed = card.compact().into_bytes();
            for at in 0..DIGITS {
                for digit in b'0'..=b'9' {
                    let mut wrong = printed.clone();
                    wrong[at] = digit;
                    let read = String::from_utf8(wrong.clone()).unwrap().parse::<CardNumber>();
                    prop_assert_eq!(read.is_ok(), wrong == printed);
                }
                for other in at + 1..DIGITS {
                    let mut wrong = printed.clone();
                    wrong.swap(at, other);
                    let read = String::from_utf8(wrong.clone()).unwrap().parse::<CardNumber>();
                    prop_assert_eq!(read.is_ok(), wrong == printed);
                }
            }
        }
    }
}
