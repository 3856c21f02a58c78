//! Everything about a person stands on one page.

use sambung_domain::RecordId;
use sambung_replica::ReplicaError;
use sambung_replica::query::{PersonPage, RecordState};

use crate::site::{Office, Site};

const VILLAGE: &str = "35.13.02.2004";

fn office() -> (Site, Office, RecordId) {
    let site = Site::start();
    let mut office = site.office("a", &["35.13"]);
    let person = office.create(&[("nama_lengkap", "Uji Siti"), ("area", VILLAGE)]).unwrap();
    (site, office, person)
}

fn placement(office: &mut Office, person: RecordId, country: &str) -> RecordId {
    office
        .create_kind(
            "placement",
            None,
            &[("worker", &person.to_string()), ("negara", country), ("area", VILLAGE)],
        )
        .unwrap()
}

#[test]
fn every_kind_that_names_a_person_is_there_newest_first_with_private_parts() {
    let (_site, mut office, person) = office();
    let private = office.create_kind("worker_private", Some(person), &[("nik", "3513024101900001")]).unwrap();
    let older = placement(&mut office, person, "HK");
    let newer = placement(&mut office, person, "TW");
    let pay = office.create_kind("placement_private", Some(older), &[]).unwrap();
    let complaint = office
        .create_kind("complaint", None, &[("worker_id", &person.to_string()), ("area", VILLAGE)])
        .unwrap();
    let other = office.create(&[("nama_lengkap", "Uji Budi"), ("area", VILLAGE)]).unwrap();
    placement(&mut office, other, "MY");
    let view = office.replica.person(person, &PersonPage::default()).unwrap();
    assert_eq!((view.person.id, view.person.state), (person, RecordState::Here));
    assert_eq!(view.person.parts.iter().map(|part| part.id).collect::<Vec<_>>(), [private]);
    let groups: Vec<(&str, Vec<RecordId>)> = view
        .groups
        .iter()
        .map(|group| (group.kind.as_str(), group.rows.iter().map(|row| row.id).collect()))
        .collect();
    assert_eq!(groups, [("complaint", vec![complaint]), ("placement", vec![newer, older])]);
    assert_eq!(view.groups[1].rows[1].parts[0].id, pay);
    let by_part = office.replica.person(private, &PersonPage::default()).unwrap();
    assert_eq!(by_part, view);
}

#[test]
fn a_page_goes_on_kind_by_kind() {
    let (_site, mut office, person) = office();
    let mut all: Vec<RecordId> = (0..25).map(|_| placement(&mut office, person, "HK")).collect();
    all.reverse();
    let first = office.replica.person(person, &PersonPage::default()).unwrap();
    assert_eq!(first.groups[0].rows.len(), 10);
    let mut page = PersonPage { kind: Some("placement".to_owned()), limit: Some(7), after: None };
    let mut seen = Vec::new();
    loop {
        let view = office.replica.person(person, &page).unwrap();
        seen.extend(view.groups[0].rows.iter().map(|row| row.id));
        match view.groups[0].next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, all);
    let most = PersonPage { limit: Some(1_000), ..PersonPage::default() };
    assert_eq!(office.replica.person(person, &most).unwrap().groups[0].rows.len(), 25);
    let without_kind = PersonPage { kind: None, ..page };
    assert!(matches!(office.replica.person(person, &without_kind), Err(ReplicaError::Usage(_))));
}

#[test]
fn what_is_no_person_or_not_here_has_no_page() {
    let (_site, mut office, person) = office();
    let elsewhere = placement(&mut office, person, "HK");
    let page = PersonPage::default();
    assert!(matches!(office.replica.person(elsewhere, &page), Err(ReplicaError::Usage(_))));
    assert!(matches!(office.replica.person(RecordId([9; 16]), &page), Err(ReplicaError::NotFound(_))));
    office.sql("UPDATE record SET away = 1 WHERE kind = 'placement'");
    assert!(office.replica.person(person, &page).unwrap().groups.is_empty());
    office.sql("UPDATE record SET away = 1");
    assert!(matches!(office.replica.person(person, &page), Err(ReplicaError::NotFound(_))));
}
