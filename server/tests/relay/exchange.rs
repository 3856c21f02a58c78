//! Pushing, and everything that makes a request fail.

use sambung_domain::Timestamp;
use sambung_sync::frame::{Frame, MEDIA_TYPE, pack};
use sambung_sync::limits::BODY_MAX;
use sambung_sync::message::{Disposition, ExchangeRequest, Verdict};
use sambung_trust::{SecretKey, nonce};

use crate::device::{Device, EXCHANGE, refusal};
use crate::http::{post, post_as};
use crate::record::{Worker, item};
use crate::site::Site;

fn dispositions(verdicts: &[Verdict]) -> Vec<Disposition> {
    verdicts.iter().map(|verdict| verdict.disposition).collect()
}

#[test]
fn a_first_record_is_stored_and_receipted() {
    let site = Site::start();
    let mut office = Device::enrol(&site, "front_office", &["35.13"]);
    let mut worker = Worker::born(&office, "35.13.02.2004");
    worker.edit(&office, &[("nama_lengkap", "Siti Uji 001")]);
    let item = worker.item(&office);
    let push = office.sign(vec![item]);
    let pushed = office.push(&push).unwrap();
    assert_eq!(dispositions(&pushed.verdicts), [Disposition::Stored; 2]);
    let range = &pushed.receipt.ranges[0];
    assert_eq!((range.shard.as_str(), range.from, range.to), ("35.13", 1, 2));

    let again = office.push(&push).unwrap();
    assert_eq!(dispositions(&again.verdicts), [Disposition::Duplicate; 2]);
    let known = &again.receipt.ranges[0];
    assert_eq!((known.from, known.to, known.chain), (range.to + 1, range.to, range.chain), "nothing new");
}

#[test]
fn the_same_counter_with_another_root_is_a_clone() {
    let site = Site::start();
    let mut office = Device::enrol(&site, "front_office", &["35.13"]);
    let (mut one, mut two) = (Worker::born(&office, "35.13"), Worker::born(&office, "35.13"));
    let (first, second) = (one.item(&office), two.item(&office));
    office.push(&office.sign_as(7, vec![first])).unwrap();
    for counter in [7, 6] {
        let (status, refusal) = office.push(&office.sign_as(counter, vec![second.clone()])).err().unwrap();
        assert_eq!((status, refusal.code.as_str()), (409, "replica_cloned"));
    }
    office.push(&office.sign_as(u64::MAX, vec![second])).unwrap();
}

#[test]
fn work_outside_the_devices_area_is_held_whether_the_record_exists_or_not() {
    let site = Site::start();
    let mut office = Device::enrol(&site, "front_office", &["35.13"]);
    let mut foreign = Device::enrol(&site, "front_office", &["35.08"]);
    let mut worker = Worker::born(&office, "35.13.02.2004");
    let chunks = worker.waiting.clone();
    let own = worker.item(&office);
    let push = office.sign(vec![own]);
    office.push(&push).unwrap();

    let mut copy = Worker::unborn(worker.record);
    copy.apply(&[&chunks[0]]);
    copy.edit(&foreign, &[("nama_lengkap", "Bukan Siti")]);
    let known = copy.item(&foreign);
    let unknown = Worker::born(&foreign, "35.13.02.2004").item(&foreign);
    let push = foreign.sign(vec![known, unknown]);
    let pushed = foreign.push(&push).unwrap();
    assert_eq!(pushed.verdicts, vec![Verdict::plain(Disposition::Held); 2]);
    assert!(pushed.receipt.ranges.is_empty());
    assert!(foreign.pull().pulls.unwrap_or_default().is_empty());
}

#[test]
fn bad_changes_are_refused_one_by_one_and_the_others_stored() {
    let site = Site::start();
    let mut office = Device::enrol(&site, "front_office", &["35.13"]);
    let mut worker = Worker::born(&office, "35.13");
    let mut stolen = Worker::born(&office, "35.13");
    let good = worker.item(&office);
    office.incarnation[0] ^= 1;
    let foreign_actor = item(&office, stolen.record, std::mem::take(&mut stolen.waiting));
    let push = office.sign(vec![good, foreign_actor]);
    let verdicts = office.push(&push).unwrap().verdicts;
    assert_eq!(verdicts, [Verdict::plain(Disposition::Stored), Verdict::refused("form_actor")]);
}

#[test]
fn a_request_signed_by_another_key_is_refused() {
    let site = Site::start();
    let office = Device::enrol(&site, "front_office", &["35.13"]);
    let frame = Frame::enclose(&office.request(), office.nonce, &SecretKey::from_seed(&[1; 32]));
    let reply = post(site.address, EXCHANGE, &pack(&frame));
    assert_eq!((reply.status, refusal(&reply).code.as_str()), (400, "frame_invalid"));
    let stranger = ExchangeRequest { replica: [1; 16], ..office.request() };
    let reply = post(site.address, EXCHANGE, &pack(&office.frame(&stranger)));
    assert_eq!((reply.status, refusal(&reply).code.as_str()), (403, "grant_ended"));
}

#[test]
fn a_stale_nonce_is_answered_with_a_usable_one() {
    let site = Site::start();
    let mut office = Device::enrol(&site, "front_office", &["35.13"]);
    let keys = sambung_relay::keys::KeyFile::read(&site.data().keys()).unwrap().keys().unwrap();
    let yesterday = Timestamp(sambung_relay::clock::now().0 - nonce::NONCE_MS - 1_000);
    office.nonce = nonce::issue(&keys.nonce, &office.replica, yesterday);
    let (status, refusal) = office.exchange(&office.request()).err().unwrap();
    assert_eq!((status, refusal.code.as_str()), (401, "nonce_stale"));
    office.nonce = refusal.nonce.unwrap();
    office.exchange(&office.request()).unwrap();
}

#[test]
fn bodies_too_large_cut_short_or_unreadable_are_refused() {
    let site = Site::start();
    let mut office = Device::enrol(&site, "front_office", &["35.13"]);
    let body = pack(&office.frame(&office.request()));
    let announced = post_as(site.address, EXCHANGE, MEDIA_TYPE, BODY_MAX + 1, &body);
    assert_eq!((announced.status, refusal(&announced).code.as_str()), (413, "frame_invalid"));
    for bad in [&body[..body.len() / 2], b"", b"halo", &vec![0; 70_000]] {
        let reply = post(site.address, EXCHANGE, bad);
        assert_eq!((reply.status, refusal(&reply).code.as_str()), (400, "frame_invalid"));
    }
    let other = pack(&"halo".to_owned());
    assert_eq!(post(site.address, EXCHANGE, &other).status, 400);
    office.exchange(&office.request()).unwrap();
}

#[test]
fn a_body_without_a_length_is_bounded_while_it_arrives() {
    let site = Site::start();
    let mut request = format!(
        "POST {EXCHANGE} HTTP/1.1\r\nhost: relay\r\nconnection: close\r\ncontent-type: {MEDIA_TYPE}\r\n\
         transfer-encoding: chunked\r\n\r\n"
    )
    .into_bytes();
    let chunk = [b"10000\r\n".as_slice(), &[7; 0x1_0000], b"\r\n"].concat();
    request.extend(chunk.repeat(BODY_MAX / 0x1_0000 + 1));
    let reply = crate::http::send(site.address, &request);
    assert_eq!((reply.status, refusal(&reply).code.as_str()), (413, "frame_invalid"));
}
