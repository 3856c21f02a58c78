use proptest::prelude::*;

use super::*;
use crate::date::tests::date;
use crate::region::tests::{east_java, indonesia};

fn context(regions: &'static Regions) -> NikContext<'static> {
    NikContext { regions: Some(regions), today: date("2026-07-03"), sex: None, birth: None }
}

fn read_plain(typed: &str) -> Reading<Nik> {
    read(typed, &context(indonesia()))
}

fn codes(reading: &Reading<Nik>) -> Vec<&'static str> {
    reading.warnings.iter().map(Warning::code).collect()
}

#[test]
fn a_sound_nik_tells_region_sex_and_birth() {
    let reading = read_plain("3513 0257 0584 0002");
    assert!(reading.is_sound(), "{:?}", reading.warnings);
    assert_eq!(status_code(&reading), "BENTUK_SAH");
    let nik = reading.value.unwrap();
    assert_eq!((reading.text.as_str(), nik.digits()), ("3513025705840002", "3513025705840002"));
    assert_eq!(nik.issued_in.unwrap().as_str(), "35.13.02");
    assert_eq!((nik.sex, nik.birth), (Some(Sex::Female), Some(date("1984-05-17"))));
}

#[test]
fn every_oddity_is_a_warning_and_the_text_is_kept() {
    for (typed, kept, expected) in [
        ("", "", vec![]),
        ("  ", "", vec![]),
        (" 3513025705840 ", "3513025705840", vec!["nik_length"]),
        ("35130257058400021", "35130257058400021", vec!["nik_length"]),
        ("351302570584000l", "351302570584000l", vec!["nik_not_digits"]),
        ("٣٥١٣٠٢٥٧٠٥٨٤٠٠٠٢", "٣٥١٣٠٢٥٧٠٥٨٤٠٠٠٢", vec!["nik_not_digits"]),
        ("3,51303E+15", "3,51303E+15", vec!["nik_rounded"]),
        ("'3513025705840002", "3513025705840002", vec![]),
        ("3513991705840001", "3513991705840001", vec!["nik_region_unknown"]),
        ("3599011705840001", "3599011705840001", vec!["nik_region_unknown"]),
        ("0101011705840001", "0101011705840001", vec!["nik_region_unknown"]),
        ("0013021705840001", "0013021705840001", vec!["nik_region_form"]),
        ("3500021705840001", "3500021705840001", vec!["nik_region_form"]),
        ("3513001705840001", "3513001705840001", vec!["nik_region_form"]),
        ("3570011705840001", "3570011705840001", vec!["nik_region_form"]),
        ("3513023102840001", "3513023102840001", vec!["nik_date"]),
        ("3513024005840001", "3513024005840001", vec!["nik_date"]),
        ("3513027205840001", "3513027205840001", vec!["nik_date"]),
        ("3513020005840001", "3513020005840001", vec!["nik_date"]),
        ("3513021713840001", "3513021713840001", vec!["nik_date"]),
        ("3513021705840000", "3513021705840000", vec!["nik_serial"]),
        ("3500003213840000", "3500003213840000", vec!["nik_region_form", "nik_serial", "nik_date"]),
    ] {
        let reading = read_plain(typed);
        assert_eq!((reading.text.as_str(), codes(&reading)), (kept, expected), "{typed}");
    }
    assert_eq!(status_code(&read_plain("")), "BELUM_ADA");
    assert_eq!(status_code(&read_plain("3513")), "BELUM_DICEK");
}

#[test]
fn the_century_is_the_latest_that_is_not_in_the_future() {
    let birth = |digits: &str| read_plain(digits).value.unwrap().birth.unwrap();
    assert_eq!(birth("3513020101050003"), date("2005-01-01"));
    assert_eq!(birth("3513020307260001"), date("2026-07-03"));
    assert_eq!(birth("3513020407260001"), date("1926-07-04"));
    assert_eq!(birth("3513026902000001"), date("2000-02-29"));
    assert_eq!(birth("3513020101270001"), date("1927-01-01"));
}

#[test]
fn a_typed_birth_in_another_century_decides_it() {
    let mut context = context(indonesia());
    context.birth = Some("1924".parse().unwrap());
    let reading = read("3513020101240001", &context);
    assert_eq!(reading.value.as_ref().unwrap().birth, Some(date("1924-01-01")));
    assert_eq!(codes(&reading), Vec::<&str>::new());
}

#[test]
fn typed_sex_and_birth_are_compared() {
    let with = |sex: Option<&str>, birth: Option<&str>| {
        let mut context = context(indonesia());
        context.sex = sex.and_then(Sex::from_code);
        context.birth = birth.map(|birth| birth.parse().unwrap());
        codes(&read("3513025705840002", &context))
    };
    assert_eq!(with(Some("P"), Some("1984-05-17")), Vec::<&str>::new());
    assert_eq!(with(Some("P"), Some("1984-05")), Vec::<&str>::new());
    assert_eq!(with(None, Some("1984")), Vec::<&str>::new());
    assert_eq!(with(Some("L"), None), ["nik_sex"]);
    assert_eq!(with(Some("L"), Some("1984-05-18")), ["nik_sex", "nik_birth"]);
    assert_eq!(with(None, Some("1985")), ["nik_birth"]);
    assert_eq!(Sex::from_code("X"), None);
}

#[test]
fn a_table_that_does_not_reach_a_region_raises_no_warning_about_it() {
    let warned = |digits: &str| codes(&read(digits, &context(east_java())));
    assert_eq!(warned("3201991705840001"), Vec::<&str>::new());
    assert_eq!(warned("3299011705840001"), ["nik_region_unknown"]);
    assert_eq!(warned("3513991705840001"), ["nik_region_unknown"]);
    let nothing = NikContext { regions: None, ..context(east_java()) };
    assert_eq!(codes(&read("0101011705840001", &nothing)), Vec::<&str>::new());
}

/// Sex, day of birth and warnings as we read them.
type Ours = (Option<&'static str>, Option<&'static str>, &'static [&'static str]);

/// Numbers on which the npm package `nik-parser` 1.0.1 is wrong (run under Node 20, time zone UTC). For each:
/// what it says, the rule it breaks, and what we say: sex, birth, warnings.
const NIK_PARSER_CASES: &[(&str, &str, &str, Ours)] = &[
    (
        "3513025705840002",
        "pria, 1984-06-26",
        "women have 40 added to the day; it asks whether day 57 of May, already rolled over to 26 June, is below 40",
        (Some("P"), Some("1984-05-17"), &[]),
    ),
    (
        "3513020101050003",
        "1905-01-01",
        "the century is the latest that is not in the future; JavaScript's Date reads years 0 to 99 as 19YY",
        (Some("L"), Some("2005-01-01"), &[]),
    ),
    ("3513016101050004", "pria, 1905-03-02", "both rules at once", (Some("P"), Some("2005-01-21"), &[])),
    (
        "3513026902000005",
        "pria, 1900-04-10",
        "29 February exists in 2000, not in 1900",
        (Some("P"), Some("2000-02-29"), &[]),
    ),
    (
        "3513990101900001",
        "throws TypeError",
        "an unknown kecamatan is a warning: codes change, numbers stay",
        (Some("L"), Some("1990-01-01"), &["nik_region_unknown"]),
    ),
    (
        "9601010101900001",
        "isValid false, kecamatan throws",
        "Papua Barat Daya (96) exists since UU 29/2022; it knows 34 provinces",
        (Some("L"), Some("1990-01-01"), &[]),
    ),
    ("3513023002900001", "valid, 1990-03-02", "30 February is no day", (None, None, &["nik_date"])),
    ("3513020113900001", "valid, 1991-01-01", "there is no thirteenth month", (None, None, &["nik_date"])),
    (
        "3513020000900001",
        "valid, 1989-11-30",
        "there is no day 0 and no month 0",
        (None, None, &["nik_date"]),
    ),
    (
        "3513028505900001",
        "valid, 1990-07-24",
        "41 to 71 are the days of women; 85 is neither",
        (None, None, &["nik_date"]),
    ),
    (
        "3513020101900000",
        "valid",
        "the serial begins at 0001",
        (Some("L"), Some("1990-01-01"), &["nik_serial"]),
    ),
    ("351302010190000X", "valid", "sixteen digits, not sixteen signs", (None, None, &["nik_not_digits"])),
    (
        "3513 0201 0190 0001",
        "isValid false, 1901-01-20",
        "spaces are how cards print it and people read it",
        (Some("L"), Some("1990-01-01"), &[]),
    ),
];

#[test]
fn where_nik_parser_is_wrong() {
    for (typed, theirs, rule, (sex, birth, warnings)) in NIK_PARSER_CASES {
        let reading = read_plain(typed);
        let nik = reading.value.as_ref();
        let told = (
            nik.and_then(|nik| nik.sex).map(Sex::code),
            nik.and_then(|nik| nik.birth).map(Date::to_iso),
            codes(&reading),
        );
        let ours = (*sex, birth.map(str::to_owned), warnings.to_vec());
        assert_eq!(told, ours, "{typed}: nik-parser says {theirs}; {rule}");
    }
}

/// Days of the hundred years up to 3 July 2026.
fn birth_date() -> impl Strategy<Value = Date> {
    (date("1926-07-04").days()..=date("2026-07-03").days()).prop_map(Date::from_days)
}

proptest! {
    #[test]
    fn a_nik_built_from_a_person_tells_the_person(
        birth in birth_date(), female: bool, serial in 1u16..10_000, known: bool
    ) {
        let today = date("2026-07-03");
        let day = birth.day() + if female { 40 } else { 0 };
        let digits = format!("351302{day:02}{:02}{:02}{serial:04}", birth.month(), birth.year() % 100);
        let sex = if female { Sex::Female } else { Sex::Male };
        let context = NikContext {
            regions: Some(indonesia()),
            today,
            sex: known.then_some(sex),
            birth: known.then_some(birth.into()),
        };
        let reading = read(&digits, &context);
        prop_assert!(reading.is_sound(), "{:?}", reading.warnings);
        let nik = reading.value.unwrap();
        prop_assert_eq!((nik.sex, nik.birth), (Some(sex), Some(birth)));
    }

    #[test]
    fn no_text_is_refused_and_what_is_kept_reads_the_same(typed in "\\PC{0,80}|[0-9 .-]{14,24}") {
        let reading = read(&typed, &context(east_java()));
        prop_assert!(!reading.text.is_empty() || typed.trim().is_empty());
        prop_assert_eq!(read(&reading.text, &context(east_java())), reading);
    }
}
