//! What a command writes beside the fields it names: derived ids, places of what follows, items.

use sambung_domain::RecordId;
use sambung_replica::command::{EditRecord, Fields};
use sambung_replica::query::List;
use sambung_replica::{ReplicaError, UsageError};
use serde_json::json;

use crate::site::{Office, Site, create};

const VILLAGE: &str = "35.13.02.2004";
const OTHER_VILLAGE: &str = "35.13.05.2001";

struct Family {
    worker: RecordId,
    private: RecordId,
    placement: RecordId,
    wages: RecordId,
}

/// A worker of a village with private part, placement and the placement's private part.
fn family(office: &mut Office) -> Family {
    let worker = office
        .create(&[("nama_lengkap", "Uji Siti"), ("area", VILLAGE), ("boleh_diketahui_desa", "ya")])
        .unwrap();
    let private = office.create_kind("worker_private", Some(worker), &[("tempat_lahir", "Uji")]).unwrap();
    let named = worker.to_string();
    let placement = office.create_kind("placement", None, &[("worker", &named), ("negara", "HK")]).unwrap();
    let wages = office.create_kind("placement_private", Some(placement), &[("gaji", "HKD 5000")]).unwrap();
    Family { worker, private, placement, wages }
}

#[test]
fn what_belongs_to_a_worker_is_born_where_the_worker_is() {
    let site = Site::start();
    let mut office = site.office("kraksaan", &["35.13"]);
    let family = family(&mut office);
    assert_eq!(family.private, family.worker.sibling("worker_private"));
    assert_eq!(family.wages, family.placement.sibling("placement_private"));
    for id in [family.private, family.placement, family.wages] {
        assert_eq!(office.field(id, "area"), VILLAGE);
        assert_eq!(office.field(id, "office"), office.field(family.worker, "office"));
    }
    assert_eq!(office.field(family.placement, "access"), "ordinary");
    assert_eq!(office.field(family.wages, "access"), "restricted", "never less than its kind");
}

#[test]
fn what_belongs_to_a_worker_moves_with_the_worker_in_one_commit() {
    let site = Site::start();
    let mut office = site.office("kraksaan", &["35.13"]);
    let family = family(&mut office);
    let before = office.waiting();
    let fields = Fields {
        set: [("area".to_owned(), json!(OTHER_VILLAGE)), ("boleh_diketahui_desa".to_owned(), json!(false))]
            .into(),
        ..Fields::default()
    };
    let edit = EditRecord { id: family.worker, fields, reason: None };
    let outcome = office.with(|replica, with| replica.edit(&edit, with)).unwrap();
    let mut followed = outcome.followed;
    followed.sort();
    let mut expected = vec![family.private, family.placement, family.wages];
    expected.sort();
    assert_eq!(followed, expected);
    for id in expected {
        assert_eq!(office.field(id, "area"), OTHER_VILLAGE);
        assert_eq!(office.field(id, "access"), "restricted");
    }
    assert_eq!(office.waiting(), before + 4);
    // An edit elsewhere moves nothing.
    let again = office.edit(family.worker, &[("dusun", "Krajan")]).unwrap();
    assert!(again.is_some());
    assert_eq!(office.waiting(), before + 5);
}

#[test]
fn a_part_needs_the_record_it_is_a_part_of() {
    let site = Site::start();
    let mut office = site.office("kraksaan", &["35.13"]);
    let worker = office.create(&[("nama_lengkap", "Uji")]).unwrap();
    let nameless = office.create_kind("worker_private", None, &[("tempat_lahir", "Uji")]).unwrap_err();
    assert!(nameless.to_string().contains("--of"), "{nameless}");
    let unknown = office.create_kind("worker_private", Some(RecordId([9; 16])), &[]).unwrap_err();
    assert!(matches!(unknown, ReplicaError::NotFound(_)));
    let private = office.create_kind("worker_private", Some(worker), &[]).unwrap();
    let twice = office.create_kind("worker_private", Some(worker), &[]).unwrap_err();
    assert!(matches!(twice, ReplicaError::Usage(UsageError::Exists(id)) if id == private));
    let misplaced = office.create_kind("placement_private", Some(worker), &[]).unwrap_err();
    assert!(misplaced.to_string().contains("is no placement"), "{misplaced}");
}

#[test]
fn things_with_parts_are_added_and_their_parts_changed() {
    let site = Site::start();
    let mut office = site.device("penanganan", "case_officer", &["35.13"]);
    let case =
        office.create_kind("case", None, &[("+klarifikasi", r#"{"ke": 1, "pihak": "P3MI Uji"}"#)]).unwrap();
    let items = office.field(case, "klarifikasi");
    let item = items.as_object().unwrap().keys().next().unwrap().clone();
    office.edit(case, &[(&format!("klarifikasi/{item}/dipenuhi"), "ya")]).unwrap();
    let expected = json!({ item: { "ke": 1, "pihak": "P3MI Uji", "dipenuhi": true } });
    assert_eq!(office.field(case, "klarifikasi"), expected);
}

#[test]
fn many_records_are_made_together_or_not_at_all() {
    let site = Site::start();
    let mut office = site.office("kraksaan", &["35.13"]);
    let id = |byte: u8| Some(RecordId([byte; 16]));
    let good = create("worker", None, &[("nama_lengkap", "Uji Satu")]);
    let bad = create("worker", None, &[("tahun_lahir", "kemarin")]);
    let all = [(id(1), good.clone()), (id(2), bad)];
    assert!(office.with(|replica, with| replica.create_all(&all, with)).is_err());
    assert!(
        office.replica.list(&List { kind: "worker".to_owned(), ..List::default() }).unwrap().rows.is_empty()
    );
    let all = [(id(1), good.clone()), (id(2), good)];
    let made = office.with(|replica, with| replica.create_all(&all, with)).unwrap();
    assert_eq!(made.iter().map(|outcome| Some(outcome.id)).collect::<Vec<_>>(), [id(1), id(2)]);
}

#[test]
fn what_is_odd_is_saved_and_said_unless_only_good_values_are_wanted() {
    let site = Site::start();
    let mut office = site.office("kraksaan", &["35.13"]);
    let worker = office.create(&[("nama_lengkap", "Uji")]).unwrap();
    let odd = || create("worker_private", Some(worker), &[("nik", "12345")]);
    let mut strict = odd();
    strict.fields.strict = true;
    let refused = office.with(|replica, with| replica.create(&strict, with));
    assert!(matches!(refused, Err(ReplicaError::Odd { ref field, .. }) if field == "nik"));
    assert!(office.replica.show(worker.sibling("worker_private")).is_err(), "nothing was saved");
    let outcome = office.with(|replica, with| replica.create(&odd(), with)).unwrap();
    assert_eq!(outcome.findings[0].path, ["nik"]);
    assert_eq!(office.field(outcome.id, "nik"), "12345");
    let elsewhere = EditRecord {
        id: outcome.id,
        fields: Fields { set: [("tempat_lahir".to_owned(), json!("Uji"))].into(), ..Fields::default() },
        reason: None,
    };
    let quiet = office.with(|replica, with| replica.edit(&elsewhere, with)).unwrap();
    assert!(quiet.findings.is_empty(), "only what was written is remarked on");
}
