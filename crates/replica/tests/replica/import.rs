//! Lists at their limits.

use sambung_domain::Timestamp;
use sambung_replica::Circumstances;
use sambung_replica::import::{Plan, RECORD_MAX, REMARKS_MAX, Remark, Row, Sheet, Source, Written};
use serde_json::{Value as Json, json};

use crate::site::{Office, Site};

fn sheet(columns: &[&str], rows: Vec<Vec<Json>>) -> Sheet {
    let columns = columns.iter().map(|heading| (*heading).to_owned()).collect();
    Sheet { columns, rows: (2..).zip(rows).map(|(number, cells)| Row { number, cells }).collect() }
}

fn plan(office: &Office, kind: &str, sheet: &Sheet) -> Plan {
    office.replica.plan_import(&Source { kind, map: None, sheet }, Timestamp(0)).unwrap()
}

fn write(office: &mut Office, kind: &str, sheet: &Sheet, rows: &[usize]) -> Written {
    let mut count = 0_u128;
    let mut random = || {
        count += 1;
        count.to_be_bytes()
    };
    let staff = office.replica.staff().unwrap()[0];
    let mut circumstances = Circumstances { staff, now: Timestamp(0), random: &mut random };
    office.replica.import_rows(&Source { kind, map: None, sheet }, rows, &mut circumstances).unwrap()
}

/// What [`RECORD_MAX`] counts for each write besides its path and value.
const WRITE: usize = 24;

/// A list with one row, whose one record is counted as so many bytes.
fn row_of(bytes: usize) -> Sheet {
    let entry = |at: usize| format!("{at:0>80}");
    let one = "nama_panggilan".len() + entry(0).len() + 8 + WRITE;
    let left = bytes - ("nama_lengkap".len() + "Uji".len() + WRITE) - ("alamat".len() + WRITE);
    let entries: Vec<String> = (0..left / one - 1).map(entry).collect();
    let address = "a".repeat(left - entries.len() * one);
    let cells = vec![json!("Uji"), json!(entries), json!(address)];
    sheet(&["nama_lengkap", "nama_panggilan", "alamat"], vec![cells])
}

#[test]
fn what_a_row_may_say_fits_into_one_change() {
    let site = Site::start();
    let mut office = site.office("Kraksaan", &["35.13"]);
    let over = plan(&office, "worker", &row_of(RECORD_MAX + 1));
    assert_eq!((over.bad_rows, over.fresh.len()), (1, 0), "{over:?}");
    assert!(over.bad.kept[0].message.en.contains("too long for one record"), "{over:?}");
    let most = row_of(RECORD_MAX);
    assert_eq!(plan(&office, "worker", &most).fresh, [0]);
    assert_eq!(write(&mut office, "worker", &most, &[0]), Written { made: 1, present: 0 });
    // As many entries as fit, each as short as can be: a change has room for so many writes.
    let entries: Vec<String> = (0..RECORD_MAX / (WRITE + 20)).map(|at| format!("{at:x}")).collect();
    let many = sheet(&["telepon"], vec![vec![json!(entries)]]);
    assert_eq!(plan(&office, "worker", &many).fresh, [0]);
    assert_eq!(write(&mut office, "worker", &many, &[0]).made, 1);
}

#[test]
fn a_part_needs_the_record_it_is_a_part_of() {
    let site = Site::start();
    let office = site.office("Kraksaan", &["35.13"]);
    let rows = vec![vec![json!("-"), Json::Null], vec![json!("-"), json!("0".repeat(26))]];
    let plan = plan(&office, "worker_private", &sheet(&["tempat_lahir", "worker"], rows));
    assert_eq!(plan.bad.kept[0].column, "worker");
    assert!(plan.bad.kept[1].message.en.contains("which is not here"), "{:?}", plan.bad.kept);
}

#[test]
fn remarks_are_counted_and_the_first_are_kept() {
    let site = Site::start();
    let office = site.office("Kraksaan", &["35.13"]);
    let rows = |count: usize| sheet(&["tahun_lahir"], vec![vec![json!("delapan")]; count]);
    for count in [REMARKS_MAX, REMARKS_MAX + 1] {
        let plan = plan(&office, "worker", &rows(count));
        assert_eq!((plan.bad.kept.len(), plan.bad.count), (REMARKS_MAX, u64::try_from(count).unwrap()));
        assert_eq!(plan.bad_rows, plan.bad.count);
    }
}

#[test]
fn a_row_outside_the_devices_area_is_bad_before_anything_is_written() {
    let site = Site::start();
    let office = site.office("Kraksaan", &["35.13"]);
    let rows = vec![vec![json!("Uji Siti"), json!("35.13.02")], vec![json!("Uji Budi"), json!("33.01")]];
    let plan = plan(&office, "worker", &sheet(&["nama_lengkap", "area"], rows));
    assert_eq!((plan.fresh, plan.bad_rows), (vec![0], 1));
    assert!(plan.bad.kept[0].message.id.contains("33.01"), "{:?}", plan.bad.kept);
}

#[test]
fn of_many_records_with_one_nik_a_few_are_named() {
    let site = Site::start();
    let mut office = site.office("Kraksaan", &["35.13"]);
    let ids: Vec<Json> = (1..=4).map(|at| json!(format!("{at:0>26}"))).collect();
    let workers = ids.iter().map(|id| vec![id.clone(), json!("Uji Siti")]).collect();
    let workers = sheet(&["id", "nama_lengkap"], workers);
    write(&mut office, "worker", &workers, &[0, 1, 2, 3]);
    let parts = ids.iter().map(|id| vec![id.clone(), json!("3513024505840001")]).collect();
    let parts = sheet(&["worker", "nik"], parts);
    let told = |office: &Office| {
        let row = vec![json!("Uji Ani"), json!("3513 0245 0584 0001")];
        let list = sheet(&["NAMA", "NIK"], vec![row]);
        let source = Source { kind: "worker", map: Some("siskop2mi"), sheet: &list };
        let plan = office.replica.plan_import(&source, Timestamp(0)).unwrap();
        assert_eq!(plan.fresh, [0], "it is no reason to refuse");
        let already = |remark: &&Remark| remark.message.en.contains("has this NIK already");
        plan.warnings.kept.iter().filter(already).map(|remark| remark.message.en.clone()).collect::<Vec<_>>()
    };
    for (written, expected) in [(&[][..], 0), (&[0], 1), (&[1, 2], 3), (&[3], 3)] {
        write(&mut office, "worker_private", &parts, written);
        assert_eq!(told(&office).len(), expected);
    }
    assert!(told(&office).iter().all(|text| ids.iter().any(|id| text.contains(id.as_str().unwrap()))));
    // Rows that name their records were told apart by somebody: one NIK in several is a warning.
    let again = plan(&office, "worker_private", &parts);
    assert_eq!((again.bad_rows, again.present_rows), (0, 4));
    assert_eq!(again.warnings.count, 3);
}
