//! Devices that listen are told that something waits, and nothing else.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use sambung_domain::hex::hex;
use sambung_relay::events::Pace;
use sambung_relay::http::Limits;
use sambung_sync::frame::{Frame, pack};
use sambung_sync::message::ListenRequest;

use crate::device::{Device, refusal};
use crate::http::{Reply, send};
use crate::lanes::revoke;
use crate::record::Worker;
use crate::site::Site;

const EVENTS: &str = "/sync/v1/events";

/// The request of a device that wants to be told.
fn asked(device: &Device, nonce: sambung_trust::nonce::Nonce) -> String {
    let request = ListenRequest { replica: device.replica, grant: device.signed_grant.short_id() };
    let proof = hex(&pack(&Frame::enclose(&request, nonce, &device.key)));
    format!("GET {EVENTS} HTTP/1.1\r\nhost: relay\r\nauthorization: Sambung {proof}\r\n\r\n")
}

/// A stream of hints, read line by line.
struct Stream(BufReader<TcpStream>);

impl Stream {
    fn open(address: SocketAddr, device: &Device) -> Stream {
        use std::io::Write;

        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.write_all(asked(device, device.nonce).as_bytes()).unwrap();
        let mut stream = Stream(BufReader::new(stream));
        assert_eq!(stream.line().as_deref(), Some("HTTP/1.1 200 OK"));
        stream.until(":").unwrap();
        stream
    }

    /// The next line; none at the end, which is an empty chunk.
    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.0.read_line(&mut line).unwrap_or(0);
        (read > 0 && line != "0\r\n").then(|| line.trim_end().to_owned())
    }

    /// The lines up to one that is `wanted`; none where the stream ends before.
    fn until(&mut self, wanted: &str) -> Option<Vec<String>> {
        let mut lines = Vec::new();
        loop {
            let line = self.line()?;
            if line == wanted {
                return Some(lines);
            }
            lines.push(line);
        }
    }

    fn hint(&mut self) -> Vec<String> {
        self.until("data: 1").unwrap()
    }
}

fn push_a_worker(device: &mut Device, area: &str) {
    let mut worker = Worker::born(device, area);
    let item = worker.item(device);
    let push = device.sign(vec![item]);
    device.push(&push).unwrap();
}

fn paced(pace: Pace) -> Site {
    Site::limited(Limits { pace, ..Limits::default() })
}

const BRISK: Pace = Pace { beat: Duration::from_millis(20), life: Duration::from_hours(1), room: 2 };

#[test]
fn a_device_hears_of_what_others_pushed_for_it() {
    let site = Site::start();
    let mut here = Device::enrol(&site, "front_office", &["35.13"]);
    let mut colleague = Device::enrol(&site, "front_office", &["35.13"]);
    let mut elsewhere = Device::enrol(&site, "front_office", &["35.08"]);
    let mut stream = Stream::open(site.address, &here);
    // Neither what lies elsewhere nor its own work is news.
    push_a_worker(&mut elsewhere, "35.08.01.2001");
    push_a_worker(&mut here, "35.13.02.2004");
    push_a_worker(&mut colleague, "35.13.02.2004");
    let said = stream.hint();
    let known =
        |line: &String| line.is_empty() || line == ":" || line == "event: waiting" || is_framing(line);
    assert!(said.iter().all(known), "{said:?}");
    push_a_worker(&mut colleague, "35.13.02.2005");
    stream.hint();
}

/// Lengths of HTTP's chunks.
fn is_framing(line: &str) -> bool {
    line.len() <= 4 && line.chars().all(|character| character.is_ascii_hexdigit())
}

#[test]
fn what_another_process_does_is_heard_as_well() {
    let site = Site::start();
    let device = Device::enrol(&site, "front_office", &["35.13"]);
    let mut stream = Stream::open(site.address, &device);
    revoke(&site, &Device::enrol(&site, "front_office", &["35.08"]));
    stream.hint();
    assert!(
        stream.until("never").is_none(),
        "an order ends the stream: whose rights it ended is not let in again"
    );
}

#[test]
fn only_a_device_whose_rights_hold_is_told() {
    let site = Site::start();
    let device = Device::enrol(&site, "front_office", &["35.13"]);
    let answer = |request: String| -> Reply {
        send(site.address, request.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n").as_bytes())
    };
    let code = |reply: &Reply| (reply.status, refusal(reply).code);
    let bare = format!("GET {EVENTS} HTTP/1.1\r\nhost: relay\r\n\r\n");
    assert_eq!(code(&answer(bare)), (400, "frame_invalid".to_owned()));
    let long = format!(
        "GET {EVENTS} HTTP/1.1\r\nhost: relay\r\nauthorization: Sambung {}\r\n\r\n",
        "0".repeat(1_026)
    );
    assert_eq!(code(&answer(long)), (400, "frame_invalid".to_owned()));
    assert_eq!(code(&answer(asked(&device, [7; 24]))), (401, "nonce_stale".to_owned()));
    let good = asked(&device, device.nonce);
    revoke(&site, &device);
    assert_eq!(code(&answer(good)), (403, "grant_ended".to_owned()));
}

#[test]
fn a_stream_shows_signs_of_life_and_ends_in_time() {
    let site = paced(Pace { life: Duration::from_millis(300), ..BRISK });
    let device = Device::enrol(&site, "front_office", &["35.13"]);
    let mut stream = Stream::open(site.address, &device);
    stream.until(":").unwrap();
    assert!(stream.until("data: 1").is_none(), "it ends without a hint");
}

#[test]
fn there_is_room_for_so_many_and_a_device_takes_one_place() {
    let site = paced(BRISK);
    let devices = [0; 3].map(|_| Device::enrol(&site, "front_office", &["35.13"]));
    let mut first = Stream::open(site.address, &devices[0]);
    let _second = Stream::open(site.address, &devices[1]);
    let request = asked(&devices[2], devices[2].nonce);
    assert_eq!(
        send(site.address, request.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n").as_bytes()).status,
        503
    );
    let _again = Stream::open(site.address, &devices[0]);
    assert!(first.until("never").is_none(), "the earlier stream of the device has ended");
}

#[test]
fn a_relay_that_ends_ends_its_streams_first() {
    let site = Site::start();
    let device = Device::enrol(&site, "front_office", &["35.13"]);
    let mut stream = Stream::open(site.address, &device);
    drop(site);
    assert!(stream.until("never").is_none());
}
