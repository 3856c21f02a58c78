//! That both sides hold the same is compared at every exchange, and always so while nothing is broken.

use sambung_domain::RecordId;
use sambung_replica::exchange::SyncReport;
use sambung_testkit::Seed;

use crate::site::{Office, Site};

const PLACES: [&str; 6] =
    ["35.13.02.2004", "35.13.02.2001", "35.13.05.2001", "35.08.01.2001", "35.09.13.2001", "33.74.01.1001"];

/// Devices of every kind of reach: whole province, kabupaten, village, office, named person.
fn devices(site: &Site) -> Vec<Office> {
    let mut devices = vec![
        site.device("pusat", "central", &["35", "33"]),
        site.seated("loket", ("front_office", &["35.13", "35.08"]), "P4MI-3513", &[]),
        site.seated("kasus", ("case_officer", &["35.13.02"]), "P4MI-3508", &[]),
        site.seated("mediator", ("mediator", &["35.08"]), "BLK-3508", &[]),
        site.device("desa", "village_officer", &["35.13.02.2004"]),
        site.device("kepala", "head", &["35.13", "35"]),
    ];
    let staff = devices[2].staff.to_string();
    devices.push(site.seated("orang", ("case_officer", &["35.09"]), "BLK-3508", &[&format!("p:{staff}")]));
    devices
}

fn assert_equal(report: &SyncReport, who: usize, step: usize) {
    assert_eq!(report.verified, Some(true), "device {who} at step {step}: {report:?}");
}

/// One thing that somebody does; what is not allowed is refused and does nothing.
fn act(seed: &mut Seed, devices: &mut [Office], records: &mut Vec<RecordId>, names: &[String]) {
    let who = seed.below(devices.len());
    if records.is_empty() || seed.below(4) == 0 {
        let place = PLACES[seed.below(PLACES.len())];
        let known = ["ya", "tidak"][seed.below(2)];
        let set = [("nama_lengkap", "Uji Siti"), ("area", place), ("boleh_diketahui_desa", known)];
        records.extend(devices[who].create(&set));
        return;
    }
    let id = records[seed.below(records.len())];
    let name = names[seed.below(names.len())].as_str();
    let set = match seed.below(9) {
        0 | 1 => ("rt", name),
        2 => ("area", PLACES[seed.below(PLACES.len())]),
        3 => ("boleh_diketahui_desa", ["ya", "tidak"][seed.below(2)]),
        4 => ("+partners", ["BLK-3508", "P4MI-3508", "P4MI-3513"][seed.below(3)]),
        5 => ("+readers", name),
        6 => ("+excluded", ["BLK-3508", "P4MI-3508"][seed.below(2)]),
        7 => ("office", ["P4MI-3508", "P4MI-3513"][seed.below(2)]),
        _ => ("dusun", name),
    };
    drop(devices[who].edit(id, &[set]));
}

#[test]
fn while_nothing_is_broken_every_exchange_proves_equality() {
    for run in 0..4 {
        let site = Site::start();
        let mut devices = devices(&site);
        let names: Vec<String> = devices.iter().map(|device| device.staff.to_string()).collect();
        let mut seed = Seed::new(0x0d16_e570 + run);
        let mut records = Vec::new();
        for step in 0..120 {
            act(&mut seed, &mut devices, &mut records, &names);
            if seed.below(3) == 0 {
                let who = seed.below(devices.len());
                assert_equal(&devices[who].sync(&site), who, step);
            }
        }
        for (who, device) in devices.iter_mut().enumerate() {
            assert_equal(&device.sync(&site), who, 120);
            let report = device.sync(&site);
            assert_equal(&report, who, 121);
        }
        for device in &devices {
            assert!(!device.codes().contains(&"digest"), "{:?}", device.findings());
        }
    }
}

#[test]
fn what_excludes_a_device_does_not_count_for_it() {
    let site = Site::start();
    let mut centre = site.device("pusat", "central", &["35"]);
    let mut desk = site.seated("loket", ("front_office", &["35.13"]), "P4MI-3508", &[]);
    let ids: Vec<RecordId> = (0..3)
        .map(|_| desk.create(&[("nama_lengkap", "Uji Siti"), ("area", "35.13.02.2004")]).unwrap())
        .collect();
    for device in [&mut desk, &mut centre] {
        device.sync(&site);
    }
    centre.edit(ids[1], &[("+excluded", "P4MI-3508")]).unwrap();
    centre.edit(ids[1], &[("rt", "2")]).unwrap();
    for _ in 0..2 {
        for device in [&mut centre, &mut desk] {
            let report = device.sync(&site);
            assert_eq!((report.verified, report.reconciled), (Some(true), 0), "{report:?}");
        }
    }
    assert!(desk.replica.show(ids[1]).is_err() && centre.replica.show(ids[1]).is_ok());
    let report = site.seated("lain", ("front_office", &["35.13"]), "P4MI-3508", &[]).sync(&site);
    assert_eq!((report.verified, report.pulled), (Some(true), 2));
}
