//! Bodies that are no messages, or that cost more than they weigh.

use minicbor::bytes::ByteVec;
use sambung_sync::frame::pack;
use sambung_sync::limits::FRAME_MAX;
use sambung_sync::message::ExchangeRequest;
use sambung_testkit::Seed;

use super::still_serves;
use crate::harness::{Deployment, Device, EXCHANGE, Worker, item, post};

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
