//! What is told to whoever watches the relay, and how it ends.

use std::io::{BufRead, Read, Write};
use std::net::{SocketAddr, TcpStream};

use sambung_sync::frame::MEDIA_TYPE;

use crate::device::{Device, EXCHANGE};
use crate::http::{get, post};
use crate::process::{Place, Served, terminate};
use crate::record::Worker;

/// A relay that is watched, and where.
fn watched(place: &Place) -> (Served, SocketAddr) {
    let mut served = place.serve_with(&["--metrics", "127.0.0.1:0"]);
    let mut line = String::new();
    served.out.read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("metrics http://").unwrap().parse().unwrap();
    (served, address)
}

fn metrics(address: SocketAddr) -> String {
    let reply = get(address, "/metrics");
    assert_eq!(reply.status, 200);
    assert!(reply.head.contains("content-type: application/openmetrics-text; version=1.0.0"));
    String::from_utf8(reply.body).unwrap()
}

/// The value of one line.
fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find(|line| line.starts_with(&format!("{series} ")));
    let line = line.unwrap_or_else(|| panic!("{series} is missing:\n{text}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

fn push_a_worker(device: &mut Device) {
    let mut worker = Worker::born(device, "35.13.02.2004");
    let item = worker.item(device);
    let push = device.sign(vec![item]);
    device.push(&push).unwrap();
}

#[test]
fn what_happened_is_counted_and_nobody_is_named() {
    let place = Place::new();
    let (served, address) = watched(&place);
    let (mut writer, mut reader) = (place.enrol(served.address), place.enrol(served.address));
    push_a_worker(&mut writer);
    reader.pull();
    assert_eq!(post(served.address, EXCHANGE, b"halo").status, 400);
    let replica = sambung_domain::RecordId(writer.replica).to_string();
    place.good(&["device", "revoke", &replica, "--reason", "uji"]);
    push_a_worker(&mut writer);
    assert_eq!(get(served.address, "/metrics").status, 404, "only on the second listener");

    let text = metrics(address);
    for (series, expected) in [
        ("exchanges_total{outcome=\"want_scopes\"}", 1.0),
        ("exchanges_total{outcome=\"answered\"}", 1.0),
        ("exchanges_total{outcome=\"closed\"}", 1.0),
        ("exchanges_total{outcome=\"frame_invalid\"}", 1.0),
        ("changes_total{direction=\"pushed\"}", 2.0),
        ("changes_total{direction=\"pulled\"}", 1.0),
        ("verdicts_total{disposition=\"stored\",lane=\"normal\"}", 1.0),
        ("verdicts_total{disposition=\"stored\",lane=\"quarantined\"}", 1.0),
        ("requests_total{method=\"POST\",route=\"/sync/v1/exchange\",status=\"400\"}", 1.0),
        ("requests_total{method=\"GET\",route=\"-\",status=\"404\"}", 1.0),
        ("request_duration_seconds_count{route=\"/sync/v1/exchange\"}", 4.0),
        ("log_position{shard=\"35.13\"}", 1.0),
        ("waiting{what=\"quarantine\"}", 1.0),
        ("waiting{what=\"parcels\"}", 0.0),
        ("devices", 2.0),
    ] {
        assert_eq!(value(&text, &format!("sambung_relay_{series}")), expected, "{series}");
    }
    assert!(value(&text, "sambung_relay_database_bytes") > 4_096.0);
    assert!(value(&text, "sambung_relay_body_bytes_total{direction=\"in\"}") > 0.0);
    let names = [writer.key.public().to_string(), replica];
    assert!(names.iter().all(|name| !text.contains(&name[..12])), "{text}");
}

#[test]
fn a_relay_that_ends_says_so_and_finishes_what_it_began() {
    let place = Place::new();
    let (mut served, watch) = watched(&place);
    assert_eq!((get(watch, "/readyz").status, get(served.address, "/readyz").status), (200, 200));
    let mut begun = TcpStream::connect(served.address).unwrap();
    let head = format!(
        "POST {EXCHANGE} HTTP/1.1\r\nhost: relay\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: 8\r\n\r\nhalo"
    );
    begun.write_all(head.as_bytes()).unwrap();
    // Connections are taken in order: the relay has begun to read once it answers somebody else.
    assert_eq!(get(served.address, "/livez").status, 200);

    terminate(&served);
    let ends = |_: &usize| {
        std::thread::sleep(std::time::Duration::from_millis(5));
        get(watch, "/readyz").status == 503
    };
    (0..1_000).find(ends).expect("readiness is taken back");
    assert_eq!(get(watch, "/readyz").body, b"the relay is ending\n");
    assert_eq!(get(watch, "/livez").status, 200);
    assert!(TcpStream::connect(served.address).is_err(), "nobody new is taken");

    begun.write_all(b"halo").unwrap();
    let mut answer = Vec::new();
    begun.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 400"), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(served.child.wait().unwrap().code(), Some(0));
}

#[test]
fn every_answer_has_a_name_of_its_own() {
    let place = Place::new();
    let (served, _) = watched(&place);
    let id = || {
        let head = get(served.address, "/livez").head;
        head.lines().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap().to_owned()
    };
    let (first, second) = (id(), id());
    assert!(first.len() == 16 && first != second, "{first} {second}");
}
