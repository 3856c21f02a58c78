//! What is born while its person is moved ends up with the person.

use sambung_domain::{RecordId, Timestamp};
use sambung_replica::astray::LOOKED_AT_MAX;
use sambung_replica::command::{Answer, Command, Create, Fields, Move, Offer};
use serde_json::json;

use crate::site::{Office, Site};

const KRAKSAAN: &str = "P4MI-3513";
const LUMAJANG: &str = "P4MI-3508";
const VILLAGE: &str = "35.13.02.2004";
const NEXT: &str = "35.13.05.2001";
const THERE: &str = "35.08.01.2001";

struct World {
    site: Site,
    desk: Office,
    village: Office,
    worker: RecordId,
}

/// An office, a village of its area that works out of contact, and a worker both have.
fn world() -> World {
    let site = Site::start();
    let mut desk = site.seated("kraksaan", ("front_office", &["35.13"]), KRAKSAAN, &[]);
    let mut village = site.device("desa", "village_officer", &[VILLAGE]);
    let born = [("nama_lengkap", "Uji Siti"), ("area", VILLAGE), ("boleh_diketahui_desa", "ya")];
    let worker = desk.create(&born).unwrap();
    desk.sync(&site);
    village.sync(&site);
    desk.sync(&site);
    World { site, desk, village, worker }
}

impl World {
    fn visit(&mut self) -> RecordId {
        let worker = self.worker.to_string();
        self.village.create_kind("visit", None, &[("worker_id", &worker)]).unwrap()
    }
}

fn pindah(office: &mut Office, id: RecordId, to: &str, at: Option<&str>) {
    let office_code = at.map(|code| code.parse().unwrap());
    let moved = Move { id, to: to.parse().unwrap(), office: office_code, reason: "menikah".to_owned() };
    office.with(|replica, with| replica.run(&Command::Move(moved), with)).unwrap();
}

fn area(office: &Office, id: RecordId) -> String {
    office.field(id, "area").as_str().unwrap().to_owned()
}

#[test]
fn a_visit_born_in_the_old_village_during_the_move_goes_to_the_new_one() {
    let mut world = world();
    let mut next = world.site.device("desa-baru", "village_officer", &[NEXT]);
    pindah(&mut world.desk, world.worker, NEXT, None);
    world.desk.sync(&world.site);
    let visit = world.visit();
    world.village.sync(&world.site);
    assert_eq!(area(&world.village, visit), VILLAGE, "the village does not know");
    assert_eq!(
        world.desk.sync(&world.site).verdicts,
        [("stored".to_owned(), 1)].into(),
        "the office puts it right"
    );
    assert_eq!(area(&world.desk, visit), NEXT);
    let entry =
        world.desk.replica.history(visit).unwrap().into_iter().rfind(|entry| entry.field == "area").unwrap();
    assert_eq!(entry.command, "follow");
    next.sync(&world.site);
    assert!(next.replica.show(visit).is_ok() && next.replica.show(world.worker).is_ok());
    for _ in 0..2 {
        world.desk.sync(&world.site);
        next.sync(&world.site);
        world.village.sync(&world.site);
    }
    let status = world.village.replica.status(Timestamp(0)).unwrap();
    assert_eq!((status.records, status.leaving), (0, 0));
    assert_eq!(world.desk.sync(&world.site).pushed, 0, "and it is done once");
}

#[test]
fn where_no_office_sees_both_ends_the_centre_puts_it_right() {
    let mut world = world();
    let mut there = world.site.seated("lumajang", ("front_office", &["35.08"]), LUMAJANG, &[]);
    let mut centre = world.site.device("pusat", "central", &["35"]);
    centre.sync(&world.site);
    pindah(&mut world.desk, world.worker, THERE, Some(LUMAJANG));
    world.desk.sync(&world.site);
    there.sync(&world.site);
    let accept = Command::Accept(Answer { id: world.worker, reason: None });
    there.with(|replica, with| replica.run(&accept, with)).unwrap();
    there.sync(&world.site);
    let visit = world.visit();
    world.village.sync(&world.site);
    world.desk.sync(&world.site);
    assert_eq!(area(&world.desk, visit), VILLAGE, "her record left this office");
    assert_eq!(centre.sync(&world.site).verdicts, [("stored".to_owned(), 1)].into());
    there.sync(&world.site);
    assert_eq!((area(&there, visit), there.field(visit, "office")), (THERE.to_owned(), json!(LUMAJANG)));
}

#[test]
fn what_is_born_after_an_offer_is_offered_along() {
    let mut world = world();
    let mut there = world.site.seated("lumajang", ("front_office", &["35.08"]), LUMAJANG, &[]);
    let visit = world.visit();
    let reason = "lebih dekat".to_owned();
    let offer = Offer { id: world.worker, to: LUMAJANG.parse().unwrap(), area: None, keep: false, reason };
    world.desk.with(|replica, with| replica.run(&Command::Offer(offer), with)).unwrap();
    world.desk.sync(&world.site);
    world.village.sync(&world.site);
    world.desk.sync(&world.site);
    there.sync(&world.site);
    let accept = Command::Accept(Answer { id: world.worker, reason: None });
    let accepted = there.with(|replica, with| replica.run(&accept, with)).unwrap();
    assert_eq!(accepted.followed, [visit]);
}

#[test]
fn what_follows_is_split_over_pushes_and_nothing_stays_behind() {
    let mut world = world();
    world.desk.sync(&world.site);
    let (first, second) = {
        let named = world.worker.to_string();
        let mut born = || world.desk.create_kind("visit", None, &[("worker_id", &named)]).unwrap();
        (born(), born())
    };
    world.desk.sync(&world.site);
    pindah(&mut world.desk, world.worker, NEXT, None);
    // The second visit's change is held back, as if the push had been full before it.
    world.desk.sql(
        "UPDATE change SET refused = 'uji'
         WHERE own = 1 AND sequence IS NULL AND receipt IS NULL AND record = (SELECT max(record) FROM change)",
    );
    let pushed = world.desk.sync(&world.site).pushed;
    assert_eq!(pushed, 2, "the worker and the first visit");
    let mut other = world.site.seated("kraksaan-2", ("front_office", &["35.13"]), KRAKSAAN, &[]);
    other.sync(&world.site);
    assert_eq!((area(&other, first), area(&other, second)), (NEXT.to_owned(), VILLAGE.to_owned()));
    world.desk.sql("UPDATE change SET refused = NULL WHERE refused IS NOT NULL");
    world.desk.sync(&world.site);
    other.sync(&world.site);
    assert_eq!(area(&other, second), NEXT);
    assert!(world.desk.findings().is_empty() && other.replica.conflicts_of(second).unwrap().is_empty());
}

#[test]
fn after_a_long_absence_it_is_looked_through_in_turns() {
    let mut world = world();
    pindah(&mut world.desk, world.worker, NEXT, None);
    world.desk.sync(&world.site);
    let other = |number: u32| Create {
        kind: "worker".to_owned(),
        of: None,
        fields: Fields {
            set: [("nama_lengkap".to_owned(), json!(format!("Uji Wati {number}")))].into(),
            ..Fields::default()
        },
    };
    let others: Vec<_> = (0..LOOKED_AT_MAX).map(|number| (None, other(number))).collect();
    world.village.with(|replica, with| replica.create_all(&others, with)).unwrap();
    let visit = world.visit();
    world.village.sync(&world.site);
    assert_eq!(world.desk.sync(&world.site).pushed, 0, "not yet");
    assert_eq!(area(&world.desk, visit), VILLAGE);
    assert_eq!(world.desk.sync(&world.site).pushed, 1);
    assert_eq!(area(&world.desk, visit), NEXT);
}
