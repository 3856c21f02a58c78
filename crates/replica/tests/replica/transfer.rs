//! Records that go from office to office, and people who move.

use sambung_domain::RecordId;
use sambung_replica::command::{Answer, Command, Move, Offer, Outcome, Transition};
use sambung_replica::offer::Way;
use sambung_replica::{ReplicaError, UsageError};
use serde_json::json;

use crate::site::{Office, Site};

const KRAKSAAN: &str = "P4MI-3513";
const LUMAJANG: &str = "P4MI-3508";
const VILLAGE: &str = "35.13.02.2004";
const THERE: &str = "35.08.01.2001";

fn desks(site: &Site) -> (Office, Office) {
    let desk = |name, area, office| site.seated(name, ("front_office", &[area]), office, &[]);
    (desk("kraksaan", "35.13", KRAKSAAN), desk("lumajang", "35.08", LUMAJANG))
}

fn run(office: &mut Office, command: &Command) -> Result<Outcome, ReplicaError> {
    office.with(|replica, with| replica.run(command, with))
}

fn offer(office: &mut Office, id: RecordId, to: &str) -> Outcome {
    let reason = "ikut suami".to_owned();
    let offer = Offer { id, to: to.parse().unwrap(), area: None, keep: false, reason };
    run(office, &Command::Offer(offer)).unwrap()
}

fn answer(id: RecordId, reason: &str) -> Answer {
    Answer { id, reason: Some(reason.to_owned()) }
}

fn accept(office: &mut Office, id: RecordId) -> Outcome {
    run(office, &Command::Accept(answer(id, ""))).unwrap()
}

fn pindah(office: &mut Office, id: RecordId, to: &str, at: Option<&str>) -> Result<Outcome, ReplicaError> {
    let office_code = at.map(|code| code.parse().unwrap());
    let to = to.parse().unwrap();
    run(office, &Command::Move(Move { id, to, office: office_code, reason: "menikah".to_owned() }))
}

fn has(office: &Office, id: RecordId) -> bool {
    office.replica.show(id).is_ok()
}

fn place(office: &Office, id: RecordId) -> (String, String) {
    let text = |key| office.field(id, key).as_str().unwrap_or_default().to_owned();
    (text("area"), text("office"))
}

/// A worker with everything that belongs to one: private part, placement with its own, visit with its own, a paper.
struct Family {
    worker: RecordId,
    placement: RecordId,
    others: Vec<RecordId>,
}

impl Family {
    fn all(&self) -> Vec<RecordId> {
        let mut all = vec![self.worker, self.placement];
        all.extend(&self.others);
        all
    }
}

fn family(office: &mut Office) -> Family {
    let born = [("nama_lengkap", "Uji Siti"), ("area", VILLAGE), ("boleh_diketahui_desa", "ya")];
    let worker = office.create(&born).unwrap();
    let named = worker.to_string();
    let private = office.create_kind("worker_private", Some(worker), &[("tempat_lahir", "Uji")]).unwrap();
    let placement = office.create_kind("placement", None, &[("worker", &named), ("negara", "HK")]).unwrap();
    let wages = office.create_kind("placement_private", Some(placement), &[("gaji", "HKD 5000")]).unwrap();
    let visit = office.create_kind("visit", None, &[("worker_id", &named)]).unwrap();
    let found = office.create_kind("visit_private", Some(visit), &[("rekomendasi", "uji")]).unwrap();
    let paper = office.create_kind("document", None, &[("worker", &named), ("nomor", "UJI 1")]).unwrap();
    Family { worker, placement, others: vec![private, wages, visit, found, paper] }
}

fn all_sync(site: &Site, offices: &mut [&mut Office]) {
    for office in offices {
        office.sync(site);
    }
}

#[test]
fn an_offer_is_seen_by_the_receiver_and_moves_when_it_accepts() {
    let site = Site::start();
    let (mut one, mut two) = desks(&site);
    let family = family(&mut one);
    let offered = offer(&mut one, family.worker, LUMAJANG);
    assert_eq!(offered.followed.len(), 6, "what belongs to her is offered along");
    assert_eq!(offered.offered, Some(LUMAJANG.parse().unwrap()));
    all_sync(&site, &mut [&mut one, &mut two]);
    let (mine, theirs) = (one.replica.offers().unwrap().offers, two.replica.offers().unwrap().offers);
    assert_eq!((mine.len(), mine[0].way), (1, Way::ByUs));
    assert_eq!((theirs.len(), theirs[0].way, theirs[0].name.as_deref()), (1, Way::ToUs, Some("Uji Siti")));
    assert!(theirs[0].since.is_some() && theirs[0].from.as_deref() == Some(KRAKSAAN));
    assert_eq!(place(&two, family.worker), (VILLAGE.to_owned(), KRAKSAAN.to_owned()), "not theirs yet");

    assert_eq!(accept(&mut two, family.worker).followed.len(), 6);
    assert_eq!(two.sync(&site).verdicts, [("stored".to_owned(), 7)].into());
    one.sync(&site);
    for id in family.all() {
        assert_eq!(place(&two, id), (VILLAGE.to_owned(), LUMAJANG.to_owned()));
        assert_eq!(two.field(id, "partners"), json!([]));
        assert_eq!((two.field(id, "transfer"), two.field(id, "transfer_terms")), (json!(""), json!("")));
    }
    assert_eq!(two.replica.offers().unwrap().offers, []);
    let history = two.replica.history(family.worker).unwrap();
    let by = |command: &str, field: &str| {
        let entry = history.iter().find(|entry| entry.command == command && entry.field == field).unwrap();
        (entry.staff.clone(), entry.reason.clone())
    };
    assert_eq!(by("offer", "transfer"), (one.staff.to_string(), Some("ikut suami".to_owned())));
    assert_eq!(by("accept", "office"), (two.staff.to_string(), None));
    assert!(has(&one, family.worker), "she still lives in its kabupaten");
    assert_eq!(one.findings(), []);
}

#[test]
fn who_declines_says_why_and_sees_it_no_more() {
    let site = Site::start();
    let (mut one, mut two) = desks(&site);
    let family = family(&mut one);
    offer(&mut one, family.worker, LUMAJANG);
    all_sync(&site, &mut [&mut one, &mut two]);
    let silent = run(&mut two, &Command::Decline(Answer { id: family.worker, reason: None }));
    assert!(matches!(silent, Err(ReplicaError::Usage(UsageError::Query(_)))));
    let declined = run(&mut two, &Command::Decline(answer(family.worker, "bukan wilayah kami"))).unwrap();
    assert_eq!(declined.followed.len(), 6);
    all_sync(&site, &mut [&mut two, &mut one]);
    two.sync(&site);
    for id in family.all() {
        assert!(!has(&two, id));
        assert_eq!((one.field(id, "partners"), one.field(id, "transfer")), (json!([]), json!("")));
    }
    let history = one.replica.history(family.worker).unwrap();
    let why = history.iter().find(|entry| entry.command == "decline").unwrap();
    assert_eq!(why.reason.as_deref(), Some("bukan wilayah kami"));
    assert!(run(&mut one, &Command::Accept(answer(family.worker, ""))).is_err(), "nothing is offered");
}

#[test]
fn who_offered_takes_it_back_and_a_partner_of_before_stays_one() {
    let site = Site::start();
    let (mut one, mut two) = desks(&site);
    let id = one.create(&[("nama_lengkap", "Uji Siti"), ("area", VILLAGE)]).unwrap();
    one.edit(id, &[("+partners", LUMAJANG)]).unwrap();
    offer(&mut one, id, LUMAJANG);
    run(&mut one, &Command::Decline(answer(id, "keliru"))).unwrap();
    all_sync(&site, &mut [&mut one, &mut two]);
    assert_eq!(one.field(id, "partners"), json!([LUMAJANG]));
    assert!(has(&two, id));
    assert!(run(&mut two, &Command::Accept(answer(id, ""))).is_err());
}

#[test]
fn who_keeps_a_hand_in_stays_a_partner() {
    let site = Site::start();
    let (mut one, mut two) = desks(&site);
    let born = [("nama_lengkap", "Uji Siti Tamu"), ("area", "35.09.13.2001"), ("office", KRAKSAAN)];
    let (kept, left) = (one.create(&born).unwrap(), one.create(&born).unwrap());
    for (id, keep) in [(kept, true), (left, false)] {
        let offer =
            Offer { id, to: LUMAJANG.parse().unwrap(), area: None, keep, reason: "lebih dekat".to_owned() };
        run(&mut one, &Command::Offer(offer)).unwrap();
    }
    all_sync(&site, &mut [&mut one, &mut two]);
    accept(&mut two, kept);
    accept(&mut two, left);
    all_sync(&site, &mut [&mut two, &mut one]);
    assert!(has(&one, kept));
    assert!(!has(&one, left), "it left with the acceptance");
    assert_eq!(two.field(kept, "partners"), json!([KRAKSAAN]));
}

#[test]
fn an_edit_at_the_same_time_stays_and_two_acceptances_are_a_question() {
    let site = Site::start();
    let (mut one, mut two) = desks(&site);
    let mut three = site.seated("jember", ("front_office", &["35.09"]), "P4MI-3509", &[]);
    let mut other = site.seated("kraksaan-2", ("front_office", &["35.13"]), KRAKSAAN, &[]);
    let id = one.create(&[("nama_lengkap", "Uji Siti"), ("area", VILLAGE)]).unwrap();
    all_sync(&site, &mut [&mut one, &mut other]);
    offer(&mut one, id, LUMAJANG);
    offer(&mut other, id, "P4MI-3509");
    other.edit(id, &[("rt", "7")]).unwrap();
    all_sync(&site, &mut [&mut one, &mut other]);
    all_sync(&site, &mut [&mut one, &mut two, &mut three]);
    assert_eq!(one.replica.offers().unwrap().offers.len(), 2, "each offer stands");
    assert_eq!(two.replica.offers().unwrap().offers[0].way, Way::ToUs);
    let questions = one.replica.conflicts_of(id).unwrap();
    assert_eq!(questions.iter().map(|question| question.field.as_str()).collect::<Vec<_>>(), ["transfer"]);

    accept(&mut two, id);
    accept(&mut three, id);
    all_sync(&site, &mut [&mut two, &mut three]);
    two.sync(&site);
    let questions = two.replica.conflicts_of(id).unwrap();
    assert!(questions.iter().any(|question| question.field == "office"), "two offices: {questions:?}");
    assert_eq!(two.field(id, "rt"), "7");
    assert_eq!(two.show(id).heads, three.show(id).heads);
}

#[test]
fn a_move_within_the_right_moves_what_is_open_and_leaves_what_is_over() {
    let site = Site::start();
    let mut one = site.seated("kraksaan", ("front_office", &["35.13"]), KRAKSAAN, &[]);
    let family = family(&mut one);
    let named = family.worker.to_string();
    let over = one.create_kind("placement", None, &[("worker", &named), ("negara", "SG")]).unwrap();
    let wages = one.create_kind("placement_private", Some(over), &[("gaji", "SGD 500")]).unwrap();
    let paper = [("worker", named.as_str()), ("placement", &over.to_string()), ("nomor", "UJI 2")];
    let paper = one.create_kind("document", None, &paper).unwrap();
    let household = one.create_kind("household", None, &[("area", VILLAGE)]).unwrap();
    let end = Transition { id: over, to: "SELESAI".to_owned(), field: None, reason: None };
    run(&mut one, &Command::Transition(end)).unwrap();

    let moved = pindah(&mut one, family.worker, "35.13.05.2001", None).unwrap();
    assert_eq!((moved.followed.len(), moved.offered), (6, None));
    for id in family.all() {
        assert_eq!(place(&one, id), ("35.13.05.2001".to_owned(), KRAKSAAN.to_owned()));
    }
    for id in [over, wages, paper, household] {
        assert_eq!(place(&one, id).0, VILLAGE, "what is over stays, a household moves by itself");
    }
    let history = one.replica.history(family.worker).unwrap();
    let entry = history.iter().rfind(|entry| entry.field == "area").unwrap();
    assert_eq!((entry.command.as_str(), entry.reason.as_deref()), ("move", Some("menikah")));
    assert_eq!(one.sync(&site).verdicts.keys().collect::<Vec<_>>(), ["stored"]);
    let visit = family.others[2];
    assert!(pindah(&mut one, visit, VILLAGE, None).is_err(), "it goes where its worker goes");
    let case = one.create_kind("complaint", None, &[]).unwrap();
    assert!(pindah(&mut one, case, VILLAGE, None).is_err(), "a complaint does not move");
}

#[test]
fn a_move_beyond_the_right_is_an_offer_and_the_acceptance_makes_it() {
    let site = Site::start();
    let (mut one, mut two) = desks(&site);
    let mut village = site.device("desa", "village_officer", &[VILLAGE]);
    let mut new_village = site.device("desa-baru", "village_officer", &[THERE]);
    let family = family(&mut one);
    let visible = [family.worker, family.placement, family.others[2]];
    all_sync(&site, &mut [&mut one, &mut village]);
    assert!(visible.iter().all(|id| has(&village, *id)));
    assert!(pindah(&mut one, family.worker, THERE, None).is_err(), "nobody is known to serve there");
    assert!(pindah(&mut village, family.worker, THERE, Some(LUMAJANG)).is_err(), "a village asks its office");
    let moved = pindah(&mut one, family.worker, THERE, Some(LUMAJANG)).unwrap();
    assert_eq!((moved.followed.len(), moved.offered), (6, Some(LUMAJANG.parse().unwrap())));
    all_sync(&site, &mut [&mut one, &mut two]);
    assert_eq!(two.replica.offers().unwrap().offers[0].area, Some(THERE.parse().unwrap()));

    // The village works on, out of contact.
    village.edit(family.worker, &[("rt", "3")]).unwrap();
    assert_eq!(accept(&mut two, family.worker).followed.len(), 6);
    assert_eq!(two.sync(&site).verdicts, [("stored".to_owned(), 7)].into());
    assert_eq!(village.sync(&site).verdicts, [("late".to_owned(), 1)].into());
    all_sync(&site, &mut [&mut two, &mut one, &mut new_village, &mut village]);
    for id in family.all() {
        assert_eq!(place(&two, id), (THERE.to_owned(), LUMAJANG.to_owned()));
        assert!(!has(&one, id) && !has(&village, id));
    }
    assert_eq!(two.field(family.worker, "rt"), "3", "its late work is at the new place");
    assert!(visible.iter().all(|id| has(&new_village, *id)), "and the new village has her");
    all_sync(&site, &mut [&mut two, &mut one, &mut village]);
    let status = |office: &Office| office.replica.status(sambung_domain::Timestamp(0)).unwrap();
    assert_eq!((status(&village).records, status(&village).leaving), (0, 0), "and the old one nothing");
    assert_eq!((status(&one).records, status(&one).leaving), (0, 0));
}

#[test]
fn the_office_that_serves_an_area_is_known_from_its_record() {
    let site = Site::start();
    let mut admin = site.device("admin", "admin", &["35", "00"]);
    let mut centre = site.device("pusat", "central", &["35", "00"]);
    for (code, area) in [(LUMAJANG, r#"{"area":"35.08"}"#), ("BP3MI-35", r#"{"area":"35"}"#)] {
        admin.create_kind("office", None, &[("kode", code), ("+wilayah_kerja", area)]).unwrap();
    }
    all_sync(&site, &mut [&mut admin, &mut centre]);
    let id = centre.create(&[("nama_lengkap", "Uji Siti"), ("area", VILLAGE)]).unwrap();
    pindah(&mut centre, id, THERE, None).unwrap();
    assert_eq!(place(&centre, id), (THERE.to_owned(), LUMAJANG.to_owned()));
}
