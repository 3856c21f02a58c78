//! Oddities of telephone numbers.

use super::{Both, Warning, both};

/// What can be odd about a telephone number; countries by their Indonesian names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhoneWarning {
    /// Signs that no telephone number has, or several numbers in one.
    Signs,
    /// No beginning that tells the country.
    Prefix,
    /// Too short or too long for this country.
    Length(&'static str),
    /// A country code that is not in our list.
    Country,
    /// Read as a number of this country, although no `+` says so.
    Assumed(&'static str),
    /// Read as an Indonesian mobile number, but could be one of this country written without `+`.
    Ambiguous(&'static str),
}

impl PhoneWarning {
    pub(super) fn code(self) -> &'static str {
        match self {
            PhoneWarning::Signs => "phone_signs",
            PhoneWarning::Prefix => "phone_prefix",
            PhoneWarning::Length(_) => "phone_length",
            PhoneWarning::Country => "phone_country",
            PhoneWarning::Assumed(_) => "phone_assumed",
            PhoneWarning::Ambiguous(_) => "phone_ambiguous",
        }
    }

    pub(super) fn text(self) -> Both {
        match self {
            PhoneWarning::Signs => both(
                "Tulis satu nomor telepon saja, hanya angka dan tanda + di depan.",
                "Write one telephone number only, digits with a + in front where needed.",
            ),
            PhoneWarning::Prefix => both(
                "Nomor telepon mulai dengan 0, 62, atau + dan kode negara. Boleh disimpan.",
                "A telephone number begins with 0, 62, or + and the country code. It may be saved.",
            ),
            PhoneWarning::Length(country) => both(
                format!("Panjang nomor ini tidak biasa untuk {country}. Boleh disimpan; cek lagi."),
                format!("The number has an unusual length for {country}. It may be saved; check it."),
            ),
            PhoneWarning::Country => both(
                "Kode negara nomor ini tidak dikenal di sini. Boleh disimpan; cek lagi.",
                "The country code of this number is not known here. It may be saved; check it.",
            ),
            PhoneWarning::Assumed(country) => both(
                format!("Dibaca sebagai nomor {country}. Tulis dengan + di depan supaya pasti."),
                format!("Read as a number of {country}. Write it with a + in front to be sure."),
            ),
            PhoneWarning::Ambiguous(country) => both(
                format!(
                    "Dibaca sebagai HP Indonesia; bisa juga nomor {country}. Tulis dengan 0 atau + di depan."
                ),
                format!("Read as an Indonesian mobile number; could be {country}. Write 0 or + in front."),
            ),
        }
    }
}

impl From<PhoneWarning> for Warning {
    fn from(warning: PhoneWarning) -> Warning {
        Warning::Phone(warning)
    }
}
