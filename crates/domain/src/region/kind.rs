//! Levels and kinds of regions.

use super::code::RegionCode;

/// A level of the administration, from the province down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Provinsi.
    Province,
    /// Kabupaten or kota.
    Regency,
    /// Kecamatan.
    District,
    /// Desa, kelurahan or desa adat.
    Village,
}

impl Level {
    /// The level that contains this one.
    #[must_use]
    pub fn above(self) -> Option<Level> {
        match self {
            Level::Province => None,
            Level::Regency => Some(Level::Province),
            Level::District => Some(Level::Regency),
            Level::Village => Some(Level::District),
        }
    }

    /// The level this one contains.
    #[must_use]
    pub fn below(self) -> Option<Level> {
        match self {
            Level::Province => Some(Level::Regency),
            Level::Regency => Some(Level::District),
            Level::District => Some(Level::Village),
            Level::Village => None,
        }
    }
}

/// What a region is called in law, told by its code: the kabupaten/kota part is 01–69 for kabupaten and
/// 71–99 for kota; a village number begins with 1 for kelurahan, 2 for desa, 3 for desa adat.
///
/// Source: Permendagri 58/2021 on region codes, as in the data of github.com/cahyadsn/wilayah.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegionKind {
    /// Provinsi.
    Province,
    /// Kabupaten.
    Kabupaten,
    /// Kota.
    Kota,
    /// Kabupaten of Jakarta, which governs no council of its own (UU 2/2024).
    KabupatenAdministrasi,
    /// Kota of Jakarta, likewise.
    KotaAdministrasi,
    /// Kecamatan (called distrik in Papua).
    Kecamatan,
    /// Kelurahan.
    Kelurahan,
    /// Desa, under whatever local name (nagari, gampong, kampung…).
    Desa,
    /// Desa adat.
    DesaAdat,
}

const JAKARTA: u64 = 31;
/// The first kabupaten/kota part that stands for a kota.
const FIRST_KOTA: u64 = 71;

impl RegionKind {
    pub(super) fn of_code(code: RegionCode) -> RegionKind {
        use super::code::RegionCode as Code;
        let in_jakarta = Code::truncated(code, Level::Province).own_part() == JAKARTA;
        let part = code.own_part();
        match code.level() {
            Level::Province => RegionKind::Province,
            Level::Regency if part >= FIRST_KOTA && in_jakarta => RegionKind::KotaAdministrasi,
            Level::Regency if part >= FIRST_KOTA => RegionKind::Kota,
            Level::Regency if in_jakarta => RegionKind::KabupatenAdministrasi,
            Level::Regency => RegionKind::Kabupaten,
            Level::District => RegionKind::Kecamatan,
            Level::Village => match part / 1000 {
                1 => RegionKind::Kelurahan,
                3 => RegionKind::DesaAdat,
                _ => RegionKind::Desa,
            },
        }
    }

    /// The word before the name in official writing.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            RegionKind::Province => "Provinsi",
            RegionKind::Kabupaten => "Kabupaten",
            RegionKind::Kota => "Kota",
            RegionKind::KabupatenAdministrasi => "Kabupaten Administrasi",
            RegionKind::KotaAdministrasi => "Kota Administrasi",
            RegionKind::Kecamatan => "Kecamatan",
            RegionKind::Kelurahan => "Kelurahan",
            RegionKind::Desa => "Desa",
            RegionKind::DesaAdat => "Desa Adat",
        }
    }
}
