//! What is said about a record, case by case.

use serde_json::json;

use crate::form::*;
use crate::pack::Pack;

fn record(json: serde_json::Value) -> Record {
    let serde_json::Value::Object(record) = json else { panic!("{json} is no record") };
    record
}

/// A day in the time these rules were written, and no regions.
fn around() -> Surroundings<'static> {
    Surroundings { today: "2026-01-08".parse().unwrap(), regions: None }
}

/// The report on a record by the shipped form of its kind.
fn report(form: &str, json: serde_json::Value) -> Report {
    let pack = Pack::builtin().unwrap();
    check(&pack, &pack.forms[form], &record(json), around())
}

fn find(report: &Report, code: FindingCode) -> &Finding {
    report.findings.iter().find(|finding| finding.code == code).unwrap()
}

#[test]
fn every_finding_comes_at_once_with_field_severity_code_and_both_languages() {
    let report = report(
        "worker",
        json!({ "jenis_kelamin": "X", "tahun_lahir": "delapan", "nama_panggilan": ["a", "a"], "hobi": "catur" }),
    );
    let found: Vec<(String, Severity, &str)> = report
        .findings
        .iter()
        .map(|finding| (finding.path.join("."), finding.severity, finding.code.name()))
        .collect();
    let expected = [
        ("nama_lengkap", Severity::Warn, "required"),
        ("jenis_kelamin", Severity::Hint, "unknown_code"),
        ("tahun_lahir", Severity::Hard, "wrong_type"),
        ("boleh_diketahui_desa", Severity::Warn, "required"),
        ("nama_panggilan", Severity::Hint, "repeated_entry"),
        ("hobi", Severity::Hint, "unknown_key"),
    ];
    assert_eq!(found, expected.map(|(path, severity, code)| (path.to_owned(), severity, code)));
    let name = find(&report, FindingCode::Required);
    assert_eq!(name.message.id, "Nama lengkap belum diisi.");
    assert_eq!(name.message.en, "Full name is empty.");
    assert!(!report.can_save());
}

#[test]
fn an_empty_record_can_always_be_saved() {
    let pack = Pack::builtin().unwrap();
    for kind in pack.kinds.values() {
        let plain = Form::plain(kind);
        for form in pack.forms_of(&kind.name).chain([&plain]) {
            assert!(check(&pack, form, &Record::new(), around()).can_save(), "{}", form.name);
        }
    }
}

#[test]
fn what_the_next_step_needs_holds_it_up_but_not_the_save() {
    let closing = report("case", json!({ "alasan_tutup": "DISELESAIKAN" }));
    assert_eq!(closing.codes("ringkasan_hasil"), [FindingCode::Required]);
    assert!(closing.can_save());
    assert!(!closing.can_proceed());
    let open = report("case", json!({}));
    assert!(open.codes("ringkasan_hasil").is_empty());
    assert!(open.can_proceed());
}

#[test]
fn questions_appear_with_the_answers_they_depend_on() {
    let by_lawyer = json!({ "hubungan": "KUASA_HUKUM" });
    assert_eq!(report("complaint", by_lawyer).codes("surat_kuasa"), [FindingCode::Required]);
    assert!(report("complaint", json!({ "hubungan": "IBU" })).codes("surat_kuasa").is_empty());
    // A section that is not shown asks none of its questions.
    let unconfirmed = json!({ "hubungan": "KUASA_HUKUM", "belum_dipastikan": true });
    assert_eq!(report("complaint", unconfirmed).codes("surat_kuasa"), []);
}

#[test]
fn an_answer_to_a_hidden_question_is_kept_and_said() {
    let report = report("visit", json!({ "hasil": "MENOLAK", "keyakinan": "PASTI" }));
    let hidden = find(&report, FindingCode::Hidden);
    assert_eq!(
        (hidden.path.as_slice(), hidden.severity),
        (["keyakinan".to_owned()].as_slice(), Severity::Hint)
    );
    assert!(report.can_save());
}

#[test]
fn computed_fields_are_not_filled_in() {
    let report = report("worker", json!({ "status_pmi": "BEKERJA" }));
    assert_eq!(report.codes("status_pmi"), [FindingCode::Computed]);
    assert!(!report.can_save());
}

#[test]
fn items_are_checked_part_by_part() {
    let report = report(
        "case",
        json!({ "tindakan": {
            "k1": { "jenis": "TELEPON", "pada": "kemarin", "warna": "merah" },
            "k2": {},
            "bad id": { "jenis": "SURAT" },
            "k3": "telepon",
            "k4": { "jenis": "SURAT", "pada": "2026-01-08T09:30+07:00", "lampiran": [1] },
        } }),
    );
    let found: Vec<(String, &str)> = report
        .findings
        .iter()
        .filter(|finding| finding.path[0] == "tindakan")
        .map(|finding| (finding.path[1..].join("."), finding.code.name()))
        .collect();
    let expected = [
        ("bad id", "bad_item_id"),
        ("k1.pada", "bad_date_time"),
        ("k1.warna", "unknown_key"),
        ("k2", "empty_entry"),
        ("k3", "wrong_type"),
        ("k4.lampiran", "wrong_type"),
        ("k4.lampiran", "unknown_key"),
    ];
    assert_eq!(found, expected.map(|(path, code)| (path.to_owned(), code)));
}

#[test]
fn values_are_held_to_the_form_of_their_type() {
    for (form, key, value, code) in [
        ("placement", "negara", json!("QQ"), FindingCode::UnknownCode),
        ("placement", "mulai", json!("2023-02-29"), FindingCode::BadDate),
        ("placement_private", "gaji", json!("banyak"), FindingCode::BadMoney),
        ("placement_private", "gaji", json!("5 TWD"), FindingCode::BadMoney),
        ("placement_private", "gaji", json!("ZZZ 5"), FindingCode::UnknownCode),
        ("placement_private", "pemberi_kerja_telepon", json!("tidak ada"), FindingCode::OddNumber),
        ("complaint", "diterima_pada", json!("2026-01-08"), FindingCode::BadDateTime),
        ("complaint", "worker_id", json!("ibu"), FindingCode::BadId),
        ("case", "kepuasan", json!(9), FindingCode::OutOfRange),
        ("case", "kepuasan", json!(2.5), FindingCode::WrongType),
        ("worker_private", "desa_kode", json!("3513"), FindingCode::BadArea),
        ("worker_private", "minat_negara", json!(["MY", "XX"]), FindingCode::UnknownCode),
        ("worker_private", "foto", json!("foto.jpg"), FindingCode::WrongType),
        ("worker", "nama_lengkap", json!("x".repeat(151)), FindingCode::TooLong),
        ("worker", "kebutuhan", json!([""]), FindingCode::EmptyEntry),
        ("worker", "kebutuhan", json!("HUKUM"), FindingCode::WrongType),
        ("worker", "area_belum_pasti", json!("ya"), FindingCode::WrongType),
        ("visit_private", "gps", json!({ "lat": "-7,7" }), FindingCode::BadDecimal),
    ] {
        assert!(report(form, json!({ key: value })).codes(key).contains(&code), "{form}.{key}: {code:?}");
    }
}

#[test]
fn numbers_with_rules_are_remarked_on_and_never_refused() {
    // A woman born on 17 May 1984 has 57 in the place of the day.
    let sound = json!({ "nik": "3513025705840001", "tanggal_lahir": "1984-05-17", "jenis_kelamin": "P" });
    assert!(report("worker_private", sound).codes("nik").is_empty());
    for (form, key, value) in [
        ("worker_private", "nik", json!("351302570584")),
        ("worker_private", "no_kk", json!("3513")),
        ("placement_private", "no_paspor", json!(["123"])),
        ("complaint", "nomor_kartu", json!("0000-0000-00X")),
        ("worker", "telepon", json!(["tidak ada"])),
        ("complaint", "telepon", json!(["tidak ada"])),
    ] {
        let odd = report(form, json!({ key: value }));
        assert!(odd.codes(key).contains(&FindingCode::OddNumber), "{form}.{key}");
        assert!(odd.can_save());
        assert!(!find(&odd, FindingCode::OddNumber).message.id.ends_with(": "));
    }
}

#[test]
fn a_nik_is_held_against_the_record_it_stands_in() {
    let other_birth = json!({ "nik": "3513025705840001", "tanggal_lahir": "1990-01-02" });
    let report = report("worker_private", other_birth);
    assert_eq!(report.codes("nik"), [FindingCode::OddNumber]);
    assert_eq!(find(&report, FindingCode::OddNumber).severity, Severity::Warn);
}

#[test]
fn a_statement_is_not_saved_unsealed() {
    let pack = Pack::builtin().unwrap();
    let form = Form::plain(pack.kind("statement").unwrap());
    let plain = check(&pack, &form, &record(json!({ "isi": "Ia menceritakan semuanya." })), around());
    assert_eq!(plain.codes("isi"), [FindingCode::NotSealed]);
    assert!(!plain.can_save());
}

#[test]
fn dates_in_the_wrong_order_are_said_once_both_are_known_well_enough() {
    let order = |mulai: &str, selesai: &str| {
        report("placement", json!({ "mulai": mulai, "selesai": selesai })).codes("selesai")
    };
    assert_eq!(order("2024-05-17", "2023-05-17"), [FindingCode::Order]);
    assert_eq!(order("2024", "2023-12-31"), [FindingCode::Order]);
    assert!(order("2024", "2024-05-17").is_empty());
    assert!(order("2024-05-17", "").is_empty());
}

#[test]
fn fractions_fit_no_record_known_key_or_not() {
    let report = report("worker", json!({ "tinggi": 1.65, "lama": { "dalam": [u64::MAX] } }));
    assert_eq!(report.codes("tinggi"), [FindingCode::WrongType]);
    assert_eq!(report.codes("lama"), [FindingCode::WrongType]);
}

#[test]
fn root_keys_are_no_business_of_a_form() {
    let routing =
        json!({ "nama_lengkap": "Siti Uji", "area": "35.13", "office": "P4MI-3513", "excluded": {} });
    assert!(report("worker", routing.clone()).codes("area").is_empty());
    assert!(report("worker", routing).codes("excluded").is_empty());
}

#[test]
fn findings_are_bounded_and_what_stops_a_save_is_not_lost() {
    let mut many: Record = (0..2 * FINDINGS_MAX).map(|at| (format!("kunci{at}"), json!(1))).collect();
    many.insert("zz_terakhir".to_owned(), json!(0.5));
    let report = report("worker", many.into());
    assert_eq!(report.findings.len(), FINDINGS_MAX + 2);
    assert_eq!(report.findings.last().unwrap().code, FindingCode::More);
    assert!(!report.can_save());
}

#[test]
fn more_entries_than_a_change_carries_are_refused() {
    let entries: Vec<String> = (0..=ENTRIES_MAX).map(|at| format!("nama {at}")).collect();
    let report = report("worker", json!({ "nama_panggilan": entries }));
    assert_eq!(report.codes("nama_panggilan"), [FindingCode::TooMany]);
}

#[test]
fn an_answer_that_looks_like_a_place_is_not_filled_in() {
    let report = report("placement", json!({ "negara": "{field}" }));
    let finding = find(&report, FindingCode::UnknownCode);
    assert_eq!(
        finding.message.id,
        "Negara tujuan: kode {field} tidak ada di daftar versi ini. Tetap disimpan."
    );
}

#[test]
fn defaults_fill_only_what_was_not_answered() {
    let pack = Pack::builtin().unwrap();
    let complaint = &pack.forms["complaint"];
    let filled = with_defaults(complaint, &Record::new());
    assert_eq!(filled, record(json!({ "pelapor_dirahasiakan": true })));
    let answered = record(json!({ "pelapor_dirahasiakan": false, "pelapor_nama": "" }));
    assert_eq!(with_defaults(complaint, &answered), answered);
    let unanswered = record(json!({ "pelapor_dirahasiakan": null }));
    assert_eq!(with_defaults(complaint, &unanswered)["pelapor_dirahasiakan"], json!(true));
}

#[test]
fn a_default_waits_for_its_question() {
    let show = Condition::Equals { field: "kanal".to_owned(), value: json!("WHATSAPP") };
    let ask = Ask { show: Some(show), default: Some(json!("TINGGI")), ..Ask::plain("prioritas".to_owned()) };
    let pack = Pack::builtin().unwrap();
    let mut form = Form::plain(pack.kind("complaint").unwrap());
    form.sections[0].fields = vec![ask];
    assert!(with_defaults(&form, &Record::new()).is_empty());
    let from_chat = record(json!({ "kanal": "WHATSAPP" }));
    assert_eq!(with_defaults(&form, &from_chat)["prioritas"], json!("TINGGI"));
}
