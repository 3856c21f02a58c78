//! Saving and reading on one device.

use sambung_domain::RecordId;
use sambung_replica::query::{List, RecordState};
use sambung_replica::{ReplicaError, UsageError};

use crate::site::Site;

const VILLAGE: &str = "35.13.02.2004";

#[test]
fn what_is_saved_is_shown_with_its_place_and_protection() {
    let site = Site::start();
    let mut office = site.office("kraksaan", &["35.13"]);
    let id = office
        .create(&[("nama_lengkap", "Contoh Siti"), ("area", VILLAGE), ("+telepon", "080000001")])
        .unwrap();
    let view = office.show(id);
    assert_eq!(view.fields["nama_lengkap"], "Contoh Siti");
    assert_eq!(view.fields["telepon"], serde_json::json!(["080000001"]));
    assert_eq!(view.fields["area"], VILLAGE);
    assert_eq!(view.fields["access"], "restricted", "at an office no answer means no");
    assert_eq!(view.state, RecordState::Here);
    assert_eq!((view.changes, view.stored), (1, 0));
}

#[test]
fn an_edit_writes_only_what_it_names_and_an_equal_one_nothing() {
    let site = Site::start();
    let mut office = site.office("kraksaan", &["35.13"]);
    let id = office.create(&[("nama_lengkap", "Contoh"), ("tahun_lahir", "1990")]).unwrap();
    assert!(office.edit(id, &[("tahun_lahir", "1991")]).unwrap().is_some());
    assert!(office.edit(id, &[("tahun_lahir", "1991")]).unwrap().is_none());
    let history = office.replica.history(id).unwrap();
    let years: Vec<_> = history.iter().filter(|entry| entry.field == "tahun_lahir").collect();
    assert_eq!(years.len(), 2);
    assert_eq!(years[1].old, [serde_json::json!(1990)]);
    assert_eq!(years[1].new, Some(serde_json::json!(1991)));
    assert_eq!(years[1].staff, office.staff.to_string());
    assert!(years[1].device.is_some());
}

#[test]
fn the_answer_about_the_village_moves_the_protection_with_it() {
    let site = Site::start();
    let mut office = site.office("kraksaan", &["35.13"]);
    let id = office.create(&[("nama_lengkap", "Contoh"), ("boleh_diketahui_desa", "ya")]).unwrap();
    assert_eq!(office.field(id, "access"), "ordinary");
    office.edit(id, &[("boleh_diketahui_desa", "tidak")]).unwrap();
    assert_eq!(office.field(id, "access"), "restricted");
}

#[test]
fn mistakes_are_named_and_change_nothing() {
    let site = Site::start();
    let mut office = site.office("kraksaan", &["35.13"]);
    let wrong_field = office.create(&[("nama_lengkp", "x")]).unwrap_err();
    assert!(matches!(wrong_field, ReplicaError::Usage(UsageError::Field { .. })));
    let elsewhere = office.create(&[("nama_lengkap", "x"), ("area", "35.08.01.2001")]).unwrap_err();
    assert!(matches!(elsewhere, ReplicaError::NotAllowed));
    let unknown = office.edit(RecordId([9; 16]), &[("rt", "1")]).unwrap_err();
    assert!(matches!(unknown, ReplicaError::NotFound(_)));
    assert_eq!(office.waiting(), 0);
    assert!(office.replica.list(&list(&[])).unwrap().rows.is_empty());
}

#[test]
fn a_record_cannot_be_moved_where_the_device_has_no_right() {
    let site = Site::start();
    let mut office = site.office("kraksaan", &["35.13"]);
    let id = office.create(&[("nama_lengkap", "Contoh"), ("area", VILLAGE)]).unwrap();
    assert!(matches!(office.edit(id, &[("area", "35.08.01.2001")]), Err(ReplicaError::NotAllowed)));
    assert!(office.edit(id, &[("area", "35.13.01.2001")]).is_ok());
    assert_eq!(office.field(id, "area"), "35.13.01.2001");
}

fn list(filters: &[(&str, &str)]) -> List {
    let filters = filters.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    List { kind: "worker".to_owned(), filters, ..List::default() }
}

#[test]
fn lists_filter_sort_and_page_without_gaps() {
    let site = Site::start();
    let mut office = site.office("kraksaan", &["35.13"]);
    for at in 0..25 {
        let (sex, year) = (if at % 2 == 0 { "P" } else { "L" }, (1970 + at % 7).to_string());
        let name = format!("Contoh {at:02}");
        let mut set = vec![("nama_lengkap", name.as_str()), ("jenis_kelamin", sex), ("area", VILLAGE)];
        if at % 5 != 0 {
            set.push(("tahun_lahir", &year));
        }
        office.create(&set).unwrap();
    }
    let women = office.replica.list(&list(&[("jenis_kelamin", "P"), ("area", "35.13.02")])).unwrap();
    assert_eq!(women.rows.len(), 13);
    assert!(office.replica.list(&list(&[("area", "35.13.0")])).is_err());
    assert!(office.replica.list(&list(&[("area", "35.13.03")])).unwrap().rows.is_empty());

    let mut years = Vec::new();
    let mut page = List { sort: Some("tahun_lahir".to_owned()), limit: Some(4), ..list(&[]) };
    loop {
        let rows = office.replica.list(&page).unwrap();
        years.extend(
            rows.rows.iter().map(|row| row.fields.get("tahun_lahir").and_then(serde_json::Value::as_i64)),
        );
        match rows.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    assert_eq!(years.len(), 25);
    assert!(years.is_sorted(), "{years:?}");
}

#[test]
fn a_village_officer_may_protect_and_then_change_it_no_more() {
    let site = Site::start();
    let mut village = site.device("desa", "village_officer", &[VILLAGE]);
    let id = village.create(&[("nama_lengkap", "Contoh"), ("area", VILLAGE)]).unwrap();
    assert_eq!(village.field(id, "access"), "ordinary");
    for access in ["secret", "open"] {
        let refused = village.edit(id, &[("access", access)]);
        assert!(matches!(refused, Err(ReplicaError::NotAllowed)), "{access}: {refused:?}");
    }
    village.edit(id, &[("access", "restricted")]).unwrap();
    for set in [("access", "ordinary"), ("rt", "3")] {
        let above = village.edit(id, &[set]);
        assert!(matches!(above, Err(ReplicaError::NotAllowed)), "{set:?}: {above:?}");
    }
}
