//! Search finds people the way people ask for them, and nothing that this device may not show.

use sambung_domain::RecordId;
use sambung_domain::region::{RegionCode, Regions, encode};
use sambung_replica::search::{Found, Search};

use crate::site::{Office, Site};

const VILLAGE: &str = "35.13.02.2004";
const OTHER: &str = "35.13.08.2006";

fn regions() -> Regions {
    let code = |text: &str| text.parse::<RegionCode>().unwrap();
    let names = [("35", "Jawa Timur"), ("35.13", "Probolinggo"), ("35.13.02", "Uji Kecamatan")]
        .into_iter()
        .chain([("35.13.02.2004", "Uji Desa"), ("35.13.08", "Krucil"), ("35.13.08.2006", "Krucil")]);
    let table: Vec<_> = names.map(|(at, name)| (code(at), name.to_owned())).collect();
    Regions::read(&encode("uji", &table).unwrap()).unwrap()
}

fn search(office: &Office, text: &str) -> Found {
    let search = Search { text: text.to_owned(), ..Search::default() };
    office.replica.search(&search, Some(&regions())).unwrap()
}

fn ids(office: &Office, text: &str) -> Vec<RecordId> {
    search(office, text).hits.iter().map(|hit| hit.id).collect()
}

fn person(office: &mut Office, name: &str, phone: &str, area: &str) -> RecordId {
    let phone = format!("08000000{phone}");
    office.create(&[("nama_lengkap", name), ("+telepon", &phone), ("area", area)]).unwrap()
}

#[test]
fn names_are_found_by_words_beginnings_and_insides() {
    let site = Site::start();
    let mut office = site.office("a", &["35.13"]);
    let siti = person(&mut office, "Uji Siti Rahmawati", "1001", VILLAGE);
    let sitirejo = person(&mut office, "Uji Sitirejo", "1002", VILLAGE);
    let nick = office.create(&[("nama_lengkap", "Uji Budi"), ("+nama_panggilan", "Ma'ruf Siti")]).unwrap();
    assert_eq!(ids(&office, "SITI"), [nick, siti, sitirejo], "whole words before beginnings, newest first");
    assert_eq!(ids(&office, "mawati"), [siti]);
    assert_eq!(ids(&office, "rahma siti"), [siti]);
    assert_eq!(ids(&office, "maruf"), [nick]);
    assert_eq!(ids(&office, "ma’ruf"), [nick]);
    assert_eq!(ids(&office, "bu"), [nick]);
    assert_eq!(ids(&office, "ti"), [], "two letters are found at beginnings only");
    assert_eq!(ids(&office, "siti budi rahma"), []);
    let hit = &search(&office, "mawati").hits[0];
    assert_eq!((hit.name.as_deref(), hit.person), (Some("Uji Siti Rahmawati"), Some(siti)));
    assert_eq!(
        (hit.found_in.as_slice(), hit.area.as_deref()),
        (&["nama_lengkap".to_owned()][..], Some(VILLAGE))
    );
}

#[test]
fn telephone_numbers_are_found_in_any_writing_and_by_their_end() {
    let site = Site::start();
    let mut office = site.office("a", &["35.13"]);
    let id = office.create(&[("nama_lengkap", "Uji Siti"), ("+telepon", "0812-0000-4321")]).unwrap();
    office.create(&[("nama_lengkap", "Uji Budi"), ("+whatsapp", "0812-0000-1234")]).unwrap();
    for typed in
        ["081200004321", "+62 812 0000 4321", "0812-0000-4321", "62812 00004321", "4321", "08120000432"]
    {
        assert_eq!(ids(&office, typed), [id], "{typed}");
    }
    assert_eq!(ids(&office, "siti 4321"), [id]);
    assert_eq!(ids(&office, "budi 4321"), []);
    assert_eq!(search(&office, "4321").hits[0].found_in, ["telepon"]);
}

#[test]
fn a_private_number_leads_to_the_person_where_this_device_holds_it() {
    let site = Site::start();
    let mut office = site.office("a", &["35.13"]);
    let id = person(&mut office, "Uji Siti", "1001", VILLAGE);
    let nik = "3513024101900001";
    let private = office.create_kind("worker_private", Some(id), &[("nik", nik)]).unwrap();
    let found = search(&office, "3513 0241 0190 0001");
    assert_eq!(found.hits.iter().map(|hit| hit.id).collect::<Vec<_>>(), [id]);
    assert_eq!(
        (found.hits[0].kind.as_str(), found.hits[0].found_in.as_slice()),
        ("worker", &["nik".to_owned()][..])
    );
    assert_eq!(ids(&office, "900001"), [id]);
    assert_ne!(private, id);
    let village = site.device("desa", "village_officer", &[VILLAGE]);
    assert_eq!(ids(&village, nik), []);
}

#[test]
fn villages_are_found_by_name_with_everybody_inside() {
    let site = Site::start();
    let mut office = site.office("a", &["35.13"]);
    let here = person(&mut office, "Uji Siti", "1001", OTHER);
    person(&mut office, "Uji Siti", "1002", VILLAGE);
    let named = person(&mut office, "Uji Krucil", "1003", VILLAGE);
    assert_eq!(ids(&office, "siti krucil"), [here]);
    assert_eq!(ids(&office, "siti kec. krucil"), [here]);
    assert_eq!(ids(&office, "krucil"), [named, here], "names before places");
    assert_eq!(ids(&office, "siti probolinggo").len(), 2);
    assert!(search(&office, "krucil").hits[1].found_in.is_empty());
    let without = Search { text: "siti krucil".to_owned(), ..Search::default() };
    assert!(office.replica.search(&without, None).unwrap().hits.is_empty());
}

#[test]
fn what_was_changed_or_went_away_is_found_no_more() {
    let site = Site::start();
    let mut office = site.office("a", &["35.13"]);
    let id = person(&mut office, "Uji Zulaikha", "1001", VILLAGE);
    office.edit(id, &[("nama_lengkap", "Uji Markonah")]).unwrap();
    assert_eq!(ids(&office, "zulaikha"), []);
    assert_eq!(ids(&office, "markonah"), [id]);
    // Deleted terms leave the pages of both indexes when their pieces are merged: neither whole nor behind a beginning
    // shared with others.
    for table in ["search_word", "search_part"] {
        office.sql(&format!("INSERT INTO {table} ({table}) VALUES ('optimize')"));
    }
    for (pages, gone, there) in [
        ("SELECT block FROM search_word_data", "ulaikha", "arkonah"),
        ("SELECT block FROM search_part_data", "zul", "ona"),
        ("SELECT c1 FROM search_word_content", "zulaikha", "markonah"),
        ("SELECT c1 FROM search_part_content", "zulaikha", "markonah"),
    ] {
        let pages = bytes(&office.database(), pages);
        let holds = |text: &str| pages.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(!holds(gone) && holds(there), "{gone} {there}");
    }
    office.sql("UPDATE record SET away = 1");
    assert_eq!(ids(&office, "markonah"), []);
}

fn bytes(database: &rusqlite::Connection, sql: &str) -> Vec<u8> {
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement
        .query_map([], |row| row.get_ref(0).map(|value| value.as_bytes().unwrap().to_vec()))
        .unwrap();
    rows.flat_map(Result::unwrap).collect()
}

#[test]
fn searches_are_bounded_filtered_and_refused_without_a_letter() {
    let site = Site::start();
    let mut office = site.office("a", &["35.13"]);
    for at in 0..25 {
        person(&mut office, &format!("Uji Nomor{at:02}"), &format!("{at:04}"), VILLAGE);
    }
    let found = search(&office, "uji");
    assert_eq!((found.hits.len(), found.more), (20, true));
    let all = Search { text: "uji".to_owned(), limit: Some(1_000), kind: Some("worker".to_owned()) };
    let found = office.replica.search(&all, None).unwrap();
    assert_eq!((found.hits.len(), found.more), (25, false));
    let cases = Search { kind: Some("case".to_owned()), ..all };
    assert!(office.replica.search(&cases, None).unwrap().hits.is_empty());
    let unknown = Search { kind: Some("pekerja".to_owned()), ..cases };
    assert!(office.replica.search(&unknown, None).is_err());
    for nothing in ["", " \"*()", "^"] {
        let search = Search { text: nothing.to_owned(), ..Search::default() };
        assert!(office.replica.search(&search, None).is_err(), "{nothing}");
    }
    for hostile in ["uji\" OR \"", "uji*", "title:uji", "uji NOT uji", "NEAR(uji, 2)", "uji) AND (", "\0uji"]
    {
        search(&office, hostile);
    }
}
