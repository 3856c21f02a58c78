//! Meeting the relay.

use sambung_relay::clock;
use sambung_sync::frame::{AnswerFrame, Frame, MEDIA_TYPE, pack, unpack};
use sambung_sync::message::{EnrolRequest, EnrolResponse};
use sambung_trust::certificate::{Purpose, certified_key};

use crate::device::{ENROL, Stranger, hello, refusal, relay_key};
use crate::http::{get, post, post_as};
use crate::site::Site;

#[test]
fn hello_leads_from_the_root_to_both_keys() {
    let site = Site::start();
    let hello = hello(site.address);
    assert_eq!(hello.versions, [1]);
    let keys = [Purpose::Issuer, Purpose::Relay]
        .map(|purpose| certified_key(&hello.root, &hello.certificates, purpose, hello.relay_time).unwrap());
    assert_ne!(keys[0], keys[1]);
    assert!(get(site.address, "/sync/v1/hello").head.contains(&format!("content-type: {MEDIA_TYPE}")));
    assert_eq!(get(site.address, "/livez").status, 200);
    assert_eq!(get(site.address, "/readyz").status, 200);
    assert_eq!(get(site.address, "/").status, 404);
    assert_eq!(get(site.address, "/sync/v1/exchange").status, 405);
}

#[test]
fn a_code_enrols_one_device_and_answers_it_again() {
    let site = Site::start();
    let code = site.invite("front_office", &["35.13"]);
    let device = Stranger::new();
    let enrol = || {
        let (frame, reply) = device.ask(site.address, &code);
        let answer: AnswerFrame = unpack(&reply.body).unwrap();
        answer.open::<EnrolResponse>(&frame.name(), &relay_key(&hello(site.address))).unwrap()
    };
    let (first, again) = (enrol(), enrol());
    assert_eq!(first.grant, again.grant);
    assert_eq!(first.deployment, again.deployment);
    let issuer = certified_key(
        &hello(site.address).root,
        &hello(site.address).certificates,
        Purpose::Issuer,
        clock::now(),
    );
    let grant: sambung_trust::Grant = first.grant.open(&issuer.unwrap()).unwrap();
    assert_eq!(grant.device, device.key.public());
    assert_eq!(grant.sets, ["a:35.13".parse().unwrap(), "a:00".parse().unwrap()]);

    let (_, reply) = Stranger::new().ask(site.address, &code);
    assert_eq!((reply.status, refusal(&reply).code.as_str()), (403, "invite_invalid"));
}

#[test]
fn wrong_used_and_expired_codes_get_one_answer() {
    let site = Site::start();
    let expired = site.invite_until("head", &["35"], clock::now().plus_ms(-1));
    for code in [expired.as_str(), "00000000000000000000000000", "salah", ""] {
        let (_, reply) = Stranger::new().ask(site.address, code);
        let refusal = refusal(&reply);
        assert_eq!((reply.status, refusal.code.as_str()), (403, "invite_invalid"), "{code}");
    }
}

#[test]
fn an_enrolment_signed_by_another_key_is_refused() {
    let site = Site::start();
    let (device, other) = (Stranger::new(), Stranger::new());
    let request = EnrolRequest {
        code: site.invite("head", &["35"]),
        device: device.key.public(),
        replica: device.replica,
        name: "Gawai".to_owned(),
        versions: vec![1],
        recipient: sambung_trust::RecipientKey([7; 32]),
    };
    let frame = Frame::enclose(&request, hello(site.address).nonce, &other.key);
    let reply = post(site.address, ENROL, &pack(&frame));
    assert_eq!((reply.status, refusal(&reply).code.as_str()), (400, "frame_invalid"));
}

#[test]
fn codes_cannot_be_tried_out() {
    let site = Site::start();
    let good = site.invite("head", &["35"]);
    for _ in 0..30 {
        let (_, reply) = Stranger::new().ask(site.address, "00000000000000000000000000");
        assert_eq!(reply.status, 403);
    }
    let (_, reply) = Stranger::new().ask(site.address, &good);
    let refusal = refusal(&reply);
    assert_eq!((reply.status, refusal.code.as_str()), (429, "later"));
    assert!((1..=61).contains(&refusal.retry_after_s.unwrap()), "{refusal:?}");
    assert!(reply.head.contains("retry-after: "));
}

#[test]
fn a_body_of_another_type_is_not_looked_at() {
    let site = Site::start();
    let reply = post_as(site.address, ENROL, "application/json", 2, b"{}");
    assert_eq!((reply.status, refusal(&reply).code.as_str()), (415, "frame_invalid"));
}
