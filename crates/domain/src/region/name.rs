//! Names as people type them: without case and punctuation, with or without the kind before them.

use super::kind::RegionKind;

/// The form names are compared in: letters and digits only, lower case. Spaces go too, since `Kota Anyar`
/// and `Kotaanyar`, `Suko Rejo` and `Sukorejo` are the same place to those who write them.
pub(super) fn search_key(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// A typed part of an address: what may be meant by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Search key of the whole part.
    pub(super) whole: String,
    /// The kinds a leading word stands for, and the search key of the rest.
    pub(super) stripped: Option<(&'static [RegionKind], String)>,
}

impl Wanted {
    /// Reads one part; none if it holds no letter or digit.
    pub(super) fn read(part: &str) -> Option<Wanted> {
        let whole = search_key(part);
        (!whole.is_empty()).then(|| Wanted { stripped: strip_title(part), whole })
    }
}

const KOTA: &[RegionKind] = &[RegionKind::Kota, RegionKind::KotaAdministrasi];
const KABUPATEN: &[RegionKind] = &[RegionKind::Kabupaten, RegionKind::KabupatenAdministrasi];
const KECAMATAN: &[RegionKind] = &[RegionKind::Kecamatan];
const KELURAHAN: &[RegionKind] = &[RegionKind::Kelurahan];
/// People say *desa* of any village; an adat village is one as well.
const DESA: &[RegionKind] = &[RegionKind::Desa, RegionKind::DesaAdat];
const DESA_ADAT: &[RegionKind] = &[RegionKind::DesaAdat];
const PROVINCE: &[RegionKind] = &[RegionKind::Province];

/// Words before a name and the kinds they stand for; longer ones before their beginnings.
const TITLES: &[(&str, &[RegionKind])] = &[
    ("kabupaten administrasi", KABUPATEN),
    ("kabupaten", KABUPATEN),
    ("kab", KABUPATEN),
    ("kota administrasi", KOTA),
    ("kota adm", KOTA),
    ("kotamadya", KOTA),
    ("kodya", KOTA),
    ("kota", KOTA),
    ("kecamatan", KECAMATAN),
    ("distrik", KECAMATAN),
    ("kec", KECAMATAN),
    ("kelurahan", KELURAHAN),
    ("kel", KELURAHAN),
    ("desa adat", DESA_ADAT),
    ("desa", DESA),
    ("ds", DESA),
    ("provinsi", PROVINCE),
    ("propinsi", PROVINCE),
    ("prov", PROVINCE),
];

/// Splits a leading kind off. It must be a word of its own: `Desa Krucil`, `Kab.Probolinggo`, not `Desaku`.
fn strip_title(part: &str) -> Option<(&'static [RegionKind], String)> {
    let lower: String = part.trim().to_lowercase().replace(['.', '_'], " ");
    let words: Vec<&str> = lower.split_whitespace().collect();
    TITLES.iter().find_map(|(title, kinds)| {
        let length = title.split(' ').count();
        let leads = words.len() > length && title.split(' ').eq(words[..length].iter().copied());
        let rest = search_key(&words.get(length..).unwrap_or_default().concat());
        (leads && !rest.is_empty()).then_some((*kinds, rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_punctuation_and_spaces_do_not_matter() {
        for same in ["Kota Anyar", "kotaanyar", "KOTA-ANYAR", "Kota'anyar."] {
            assert_eq!(search_key(same), "kotaanyar");
        }
        assert_eq!(search_key("Regapu’u"), search_key("Regapu'u"));
        assert_eq!(search_key(" .,- "), "");
    }

    #[test]
    fn a_leading_kind_is_split_off_when_it_is_a_word() {
        let stripped = |part: &str| Wanted::read(part).unwrap().stripped;
        assert_eq!(stripped("Kab. Probolinggo"), Some((KABUPATEN, "probolinggo".to_owned())));
        assert_eq!(stripped("Kab.Probolinggo"), Some((KABUPATEN, "probolinggo".to_owned())));
        assert_eq!(stripped("KOTA PROBOLINGGO"), Some((KOTA, "probolinggo".to_owned())));
        assert_eq!(stripped("Kota Administrasi Jakarta Timur"), Some((KOTA, "jakartatimur".to_owned())));
        assert_eq!(stripped("ds krucil"), Some((DESA, "krucil".to_owned())));
        assert_eq!(stripped("Kotaanyar"), None);
        assert_eq!(stripped("Kecamatan"), None);
        assert_eq!(Wanted::read(" , "), None);
    }
}
