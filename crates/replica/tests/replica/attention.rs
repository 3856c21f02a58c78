//! Lists with reasons.

use sambung_replica::attention::What;

use crate::site::Site;

#[test]
fn each_list_names_records_reasons_and_times() {
    let site = Site::start();
    let mut a = site.office("a", &["35.13"]);
    let ids: Vec<_> = (0..5).map(|at| a.create(&[("nama_lengkap", &format!("C {at}"))]).unwrap()).collect();
    assert_eq!(a.replica.matters(10).unwrap().matters, []);
    a.sql(
        "UPDATE change SET refused = 'form_message', judged = 1000 WHERE record = 1;
         UPDATE change SET lane = 2, code = 'not_allowed', judged = 2000 WHERE record = 2;
         INSERT INTO unusable (record, generation, hash, code, chunk, came)
           SELECT id, 1, zeroblob(32), 'pack', x'00', 3000 FROM record WHERE number = 3;
         INSERT INTO underived VALUES (4), (5);
         UPDATE record SET attempts = 3 WHERE number = 4;
         UPDATE change SET held = 5000 WHERE record = 5;
         INSERT INTO pending (record, generation, kind, hash, chunk, nonce, batch, leaf, shard, sequence, came) SELECT id, 1, kind, zeroblob(32), x'00', zeroblob(16), 1, 0, '35.13', 9, 6000
           FROM record WHERE number = 5",
    );
    let matters = a.replica.matters(10).unwrap();
    assert!(!matters.more);
    let seen: Vec<_> = matters
        .matters
        .iter()
        .map(|matter| (matter.what, matter.record, matter.code.as_str(), matter.since.as_deref()))
        .collect();
    assert_eq!(
        seen,
        [
            (What::Refused, ids[0], "form_message", Some("1970-01-01T00:00:01Z")),
            (What::Quarantined, ids[1], "not_allowed", Some("1970-01-01T00:00:02Z")),
            (What::Unusable, ids[2], "pack", Some("1970-01-01T00:00:03Z")),
            (What::Underived, ids[3], "underived", None),
            (What::Held, ids[4], "held", Some("1970-01-01T00:00:05Z")),
            (What::Pending, ids[4], "base_missing", Some("1970-01-01T00:00:06Z")),
        ]
    );
    let some = a.replica.matters(2).unwrap();
    assert!(some.more && some.matters[..] == matters.matters[..2]);
    assert!(a.replica.matters(6).unwrap().matters.len() == 6 && !a.replica.matters(6).unwrap().more);
}
