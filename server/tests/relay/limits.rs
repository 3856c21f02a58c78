//! What requests may take of the relay.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use sambung_relay::http::Limits;
use sambung_sync::frame::MEDIA_TYPE;
use sambung_sync::limits::BODY_MAX;

use crate::device::{ENROL, EXCHANGE, refusal};
use crate::http::post;
use crate::site::Site;

#[test]
fn a_body_that_does_not_arrive_is_given_up() {
    let site = Site::limited(Limits { body_time: Duration::from_millis(200), ..Limits::default() });
    let mut stream = TcpStream::connect(site.address).unwrap();
    let head = format!(
        "POST {EXCHANGE} HTTP/1.1\r\nhost: relay\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: 100\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
}

#[test]
fn a_relay_without_a_free_thread_says_when_to_come_back() {
    let limits = Limits { workers: 0, work_time: Duration::from_millis(50), ..Limits::default() };
    let site = Site::limited(limits);
    let reply = post(site.address, ENROL, b"halo");
    let refusal = refusal(&reply);
    assert_eq!((reply.status, refusal.code.as_str()), (503, "later"));
    assert!(refusal.retry_after_s.is_some() && reply.head.contains("retry-after: "), "{}", reply.head);
}

/// Bodies of the greatest length that there is room for.
const BODIES: usize = 32;

fn tried(site: &Site, expected: u16) -> bool {
    (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        post(site.address, EXCHANGE, b"halo").status == expected
    })
}

#[test]
fn room_for_bodies_is_given_out_as_they_arrive() {
    let site = Site::start();
    let head = format!(
        "POST {EXCHANGE} HTTP/1.1\r\nhost: relay\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {BODY_MAX}\r\n\r\n"
    );
    let hold = || {
        let mut stream = TcpStream::connect(site.address).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    let mut held: Vec<TcpStream> = (0..2 * BODIES).map(|_| hold()).collect();
    // The relay takes connections in order: once it has answered this one it has seen all before it.
    assert_eq!(post(site.address, EXCHANGE, b"halo").status, 400, "what was only announced takes no room");
    held.truncate(BODIES);
    let nearly = vec![0; BODY_MAX - 1];
    held.iter_mut().for_each(|stream| stream.write_all(&nearly).unwrap());
    assert!(tried(&site, 503));
    drop(held);
    assert!(tried(&site, 400));
}
