//! Made-up people of the sizes that real ones have, the same every time.

use sambung_domain::RecordId;
use sambung_replica::command::{Create, Fields};
use sambung_testkit::seed::Seed;
use serde_json::Value as Json;

const FIRST: &[&str] = &[
    "Siti", "Sri", "Nur", "Endang", "Wahyu", "Dewi", "Umi", "Lilik", "Moch.", "Ahmad", "Slamet", "Bambang",
    "Agus", "Sugeng", "Hadi", "Abdul", "Imam", "Rudi", "Yuli", "Titik", "Ani", "Eko", "Joko", "Supri",
    "Khoirul", "Misnati",
];
const MIDDLE: &[&str] = &[
    "Aminah",
    "Rahayu",
    "Hasanah",
    "Lestari",
    "Fatimah",
    "Saleh",
    "Riyadi",
    "Fauzi",
    "Sutrisno",
    "Wati",
    "Ningsih",
    "Hidayat",
    "Kurniawan",
    "Santoso",
    "Mulyani",
    "Kholifah",
    "Zainab",
    "Musyarofah",
    "Handayani",
    "Susanto",
    "Purnomo",
    "Utami",
    "Astutik",
    "Maimunah",
    "Qomariyah",
    "Setiawan",
    "Prasetyo",
    "Anwar",
    "Yusuf",
    "Ma'rufah",
];
const LAST: &[&str] =
    &["Putri", "Putra", "Sari", "Jaya", "Indah", "Wibowo", "Arifin", "Hakim", "Rofiq", "Zulaikha"];
const COUNTRIES: &[&str] = &["HK", "TW", "MY", "SG", "SA", "KR", "JP"];
const WORK: &[&str] =
    &["Penata laksana rumah tangga", "Pengasuh lansia", "Operator pabrik", "Awak kapal", "Perawat"];

/// Telephone numbers of this block are never given out: they have too few digits after 0800.
pub(crate) fn phone(at: usize) -> String {
    format!("0800{at:06}")
}

fn village(seed: &mut Seed) -> String {
    format!("35.13.{:02}.2{:03}", 1 + seed.below(24), 1 + seed.below(14))
}

/// A name, which a word in front marks as made up.
pub(crate) fn name(seed: &mut Seed, at: usize) -> String {
    let mut name = format!("Uji {} {}", seed.pick(FIRST), seed.pick(MIDDLE));
    if seed.below(2) == 0 {
        name = format!("{name} {}", seed.pick(LAST));
    }
    format!("{name} {at}")
}

/// What friends call somebody.
pub(crate) fn nickname(seed: &mut Seed) -> String {
    format!("Uji {}", seed.pick(FIRST))
}

/// Where a worker lives, and what is known of him or her, with numbers and answers as such.
pub(crate) fn plain(seed: &mut Seed, at: usize) -> (String, Vec<(String, Json)>) {
    let area = village(seed);
    let typed = |(key, value): (&str, String)| match (key, value.as_str()) {
        ("area", _) => None,
        ("boleh_diketahui_desa", answer) => Some((key.to_owned(), Json::from(answer == "ya"))),
        ("tahun_lahir", year) => Some((key.to_owned(), Json::from(year.parse::<i64>().unwrap_or(0)))),
        (_, text) => Some((key.to_owned(), Json::from(text))),
    };
    let writes = worker(seed, at, &area).into_iter().filter_map(typed).collect();
    (area, writes)
}

/// The three records of one person.
pub(crate) fn person(seed: &mut Seed, id: RecordId, at: usize) -> Vec<(Option<RecordId>, Create)> {
    let area = village(seed);
    let worker = create("worker", None, &worker(seed, at, &area), &[("telepon", phone(at))]);
    let nik = format!("351302{:02}{:02}{:02}{:04}", 1 + at % 28, 1 + at % 12, 70 + at % 30, at % 10_000);
    let private = [
        ("nik", nik),
        ("no_kk", format!("351302{at:010}")),
        ("tempat_lahir", "Probolinggo".to_owned()),
        ("tanggal_lahir", format!("19{}-{:02}-{:02}", 70 + at % 30, 1 + at % 12, 1 + at % 28)),
        ("status_perkawinan", "KAWIN".to_owned()),
        ("e_kpmi_no", format!("UJI{at:08}")),
        ("area", area.clone()),
    ];
    let start = format!("20{}-{:02}-01", 20 + seed.below(7), 1 + seed.below(12));
    let placement = [
        ("worker", id.to_string()),
        ("negara", (*seed.pick(COUNTRIES)).to_owned()),
        ("kota_luar_negeri", "Uji".to_owned()),
        ("jabatan", (*seed.pick(WORK)).to_owned()),
        ("sektor", "Informal".to_owned()),
        ("mulai", start),
        ("kontak_terakhir", format!("2026-{:02}-{:02}", 1 + seed.below(11), 1 + seed.below(28))),
        ("area", area),
    ];
    vec![
        (Some(id), worker),
        (None, create("worker_private", Some(id), &private, &[])),
        (None, create("placement", None, &placement, &[])),
    ]
}

/// A single worker, for saves.
pub(crate) fn one(seed: &mut Seed, at: usize) -> Create {
    let area = village(seed);
    create("worker", None, &worker(seed, at, &area), &[("telepon", phone(at))])
}

/// A single worker where the device is at home.
pub(crate) fn at_home(seed: &mut Seed, at: usize) -> Create {
    let mut made = one(seed, at);
    made.fields.set.remove("area");
    made
}

/// What an edit writes of a person made anew: name and hamlet.
pub(crate) fn renamed(made: Create) -> Fields {
    let mut fields = Fields { set: made.fields.set, ..Fields::default() };
    fields.set.retain(|key, _| ["nama_lengkap", "dusun"].contains(&key.as_str()));
    fields
}

fn worker(seed: &mut Seed, at: usize, area: &str) -> Vec<(&'static str, String)> {
    vec![
        ("nama_lengkap", name(seed, at)),
        ("jenis_kelamin", if seed.below(3) == 0 { "L" } else { "P" }.to_owned()),
        ("tahun_lahir", (1970 + seed.below(35)).to_string()),
        ("alamat", format!("Jalan Uji nomor {at}")),
        ("rt", format!("{:02}", 1 + seed.below(12))),
        ("rw", format!("{:02}", 1 + seed.below(6))),
        ("dusun", format!("Krajan {}", 1 + seed.below(400))),
        ("boleh_diketahui_desa", "ya".to_owned()),
        ("area", area.to_owned()),
    ]
}

fn create(kind: &str, of: Option<RecordId>, set: &[(&str, String)], add: &[(&str, String)]) -> Create {
    let json = |(key, value): &(&str, String)| ((*key).to_owned(), Json::from(value.clone()));
    let fields = Fields {
        set: set.iter().map(json).collect(),
        add: add.iter().map(json).collect(),
        ..Fields::default()
    };
    Create { kind: kind.to_owned(), of, fields }
}
