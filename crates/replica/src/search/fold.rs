//! Texts as search compares them: small letters and digits, one space between words.

use sambung_domain::identifier::phone;
use sambung_domain::pack::{Field, Number};

/// A text folded: apostrophes go (`Ma'ruf` is `maruf`), every other sign divides words.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for sign in text.chars().filter(|sign| !is_apostrophe(*sign)) {
        if sign.is_alphanumeric() {
            folded.extend(sign.to_lowercase());
        } else if !folded.is_empty() && !folded.ends_with(' ') {
            folded.push(' ');
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

/// What search keeps and compares of a field's text.
pub(super) fn fold_field(field: &Field, text: &str) -> String {
    match field.number() {
        None => fold(text),
        Some(Number::Phone) => fold_number(&phone::read(text).text),
        Some(Number::Nik | Number::Kk | Number::Passport | Number::Card) => fold_number(text),
    }
}

/// A number folded: its letters and digits, without what divides them.
fn fold_number(text: &str) -> String {
    text.chars().filter(|sign| sign.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn is_apostrophe(sign: char) -> bool {
    matches!(sign, '\'' | '’' | '‘' | 'ʼ' | '`' | '´')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_divide_words_and_apostrophes_do_not() {
        assert_eq!(fold("  Ma’ruf  SITI-Uji, S.E. "), "maruf siti uji s e");
        assert_eq!(fold("\"*:^()"), "");
        assert_eq!(fold_number("+62 812-3456"), "628123456");
        assert_eq!(fold_number("x 123/45"), "x12345");
    }
}
