//! What a village reports goes up sealed, leaves nothing behind, and is whole where it is opened.

use sambung_domain::RecordId;
use sambung_relay::clock;
use sambung_replica::ReplicaError;
use sambung_replica::command::{Create, Fields};
use sambung_replica::draft::Draft;
use sambung_replica::parcel::open::OpenedAlone;
use sambung_replica::parcel::{OpenComplaint, Opened, Seal, Sealed};
use sambung_trust::order::Deed;
use serde_json::{Value as Json, json};

use crate::bytes::{contains, marker, pages};
use crate::site::{Office, Site};

const OFFICE: &str = "P4MI-3513";
const VILLAGE: &str = "35.13.02.2004";
const CARD: &str = "482-915-3067-W";

struct Scene {
    site: Site,
    village: Office,
    office: Office,
    centre: Office,
}

fn scene() -> Scene {
    let site = Site::start();
    let office = site.seated("kantor", ("complaint_officer", &["35.13"]), OFFICE, &[]);
    let centre = site.device("pusat", "central", &["35"]);
    let village = site.seated("desa", ("village_officer", &[VILLAGE]), OFFICE, &[]);
    Scene { site, village, office, centre }
}

fn complaint(marker: &str) -> Create {
    let mut fields = Fields::default();
    let set = [("nomor_kartu", CARD), ("pelapor_nama", "Uji Siti")];
    fields.set = set.map(|(key, value)| (key.to_owned(), Json::from(value))).into();
    fields.add.push(("kronologi".to_owned(), json!({ "isi": marker })));
    Create { kind: "complaint".to_owned(), of: None, fields }
}

fn seal(device: &mut Office, create: Create) -> Sealed {
    let seal = Seal { create, to: None, draft: None };
    device.with(|replica, with| replica.seal(&seal, with)).unwrap()
}

fn open(device: &mut Office, item: &str) -> Result<Opened, ReplicaError> {
    let command = OpenComplaint { item: item.to_owned(), case: None };
    device.with(|replica, with| replica.open_complaint(&command, with))
}

fn opened_alone(device: &mut Office) -> OpenedAlone {
    device.with(sambung_replica::Replica::open_private_parts).unwrap()
}

fn status(device: &Office) -> sambung_replica::query::Status {
    device.replica.status(clock::now()).unwrap()
}

/// What is told in a complaint, entry by entry.
fn told(device: &Office, complaint: RecordId) -> Vec<String> {
    let entries = device.field(complaint, "kronologi");
    entries.as_object().unwrap().values().map(|entry| entry["isi"].as_str().unwrap().to_owned()).collect()
}

fn value(device: &Office, id: RecordId, field: &str) -> Json {
    device.field(id, field)
}

#[test]
fn a_complaint_is_whole_at_the_office_and_nowhere_on_the_way() {
    let Scene { site, mut village, mut office, mut centre } = scene();
    let marker = marker();
    let sealed = seal(&mut village, complaint(&marker));
    assert_eq!((sealed.to.unwrap().as_str(), sealed.openers), (OFFICE, 1));
    assert!(!contains(&pages(&village), &marker));
    assert_eq!(status(&village).sealed, 1);
    assert_eq!(village.sync(&site).sealed, 1);
    assert_eq!(office.sync(&site).arrived, 1);
    assert_eq!(centre.sync(&site).arrived, 0, "it is for the office");
    let waiting = office.replica.unopened().unwrap();
    assert_eq!(waiting[0].item, sealed.item);
    assert!(!contains(&pages(&office), &marker), "nobody has opened it yet");

    let opened = open(&mut office, &sealed.item).unwrap();
    assert_eq!(told(&office, opened.complaint), [marker.as_str()]);
    let of = value(&office, opened.case, "pengaduan");
    assert_eq!(of, json!([opened.complaint.to_string()]));
    assert!(!value(&office, opened.case, "dibaca").as_object().unwrap().is_empty());
    assert_eq!(open(&mut office, &sealed.item).unwrap(), opened, "again is the same");
    office.sync(&site);
    centre.sync(&site);
    assert_eq!(told(&centre, opened.complaint), [marker.as_str()]);
    village.sync(&site);
    assert!(village.replica.show(opened.complaint).is_err());
    assert!(!contains(&pages(&village), &marker));
}

#[test]
fn a_parcel_stays_until_a_second_replica_holds_what_it_became() {
    let Scene { site, mut village, mut office, mut centre } = scene();
    let sealed = seal(&mut village, complaint("kronologi uji"));
    village.sync(&site);
    office.sync(&site);
    open(&mut office, &sealed.item).unwrap();
    office.sync(&site);
    office.sync(&site);
    village.sync(&site);
    assert_eq!(status(&village).sealed, 1, "only the office holds the record");
    assert_eq!(status(&office).unopened, 0);
    centre.sync(&site);
    centre.sync(&site);
    office.sync(&site);
    village.sync(&site);
    assert_eq!(status(&village).sealed, 0);
    let left: i64 =
        office.database().query_row("SELECT count(*) FROM arrival", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
}

#[test]
fn an_emptied_relay_is_given_the_parcel_again() {
    let Scene { mut site, mut village, mut office, mut centre } = scene();
    let sealed = seal(&mut village, complaint("kronologi uji"));
    village.sync(&site);
    site.replace_relay();
    village.sync(&site);
    centre.sync(&site);
    assert_eq!(office.sync(&site).arrived, 1);
    open(&mut office, &sealed.item).unwrap();
}

#[test]
fn an_office_that_an_emptied_relay_has_not_met_yet_is_sealed_to_all_the_same() {
    let Scene { mut site, mut village, mut office, .. } = scene();
    site.replace_relay();
    village.sync(&site);
    let marker = marker();
    let sealed = seal(&mut village, complaint(&marker));
    assert_eq!(sealed.to.as_ref().map(ToString::to_string).as_deref(), Some(OFFICE), "not past the office");
    village.sync(&site);
    office.sync(&site);
    office.sync(&site);
    assert!(open(&mut office, &sealed.item).is_ok());
}

#[test]
fn two_who_open_at_once_make_the_same_records() {
    let Scene { site, mut village, mut office, mut centre } = scene();
    let mut second = site.seated("kantor-2", ("case_officer", &["35.13"]), OFFICE, &[]);
    village.sync(&site);
    let sealed = seal(&mut village, complaint("kronologi uji"));
    assert_eq!(sealed.openers, 2);
    village.sync(&site);
    for device in [&mut office, &mut second] {
        device.sync(&site);
    }
    let opened = [&mut office, &mut second].map(|device| open(device, &sealed.item).unwrap());
    assert_eq!(opened[0], opened[1]);
    for _ in 0..2 {
        for device in [&mut office, &mut second, &mut centre] {
            device.sync(&site);
        }
    }
    let page = centre.replica.conflicts(&sambung_replica::conflict::ConflictList::default()).unwrap();
    assert_eq!(told(&centre, opened[0].complaint), ["kronologi uji"]);
    assert!(page.conflicts.is_empty(), "{:?}", page.conflicts);
}

#[test]
fn another_complaint_with_the_same_card_joins_the_case() {
    let Scene { site, mut village, mut office, .. } = scene();
    let items = ["pertama", "kedua"].map(|text| seal(&mut village, complaint(text)).item);
    village.sync(&site);
    office.sync(&site);
    let [first, second] = items.map(|item| open(&mut office, &item).unwrap());
    assert!(!first.joined && second.joined);
    assert_eq!(first.case, second.case);
    assert_ne!(first.complaint, second.complaint);
}

#[test]
fn who_wants_it_goes_past_the_office() {
    let Scene { site, mut village, mut office, mut centre } = scene();
    centre.sync(&site);
    let mut wish = complaint("lewat pusat");
    wish.fields.set.insert("siapa_boleh_membaca".to_owned(), json!("BP3MI"));
    let mut involved = complaint("kantor terlibat");
    involved.fields.add.push(("excluded".to_owned(), json!(OFFICE)));
    let items = [wish, involved].map(|create| seal(&mut village, create));
    assert!(items.iter().all(|sealed| sealed.to.is_none() && sealed.openers == 1));
    village.sync(&site);
    assert_eq!(office.sync(&site).arrived, 0);
    assert_eq!(centre.sync(&site).arrived, 2);
    for sealed in &items {
        let opened = open(&mut centre, &sealed.item).unwrap();
        assert_eq!(value(&centre, opened.complaint, "nomor_kartu"), json!(CARD));
    }
    centre.sync(&site);
    office.sync(&site);
    let held = office.replica.status(clock::now()).unwrap().records;
    assert_eq!(
        held, 2,
        "the one whose author only wished, and its case; nothing of the one that excludes it"
    );
}

#[test]
fn without_openers_it_is_sealed_to_the_recovery_key_alone() {
    let site = Site::start();
    let mut village = site.device("desa", "village_officer", &[VILLAGE]);
    let sealed = seal(&mut village, complaint("tanpa kantor"));
    assert_eq!((sealed.to, sealed.openers), (None, 0));
    village.sync(&site);
    assert_eq!(status(&village).sealed, 1);
}

#[test]
fn a_device_enrolled_later_opens_what_the_office_seals_anew() {
    let Scene { site, mut village, mut office, .. } = scene();
    let sealed = seal(&mut village, complaint("sebelum komputer baru"));
    village.sync(&site);
    office.sync(&site);
    let mut later = site.seated("baru", ("complaint_officer", &["35.13"]), OFFICE, &[]);
    assert_eq!(later.sync(&site).arrived, 0);
    office.sync(&site);
    assert_eq!(opened_alone(&mut office).resealed, 1);
    assert_eq!(opened_alone(&mut office).resealed, 0, "once is enough");
    office.sync(&site);
    assert_eq!(later.sync(&site).arrived, 1);
    let waiting = &later.replica.unopened().unwrap()[0];
    assert_eq!(waiting.staff, village.staff.to_string(), "whoever sealed it first");
    let opened = open(&mut later, &sealed.item).unwrap();
    later.sync(&site);
    office.sync(&site);
    assert_eq!(told(&office, opened.complaint), ["sebelum komputer baru"]);
    assert_eq!(status(&office).unopened, 0);
}

#[test]
fn a_nik_typed_in_the_village_goes_up_and_stands_beside_what_the_office_knows() {
    let Scene { site, mut village, mut office, .. } = scene();
    let worker = village.create(&[("nama_lengkap", "Uji Siti"), ("office", OFFICE)]).unwrap();
    village.sync(&site);
    office.sync(&site);
    let nik = |nik: &str| Create {
        kind: "worker_private".to_owned(),
        of: Some(worker),
        fields: Fields { set: [("nik".to_owned(), json!(nik))].into(), ..Fields::default() },
    };
    let sent = |village: &mut Office, number: &str| {
        let outcome = village.with(|replica, with| replica.create(&nik(number), with)).unwrap();
        assert_eq!(outcome.id, worker.sibling("worker_private"));
        outcome.sealed.unwrap()
    };
    let first = sent(&mut village, "3513024107900001");
    assert!(first.openers >= 1);
    assert!(!contains(&pages(&village), "3513024107900001"));
    village.sync(&site);
    office.sync(&site);
    let done = opened_alone(&mut office);
    assert_eq!((done.opened, done.waiting), (1, 0));
    let private = worker.sibling("worker_private");
    assert_eq!(value(&office, private, "nik"), json!("3513024107900001"));
    assert!(village.replica.show(private).is_err());

    for (number, conflicts) in [("3513024107900001", 0), ("3513024107900002", 1)] {
        sent(&mut village, number);
        village.sync(&site);
        office.sync(&site);
        assert_eq!(opened_alone(&mut office).opened, 1);
        assert_eq!(status(&office).conflicts, conflicts, "{number}");
    }
    let report = office.sync(&site);
    assert_eq!(report.verdicts.get("quarantined"), None);
    assert_eq!(status(&office).waiting, 0, "{:?}", report.verdicts);
}

#[test]
fn after_kirim_the_draft_is_in_no_byte() {
    let Scene { site: _site, mut village, .. } = scene();
    let marker = marker();
    let Json::Object(content) = json!({ "kronologi": marker }) else { unreachable!() };
    let mut draft = Draft { id: RecordId([8; 16]), kind: "complaint".to_owned(), record: None, content };
    for _ in 0..3 {
        village.with(|replica, with| replica.keep_draft(&draft, with)).unwrap();
        draft.content.insert("pelapor_nama".to_owned(), json!("Uji Siti"));
    }
    assert!(!contains(&pages(&village), &marker), "a draft lies under a key of its own");
    let staff = village.staff;
    assert_eq!(
        village.replica.kept_draft(draft.id, staff).unwrap().draft.content["kronologi"],
        json!(marker)
    );
    let keys: Vec<u8> =
        village.database().query_row("SELECT key FROM draft_key", [], |row| row.get(0)).unwrap();
    let seal = Seal { create: complaint(&marker), to: None, draft: Some(draft.id) };
    village.with(|replica, with| replica.seal(&seal, with)).unwrap();
    let pages = pages(&village);
    assert!(!contains(&pages, &marker));
    assert!(!pages.windows(keys.len()).any(|window| window == keys), "its key is overwritten");
    assert!(village.replica.kept_draft(draft.id, staff).is_err());
}

#[test]
fn what_is_wrong_is_said_before_it_is_sealed() {
    let Scene { site: _site, mut village, mut office, .. } = scene();
    let mut mistyped = complaint("x");
    mistyped.fields.set.insert("kronolgi".to_owned(), json!("x"));
    let seal = |create| Seal { create, to: None, draft: None };
    let refused = village.with(|replica, with| replica.seal(&seal(mistyped), with)).unwrap_err();
    assert!(refused.to_string().contains("kronologi"));
    assert_eq!(status(&village).sealed, 0);
    let not_his = village.with(|replica, with| {
        replica.open_complaint(&OpenComplaint { item: "0123456789abcdef".to_owned(), case: None }, with)
    });
    assert!(matches!(not_his, Err(ReplicaError::Usage(_))));
    let worker = Create { kind: "worker".to_owned(), of: None, fields: Fields::default() };
    let refused = office.with(|replica, with| replica.seal(&seal(worker), with));
    assert!(matches!(refused, Err(ReplicaError::NotAllowed)));
}

#[test]
fn what_a_revoked_device_carried_is_not_lost() {
    let Scene { site, mut village, mut office, .. } = scene();
    let sealed = seal(&mut village, complaint("dari perangkat yang dicabut"));
    site.order(&village, Deed::Revoke);
    drop(village.try_sync(&site));
    assert_eq!(office.sync(&site).arrived, 1);
    let waiting = office.replica.unopened().unwrap();
    assert!(waiting[0].sender_ended);
    open(&mut office, &sealed.item).unwrap();
}

#[test]
fn nothing_more_is_sealed_to_a_revoked_device() {
    let Scene { site, mut village, office, .. } = scene();
    site.order(&office, Deed::Revoke);
    village.sync(&site);
    assert_eq!(seal(&mut village, complaint("x")).openers, 1, "the centre");
}

#[test]
fn a_statement_is_read_by_those_it_names_and_by_nobody_else() {
    let Scene { site, mut office, mut centre, .. } = scene();
    let mut reader = site.seated("pembaca", ("case_officer", &["35.13"]), OFFICE, &[]);
    let mut second = site.seated("kedua", ("case_officer", &["35.13"]), OFFICE, &[]);
    for device in [&mut office, &mut reader, &mut second] {
        device.sync(&site);
    }
    let case = office.create_kind("case", None, &[]).unwrap().to_string();
    let marker = marker();
    let name = reader.staff.to_string();
    let statement = |readers: &[(&str, &str)]| {
        let mut set = vec![("kasus", case.as_str()), ("isi", marker.as_str())];
        set.extend(readers);
        office.create_kind("statement", None, &set)
    };
    let mut statement = statement;
    let unread = statement(&[("+readers", "00000000000000000000000009")]);
    assert!(matches!(unread, Err(ReplicaError::Usage(_))), "nobody could read it");
    let id = statement(&[("+readers", name.as_str())]).unwrap();
    office.sync(&site);
    reader.sync(&site);
    assert_eq!(reader.field(id, "isi"), json!(marker));
    assert!(!contains(&pages(&office), &marker) && !contains(&pages(&reader), &marker));
    for device in [&mut second, &mut centre] {
        device.sync(&site);
        assert!(device.replica.show(id).is_err());
    }
}

#[test]
fn sealed_items_are_bounded_in_size() {
    let Scene { site: _site, mut village, .. } = scene();
    let entry = |letters: usize| ("kronologi".to_owned(), json!({ "isi": "x".repeat(letters) }));
    let told = |entries: usize| {
        let mut create = complaint("x");
        create.fields.add.extend(std::iter::repeat_n(entry(9_000), entries));
        Seal { create, to: None, draft: None }
    };
    village.with(|replica, with| replica.seal(&told(28), with)).unwrap();
    let refused = village.with(|replica, with| replica.seal(&told(30), with));
    assert!(matches!(refused, Err(ReplicaError::Usage(_))), "{refused:?}");
    assert_eq!(status(&village).sealed, 1);
}

#[test]
fn the_relay_takes_no_parcel_that_is_not_the_senders() {
    use sambung_sync::frame::Frame;
    use sambung_sync::message::{ExchangeRequest, ExchangeResponse, ParcelState, ParcelsUp};

    let Scene { site, mut village, office, .. } = scene();
    seal(&mut village, complaint("kronologi uji"));
    let mut session = village.session();
    let body = session.request(&mut village.replica, clock::now()).unwrap();
    let frame: Frame = sambung_sync::frame::unpack(&body).unwrap();
    let mut request: ExchangeRequest = frame.peek().unwrap();
    let good = request.parcels.clone().unwrap().sent[0].clone();
    let mut torn = good.clone();
    torn.content = b"something else".to_vec().into();
    let mut stolen = good.clone();
    stolen.device = office.replica.identity().device.public();
    request.parcels = Some(ParcelsUp { sent: vec![torn, stolen, good], ..ParcelsUp::default() });
    let again = Frame::enclose(&request, frame.nonce, &village.replica.identity().device);
    let (status, answer) = site.answer(&sambung_sync::frame::pack(&again));
    assert_eq!(status, 200);
    let answer: sambung_sync::frame::AnswerFrame = sambung_sync::frame::unpack(&answer).unwrap();
    let response: ExchangeResponse = answer.peek().unwrap();
    let states = response.parcels.unwrap().states;
    assert_eq!(states, [ParcelState::Refused, ParcelState::Refused, ParcelState::Taken]);
}

#[test]
fn an_idle_exchange_is_small_with_orders_recipients_and_items_seen() {
    let Scene { site, mut village, mut office, centre } = scene();
    let gone = site.device("lama", "front_office", &["35.13"]);
    site.order(&gone, Deed::Revoke);
    seal(&mut village, complaint(&marker()));
    village.sync(&site);
    assert_eq!(office.sync(&site).arrived, 1);
    let idle = office.sync(&site);
    assert_eq!((idle.rounds, idle.arrived, idle.verified), (1, 0, Some(true)));
    assert!(idle.bytes_up + idle.bytes_down <= 300, "{idle:?}");
    // A list of recipients that has changed comes with the answer that would have come anyway.
    site.order(&centre, Deed::Revoke);
    assert_eq!(office.sync(&site).rounds, 1);
    let idle = office.sync(&site);
    assert_eq!(idle.rounds, 1);
    assert!(idle.bytes_up + idle.bytes_down <= 300, "{idle:?}");
}
