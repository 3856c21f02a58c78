//! How fast a relay takes pushes. Says it, and is run by hand:
//! `cargo nextest run --cargo-profile ci -p sambung-relay ingest --run-ignored all --no-capture`.

use std::time::{Duration, Instant};

use sambung_relay::host::Host;
use sambung_sync::frame::pack;
use sambung_sync::message::{ExchangeRequest, PushItem};

use crate::device::Device;
use crate::record::Worker;
use crate::site::Site;

const RECORDS: usize = 500;
const PUSHES: usize = 20;

/// Posts the items as one push, past the network; gives the time the relay took.
fn push(host: &Host, device: &mut Device, items: Vec<PushItem>) -> Duration {
    let push = device.sign(items);
    let request = ExchangeRequest { push: Some(push), ..device.request() };
    let body = pack(&device.frame(&request));
    let begun = Instant::now();
    host.exchange(&body).unwrap();
    begun.elapsed()
}

#[test]
#[ignore = "it measures and compares nothing"]
fn the_speed_of_ingest() {
    let site = Site::start();
    let (relay, pool) = site.data().open().unwrap();
    let host = Host::new(relay, pool);
    let mut device = Device::enrol(&site, "front_office", &["35.13"]);
    let mut workers: Vec<Worker> =
        (0..RECORDS * PUSHES).map(|_| Worker::born(&device, "35.13.02.2004")).collect();
    for (what, edits) in [("births", 0), ("edits", 1), ("edits, eight a record", 8)] {
        let mut took = Duration::ZERO;
        for workers in workers.chunks_mut(RECORDS) {
            let mut items = Vec::new();
            for worker in workers {
                for number in 0..edits {
                    worker.edit(&device, &[("rt", &format!("{edits}{number}"))]);
                }
                items.push(worker.item(&device));
            }
            took += push(&host, &mut device, items);
        }
        let changes = RECORDS * PUSHES * edits.max(1);
        let each = took.as_secs_f64() * 1e6 / changes as f64;
        eprintln!("{what}: {changes} changes in {:.2} s, {each:.1} us a change", took.as_secs_f64());
    }
}
