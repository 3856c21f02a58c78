//! What saves and exchanges keep up bit by bit is what a rebuild makes at once.

use proptest::prelude::*;
use sambung_domain::RecordId;

use crate::site::{Office, Site};

/// Every derived table, as rows in words: what the indexes of search hold among them, term by term.
fn derived(office: &Office) -> Vec<Vec<String>> {
    let database = office.database();
    database
        .execute_batch(
            "CREATE VIRTUAL TABLE temp.words USING fts5vocab('main', 'search_word', 'instance');
             CREATE VIRTUAL TABLE temp.parts USING fts5vocab('main', 'search_part', 'instance');",
        )
        .unwrap();
    let rows = |sql: &str| -> Vec<String> {
        let mut statement = database.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    vec![
        rows(
            "SELECT concat_ws('|', record, kind, hex(id), content, hex(heads), conflicts, listed) FROM projection ORDER BY record",
        ),
        rows(
            "SELECT concat_ws('|', rowid, kind, title, text, number, place) FROM search_word ORDER BY rowid",
        ),
        rows("SELECT concat_ws('|', rowid, kind, title, text, number) FROM search_part ORDER BY rowid"),
        rows("SELECT concat_ws('|', term, doc, col, \"offset\") FROM temp.words ORDER BY 1"),
        rows("SELECT concat_ws('|', term, doc, col, \"offset\") FROM temp.parts ORDER BY 1"),
        rows("SELECT concat_ws('|', hex(target), kind, created, record) FROM reference ORDER BY 1"),
        rows("SELECT concat_ws('|', hex(id), record) FROM sibling ORDER BY 1"),
    ]
}

/// One step: which office, what it does, to which record, with which value.
type Step = (usize, u8, usize, u8);

fn take(offices: &mut [Office], site: &Site, workers: &mut Vec<RecordId>, (at, what, which, value): Step) {
    let office = &mut offices[at];
    let worker = (!workers.is_empty()).then(|| workers[which % workers.len()]);
    let name = format!("Uji {}", ["Siti", "Budi", "Ma'ruf", ""][usize::from(value % 4)]);
    let phone = format!("0800000{value:04}");
    match (what, worker) {
        (0, _) | (_, None) => workers.push(office.create(&[("nama_lengkap", &name)]).unwrap()),
        (1, Some(worker)) => drop(office.edit(worker, &[("nama_lengkap", &name), ("dusun", "Krajan")])),
        (2, Some(worker)) => drop(office.edit(worker, &[("+telepon", &phone), ("+nama_panggilan", &name)])),
        (3, Some(worker)) => drop(office.edit(worker, &[("area", &format!("35.13.{:02}", 1 + value % 9))])),
        (4, Some(worker)) => {
            drop(office.create_kind(
                "placement",
                None,
                &[("worker", &worker.to_string()), ("jabatan", &name)],
            ));
        }
        (5, Some(worker)) => drop(office.create_kind("worker_private", Some(worker), &[("nik", &phone)])),
        _ => drop(office.sync(site)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 20, ..ProptestConfig::default() })]

    #[test]
    fn a_rebuild_gives_the_rows_that_are_there(
        steps in prop::collection::vec((0..3_usize, 0..8_u8, any::<usize>(), any::<u8>()), 20..50),
    ) {
        let site = Site::start();
        let mut offices: Vec<Office> = ["a", "b", "c"].map(|name| site.office(name, &["35.13"])).into();
        let mut workers = Vec::new();
        for step in steps {
            take(&mut offices, &site, &mut workers, step);
        }
        for _ in 0..2 {
            for office in &mut offices {
                office.sync(&site);
            }
            for office in &mut offices {
                let before = derived(office);
                office.replica.rebuild().unwrap();
                prop_assert_eq!(before, derived(office));
            }
        }
        for office in &offices {
            prop_assert_eq!(office.findings(), []);
        }
    }
}
