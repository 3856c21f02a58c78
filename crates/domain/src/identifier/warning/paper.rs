//! Oddities of passport and card numbers.

use super::{Both, Warning, both};

/// What can be odd about a passport or card number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaperWarning {
    /// Not 7 to 9 letters and digits.
    PassportLength,
    /// Not one letter and seven digits, as Indonesian passports have it.
    PassportForm,
    /// Not ten digits and a letter.
    CardForm,
    /// The check letter does not belong to the digits: one of them is wrong.
    CardLetter,
}

impl PaperWarning {
    pub(super) fn code(self) -> &'static str {
        match self {
            PaperWarning::PassportLength => "passport_length",
            PaperWarning::PassportForm => "passport_form",
            PaperWarning::CardForm => "card_form",
            PaperWarning::CardLetter => "card_letter",
        }
    }

    pub(super) fn text(self) -> Both {
        match self {
            PaperWarning::PassportLength => both(
                "Nomor paspor terdiri dari 7 sampai 9 huruf dan angka. Boleh disimpan; cek paspor bila ada.",
                "A passport number has 7 to 9 letters and digits. It may be saved; check the passport.",
            ),
            PaperWarning::PassportForm => both(
                "Paspor Indonesia biasanya satu huruf dan tujuh angka, misalnya C1234567. Boleh disimpan.",
                "Indonesian passports usually have one letter and seven digits, as C1234567. It may be saved.",
            ),
            PaperWarning::CardForm => both(
                "Nomor kartu terdiri dari sepuluh angka dan satu huruf. Lihat kartu sekali lagi.",
                "A card number has ten digits and one letter. Look at the card again.",
            ),
            PaperWarning::CardLetter => both(
                "Huruf terakhir tidak cocok dengan angkanya: ada yang salah ketik. Lihat kartu sekali lagi.",
                "The last letter does not fit the digits: something is mistyped. Look at the card again.",
            ),
        }
    }
}

impl From<PaperWarning> for Warning {
    fn from(warning: PaperWarning) -> Warning {
        Warning::Paper(warning)
    }
}
