//! What a person typed, as questions to the indexes. Words are always quoted: nothing typed is syntax.

use sambung_domain::Set;
use sambung_domain::region::Regions;

use super::fold::fold;
use super::terms::{kind_term, place_term};

/// Most characters of a question that are looked at.
pub(super) const TYPED_MAX: usize = 200;
/// Most words of a question; further ones are left out.
pub(super) const WORDS_MAX: usize = 8;
/// Fewest letters or digits that are found inside of words, not only at their beginnings.
pub(super) const INSIDE_MIN: usize = 3;
/// Most words of a region's name.
const NAME_WORDS_MAX: usize = 3;
/// Most regions of one name, and most areas of a grant, that a question looks into.
pub(super) const PLACES_MAX: usize = 64;

/// How the words of a question are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compare {
    /// Whole words.
    Whole,
    /// Beginnings of words.
    Beginning,
    /// Anywhere in a word.
    Inside,
}

/// Where the words of a question may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Columns {
    /// In names, and numbers in numbers.
    Titles,
    /// In any text or number.
    All,
    /// In any text or number, or in the name of the region where the record lies.
    Places,
}

/// One step of a search, the best first.
pub(super) const STEPS: [(Compare, Columns); 7] = [
    (Compare::Whole, Columns::Titles),
    (Compare::Beginning, Columns::Titles),
    (Compare::Inside, Columns::Titles),
    (Compare::Beginning, Columns::All),
    (Compare::Inside, Columns::All),
    (Compare::Beginning, Columns::Places),
    (Compare::Inside, Columns::Places),
];

/// The words of a question that belong together.
#[derive(Debug, PartialEq, Eq)]
struct Unit {
    words: Vec<String>,
    /// All words as one number, where they are nothing but digits.
    digits: Option<String>,
    /// The regions that the words name.
    places: Vec<String>,
}

/// A question.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Question {
    units: Vec<Unit>,
    kind: Option<String>,
}

/// What the two indexes are asked in one step; every part that is there must hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// Of whole words and beginnings.
    pub(super) word: Option<String>,
    /// Of insides.
    pub(super) part: Option<String>,
}

impl Question {
    /// Reads what was typed; none without a letter or digit.
    pub(super) fn read(
        typed: &str,
        kind: Option<&str>,
        regions: Option<&Regions>,
        sets: &[Set],
    ) -> Option<Self> {
        let bounded: String = typed.chars().take(TYPED_MAX).collect();
        let folded = fold(&bounded);
        let words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).take(WORDS_MAX).collect();
        let places = |name: &str| regions.map(|regions| places(regions, sets, name)).unwrap_or_default();
        let units = units(&words, &places);
        (!units.is_empty()).then(|| Question { units, kind: kind.map(kind_term) })
    }

    /// What a step asks; none where it asks nothing that an earlier step has not.
    pub(super) fn asked(&self, compare: Compare, columns: Columns) -> Option<Asked> {
        if columns == Columns::Places && self.units.iter().all(|unit| unit.places.is_empty()) {
            return None;
        }
        // A unit that may be a place is asked of the words: only they know where a record lies.
        let by_place = |unit: &Unit| columns == Columns::Places && !unit.places.is_empty();
        let inside = |unit: &Unit| compare == Compare::Inside && unit.goes_inside() && !by_place(unit);
        if compare == Compare::Inside && !self.units.iter().any(inside) {
            return None;
        }
        let (parts, words): (Vec<&Unit>, Vec<&Unit>) = self.units.iter().partition(|unit| inside(unit));
        let of_words = if compare == Compare::Inside { Compare::Beginning } else { compare };
        Some(Asked {
            word: self.expression(&words, of_words, columns),
            part: self.expression(&parts, Compare::Inside, columns),
        })
    }

    fn expression(&self, units: &[&Unit], compare: Compare, columns: Columns) -> Option<String> {
        if units.is_empty() {
            return None;
        }
        let mut all: Vec<String> = units.iter().map(|unit| unit.expression(compare, columns)).collect();
        all.extend(self.kind.as_ref().map(|kind| format!("kind : {}", quoted(kind))));
        Some(all.join(" AND "))
    }

    /// Whether a folded text holds anything of the question.
    pub(super) fn meets(&self, text: &str, is_number: bool) -> bool {
        self.units.iter().any(|unit| match &unit.digits {
            Some(digits) if is_number => text.contains(digits.trim_start_matches('0')),
            _ => unit.words.iter().any(|word| text.contains(word.as_str())),
        })
    }
}

impl Unit {
    /// Whether every word, or the number, is long enough to be found inside of others.
    fn goes_inside(&self) -> bool {
        match &self.digits {
            Some(digits) => digits.trim_start_matches('0').len() >= INSIDE_MIN,
            None => self.words.iter().all(|word| word.chars().count() >= INSIDE_MIN),
        }
    }

    fn expression(&self, compare: Compare, columns: Columns) -> String {
        let mut any = Vec::new();
        if let Some(digits) = &self.digits {
            any.extend(spellings(digits, compare).iter().map(|digits| compare.term("number", digits)));
        }
        if self.digits.is_none() || columns != Columns::Titles {
            let at = if columns == Columns::Titles { "title" } else { "{title text number}" };
            let words: Vec<String> = self.words.iter().map(|word| compare.term(at, word)).collect();
            any.push(format!("({})", words.join(" AND ")));
        }
        if columns == Columns::Places {
            // A place's code is a word of its own: areas inside it begin with it.
            any.extend(self.places.iter().map(|place| Compare::Beginning.term("place", place)));
        }
        format!("({})", any.join(" OR "))
    }
}

impl Compare {
    fn term(self, column: &str, word: &str) -> String {
        let more = if self == Compare::Beginning { " *" } else { "" };
        format!("{column} : {}{more}", quoted(word))
    }
}

/// A text as a phrase of the index's language.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', ""))
}

/// How a typed number may be kept: as it is, and as a telephone number with its country.
fn spellings(digits: &str, compare: Compare) -> Vec<String> {
    let national = digits.trim_start_matches('0');
    if compare == Compare::Inside {
        return vec![national.to_owned()];
    }
    let mut all = vec![digits.to_owned()];
    if national.len() < digits.len() && !national.is_empty() {
        all.push(format!("62{national}"));
        all.push(national.to_owned());
    }
    all
}

/// Words that belong together: digits beside each other, then the longest names of regions, then single words.
fn units(words: &[&str], places: &dyn Fn(&str) -> Vec<String>) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let rest = &words[at..];
        let numbers = rest.iter().take_while(|word| word.bytes().all(|byte| byte.is_ascii_digit())).count();
        let unit = if numbers > 0 { number(&rest[..numbers]) } else { named(rest, places) };
        at += unit.words.len();
        units.push(unit);
    }
    units
}

fn number(words: &[&str]) -> Unit {
    Unit { words: owned(words), digits: Some(words.concat()), places: Vec::new() }
}

fn named(words: &[&str], places: &dyn Fn(&str) -> Vec<String>) -> Unit {
    let most = words.len().min(NAME_WORDS_MAX);
    for length in (1..=most).rev() {
        let places = places(&words[..length].join(" "));
        if !places.is_empty() {
            return Unit { words: owned(&words[..length]), digits: None, places };
        }
    }
    Unit { words: owned(&words[..1]), digits: None, places: Vec::new() }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// The places of a name, within the areas of a grant or, where it has none, anywhere.
fn places(regions: &Regions, sets: &[Set], name: &str) -> Vec<String> {
    let mut within: Vec<_> = sets
        .iter()
        .filter_map(|set| match set {
            Set::Area(area) => Some(sambung_domain::region::RegionCode::from_area(area)),
            Set::Office(_) | Set::Person(_) => None,
        })
        .take(PLACES_MAX)
        .collect();
    if within.is_empty() {
        within.push(None);
    }
    let found = within.into_iter().flat_map(|code| regions.find(name, code, PLACES_MAX).regions);
    found.map(|region| place_term(region.area().as_str())).take(PLACES_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(typed: &str) -> Option<Question> {
        Question::read(typed, None, None, &[])
    }

    fn word(typed: &str, compare: Compare, columns: Columns) -> String {
        read(typed).unwrap().asked(compare, columns).unwrap().word.unwrap_or_default()
    }

    fn part(typed: &str) -> String {
        read(typed).unwrap().asked(Compare::Inside, Columns::All).unwrap().part.unwrap_or_default()
    }

    #[test]
    fn what_is_typed_is_never_syntax() {
        assert_eq!(
            word("siti\" OR title:* NEAR(", Compare::Whole, Columns::Titles),
            r#"(title : "siti") AND (title : "or") AND (title : "title") AND (title : "near")"#
                .replace("(title : \"siti\")", "((title : \"siti\"))")
                .replace("(title : \"or\")", "((title : \"or\"))")
                .replace("(title : \"title\")", "((title : \"title\"))")
                .replace("(title : \"near\")", "((title : \"near\"))")
        );
        assert_eq!(read(" \"*^:-() "), None);
    }

    #[test]
    fn numbers_are_compared_in_every_writing() {
        for typed in ["0812-3456 7890", "081234567890", "(0812) 34567890"] {
            assert!(
                word(typed, Compare::Whole, Columns::Titles).contains(r#"number : "6281234567890""#),
                "{typed}"
            );
        }
        assert!(
            word("+62 812 3456 7890", Compare::Whole, Columns::Titles)
                .contains(r#"number : "6281234567890""#)
        );
        assert!(part("0812345").contains(r#"number : "812345""#));
        assert!(part("7890").contains(r#"number : "7890""#));
    }

    #[test]
    fn short_words_are_asked_of_beginnings_only() {
        let asked = read("al uji").unwrap().asked(Compare::Inside, Columns::Titles).unwrap();
        assert!(asked.word.unwrap().contains(r#"title : "al" *"#));
        assert!(asked.part.unwrap().contains(r#"title : "uji""#));
        assert_eq!(read("al").unwrap().asked(Compare::Inside, Columns::All), None);
        assert_eq!(read("0").unwrap().asked(Compare::Inside, Columns::All), None);
    }

    #[test]
    fn questions_are_bounded() {
        let many = read(&"uji ".repeat(100)).unwrap();
        assert_eq!(many.units.len(), WORDS_MAX);
        let long = read(&"u".repeat(1_000)).unwrap();
        assert_eq!(long.units[0].words[0].len(), TYPED_MAX);
    }

    #[test]
    fn the_longest_name_of_a_region_counts() {
        let known = |name: &str| match name {
            "kota anyar" => vec![":351311".to_owned()],
            "kota" => vec![":35".to_owned()],
            _ => Vec::new(),
        };
        let units = units(&["siti", "kota", "anyar", "0812", "345"], &known);
        let words: Vec<String> = units.iter().map(|unit| unit.words.join("+")).collect();
        assert_eq!(words, ["siti", "kota+anyar", "0812+345"]);
        let question = Question { units, kind: None };
        let asked = question.asked(Compare::Beginning, Columns::Places).unwrap().word.unwrap();
        assert!(asked.contains(r#"place : ":351311" *"#), "{asked}");
    }
}
