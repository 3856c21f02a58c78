//! Values that differ: shown, ranked, decided, seen by whoever lost, asked again.

use sambung_domain::RecordId;
use sambung_domain::pack::Harm;
use sambung_replica::command::{Command, Outcome, Resolve, Transition, Undo, Withdraw};
use sambung_replica::conflict::{Conflict, ConflictList};
use sambung_replica::query::List;
use sambung_replica::search::Search;
use sambung_replica::{ReplicaError, UsageError};
use serde_json::{Value as Json, json};

use crate::site::{Office, Site};

impl Office {
    fn run(&mut self, command: &Command) -> Result<Outcome, ReplicaError> {
        self.with(|replica, with| replica.run(command, with))
    }

    fn conflicts(&self) -> Vec<Conflict> {
        self.replica.conflicts(&ConflictList::default()).unwrap().conflicts
    }

    fn fields_in_conflict(&self) -> Vec<String> {
        self.conflicts().into_iter().map(|conflict| conflict.field).collect()
    }

    fn choose(&mut self, id: RecordId, field: &str, choose: usize) -> Result<Outcome, ReplicaError> {
        self.run(&Command::Resolve(Resolve { choose: Some(choose), ..resolve(id, field) }))
    }

    fn undo(&mut self, id: RecordId, field: &str) -> Result<Outcome, ReplicaError> {
        let undo = Undo { id, field: field.to_owned(), reason: "ternyata keliru".to_owned() };
        self.run(&Command::Undo(undo))
    }
}

fn resolve(id: RecordId, field: &str) -> Resolve {
    let (field, reason) = (field.to_owned(), "KTP dilihat".to_owned());
    Resolve { id, field, choose: None, value: None, reason, seen: Vec::new() }
}

/// Two offices that know a record and then each write to it without knowing of the other.
fn parted(a: &[(&str, &str)], b: &[(&str, &str)]) -> (Site, Office, Office, RecordId) {
    let site = Site::start();
    let mut one = site.office("kraksaan", &["35.13"]);
    let mut two = site.office("lumajang", &["35.13"]);
    let id = one.create(&[("nama_lengkap", "Uji Siti"), ("dusun", "Krajan")]).unwrap();
    one.sync(&site);
    two.sync(&site);
    one.edit(id, a).unwrap();
    two.edit(id, b).unwrap();
    meet(&site, &mut one, &mut two);
    (site, one, two, id)
}

fn meet(site: &Site, one: &mut Office, two: &mut Office) {
    one.sync(site);
    two.sync(site);
    one.sync(site);
}

fn values(conflict: &Conflict) -> Vec<&Json> {
    conflict.values.iter().map(|value| &value.value).collect()
}

#[test]
fn differing_values_are_listed_by_harm_with_their_authors_and_what_both_knew() {
    let (_, one, two, id) = parted(
        &[("nama_lengkap", "Uji Siti Aminah"), ("dusun", "Timur"), ("rt", "1")],
        &[("nama_lengkap", "Uji Sitti"), ("dusun", "Barat"), ("rw", "2")],
    );
    let conflicts = one.conflicts();
    let found: Vec<_> = conflicts.iter().map(|conflict| (conflict.field.as_str(), conflict.harm)).collect();
    assert_eq!(found, [("nama_lengkap", Harm::Identity), ("dusun", Harm::Contact)]);
    let name = &conflicts[0];
    assert_eq!((name.id, name.reopened), (id, false));
    assert_eq!(name.common, [json!("Uji Siti")]);
    let mut staff: Vec<&str> = name.values.iter().map(|value| value.staff.as_str()).collect();
    staff.sort_unstable();
    let mut authors = [one.staff.to_string(), two.staff.to_string()];
    authors.sort_unstable();
    assert_eq!(staff, authors);
    assert!(name.values.iter().all(|value| value.device.is_some() && !value.at.is_empty()));
    assert_eq!(conflicts, two.conflicts(), "everybody sees the same");
    assert_eq!(one.field(id, "rt"), "1", "different fields merge without a word");
    assert_eq!(two.field(id, "rw"), "2");
}

#[test]
fn a_decision_settles_the_field_everywhere_and_the_loser_sees_it() {
    let (site, mut one, mut two, id) = parted(&[("dusun", "Timur")], &[("dusun", "Barat")]);
    let conflict = one.conflicts().remove(0);
    let mine = conflict.values.iter().position(|value| value.value == "Timur").unwrap();
    one.choose(id, "dusun", mine + 1).unwrap();
    assert!(one.conflicts().is_empty());
    meet(&site, &mut one, &mut two);
    assert_eq!(two.field(id, "dusun"), "Timur");
    assert!(two.conflicts().is_empty());
    let lost = two.replica.decided(Some(two.staff), None, 0).unwrap().decided;
    assert_eq!(lost.len(), 1);
    assert_eq!((lost[0].id, lost[0].field.as_str(), lost[0].stands), (id, "dusun", true));
    assert_eq!(lost[0].value, Some(json!("Timur")));
    assert_eq!(lost[0].reason.as_deref(), Some("KTP dilihat"));
    let mut among: Vec<_> = lost[0].among.iter().map(|value| value.value.clone()).collect();
    among.sort_by_key(Json::to_string);
    assert_eq!(among, [json!("Barat"), json!("Timur")]);
    assert!(
        one.replica.decided(Some(one.staff), None, 0).unwrap().decided.is_empty(),
        "who won lost nothing"
    );
    let history = two.replica.history(id).unwrap();
    assert!(history.iter().any(|entry| entry.command == "resolve" && entry.field == "dusun"));
}

#[test]
fn a_value_that_nobody_wrote_can_be_the_right_one() {
    let (_, mut one, _, id) = parted(&[("tahun_lahir", "1990")], &[("tahun_lahir", "1991")]);
    let wrong =
        one.run(&Command::Resolve(Resolve { value: Some(json!("kapan")), ..resolve(id, "tahun_lahir") }));
    assert!(matches!(wrong, Err(ReplicaError::Usage(UsageError::Value(_)))));
    one.run(&Command::Resolve(Resolve { value: Some(json!(1992)), ..resolve(id, "tahun_lahir") })).unwrap();
    assert_eq!(one.field(id, "tahun_lahir"), 1992);
    assert!(one.conflicts().is_empty());
    assert_eq!(one.replica.decided(None, None, 0).unwrap().decided[0].among.len(), 2);
}

#[test]
fn a_decision_can_be_taken_back_and_made_again_by_the_loser() {
    for winner_first in [true, false] {
        let (site, mut one, mut two, id) = parted(&[("dusun", "Timur")], &[("dusun", "Barat")]);
        one.choose(id, "dusun", if winner_first { 1 } else { 2 }).unwrap();
        meet(&site, &mut one, &mut two);
        let before = two.field(id, "dusun");
        two.undo(id, "dusun").unwrap();
        assert_eq!(two.conflicts().len(), 1);
        assert!(two.conflicts()[0].reopened);
        assert_eq!(two.conflicts()[0].common, [json!("Krajan")]);
        meet(&site, &mut one, &mut two);
        assert_eq!(one.conflicts(), two.conflicts());
        let decided = one.replica.decided(None, None, 0).unwrap().decided;
        assert!(!decided[0].stands);
        // The other one this time.
        let other = values(&two.conflicts()[0]).iter().position(|value| **value != before).unwrap();
        two.choose(id, "dusun", other + 1).unwrap();
        meet(&site, &mut one, &mut two);
        assert!(one.conflicts().is_empty());
        assert_ne!(one.field(id, "dusun"), before);
        let decided = one.replica.decided(None, None, 0).unwrap().decided;
        assert_eq!(decided.iter().map(|one| one.stands).collect::<Vec<_>>(), [true, false]);
        assert_eq!(decided[0].among.len(), 2);
        // And the second decision can be taken back as well.
        one.undo(id, "dusun").unwrap();
        assert_eq!(values(&one.conflicts()[0]).len(), 2);
    }
}

#[test]
fn what_is_not_open_is_not_decided() {
    let (_, mut one, _, id) = parted(&[("dusun", "Timur")], &[("dusun", "Barat")]);
    let refuse = |outcome: Result<Outcome, ReplicaError>| {
        assert!(matches!(outcome, Err(ReplicaError::Usage(_))), "{outcome:?}");
    };
    refuse(one.choose(id, "rt", 1));
    refuse(one.choose(id, "dusun", 3));
    refuse(one.choose(id, "dusun", 0));
    refuse(one.run(&Command::Resolve(resolve(id, "dusun"))));
    refuse(one.run(&Command::Resolve(Resolve {
        choose: Some(1),
        reason: " ".into(),
        ..resolve(id, "dusun")
    })));
    refuse(one.undo(id, "dusun"));
    let seen = vec!["another".to_owned(); 2];
    refuse(one.run(&Command::Resolve(Resolve { choose: Some(1), seen, ..resolve(id, "dusun") })));
    assert_eq!(one.fields_in_conflict(), ["dusun"]);
    let seen = one.conflicts()[0].values.iter().map(|value| value.change.clone()).collect();
    one.run(&Command::Resolve(Resolve { choose: Some(1), seen, ..resolve(id, "dusun") })).unwrap();
}

#[test]
fn until_somebody_decides_the_safer_value_is_shown() {
    let (_, one, two, id) = parted(&[("boleh_diketahui_desa", "ya")], &[("boleh_diketahui_desa", "tidak")]);
    for office in [&one, &two] {
        assert_eq!(office.field(id, "boleh_diketahui_desa"), false);
        assert_eq!(office.field(id, "access"), "restricted");
    }
    assert!(one.fields_in_conflict().contains(&"access".to_owned()));

    let site = Site::start();
    let mut one = site.device("satu", "case_officer", &["35.13"]);
    let mut two = site.device("dua", "case_officer", &["35.13"]);
    let case = one.create_kind("case", None, &[("indikasi_tppo", "TIDAK")]).unwrap();
    one.sync(&site);
    two.sync(&site);
    let urgent = r#"{"tingkat":"DARURAT","alasan":"paspor ditahan"}"#;
    one.edit(case, &[("indikasi_tppo", "DICURIGAI"), ("prioritas", r#"{"tingkat":"BIASA"}"#)]).unwrap();
    two.edit(case, &[("indikasi_tppo", "KUAT"), ("prioritas", urgent)]).unwrap();
    meet(&site, &mut one, &mut two);
    for office in [&one, &two] {
        assert_eq!(office.field(case, "indikasi_tppo"), "KUAT");
        assert_eq!(
            office.field(case, "prioritas"),
            json!(r#"{"alasan":"paspor ditahan","tingkat":"DARURAT"}"#)
        );
    }
}

#[test]
fn the_safer_value_is_shown_whoever_wins_the_merge() {
    let site = Site::start();
    let mut one = site.office("kraksaan", &["35.13"]);
    let mut two = site.office("lumajang", &["35.13"]);
    let [a, b, c] = ["A", "B", "C"].map(|name| {
        let open = [("nama_lengkap", name), ("boleh_diketahui_desa", "ya")];
        one.create(&open).unwrap()
    });
    for id in [a, b] {
        one.edit(id, &[("boleh_diketahui_desa", "")]).unwrap();
    }
    meet(&site, &mut one, &mut two);
    // Of two offices the same one wins both merges, so one of these wins with the less safe value.
    one.edit(a, &[("boleh_diketahui_desa", "ya")]).unwrap();
    two.edit(a, &[("boleh_diketahui_desa", "tidak")]).unwrap();
    one.edit(b, &[("boleh_diketahui_desa", "tidak")]).unwrap();
    two.edit(b, &[("boleh_diketahui_desa", "ya")]).unwrap();
    // Who wrote more wins.
    for access in ["restricted", "ordinary"] {
        one.edit(c, &[("access", access)]).unwrap();
    }
    two.edit(c, &[("access", "restricted")]).unwrap();
    meet(&site, &mut one, &mut two);
    for office in [&one, &two] {
        assert_eq!(office.field(a, "boleh_diketahui_desa"), false);
        assert_eq!(office.field(b, "boleh_diketahui_desa"), false);
        assert_eq!(office.field(c, "access"), "restricted");
    }
}

#[test]
fn closing_here_and_going_on_there_is_a_question_that_a_step_answers() {
    let site = Site::start();
    let mut one = site.device("satu", "case_officer", &["35.13"]);
    let mut two = site.device("dua", "case_officer", &["35.13"]);
    let case = one.create_kind("case", None, &[("nomor_sisko", "UJI-1")]).unwrap();
    let step = |office: &mut Office, to: &str| {
        let reason = Some("uji".to_owned());
        office.run(&Command::Transition(Transition { id: case, to: to.to_owned(), field: None, reason }))
    };
    step(&mut one, "BARU").unwrap();
    one.sync(&site);
    two.sync(&site);
    step(&mut one, "SELESAI").unwrap();
    step(&mut two, "VERIFIKASI").unwrap();
    assert_eq!(step(&mut two, "VERIFIKASI").unwrap().change, None, "it stands there already");
    assert!(step(&mut two, "TIDAK_ADA").is_err());
    meet(&site, &mut one, &mut two);
    assert_eq!(one.fields_in_conflict(), ["status"]);
    let conflict = one.conflicts().remove(0);
    let mut codes: Vec<_> = values(&conflict).into_iter().map(|value| value.as_str().unwrap()).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["SELESAI", "VERIFIKASI"]);
    one.run(&Command::Resolve(Resolve { value: Some(json!("VERIFIKASI")), ..resolve(case, "status") }))
        .unwrap();
    meet(&site, &mut one, &mut two);
    assert!(two.conflicts().is_empty());
}

#[test]
fn a_part_of_an_item_can_be_in_conflict() {
    let site = Site::start();
    let mut one = site.device("satu", "case_officer", &["35.13"]);
    let mut two = site.device("dua", "case_officer", &["35.13"]);
    let case = one.create_kind("case", None, &[("+klarifikasi", r#"{"ke": 1}"#)]).unwrap();
    one.sync(&site);
    two.sync(&site);
    let item = one.field(case, "klarifikasi").as_object().unwrap().keys().next().unwrap().clone();
    let part = format!("klarifikasi/{item}/pihak");
    one.edit(case, &[(&part, "P3MI Uji Satu")]).unwrap();
    two.edit(case, &[(&part, "P3MI Uji Dua")]).unwrap();
    meet(&site, &mut one, &mut two);
    assert_eq!(one.fields_in_conflict(), [part.as_str()]);
    assert_eq!(one.conflicts()[0].common, Vec::<Json>::new());
    two.choose(case, &part, 2).unwrap();
    two.undo(case, &part).unwrap();
    two.choose(case, &part, 1).unwrap();
    meet(&site, &mut one, &mut two);
    assert!(one.conflicts().is_empty());
}

#[test]
fn what_is_withdrawn_stays_if_somebody_still_wants_it() {
    let site = Site::start();
    let mut one = site.office("satu", &["35.13"]);
    let mut two = site.office("dua", &["35.13"]);
    let id = one.create(&[("nama_lengkap", "Uji Salah")]).unwrap();
    let withdraw = || Withdraw { id, reason: "salah orang".to_owned() };
    one.run(&Command::Withdraw(withdraw())).unwrap();
    meet(&site, &mut one, &mut two);
    assert_eq!(two.field(id, "withdrawn"), true);
    let listed = |office: &Office, withdrawn: bool| {
        let list = List { kind: "worker".to_owned(), withdrawn, ..List::default() };
        office.replica.list(&list).unwrap().rows.len()
    };
    let found = |office: &Office| {
        let search = Search { text: "salah".to_owned(), kind: None, limit: None };
        office.replica.search(&search, None).unwrap().hits.len()
    };
    assert_eq!((listed(&two, false), listed(&two, true), found(&two)), (0, 1, 0));
    one.run(&Command::Reinstate(withdraw())).unwrap();
    meet(&site, &mut one, &mut two);
    assert_eq!((listed(&two, false), listed(&two, true), found(&two)), (1, 0, 1));
    one.run(&Command::Withdraw(withdraw())).unwrap();
    two.run(&Command::Withdraw(withdraw())).unwrap();
    two.run(&Command::Reinstate(withdraw())).unwrap();
    meet(&site, &mut one, &mut two);
    assert_eq!(one.field(id, "withdrawn"), false);
    assert_eq!(one.fields_in_conflict(), ["withdrawn"]);
}

#[test]
fn the_list_goes_on_page_by_page_and_what_has_left_is_not_in_it() {
    let (_, one, _, _) = parted(
        &[("nama_lengkap", "Uji A"), ("dusun", "A"), ("rt", "1"), ("alamat", "A")],
        &[("nama_lengkap", "Uji B"), ("dusun", "B"), ("rt", "2"), ("alamat", "B")],
    );
    let all = one.fields_in_conflict();
    assert_eq!(all.len(), 4);
    let mut pages = Vec::new();
    let mut list = ConflictList { limit: Some(1), after: None };
    loop {
        let page = one.replica.conflicts(&list).unwrap();
        pages.extend(page.conflicts.into_iter().map(|conflict| conflict.field));
        let Some(next) = page.next else { break };
        list.after = Some(next);
    }
    assert_eq!(pages, all);
}
