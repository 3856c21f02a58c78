//! What a village device may hold is a short list, written down here by hand.

use std::collections::BTreeMap;

use crate::pack::{Pack, Reach};
use crate::{Access, Role};

/// Kinds and fields, written down apart from the pack.
const HELD: &[(&str, &[&str])] = &[
    (
        "worker",
        &[
            "nama_lengkap",
            "nama_panggilan",
            "jenis_kelamin",
            "tahun_lahir",
            "alamat",
            "rt",
            "rw",
            "dusun",
            "area_belum_pasti",
            "telepon",
            "whatsapp",
            "kebutuhan",
            "petugas_pendamping",
            "boleh_diketahui_desa",
            "status_pmi",
        ],
    ),
    (
        "placement",
        &[
            "worker",
            "negara",
            "kota_luar_negeri",
            "jabatan",
            "sektor",
            "mulai",
            "selesai",
            "perpanjangan",
            "tahap",
            "tanggal_berangkat",
            "kontak_terakhir",
        ],
    ),
    // Where the home is, who lives there, contacts, children left behind, needs and what was done.
    (
        "household",
        &[
            "nama_keluarga",
            "alamat",
            "rt",
            "rw",
            "dusun",
            "area_belum_pasti",
            "telepon",
            "pekerja",
            "anggota",
            "anak_ditinggal",
            "kebutuhan",
            "pemenuhan_kebutuhan",
        ],
    ),
    // Date, staff, worker, result, status seen and how sure, last contact, needs.
    (
        "visit",
        &[
            "worker_id",
            "tanggal_rencana",
            "tanggal_jam",
            "petugas",
            "hasil",
            "status_teramati",
            "keyakinan",
            "hubungan",
            "kontak_terakhir_dgn_keluarga",
            "cara",
            "kebutuhan",
        ],
    ),
    // Reference rows by hamlet, and results.
    ("pendataan", &["judul", "per_tanggal", "sumber", "baris", "hasil", "tidak_di_daftar", "petugas"]),
    // Two ids and a decision.
    ("link", &["a", "b", "keputusan", "alasan", "asal", "diputuskan_oleh", "diputuskan_pada"]),
];

/// The kinds and fields a village officer reaches through one kind of set, without what everybody may read.
fn held(pack: &Pack, reach: Reach) -> BTreeMap<&str, Vec<&str>> {
    pack.readable(Role::VillageOfficer, reach)
        .filter(|kind| kind.access > Access::Open)
        .map(|kind| (kind.name.as_str(), kind.fields.iter().map(|field| field.key.as_str()).collect()))
        .collect()
}

#[test]
fn what_a_village_device_may_hold_is_exactly_this() {
    let pack = Pack::builtin().unwrap();
    let expected = HELD.iter().map(|(kind, fields)| (*kind, fields.to_vec())).collect();
    assert_eq!(held(&pack, Reach::Area), expected);
    assert!(held(&pack, Reach::Office).is_empty());
}

#[test]
fn by_name_a_village_officer_reaches_orientation_only() {
    let pack = Pack::builtin().unwrap();
    let kinds: Vec<&str> = held(&pack, Reach::Person).into_keys().collect();
    assert_eq!(kinds, ["opp_participant", "opp_session"]);
}

#[test]
fn parts_a_village_holds_tell_of_no_number_money_or_case() {
    let pack = Pack::builtin().unwrap();
    let members: Vec<&str> = pack
        .kind("household")
        .unwrap()
        .field("anggota")
        .unwrap()
        .parts
        .iter()
        .map(|p| p.key.as_str())
        .collect();
    assert_eq!(
        members,
        [
            "hubungan",
            "nama",
            "telepon",
            "usia",
            "tanggal_lahir",
            "kontak_darurat",
            "tanggungan",
            "sekolah",
            "penerima_kiriman",
            "worker_id"
        ]
    );
    let private = ["nik", "no_kk", "no_paspor", "perekrut", "jalur", "pengaduan_id", "kur_plafon"];
    for kind in pack.readable(Role::VillageOfficer, Reach::Area) {
        for field in &kind.fields {
            let keys = [field].into_iter().chain(&field.parts).map(|field| field.key.as_str());
            for key in keys {
                assert!(!private.contains(&key), "{}.{key}", kind.name);
            }
        }
    }
}

#[test]
fn status_cards_and_staff_papers_reach_no_village() {
    let pack = Pack::builtin().unwrap();
    for reach in Reach::ALL {
        for kind in ["status_card", "staff_private", "complaint", "case", "report", "service_tally"] {
            assert!(!held(&pack, reach).contains_key(kind), "{kind}");
        }
    }
}

#[test]
fn access_above_the_ceiling_and_other_sets_keep_a_kind_away() {
    let holds_workers = |pack: &Pack| held(pack, Reach::Area).contains_key("worker");
    let pack = Pack::builtin().unwrap();
    assert!(holds_workers(&pack));

    let mut restricted = pack.clone();
    restricted.kinds.get_mut("worker").unwrap().access = Access::Restricted;
    assert!(!holds_workers(&restricted));

    let mut office_only = pack;
    office_only.kinds.get_mut("worker").unwrap().reach = vec![Reach::Office];
    assert!(!holds_workers(&office_only));
}
