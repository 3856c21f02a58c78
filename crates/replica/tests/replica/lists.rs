//! Lists filter and sort by every kind of value, and their pages have neither gaps nor repetitions.

use sambung_domain::RecordId;
use sambung_replica::query::{List, ListRow};

use crate::site::{Office, Site};

const VILLAGE: &str = "35.13.02.2004";

fn list(filters: &[(&str, &str)]) -> List {
    let filters = filters.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    List { kind: "worker".to_owned(), filters, ..List::default() }
}

/// Every row of a list, page by page.
fn pages(office: &Office, list: List, limit: u32) -> Vec<ListRow> {
    let mut list = List { limit: Some(limit), ..list };
    let mut rows = Vec::new();
    loop {
        let page = office.replica.list(&list).unwrap();
        assert!(page.rows.len() <= usize::try_from(limit).unwrap());
        rows.extend(page.rows);
        match page.next {
            Some(next) => list.after = Some(next),
            None => return rows,
        }
    }
}

fn ids(rows: &[ListRow]) -> Vec<RecordId> {
    rows.iter().map(|row| row.id).collect()
}

fn many(office: &mut Office) {
    for at in 0..30 {
        let name = format!("Uji {at:02}");
        let (sex, year) = (if at % 2 == 0 { "P" } else { "L" }, (1970 + at % 3).to_string());
        let mut set = vec![("nama_lengkap", name.as_str()), ("jenis_kelamin", sex), ("area", VILLAGE)];
        if at % 5 == 0 {
            set.push(("tahun_lahir", ""));
        } else if at % 5 != 1 {
            set.push(("tahun_lahir", &year));
        }
        if at % 3 == 0 {
            set.extend([("+kebutuhan", "PELATIHAN"), ("dusun", "Krajan")]);
        }
        office.create(&set).unwrap();
    }
}

#[test]
fn pages_go_on_through_ties_and_empty_values_in_both_directions() {
    let site = Site::start();
    let mut office = site.office("a", &["35.13"]);
    many(&mut office);
    for key in ["tahun_lahir", "jenis_kelamin", "nama_lengkap", "dusun", "area", "created_at", "alamat"] {
        let sorted = |sort: String| List { sort: Some(sort), ..list(&[]) };
        let whole = pages(&office, sorted(key.to_owned()), 1_000);
        assert_eq!(whole.len(), 30);
        let mut reversed = ids(&whole);
        reversed.reverse();
        for limit in [1, 4, 29, 30] {
            assert_eq!(ids(&pages(&office, sorted(key.to_owned()), limit)), ids(&whole), "{key}");
            assert_eq!(ids(&pages(&office, sorted(format!("-{key}")), limit)), reversed, "-{key}");
        }
    }
    let years: Vec<Option<i64>> =
        pages(&office, List { sort: Some("tahun_lahir".to_owned()), ..list(&[]) }, 7)
            .iter()
            .map(|row| row.fields.get("tahun_lahir").and_then(serde_json::Value::as_i64))
            .collect();
    assert!(years.is_sorted() && years.iter().filter(|year| year.is_none()).count() == 12, "{years:?}");
}

#[test]
fn conditions_join_and_empty_fields_can_be_asked_for() {
    let site = Site::start();
    let mut office = site.office("a", &["35.13"]);
    many(&mut office);
    let count = |filters: &[(&str, &str)]| pages(&office, list(filters), 4).len();
    assert_eq!(count(&[("jenis_kelamin", "P")]), 15);
    assert_eq!(
        count(&[("jenis_kelamin", "P"), ("dusun", "krajan")]),
        5,
        "small and capital letters are alike"
    );
    assert_eq!(count(&[("tahun_lahir", "")]), 12, "emptied and never filled");
    assert_eq!(count(&[("tahun_lahir", ""), ("dusun", "")]), 8);
    assert_eq!(count(&[("kebutuhan", "PELATIHAN")]), 10);
    assert_eq!(count(&[("kebutuhan", "")]), 20);
    assert_eq!(count(&[("area", "35.13"), ("tahun_lahir", "1971")]), count(&[("tahun_lahir", "1971")]));
    assert_eq!(count(&[("area", "35.13.02.2004")]), 30);
    assert_eq!(count(&[("area", "35.13.01")]), 0);
}

#[test]
fn few_and_many_matches_give_the_same_pages() {
    let site = Site::start();
    let mut office = site.office("a", &["35.13"]);
    many(&mut office);
    let rare =
        office.create(&[("nama_lengkap", "Uji Jarang"), ("dusun", "Langka"), ("area", VILLAGE)]).unwrap();
    for sort in [None, Some("nama_lengkap"), Some("-nama_lengkap")] {
        let sort = sort.map(str::to_owned);
        let found = pages(&office, List { sort, ..list(&[("dusun", "Langka")]) }, 2);
        assert_eq!(ids(&found), [rare]);
    }
    office.sql("UPDATE record SET away = 1 WHERE number = (SELECT max(number) FROM record)");
    assert!(pages(&office, list(&[("dusun", "Langka")]), 2).is_empty());
}

#[test]
fn matters_are_listed_where_they_stand_and_clashes_at_each_place() {
    let site = Site::start();
    let mut office = site.office("a", &["35.13"]);
    let [clear, clash, none] =
        ["1", "2", "3"].map(|_| office.create_kind("placement", None, &[("area", VILLAGE)]).unwrap());
    let set = |id: RecordId, listed: &str| {
        let hex: String = id.0.iter().map(|byte| format!("{byte:02x}")).collect();
        office
            .sql(&format!("UPDATE projection SET listed = '{{\"tahap\":\"{listed}\"}}' WHERE id = x'{hex}'"));
    };
    let pack = office.replica.pack().clone();
    let codes = &pack.codes["tahap"].codes;
    let (first, second) = (codes[0].code.clone(), codes[1].code.clone());
    set(clear, &second);
    set(clash, &format!("+{first}+{second}+"));
    let found = |filters: &[(&str, &str)], sort: Option<&str>| {
        let list = List { kind: "placement".to_owned(), sort: sort.map(str::to_owned), ..list(filters) };
        ids(&pages(&office, list, 1))
    };
    assert_eq!(found(&[("tahap", &first)], None), [clash]);
    assert_eq!(found(&[("tahap", &second)], Some("tahap")), [clash, clear]);
    assert_eq!(found(&[("tahap", "")], None), [none]);
    assert_eq!(found(&[], Some("-tahap")), [clear, clash, none]);
    let unknown = List { kind: "placement".to_owned(), ..list(&[("tahap", "TIDAK_ADA")]) };
    assert!(office.replica.list(&unknown).is_err());
}
