//! Service cards: what offices know of them, what the status cards behind them say, and what villages never get.

use sambung_domain::RecordId;
use sambung_domain::identifier::{CardNumber, TrackingCode};
use sambung_replica::card::{
    CARD_LIST_MAX, CardImport, CardListError, CardRow, RowFault, Track, Tracked, card_id,
};
use sambung_replica::command::{Command, Transition};
use sambung_replica::{ReplicaError, query::List};

use crate::site::{Office, Site};

const VILLAGE: &str = "35.13.02.2004";

/// A printed card.
struct Card {
    number: CardNumber,
    code: TrackingCode,
    id: RecordId,
}

impl Card {
    fn new(office: &Office, seed: u8) -> Card {
        let (number, code) = (CardNumber::from_random([seed; 8]), TrackingCode::from_random([seed; 8]));
        let id = card_id(&office.replica.identity().deployment, number, &code).unwrap();
        Card { number, code, id }
    }

    fn row(&self, row: u32) -> CardRow {
        CardRow { row, number: self.number.to_string(), card: self.id.to_string() }
    }

    fn listed_at(self, offices: &mut [&mut Office]) -> Card {
        for office in offices {
            office.replica.import_cards(&[self.row(1)]).unwrap();
        }
        self
    }

    fn asked(&self, office: &Office) -> Tracked {
        ask(office, &self.number.to_string(), &self.code.printed())
    }
}

fn ask(office: &Office, number: &str, code: &str) -> Tracked {
    office.replica.track(&Track { number: number.to_owned(), code: code.to_owned() }).unwrap()
}

fn complaint(office: &mut Office, card: &Card) -> RecordId {
    let number = card.number.compact();
    let set = [("nomor_kartu", number.as_str()), ("pelapor_nama", "Uji Siti Pelapor")];
    office.create_kind("complaint", None, &set).unwrap()
}

fn case(office: &mut Office, complaint: RecordId) -> RecordId {
    let complaint = complaint.to_string();
    office.create_kind("case", None, &[("+pengaduan", complaint.as_str())]).unwrap()
}

fn step(office: &mut Office, case: RecordId, to: &str) {
    let command = Command::Transition(Transition {
        id: case,
        to: to.to_owned(),
        field: None,
        reason: Some("uji".to_owned()),
    });
    office.with(|replica, with| replica.run(&command, with)).unwrap();
}

fn state(told: &Tracked) -> Option<&str> {
    told.state.as_deref()
}

#[test]
fn a_card_goes_with_its_case_from_coming_in_to_a_result_at_every_office() {
    let site = Site::start();
    let mut one = site.device("one", "complaint_officer", &["35.13"]);
    let mut other = site.device("other", "front_office", &["33.74"]);
    let card = Card::new(&one, 1).listed_at(&mut [&mut one]);
    assert!(!card.asked(&one).found, "nothing written yet");
    let complaint = complaint(&mut one, &card);
    assert_eq!(one.field(complaint, "kartu_status"), card.id.to_string());
    assert_eq!(state(&card.asked(&one)), Some("SUDAH_MASUK"));
    let case = case(&mut one, complaint);
    assert_eq!(state(&card.asked(&one)), Some("SUDAH_DIBACA"));
    for (to, shown) in [
        ("VERIFIKASI", "SEDANG_DIURUS"),
        ("DILENGKAPI", "MENUNGGU_KABAR"),
        ("MEDIASI", "SEDANG_DIURUS"),
        ("SELESAI", "ADA_HASIL"),
    ] {
        step(&mut one, case, to);
        assert_eq!(state(&card.asked(&one)), Some(shown), "{to}");
        one.sync(&site);
        other.sync(&site);
        let told = card.asked(&other);
        assert_eq!((told.found, state(&told)), (true, Some(shown)), "{to}");
        assert!(told.date.is_some());
    }
    assert_eq!(card.asked(&other).sentence.id, "Ada hasil, hubungi kantor");
    assert!(other.replica.show(case).is_err() && other.replica.show(complaint).is_err(), "only the card");
}

#[test]
fn whoever_lacks_number_or_code_gets_one_answer() {
    let site = Site::start();
    let mut one = site.device("one", "complaint_officer", &["35.13"]);
    let card = Card::new(&one, 1).listed_at(&mut [&mut one]);
    complaint(&mut one, &card);
    let (number, code) = (card.number.to_string(), card.code.printed());
    assert!(ask(&one, &number.to_lowercase(), &code.to_lowercase().replace('-', " ")).found);
    let unknown = Card::new(&one, 2);
    let wrong = [
        (number.clone(), unknown.code.printed()),
        (unknown.number.to_string(), code.clone()),
        (unknown.number.to_string(), unknown.code.printed()),
        (number[1..].to_owned(), code.clone()),
        (number.clone(), code[1..].to_owned()),
        (String::new(), String::new()),
    ];
    for (number, code) in wrong {
        let told = ask(&one, &number, &code);
        assert_eq!(
            told.sentence.id,
            "Tanpa nomor kartu dan kode kami tidak dapat mengatakan ada atau tidak ada laporan. Bila ada, petugasnya \
             yang akan menghubungi pelapor."
        );
        let json = serde_json::to_value(&told).unwrap();
        assert_eq!(json.as_object().unwrap().keys().collect::<Vec<_>>(), ["found", "sentence"]);
    }
    let asked = Track { number, code };
    assert_eq!(format!("{asked:?}"), "Track(…)");
}

#[test]
fn a_card_is_of_no_office_and_names_nobody() {
    let site = Site::start();
    let mut one = site.device("one", "complaint_officer", &["35.13"]);
    let card = Card::new(&one, 1).listed_at(&mut [&mut one]);
    complaint(&mut one, &card);
    let fields = one.show(card.id).fields;
    let keys: Vec<&str> = fields.keys().map(String::as_str).collect();
    let said = ["keadaan", "tanggal"];
    let placed =
        ["access", "area", "created_at", "created_by", "excluded", "office", "partners", "readers", "schema"];
    assert!(keys.iter().all(|key| said.contains(key) || placed.contains(key)), "{keys:?}");
    assert_eq!((&fields["area"], &fields["office"]), (&"00".into(), &"KARTU".into()));
}

#[test]
fn the_card_shows_the_first_telephone_of_the_office_that_handles_the_case() {
    let site = Site::start();
    let mut admin = site.device("admin", "admin", &["35"]);
    let office = [("kode", "P4MI-3513"), ("nama", "P4MI Uji"), ("jenis", "P4MI"), ("+telepon", "0335123456")];
    admin.create_kind("office", None, &office).unwrap();
    admin.sync(&site);
    let mut one = site.seated("one", ("complaint_officer", &["35.13"]), "P4MI-3513", &[]);
    one.sync(&site);
    let card = Card::new(&one, 1).listed_at(&mut [&mut one]);
    complaint(&mut one, &card);
    assert_eq!(card.asked(&one).phone.as_deref(), Some("+62335123456"));
}

#[test]
fn a_complaint_added_to_a_case_shows_where_the_case_stands() {
    let site = Site::start();
    let mut one = site.device("one", "complaint_officer", &["35.13"]);
    let first = Card::new(&one, 1).listed_at(&mut [&mut one]);
    let second = Card::new(&one, 2).listed_at(&mut [&mut one]);
    let complaints = (complaint(&mut one, &first), complaint(&mut one, &second));
    let case = case(&mut one, complaints.0);
    step(&mut one, case, "VERIFIKASI");
    assert_eq!(state(&second.asked(&one)), Some("SUDAH_MASUK"));
    one.edit(case, &[("+pengaduan", &complaints.1.to_string())]).unwrap();
    assert_eq!(state(&second.asked(&one)), Some("SEDANG_DIURUS"));
    step(&mut one, case, "SELESAI");
    assert_eq!(
        (state(&first.asked(&one)), state(&second.asked(&one))),
        (Some("ADA_HASIL"), Some("ADA_HASIL"))
    );
}

#[test]
fn two_offices_that_write_one_card_agree_and_nothing_is_held() {
    let site = Site::start();
    let mut one = site.seated("one", ("complaint_officer", &["35.13"]), "P4MI-3513", &[]);
    let mut two = site.seated("two", ("case_officer", &["33.74"]), "P4MI-3374", &[]);
    let card = Card::new(&one, 1).listed_at(&mut [&mut one, &mut two]);
    let reports = (complaint(&mut one, &card), complaint(&mut two, &card));
    let (a, b) = (case(&mut one, reports.0), case(&mut two, reports.1));
    step(&mut one, a, "SELESAI");
    step(&mut two, b, "DILENGKAPI");
    one.sync(&site);
    two.sync(&site);
    one.sync(&site);
    assert_eq!((one.waiting(), two.waiting()), (0, 0), "two births of one card are one record");
    assert!(site.quarantine().is_empty());
    assert_eq!(card.asked(&one), card.asked(&two));
    assert!(card.asked(&one).found);
    // The next step settles it.
    step(&mut two, b, "SELESAI");
    two.sync(&site);
    one.sync(&site);
    assert_eq!(state(&card.asked(&one)), Some("ADA_HASIL"));
    assert_eq!(one.show(card.id).conflicts, two.show(card.id).conflicts);
}

#[test]
fn villages_get_no_card_keep_no_list_and_are_not_stopped_by_one() {
    let site = Site::start();
    let mut office = site.device("office", "complaint_officer", &["35.13"]);
    let mut village = site.device("village", "village_officer", &[VILLAGE]);
    let mut field = site.device("field", "field_officer", &["35.13.02"]);
    let card = Card::new(&office, 1).listed_at(&mut [&mut office]);
    let reported = complaint(&mut office, &card);
    case(&mut office, reported);
    office.sync(&site);
    // What the field officer takes has a card that he may not write.
    let set = [("kartu_status", card.id.to_string())];
    let set: Vec<(&str, &str)> = set.iter().map(|(key, value)| (*key, value.as_str())).collect();
    field.create_kind("complaint", None, &set).unwrap();
    for device in [&mut village, &mut field] {
        device.sync(&site);
        let refused = device.replica.import_cards(&[card.row(1)]);
        assert!(matches!(refused, Err(CardListError::NotAnOffice)), "{refused:?}");
        assert!(device.replica.show(card.id).is_err());
        let list = List { kind: "status_card".to_owned(), ..List::default() };
        assert!(device.replica.list(&list).map_or(true, |page| page.rows.is_empty()));
        let rows: i64 = device
            .database()
            .query_row(
                "SELECT (SELECT count(*) FROM record WHERE kind = 'status_card') + (SELECT count(*) FROM card_list)",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(rows, 0);
        assert!(!card.asked(device).found, "the sentence is the same as for anybody");
    }
    let holds = |device: &Office| {
        let mut database = device.database();
        let pages = database.serialize(rusqlite::MAIN_DB).unwrap();
        pages.windows(card.id.0.len()).any(|bytes| bytes == card.id.0)
    };
    assert!(holds(&office), "the control");
    assert!(!holds(&village), "no byte of it");
}

#[test]
fn a_list_is_taken_in_whole_or_not_at_all() {
    let site = Site::start();
    let mut one = site.device("one", "front_office", &["35.13"]);
    let cards: Vec<Card> = (1..=4).map(|seed| Card::new(&one, seed)).collect();
    let first = one.replica.import_cards(&[cards[0].row(1), cards[0].row(2)]).unwrap();
    assert_eq!(first, CardImport { added: 1, known: 0 }, "twice the same is once");
    let other = CardRow { card: cards[1].id.to_string(), ..cards[0].row(3) };
    let rows = [
        cards[1].row(2),
        other,
        CardRow { number: "482-915-3067-K".to_owned(), ..cards[2].row(4) },
        CardRow { card: "lupa".to_owned(), ..cards[2].row(5) },
        CardRow { card: cards[3].id.to_string(), ..cards[1].row(6) },
    ];
    let Err(CardListError::Rows { first, count }) = one.replica.import_cards(&rows) else { panic!() };
    assert_eq!(count, 4);
    assert_eq!(first.iter().map(|bad| bad.row).collect::<Vec<_>>(), [3, 4, 5, 6]);
    assert_eq!((&first[0].fault, &first[2].fault), (&RowFault::Other, &RowFault::Card));
    assert!(!one.replica.knows_card(cards[1].number).unwrap(), "nothing half done");
    let all: Vec<CardRow> = (1..).zip(&cards).map(|(row, card)| card.row(row)).collect();
    assert_eq!(one.replica.import_cards(&all).unwrap(), CardImport { added: 3, known: 1 });
}

#[test]
fn a_list_of_cards_is_bounded() {
    let site = Site::start();
    let mut one = site.device("one", "front_office", &["35.13"]);
    let card = Card::new(&one, 1);
    let filled = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
                  INSERT INTO card_list SELECT 'x' || i, x'00' FROM n";
    one.database().execute(filled, [i64::try_from(CARD_LIST_MAX).unwrap() - 1]).unwrap();
    assert_eq!(one.replica.import_cards(&[card.row(1)]).unwrap().added, 1);
    let refused = one.replica.import_cards(&[Card::new(&one, 2).row(1)]);
    assert!(matches!(refused, Err(CardListError::TooMany)), "{refused:?}");
    let long = vec![card.row(1); CARD_LIST_MAX + 1];
    assert!(matches!(one.replica.import_cards(&long), Err(CardListError::TooMany)));
    assert_eq!(one.replica.import_cards(&long[1..]).unwrap(), CardImport { added: 0, known: 1 });
}

#[test]
fn nobody_puts_people_where_everybody_reads() {
    let site = Site::start();
    let mut office = site.device("office", "front_office", &["35.13"]);
    let mut central = site.device("central", "central", &["35"]);
    let set = [("nama_lengkap", "Uji Siti"), ("area", "00")];
    for device in [&mut office, &mut central] {
        assert!(matches!(device.create(&set), Err(ReplicaError::NotAllowed)));
        let id = device.create(&set[..1]).unwrap();
        assert_ne!(device.field(id, "area"), "00");
        assert!(matches!(device.edit(id, &[("area", "00")]), Err(ReplicaError::NotAllowed)));
    }
    let rules = [("area", "35.13")];
    assert!(matches!(central.create_kind("rules", None, &rules), Err(ReplicaError::NotAllowed)));
}

#[test]
fn a_device_that_has_only_the_reference_area_is_at_home_nowhere() {
    let site = Site::start();
    let mut device = site.seated("d", ("front_office", &["00", "35.13"]), "P4MI-3513", &[]);
    let id = device.create(&[("nama_lengkap", "Uji Siti")]).unwrap();
    assert_eq!(device.field(id, "area"), "35.13");
    let mut nowhere = site.device("n", "front_office", &["00"]);
    assert!(matches!(nowhere.create(&[("nama_lengkap", "Uji Siti")]), Err(ReplicaError::NotAllowed)));
}
