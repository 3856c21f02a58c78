//! Oddities of the numbers of the civil registry.

use super::{Both, Warning, both};
use crate::date::{Date, PartialDate};

/// The two numbers of the civil registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Civil {
    /// Nomor Induk Kependudukan, a person's number.
    Nik,
    /// Nomor Kartu Keluarga, a family card's number.
    Kk,
}

impl Civil {
    /// What it is called.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Civil::Nik => "NIK",
            Civil::Kk => "No. KK",
        }
    }
}

/// What can be odd about the form of either number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CivilWarning {
    /// Other signs than digits.
    NotDigits,
    /// A spreadsheet turned it into a rounded number (`3,51302E+15`): the last digits are lost.
    Rounded,
    /// Not 16 digits but so many.
    Length(usize),
    /// A part of the region code is never given (00, or kabupaten/kota 70).
    RegionForm(String),
    /// The region is not in today's list; it may have been, before regions were divided.
    RegionUnknown(String),
    /// The date part is no day.
    Date,
    /// The serial number is 0000.
    Serial,
}

impl CivilWarning {
    pub(super) fn code(&self, civil: Civil) -> &'static str {
        let (nik, kk) = match self {
            CivilWarning::NotDigits => ("nik_not_digits", "kk_not_digits"),
            CivilWarning::Rounded => ("nik_rounded", "kk_rounded"),
            CivilWarning::Length(_) => ("nik_length", "kk_length"),
            CivilWarning::RegionForm(_) => ("nik_region_form", "kk_region_form"),
            CivilWarning::RegionUnknown(_) => ("nik_region_unknown", "kk_region_unknown"),
            CivilWarning::Date => ("nik_date", "kk_date"),
            CivilWarning::Serial => ("nik_serial", "kk_serial"),
        };
        match civil {
            Civil::Nik => nik,
            Civil::Kk => kk,
        }
    }

    pub(super) fn text(&self, civil: Civil) -> Both {
        let name = civil.title();
        match self {
            CivilWarning::NotDigits => both(
                format!("{name} hanya berisi angka. Boleh disimpan; cek lagi."),
                format!("{name} has digits only. It may be saved; check it."),
            ),
            CivilWarning::Rounded => both(
                format!(
                    "{name} ini dibulatkan oleh Excel; angka terakhirnya hilang. Ketik ulang dari kartu."
                ),
                format!(
                    "A spreadsheet rounded this {name}; its last digits are lost. Type it from the card."
                ),
            ),
            CivilWarning::Length(digits) => both(
                format!("{name} seharusnya 16 angka, ini {digits}. Boleh disimpan; cek kartu bila ada."),
                format!("{name} has 16 digits, this has {digits}. It may be saved; check the card."),
            ),
            CivilWarning::RegionForm(code) => both(
                format!("Kode wilayah {code} pada {name} tidak pernah dipakai. Cek kartu bila ada."),
                format!("Region code {code} in the {name} is never given. Check the card if there is one."),
            ),
            CivilWarning::RegionUnknown(code) => both(
                format!(
                    "Kode wilayah {code} pada {name} tidak ada di daftar; bisa kode lama. Boleh disimpan."
                ),
                format!(
                    "Region code {code} in the {name} is not in the list; perhaps an old one. It may be saved."
                ),
            ),
            CivilWarning::Date => both(
                format!("Tanggal pada {name} bukan tanggal yang ada. Boleh disimpan; cek kartu bila ada."),
                format!("The date in the {name} does not exist. It may be saved; check the card."),
            ),
            CivilWarning::Serial => both(
                format!("Nomor urut {name} tidak pernah 0000. Boleh disimpan; cek kartu bila ada."),
                format!("The serial number of a {name} is never 0000. It may be saved; check the card."),
            ),
        }
    }
}

/// A number of the civil registry against what else was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MismatchWarning {
    /// The NIK says the other sex than was typed.
    NikSex,
    /// The NIK says another day of birth than was typed.
    NikBirth {
        /// As the NIK has it.
        in_nik: Date,
        /// As it was typed.
        typed: PartialDate,
    },
    /// The day of a family card is above 40, as on a woman's NIK.
    KkLooksLikeNik,
    /// The family card's number equals the person's NIK.
    KkEqualsNik,
}

impl MismatchWarning {
    pub(super) fn code(self) -> &'static str {
        match self {
            MismatchWarning::NikSex => "nik_sex",
            MismatchWarning::NikBirth { .. } => "nik_birth",
            MismatchWarning::KkLooksLikeNik => "kk_looks_like_nik",
            MismatchWarning::KkEqualsNik => "kk_equals_nik",
        }
    }

    pub(super) fn text(self) -> Both {
        match self {
            MismatchWarning::NikSex => both(
                "NIK ini tidak cocok dengan jenis kelamin. Boleh disimpan; cek KTP bila ada.",
                "This NIK does not fit the sex. It may be saved; check the identity card if there is one.",
            ),
            MismatchWarning::NikBirth { .. } => both(
                "NIK ini tidak cocok dengan tanggal lahir. Boleh disimpan; cek KTP bila ada.",
                "This NIK does not fit the date of birth. It may be saved; check the identity card.",
            ),
            MismatchWarning::KkLooksLikeNik => both(
                "Nomor ini tampak seperti NIK perempuan, bukan No. KK. Cek kartu keluarga.",
                "This looks like a woman's NIK, not a family card number. Check the family card.",
            ),
            MismatchWarning::KkEqualsNik => both(
                "No. KK sama dengan NIK. Salah satunya keliru; cek kedua kartu.",
                "The family card number equals the NIK. One is wrong; check both cards.",
            ),
        }
    }
}

impl From<MismatchWarning> for Warning {
    fn from(warning: MismatchWarning) -> Warning {
        Warning::Mismatch(warning)
    }
}
