//! The mix that is drawn lies near the published one, and the same seed draws the same people.

use std::collections::{BTreeMap, BTreeSet};

use sambung_domain::identifier::Sex;
use sambung_domain::identifier::nik::{self, NikContext};
use sambung_domain::pack::Pack;
use sambung_domain::region::{Level, RegionCode, Regions};

use super::*;

/// East Java's regions, as every host embeds them.
const REGIONS: &[u8] = include_bytes!("../../../domain/data/regions-35.zst");
const REGIONS_MAX: usize = 16 * 1024 * 1024;

/// How many are drawn to look at the mix.
const DRAWN: usize = 20_000;

/// The standard normal quantile of one in a thousand.
const ONE_IN_A_THOUSAND: f64 = 3.09;

fn regions() -> Regions {
    Regions::read(&zstd::bulk::decompress(REGIONS, REGIONS_MAX).unwrap()).unwrap()
}

fn population(seed: u64) -> Population {
    let regions = regions();
    let mut villages = Vec::new();
    for share in figures::ORIGIN.shares {
        let code = RegionCode::from_area(&share.code.parse().unwrap()).unwrap();
        for district in regions.children(code) {
            villages.extend(regions.children(district.code).map(|village| village.area().to_string()));
        }
    }
    Population::new(Seed::new(seed), villages)
}

/// How far counts lie from a figure, as chi-square, and the greatest distance that chance explains but once in a
/// thousand (Wilson and Hilferty, PNAS 1931).
fn distance(figure: &Figure, counts: &BTreeMap<String, u32>) -> (f64, f64) {
    let drawn = f64::from(counts.values().sum::<u32>());
    let square = |share: &Share| {
        let expected = figure.part(share.code) * drawn;
        (f64::from(counts.get(share.code).copied().unwrap_or(0)) - expected).powi(2) / expected
    };
    let freedom = f64::from(u32::try_from(figure.shares.len() - 1).unwrap());
    let ninth = 2.0 / (9.0 * freedom);
    let bound = freedom * (1.0 - ninth + ONE_IN_A_THOUSAND * ninth.sqrt()).powi(3);
    (figure.shares.iter().map(square).sum(), bound)
}

/// What was drawn, by the id of the figure.
fn mix(population: &mut Population) -> BTreeMap<&'static str, BTreeMap<String, u32>> {
    let mut mix = BTreeMap::<&str, BTreeMap<String, u32>>::new();
    let mut note = |figure: &Figure, code: &str| {
        *mix.entry(figure.id).or_default().entry(code.to_owned()).or_default() += 1;
    };
    for _ in 0..DRAWN {
        let person = population.person().unwrap();
        let (placement, complaint) = (&person.placement, population.complaint());
        note(&figures::SEX, person.sex);
        note(&figures::ORIGIN, &person.village[..REGENCY]);
        note(&figures::DESTINATION, placement.country);
        note(&figures::SCHEME, placement.scheme);
        note(&figures::EMPLOYER, placement.employer);
        note(&figures::POSITION, placement.position);
        note(&figures::COMPLAINT, complaint.kind);
        note(&figures::COMPLAINT_COUNTRY, complaint.country);
    }
    mix
}

#[test]
fn the_mix_that_is_drawn_is_the_published_one() {
    let mix = mix(&mut population(1));
    assert_eq!(mix.len(), figures::FIGURES.len());
    for figure in figures::FIGURES {
        let (far, bound) = distance(figure, &mix[figure.id]);
        assert!(far < bound, "{}: {far:.1} is more than {bound:.1}: {:?}", figure.id, mix[figure.id]);
        assert_eq!(mix[figure.id].len(), figure.shares.len(), "{} has codes nobody counted", figure.id);
    }
}

#[test]
fn a_mix_that_is_not_the_published_one_is_noticed() {
    for figure in figures::FIGURES {
        let mut seed = Seed::new(2);
        let mut alike = BTreeMap::new();
        for _ in 0..DRAWN {
            *alike.entry(seed.pick(figure.shares).code.to_owned()).or_default() += 1;
        }
        let (far, bound) = distance(figure, &alike);
        assert!(far > bound, "{}: every code alike lies only {far:.1} away", figure.id);
    }
}

#[test]
fn the_same_seed_gives_the_same_people() {
    let some = |seed| {
        let mut population = population(seed);
        (0..50).map(|_| (population.person().unwrap(), population.complaint())).collect::<Vec<_>>()
    };
    assert_eq!(some(3), some(3));
    assert_ne!(some(3), some(4));
    let [(first, _), ..] = &some(3)[..] else { panic!("nobody") };
    let told = (first.name.as_str(), first.village.as_str(), first.nik.as_str(), first.placement.country);
    let before = ("Uji Nur Mulyani 1", "35.11.07.2006", "3511995607920001", "TW");
    assert_eq!(told, before, "another release must not draw other people");
}

#[test]
fn people_live_in_official_villages_of_the_area_asked_for() {
    let regions = regions();
    let mut population = population(5);
    for area in ["35.13", "35.13.08", "35.13.08.2006"] {
        for _ in 0..20 {
            let village = population.person_of(area).unwrap().village;
            assert!(village.starts_with(area), "{village} is not in {area}");
            let code = RegionCode::from_area(&village.parse().unwrap()).unwrap();
            assert_eq!((regions.get(code).unwrap().code, code.level()), (code, Level::Village));
        }
    }
    assert!(population.person_of("35.13.0").is_none(), "half a code names nothing");
    assert!(population.person_of("33.01").is_none());
    assert!(Population::new(Seed::new(5), []).person().is_none());
}

#[test]
fn nobody_can_be_somebody() {
    let regions = regions();
    let mut population = population(6);
    let people: Vec<Person> = (0..500).map(|_| population.person().unwrap()).collect();
    for person in &people {
        assert!(person.name.starts_with("Uji "));
        let birth = person.birth.iso();
        let context = NikContext {
            regions: None,
            today: "2026-11-24".parse().unwrap(),
            sex: Some(if person.sex == "P" { Sex::Female } else { Sex::Male }),
            birth: birth.parse().ok(),
        };
        assert_eq!(nik::status_code(&nik::read(&person.nik, &context)), "BENTUK_SAH", "{person:?}");
        let known = nik::read(&person.nik, &NikContext { regions: Some(&regions), ..context });
        assert_eq!(nik::status_code(&known), "BELUM_DICEK", "the kecamatan exists: {person:?}");
    }
    let distinct = |told: fn(&Person) -> &str| people.iter().map(told).collect::<BTreeSet<_>>().len();
    assert_eq!(distinct(|person| &person.name), people.len());
    assert_eq!(distinct(|person| &person.phone), people.len());
    assert_eq!(distinct(|person| &person.nik), people.len());
}

#[test]
fn codes_stand_in_the_lists_of_the_schema_pack() {
    let pack = Pack::builtin().unwrap();
    for (figure, list) in [
        (&figures::SEX, "jenis_kelamin"),
        (&figures::DESTINATION, "negara"),
        (&figures::SCHEME, "skema"),
        (&figures::EMPLOYER, "jenis_pemberi_kerja"),
        (&figures::COMPLAINT, "jenis_kasus"),
        (&figures::COMPLAINT_COUNTRY, "negara"),
    ] {
        for share in figure.shares {
            assert!(pack.codes[list].has(share.code), "{list} lacks {}", share.code);
        }
    }
}

#[test]
fn figures_add_up_to_what_was_published() {
    let totals = [
        (&figures::SEX, 296_948),
        (&figures::DESTINATION, 28_488),
        (&figures::EMPLOYER, 10_000),
        (&figures::POSITION, 295_439),
        (&figures::COMPLAINT, 764),
        (&figures::COMPLAINT_COUNTRY, 134),
    ];
    for (figure, total) in totals {
        assert_eq!(figure.total(), total, "{}", figure.id);
    }
    // The ministry's figures by scheme add up to a little less than its report's total, which has 79.47 %.
    assert!((figures::SCHEME.part("P_TO_P") - 0.794_7).abs() < 0.001);
}
