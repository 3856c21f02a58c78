//! People made up for the demo: on official village codes, and recognisable as made up.

use std::io::Read;

use anyhow::{Context, Result};
use sambung_domain::region::{RegionCode, Regions};

/// East Java's regions, as every host embeds them.
const REGIONS: &[u8] = include_bytes!("../../../crates/domain/data/regions-35.zst");

/// Most bytes the table may have once decompressed.
const REGIONS_MAX: usize = 16 * 1024 * 1024;

/// Names that people in East Java bear; with the word in front nobody takes them for somebody.
const WOMEN: &[&str] = &["Siti Aminah", "Sulastri", "Wahyuni", "Nur Hasanah", "Endang Rahayu", "Musyarofah"];
const MEN: &[&str] = &["Moch. Saleh", "Slamet Riyadi", "Ahmad Fauzi", "Bambang Sutrisno", "Hasan", "Sugeng"];

/// The word that marks made-up people.
const MARK: &str = "Contoh";

/// A person made up for the demo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) sex: &'static str,
    pub(super) born: u32,
    pub(super) village: String,
    pub(super) phone: String,
}

/// `count` people of one kabupaten, spread over its villages; the same every time.
pub(super) fn of(regency: &str, count: usize) -> Result<Vec<Person>> {
    let villages = villages(regency)?;
    let person = |at: usize| {
        let woman = at.is_multiple_of(2);
        let names = if woman { WOMEN } else { MEN };
        let village = &villages[at * 37 % villages.len()];
        Person {
            name: format!("{MARK} {} {}", names[at / 2 % names.len()], at + 1),
            sex: if woman { "P" } else { "L" },
            born: 1975 + u32::try_from(at * 7 % 30).unwrap_or(0),
            village: village.clone(),
            // Numbers of this block are never given out: they have too few digits after 0800.
            phone: format!("0800{:05}", at + 1),
        }
    };
    Ok((0..count).map(person).collect())
}

/// As [`of`], with a random word in each name that stands nowhere else in the world.
pub(super) fn marked(regency: &str, count: usize) -> Result<Vec<(Person, String)>> {
    let mut people = Vec::new();
    for person in of(regency, count)? {
        let mut word = [0; 8];
        std::fs::File::open("/dev/urandom")?.read_exact(&mut word)?;
        let word: String = word.iter().map(|byte| format!("{byte:02x}")).collect();
        people.push((Person { name: format!("{} {word}", person.name), ..person }, word));
    }
    Ok(people)
}

/// The village codes of a kabupaten.
fn villages(regency: &str) -> Result<Vec<String>> {
    let bytes = zstd::bulk::decompress(REGIONS, REGIONS_MAX)?;
    let regions = Regions::read(&bytes)?;
    let area = regency.parse()?;
    let code = RegionCode::from_area(&area).with_context(|| format!("{regency} is no region"))?;
    let villages: Vec<String> = regions
        .children(code)
        .flat_map(|district| regions.children(district.code).map(|village| village.area().to_string()))
        .collect();
    anyhow::ensure!(!villages.is_empty(), "{regency} has no villages in the table");
    Ok(villages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_live_in_real_villages_and_are_marked() {
        let people = of("35.13", 20).unwrap();
        assert_eq!(people, of("35.13", 20).unwrap());
        for person in &people {
            assert!(person.village.starts_with("35.13.") && person.village.len() == 13);
            assert!(person.name.starts_with(MARK));
        }
        let names: std::collections::BTreeSet<&str> = people.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names.len(), people.len());
    }
}
