//! The same person twice: found, linked, grouped alike everywhere, taken back.

use std::collections::BTreeSet;

use proptest::prelude::*;
use sambung_domain::RecordId;
use sambung_replica::command::{Command, Outcome, Pair, Resolve};
use sambung_replica::conflict::ConflictList;
use sambung_replica::query::PersonPage;
use sambung_replica::{ReplicaError, UsageError};

use crate::site::{Office, Site};

const VILLAGE: &str = "35.13.02.2004";

impl Office {
    fn link(&mut self, a: RecordId, b: RecordId) -> Result<Outcome, ReplicaError> {
        let pair = pair(a, b);
        self.with(|replica, with| replica.run(&Command::Link(pair), with))
    }

    fn unlink(&mut self, a: RecordId, b: RecordId) -> Result<Outcome, ReplicaError> {
        let pair = pair(a, b);
        self.with(|replica, with| replica.run(&Command::Unlink(pair), with))
    }

    fn members(&self, id: RecordId) -> Vec<RecordId> {
        self.replica.group(id).unwrap().members
    }

    fn pairs(&self, of: Option<RecordId>) -> Vec<(RecordId, RecordId, String)> {
        let found = self.replica.candidates(of, None).unwrap().candidates;
        found.into_iter().map(|one| (one.a, one.b, one.because.join(","))).collect()
    }
}

fn pair(a: RecordId, b: RecordId) -> Pair {
    Pair { a, b, because: vec!["NIK".to_owned()], reason: "satu orang, kata keluarganya".to_owned() }
}

fn sorted(a: RecordId, b: RecordId) -> (RecordId, RecordId) {
    (a.min(b), a.max(b))
}

#[test]
fn what_two_persons_share_makes_them_a_pair_to_look_at_until_somebody_decides() {
    let site = Site::start();
    let mut office = site.office("kraksaan", &["35.13"]);
    let person = |office: &mut Office, name: &str, more: &[(&str, &str)]| {
        office.create(&[&[("nama_lengkap", name), ("area", VILLAGE)], more].concat()).unwrap()
    };
    let one = person(&mut office, "Uji Siti", &[("tahun_lahir", "1990"), ("+telepon", "0812-0000-0001")]);
    let two = person(&mut office, "uji  siti", &[("tahun_lahir", "1990")]);
    let three = person(&mut office, "Uji Lain", &[("+whatsapp", "+62 812 0000 0001")]);
    let four = person(&mut office, "Uji Lagi", &[]);
    office.create_kind("worker_private", Some(three), &[("nik", "3513024101900001")]).unwrap();
    office.create_kind("worker_private", Some(four), &[("nik", "3513 0241 0190 0001")]).unwrap();
    let (a, b) = sorted(three, four);
    let (c, d) = sorted(one, three);
    let (e, f) = sorted(one, two);
    let expected = [(a, b, "NIK".to_owned()), (c, d, "TELEPON".to_owned()), (e, f, "UMUR_DESA".to_owned())];
    assert_eq!(office.pairs(None), expected);
    assert_eq!(office.pairs(Some(four)), [expected[0].clone()]);
    let of_one: BTreeSet<_> = office.pairs(Some(one)).into_iter().collect();
    assert_eq!(of_one, BTreeSet::from([expected[1].clone(), expected[2].clone()]));

    office.link(four, three).unwrap();
    office.unlink(one, three).unwrap();
    assert_eq!(office.pairs(None), [expected[2].clone()]);
}

#[test]
fn linked_records_are_one_person_and_the_page_shows_what_belongs_to_any() {
    let site = Site::start();
    let mut office = site.office("kraksaan", &["35.13"]);
    let ids: Vec<RecordId> =
        (0..3).map(|at| office.create(&[("nama_lengkap", &format!("Uji {at}"))]).unwrap()).collect();
    let named = ids[2].to_string();
    office.create_kind("placement", None, &[("worker", &named), ("negara", "HK")]).unwrap();
    office.link(ids[0], ids[1]).unwrap();
    office.link(ids[2], ids[1]).unwrap();
    let mut all = ids.clone();
    all.sort();
    for id in &ids {
        assert_eq!(office.members(*id), all);
        assert_eq!(office.replica.group(*id).unwrap().main, all[0]);
        let page = office.replica.person(*id, &PersonPage::default()).unwrap();
        assert!(page.groups.iter().any(|group| group.kind == "placement" && group.rows.len() == 1));
    }
    office.unlink(ids[1], ids[2]).unwrap();
    assert_eq!(office.members(ids[2]), [ids[2]]);
    assert_eq!(office.members(ids[0]).len(), 2);
    office.link(ids[1], ids[2]).unwrap();
    assert_eq!(office.members(ids[0]), all, "a link can be made again");
}

#[test]
fn a_link_is_as_protected_as_the_stricter_of_the_two_and_lies_around_both() {
    let site = Site::start();
    let mut office = site.office("kraksaan", &["35.13"]);
    let open = [("nama_lengkap", "Uji"), ("boleh_diketahui_desa", "ya"), ("area", VILLAGE)];
    let one = office.create(&open).unwrap();
    let two = office.create(&[("nama_lengkap", "Uji"), ("area", "35.13.05.2001")]).unwrap();
    let link = office.link(one, two).unwrap().id;
    assert_eq!(office.field(link, "area"), "35.13");
    assert_eq!(office.field(link, "access"), "restricted");
    let three = office.create(&open).unwrap();
    let near = office.link(one, three).unwrap().id;
    assert_eq!(office.field(near, "area"), VILLAGE);
    assert_eq!(office.field(near, "access"), "ordinary");
    assert!(matches!(office.link(one, one), Err(ReplicaError::Usage(UsageError::Query(_)))));
    assert!(matches!(office.link(one, near), Err(ReplicaError::Usage(UsageError::Query(_)))));
    assert!(matches!(office.link(one, RecordId([9; 16])), Err(ReplicaError::NotFound(_))));
}

#[test]
fn linked_here_and_parted_there_is_a_question_and_joins_nobody_meanwhile() {
    let site = Site::start();
    let mut one = site.office("kraksaan", &["35.13"]);
    let mut two = site.office("lumajang", &["35.13"]);
    let a = one.create(&[("nama_lengkap", "Uji A")]).unwrap();
    let b = one.create(&[("nama_lengkap", "Uji B")]).unwrap();
    one.sync(&site);
    two.sync(&site);
    let link = one.link(a, b).unwrap().id;
    two.unlink(b, a).unwrap();
    for _ in 0..2 {
        one.sync(&site);
        two.sync(&site);
    }
    for office in [&one, &two] {
        assert_eq!(office.members(a), [a]);
        let open = office.replica.conflicts(&ConflictList::default()).unwrap().conflicts;
        assert!(open.iter().any(|conflict| conflict.id == link && conflict.field == "keputusan"));
    }
    let decide = Resolve {
        id: link,
        field: "keputusan".to_owned(),
        choose: None,
        value: Some("SAMA".into()),
        reason: "KK dilihat".to_owned(),
        seen: Vec::new(),
    };
    two.with(|replica, with| replica.run(&Command::Resolve(decide), with)).unwrap();
    two.sync(&site);
    one.sync(&site);
    assert_eq!(one.members(a).len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 100, ..ProptestConfig::default() })]
    /// Whatever is linked and parted wherever, replicas that have exchanged compute the same groups, and those are
    /// what a union-find over the links that stand gives.
    #[test]
    fn every_replica_computes_the_same_groups(
        deeds in prop::collection::vec((0..3usize, 0..6usize, 0..6usize, any::<bool>(), any::<bool>()), 1..20)
    ) {
        let site = Site::start();
        let mut offices: Vec<Office> = ["a", "b", "c"].map(|name| site.office(name, &["35.13"])).into();
        let mut ids: Vec<RecordId> =
            (0..6).map(|at| offices[0].create(&[("nama_lengkap", &format!("Uji {at}"))]).unwrap()).collect();
        ids.sort();
        for office in &mut offices {
            office.sync(&site);
        }
        for (at, a, b, same, sync) in deeds {
            if a == b { continue }
            let office = &mut offices[at];
            if same { office.link(ids[a], ids[b]).unwrap() } else { office.unlink(ids[a], ids[b]).unwrap() };
            if sync { office.sync(&site); }
        }
        for _ in 0..2 {
            for office in &mut offices {
                office.sync(&site);
            }
        }
        let expected = union_find(&offices[0], &ids);
        for office in &offices {
            for (at, id) in ids.iter().enumerate() {
                let found = office.members(*id);
                let group: Vec<RecordId> =
                    ids.iter().enumerate().filter(|(other, _)| expected[*other] == expected[at]).map(|(_, id)| *id).collect();
                prop_assert_eq!(found, group);
            }
        }
    }
}

/// The root of each record under the links that stand at an office and are in no conflict.
fn union_find(office: &Office, ids: &[RecordId]) -> Vec<usize> {
    let mut parent: Vec<usize> = (0..ids.len()).collect();
    fn root(parent: &[usize], mut at: usize) -> usize {
        while parent[at] != at {
            at = parent[at];
        }
        at
    }
    for a in 0..ids.len() {
        for b in a + 1..ids.len() {
            let link = RecordId::derived("link", format!("{}\n{}", ids[a], ids[b]).as_bytes());
            let Ok(view) = office.replica.show(link) else { continue };
            if view.fields["keputusan"] == "SAMA" && !view.conflicts.contains_key("keputusan") {
                let (a, b) = (root(&parent, a), root(&parent, b));
                parent[a.max(b)] = a.min(b);
            }
        }
    }
    (0..ids.len()).map(|at| root(&parent, at)).collect()
}
