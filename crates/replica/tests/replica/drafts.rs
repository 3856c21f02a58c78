//! What was begun and not saved.

use sambung_domain::RecordId;
use sambung_replica::draft::{DRAFT_MAX, DRAFTS_MAX, Draft};
use sambung_replica::{Circumstances, ReplicaError};
use serde_json::json;

use crate::site::{Office, Site, database};

fn draft(byte: u8, name: &str) -> Draft {
    let content = json!({"nama_lengkap": name}).as_object().unwrap().clone();
    Draft { id: RecordId([byte; 16]), kind: "worker".to_owned(), record: None, content }
}

impl Office {
    fn keep(&mut self, draft: &Draft) -> Result<(), ReplicaError> {
        self.with(|replica, with: &mut Circumstances<'_>| replica.keep_draft(draft, with))
    }
}

#[test]
fn a_draft_is_kept_found_again_and_discarded_without_a_trace_of_it_in_any_record() {
    let site = Site::start();
    let mut office = site.office("kraksaan", &["35.13"]);
    office.keep(&draft(1, "Uji S")).unwrap();
    office.keep(&draft(1, "Uji Siti")).unwrap();
    office.keep(&draft(2, "Uji Lain")).unwrap();
    let kept = office.replica.drafts(office.staff).unwrap();
    assert_eq!(kept.len(), 2);
    assert_eq!(
        office.replica.kept_draft(RecordId([1; 16]), office.staff).unwrap().draft,
        draft(1, "Uji Siti")
    );
    assert_eq!(office.waiting(), 0, "a draft is no change");
    let staff = office.staff;
    office.replica.discard_draft(RecordId([1; 16]), staff).unwrap();
    assert!(matches!(office.replica.discard_draft(RecordId([1; 16]), staff), Err(ReplicaError::NotFound(_))));
    assert_eq!(office.replica.drafts(staff).unwrap().len(), 1);
}

#[test]
fn a_draft_is_its_authors_alone() {
    let site = Site::start();
    let mut office = site.office("kraksaan", &["35.13"]);
    office.keep(&draft(1, "Uji")).unwrap();
    let other = RecordId([8; 16]);
    assert!(office.replica.drafts(other).unwrap().is_empty());
    assert!(matches!(office.replica.kept_draft(RecordId([1; 16]), other), Err(ReplicaError::NotFound(_))));
    assert!(matches!(office.replica.discard_draft(RecordId([1; 16]), other), Err(ReplicaError::NotFound(_))));
    let me = std::mem::replace(&mut office.staff, other);
    assert!(matches!(office.keep(&draft(1, "Lain")), Err(ReplicaError::NotFound(_))));
    office.staff = me;
    assert_eq!(office.replica.kept_draft(RecordId([1; 16]), me).unwrap().draft, draft(1, "Uji"));
}

#[test]
fn drafts_are_bounded() {
    let site = Site::start();
    let mut office = site.office("kraksaan", &["35.13"]);
    let empty = json!({"nama_lengkap": ""}).to_string().len();
    office.keep(&draft(1, &"x".repeat(DRAFT_MAX - empty))).unwrap();
    assert!(matches!(
        office.keep(&draft(1, &"x".repeat(DRAFT_MAX - empty + 1))),
        Err(ReplicaError::Usage(_))
    ));
    let unknown = Draft { kind: "tidak_ada".to_owned(), ..draft(2, "Uji") };
    assert!(matches!(office.keep(&unknown), Err(ReplicaError::Usage(_))));
    let connection = database(&office.path, &office.key);
    for at in 1..DRAFTS_MAX {
        connection
            .execute(
                "INSERT INTO draft VALUES (randomblob(16), ?1, 'worker', NULL, '{}', ?2)",
                (office.staff.0, at),
            )
            .unwrap();
    }
    assert!(matches!(office.keep(&draft(3, "Uji")), Err(ReplicaError::Usage(_))));
    office.keep(&draft(1, "masih boleh")).unwrap();
}
