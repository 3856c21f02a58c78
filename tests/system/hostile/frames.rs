//! Bodies that are no messages, or that cost more than they weigh.

use std::io::Write;

use minicbor::bytes::ByteVec;
use minicbor::encode::{Encoder, Error};
use minicbor::{Encode, encode};
use sambung_domain::RecordId;
use sambung_sync::frame::{Frame, pack};
use sambung_sync::limits::{BODY_MAX, FRAME_MAX};
use sambung_sync::message::ExchangeRequest;
use sambung_testkit::Seed;

use super::still_serves;
use crate::harness::{Deployment, Device, EXCHANGE, Worker, announce, item, post};

/// Items of one byte in a frame: as many as fit.
const TINY: u32 = 16_000_000;
/// More than the relay has room for, if each were given what it announces.
const SLOW: usize = 200;

/// Bytes in the place of a message.
struct Raw(Vec<u8>);

impl<C> Encode<C> for Raw {
    fn encode<W: encode::Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), Error<W::Error>> {
        e.writer_mut().write_all(&self.0).map_err(Error::write)
    }
}

#[test]
fn bodies_that_are_no_messages_are_refused() {
    let deployment = Deployment::start();
    let offices = ["Kraksaan", "Lumajang"].map(|name| deployment.office(name, "front_office", "35.13,35.08"));
    let mut device = Device::enrol(&deployment, "front_office", "35.13");
    let status = |body: &[u8]| post(deployment.address(), EXCHANGE, body).status;

    let bomb = pack(&ByteVec::from(vec![0; FRAME_MAX]));
    assert!(bomb.len() < 10_000);
    for _ in 0..20 {
        assert_eq!(status(&bomb), 413);
    }
    let (worker, birth) = Worker::born(&device);
    let items = vec![item(&device, worker.record, vec![birth])];
    let request = ExchangeRequest { push: Some(device.sign(items)), ..device.request() };
    let whole = pack(&device.frame(&request));
    for part in 0..40 {
        assert_eq!(status(&whole[..whole.len() * part / 40]), 400, "{part}/40");
    }
    let mut seed = Seed::new(40);
    for _ in 0..40 {
        let random: Vec<u8> = (0..seed.below(5_000)).map(|_| seed.byte()).collect();
        assert_eq!(status(&random), 400);
        let mut flipped = whole.clone();
        let at = seed.below(whole.len());
        flipped[at] ^= 1 << seed.below(8);
        let told = status(&flipped);
        assert!((400..500).contains(&told), "{told} for bit flips at {at}");
    }
    still_serves(&deployment, [&offices[0], &offices[1]]);
}

/// A push whose chunks are millions of nothing: two kilobytes on the wire, sixteen megabytes inflated, and
/// twenty-four times that for whoever makes a list of them.
fn many_of_nothing(device: &Device) -> Vec<u8> {
    let mark = b"here they begin".to_vec();
    let mut other = item(device, RecordId([1; 16]), vec![mark.clone()]);
    other.kind = "worker".to_owned();
    let request = ExchangeRequest { push: Some(sign_nothing(device, other)), ..device.request() };
    let plain = minicbor::to_vec(&request).unwrap();
    let listed = [&[0x81, 0x40 | u8::try_from(mark.len()).unwrap()][..], &mark].concat();
    let at = plain.windows(listed.len()).position(|window| window == listed).unwrap();
    let mut body = plain[..at].to_vec();
    body.push(0x9a);
    body.extend(TINY.to_be_bytes());
    body.resize(body.len() + usize::try_from(TINY).unwrap(), 0x40);
    body.extend_from_slice(&plain[at + listed.len()..]);
    let frame = Frame::enclose(&Raw(body), [0; 24], &device.key);
    pack(&frame)
}

fn sign_nothing(device: &Device, item: sambung_sync::message::PushItem) -> sambung_sync::message::Push {
    let batch = sambung_trust::Signed { body: Vec::new().into(), signature: device.key.sign("", b"") };
    sambung_sync::message::Push { batch, items: vec![item] }
}

#[test]
fn millions_of_nothing_cost_nothing() {
    let deployment = Deployment::start();
    let offices = ["Kraksaan", "Lumajang"].map(|name| deployment.office(name, "front_office", "35.13,35.08"));
    let device = Device::enrol(&deployment, "front_office", "35.13");
    let body = many_of_nothing(&device);
    assert!(body.len() < 10_000);
    let posts: Vec<_> = (0..4)
        .map(|_| {
            let (address, body) = (deployment.address(), body.clone());
            std::thread::spawn(move || post(address, EXCHANGE, &body).status)
        })
        .collect();
    let statuses: Vec<u16> = posts.into_iter().map(|post| post.join().unwrap()).collect();
    assert_eq!(statuses, [413; 4]);
    still_serves(&deployment, [&offices[0], &offices[1]]);
}

#[test]
fn who_announces_much_and_sends_little_is_in_nobodys_way() {
    let deployment = Deployment::start();
    let offices = ["Kraksaan", "Lumajang"].map(|name| deployment.office(name, "front_office", "35.13,35.08"));
    let slow: Vec<_> = (0..SLOW)
        .map(|_| {
            let mut slow = announce(deployment.address(), EXCHANGE, BODY_MAX);
            slow.write_all(&[0; 100]).unwrap();
            slow
        })
        .collect();
    still_serves(&deployment, [&offices[0], &offices[1]]);
    assert_eq!(slow.len(), SLOW);
}
