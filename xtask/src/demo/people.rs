//! The people of the demo: made up in the proportions of published figures, on official village codes.

use std::io::Read;

use anyhow::{Context, Result};
use sambung_domain::region::{Level, RegionCode, Regions};
use sambung_testkit::Seed;
pub(super) use sambung_testkit::population::{Complaint, Person};
use sambung_testkit::population::{Population, figures};

/// East Java's regions, as every host embeds them.
const REGIONS: &[u8] = include_bytes!("../../../crates/domain/data/regions-35.zst");

/// Most bytes the table may have once decompressed.
const REGIONS_MAX: usize = 16 * 1024 * 1024;

/// What the people are drawn by: the same ones every time.
const SEED: u64 = 35_13_08;

/// Kabupaten Jember: its people are guests at Kraksaan, and in none of the figures.
const JEMBER: &str = "35.09";

/// Everybody who appears in the demo, one after the other: nobody appears twice.
pub(super) struct Cast {
    population: Population,
    regions: Regions,
}

impl Cast {
    pub(super) fn new() -> Result<Cast> {
        let regions = Regions::read(&zstd::bulk::decompress(REGIONS, REGIONS_MAX)?)?;
        let mut codes = Vec::new();
        for regency in figures::ORIGIN.shares.iter().map(|share| share.code).chain([JEMBER]) {
            let code = code_of(regency)?;
            let villages = |district| regions.children(district).map(|village| village.area().to_string());
            codes.extend(regions.children(code).flat_map(|district| villages(district.code)));
        }
        Ok(Cast { population: Population::new(Seed::new(SEED), codes), regions })
    }

    /// The next people of an area.
    pub(super) fn of(&mut self, area: &str, count: usize) -> Result<Vec<Person>> {
        let nobody = || format!("nobody lives in {area}");
        (0..count).map(|_| self.population.person_of(area).with_context(nobody)).collect()
    }

    /// The next person of an area.
    pub(super) fn one_of(&mut self, area: &str) -> Result<Person> {
        self.population.person_of(area).with_context(|| format!("nobody lives in {area}"))
    }

    /// The next people, wherever in the five regions they live.
    pub(super) fn anywhere(&mut self, count: usize) -> Result<Vec<Person>> {
        (0..count).map(|_| self.population.person().context("nobody lives anywhere")).collect()
    }

    /// The next people of an area, each with a word in the name that is nowhere else in the world. The words stay
    /// the same in length, so that a search for them can be exact.
    pub(super) fn marked(&mut self, area: &str, count: usize) -> Result<Vec<(Person, String)>> {
        let mut people = Vec::new();
        for person in self.of(area, count)? {
            let mut word = [0; 16];
            std::fs::File::open("/dev/urandom")?.read_exact(&mut word)?;
            let word: String = word.iter().map(|byte| format!("{byte:02x}")).collect();
            people.push((Person { name: format!("{} {word}", person.name), ..person }, word));
        }
        Ok(people)
    }

    /// The next complaint.
    pub(super) fn complaint(&mut self) -> Complaint {
        self.population.complaint()
    }

    /// What a code of a region is called; the code itself where the table lacks it.
    pub(super) fn place_name(&self, code: &str) -> String {
        let region = code_of(code).ok().and_then(|code| self.regions.get(code));
        region.map_or_else(
            || code.to_owned(),
            |region| match region.code.level() {
                Level::Province => region.name.to_owned(),
                Level::Regency | Level::District | Level::Village => region.full_name(),
            },
        )
    }
}

fn code_of(text: &str) -> Result<RegionCode> {
    RegionCode::from_area(&text.parse()?).with_context(|| format!("{text} is no region"))
}

#[cfg(test)]
mod tests {
    use super::super::places::KRUCIL;
    use super::*;

    #[test]
    fn the_same_people_come_every_time_and_nobody_twice() {
        let (mut one, mut two) = (Cast::new().unwrap(), Cast::new().unwrap());
        let people = one.of("35.13", 20).unwrap();
        assert_eq!(people, two.of("35.13", 20).unwrap());
        let (again, anywhere) = (one.of("35.13", 20).unwrap(), one.anywhere(20).unwrap());
        let all = people.iter().chain(&again).chain(&anywhere);
        let names: std::collections::BTreeSet<&str> = all.map(|person| person.name.as_str()).collect();
        assert_eq!(names.len(), 60);
    }

    #[test]
    fn the_village_of_the_demo_is_krucil_and_jember_has_guests() {
        let mut cast = Cast::new().unwrap();
        assert_eq!(cast.place_name(KRUCIL), "Desa Krucil");
        assert_eq!(cast.of(KRUCIL, 2).unwrap()[0].village, KRUCIL);
        assert!(cast.one_of(JEMBER).unwrap().village.starts_with("35.09."));
        assert!(cast.of("33.01", 1).is_err());
    }
}
