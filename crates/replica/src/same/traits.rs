//! What tells one person from another.

use std::collections::BTreeSet;

use sambung_domain::identifier::phone;
use sambung_domain::pack::{IdRule, Number};
use sambung_domain::{Area, Pack};
use serde_json::{Map, Value as Json};

use crate::leaves::leaves;
use crate::query::PERSON;

/// What kind of agreement it is, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TraitKind {
    Nik,
    Passport,
    Phone,
    /// Name, year of birth and village.
    Name,
}

impl TraitKind {
    /// Every kind, the surest first.
    pub(crate) const ALL: [TraitKind; 4] =
        [TraitKind::Nik, TraitKind::Passport, TraitKind::Phone, TraitKind::Name];

    /// Its code in the list of reasons (`alasan_sama`).
    pub(crate) fn code(self) -> &'static str {
        match self {
            TraitKind::Nik => "NIK",
            TraitKind::Passport => "PASPOR",
            TraitKind::Phone => "TELEPON",
            TraitKind::Name => "UMUR_DESA",
        }
    }
}

/// Something that two records of one person would share.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Trait {
    pub(crate) kind: TraitKind,
    pub(crate) value: String,
}

/// Digits of a NIK.
const NIK_LEN: usize = 16;
/// Fewest letters and digits of a passport number that say anything.
const PASSPORT_MIN: usize = 6;
/// Fewest digits of a telephone number that say anything.
const PHONE_MIN: usize = 8;
/// Parts of an area's code that name a village.
const VILLAGE_PARTS: usize = 4;

/// The traits of a projected record: of a person, or of what belongs to one by a derived id or names one as its
/// parent.
pub(super) fn of(pack: &Pack, kind: &str, content: &Map<String, Json>) -> BTreeSet<Trait> {
    let mut traits = BTreeSet::new();
    if !is_of_person(pack, kind) {
        return traits;
    }
    let Some(kind) = pack.kind(kind) else { return traits };
    leaves(kind, content, &mut |field, text| {
        let found = match field.number() {
            Some(Number::Nik) => nik(text).map(|value| Trait { kind: TraitKind::Nik, value }),
            Some(Number::Passport) => passport(text),
            // Whom a number of a private part belongs to, the part does not say.
            Some(Number::Phone) if kind.name == PERSON => telephone(text),
            Some(Number::Phone | Number::Kk | Number::Card) | None => None,
        };
        traits.extend(found);
    });
    if kind.name == PERSON {
        traits.extend(name(content));
    }
    traits
}

/// Whether the records of a kind are of one person: the person's own, and its private parts.
fn is_of_person(pack: &Pack, kind: &str) -> bool {
    let mut kind = pack.kind(kind);
    for _ in 0..pack.kinds.len() {
        let Some(of) = kind else { return false };
        if of.name == PERSON {
            return true;
        }
        let main = match &of.id {
            IdRule::Sibling(main) => Some(main),
            IdRule::Random | IdRule::Keys(_) | IdRule::SealedItem | IdRule::Card => of.parent.as_ref(),
        };
        kind = main.and_then(|main| pack.kind(main));
    }
    false
}

fn plain(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|sign| sign.to_ascii_uppercase()).collect()
}

/// A NIK in its one form; none where the text is no sixteen digits.
pub(crate) fn nik(text: &str) -> Option<String> {
    let value = plain(text);
    let is_nik = value.len() == NIK_LEN && value.bytes().all(|byte| byte.is_ascii_digit());
    is_nik.then_some(value)
}

fn passport(text: &str) -> Option<Trait> {
    let value = plain(text);
    (value.len() >= PASSPORT_MIN).then_some(Trait { kind: TraitKind::Passport, value })
}

fn telephone(text: &str) -> Option<Trait> {
    let value: String = phone::read(text).text.chars().filter(char::is_ascii_digit).collect();
    (value.len() >= PHONE_MIN).then_some(Trait { kind: TraitKind::Phone, value })
}

fn name(content: &Map<String, Json>) -> Option<Trait> {
    let text = |key: &str| content.get(key)?.as_str();
    let words: Vec<String> = text("nama_lengkap")?.split_whitespace().map(str::to_lowercase).collect();
    let year = content.get("tahun_lahir")?.as_i64()?;
    let area: Area = text("area")?.parse().ok()?;
    let is_village = area.as_str().split('.').count() == VILLAGE_PARTS;
    let value = format!("{}|{year}|{area}", words.join(" "));
    (is_village && !words.is_empty()).then_some(Trait { kind: TraitKind::Name, value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn traits(kind: &str, content: &Json) -> Vec<(&'static str, String)> {
        let pack = Pack::builtin().unwrap();
        of(&pack, kind, content.as_object().unwrap()).into_iter().map(|t| (t.kind.code(), t.value)).collect()
    }

    #[test]
    fn a_person_is_known_by_numbers_and_by_name_year_and_village() {
        let content = json!({
            "nama_lengkap": "Uji  SITI", "tahun_lahir": 1990, "area": "35.13.02.2004",
            "telepon": ["+6281200000001", "tidak punya"],
        });
        let expected = [
            ("TELEPON", "6281200000001".to_owned()),
            ("UMUR_DESA", "uji siti|1990|35.13.02.2004".to_owned()),
        ];
        assert_eq!(traits("worker", &content), expected);
    }

    #[test]
    fn half_a_village_half_a_number_and_a_nameless_person_say_nothing() {
        let content =
            json!({"nama_lengkap": "Uji", "tahun_lahir": 1990, "area": "35.13", "telepon": ["0811"]});
        assert!(traits("worker", &content).is_empty());
        assert!(traits("worker_private", &json!({"nik": "351302"})).is_empty());
    }

    #[test]
    fn private_parts_speak_for_their_person_and_others_do_not() {
        let nik = json!({"nik": "3513 0241 0190 0001"});
        assert_eq!(traits("worker_private", &nik), [("NIK", "3513024101900001".to_owned())]);
        let passport = json!({"no_paspor": "x 1234567"});
        assert_eq!(traits("placement_private", &passport), [("PASPOR", "X1234567".to_owned())]);
        assert!(traits("complaint", &nik).is_empty());
        assert!(traits("partner", &json!({"telepon": ["+6281200000001"]})).is_empty());
    }
}
