//! What another device is given.

use sambung_sync::frame::{AnswerFrame, pack, unpack};
use sambung_sync::message::{ExchangeResponse, PullAnswer, PulledBatch, PulledLeaf, Want};
use sambung_trust::batch::{self, BatchHeader};
use sambung_trust::merkle::{self, Node};

use crate::device::{Device, EXCHANGE};
use crate::http::post;
use crate::record::{Worker, name};
use crate::site::Site;

/// Greatest size of an idle exchange, both bodies together.
const IDLE_MAX: usize = 300;

fn delta(response: &ExchangeResponse) -> (&[PulledLeaf], &[PulledBatch]) {
    let pulls = response.pulls.as_deref().unwrap();
    assert_eq!(pulls.len(), 1, "{pulls:?}");
    let PullAnswer::Delta { leaves, .. } = &pulls[0].answer else { panic!("{pulls:?}") };
    (leaves, response.batches.as_deref().unwrap_or_default())
}

/// The root that the leaves of one batch lead to.
fn root_of(device: &Device, leaves: &[PulledLeaf], batch: &PulledBatch) -> Node {
    let held: Vec<(usize, Node)> = leaves
        .iter()
        .map(|leaf| {
            let carried = leaf.changes.iter().map(|change| name(&change.chunk)).collect();
            let hashes: Vec<[u8; 32]> =
                leaf.hashes.clone().unwrap_or(carried).iter().map(|hash| hash.0).collect();
            let node = batch::leaf(&device.deployment, leaf.record, leaf.generation, &leaf.nonce, &hashes);
            (usize::try_from(leaf.index).unwrap(), node)
        })
        .collect();
    merkle::root_from(usize::try_from(batch.leaves).unwrap(), &held, &batch.proof).unwrap()
}

#[test]
fn a_second_device_gets_the_chunks_with_their_authors_signature() {
    let site = Site::start();
    let mut office = Device::enrol(&site, "front_office", &["35.13"]);
    let mut village = Device::enrol(&site, "village_officer", &["35.13.02.2004"]);
    let mut near = Worker::born(&office, "35.13.02.2004");
    near.edit(&office, &[("nama_lengkap", "Siti Uji 001")]);
    let mut far = Worker::born(&office, "35.13.03.2001");
    let written = near.waiting.clone();
    let items = vec![far.item(&office), near.item(&office)];
    let push = office.sign(items);
    office.push(&push).unwrap();

    let response = village.pull();
    let (leaves, batches) = delta(&response);
    let chunks: Vec<Vec<u8>> =
        leaves.iter().flat_map(|leaf| &leaf.changes).map(|change| change.chunk.to_vec()).collect();
    assert_eq!(chunks, written);
    assert_eq!((leaves[0].record, leaves[0].kind.as_str()), (near.record, "worker"));
    let header: BatchHeader = batches[0].batch.open(&office.key.public()).unwrap();
    assert_eq!(root_of(&village, leaves, &batches[0]), header.root);
    let mut copy = Worker::unborn(near.record);
    copy.apply(&chunks.iter().map(Vec::as_slice).collect::<Vec<_>>());
}

#[test]
fn a_device_is_told_by_name_only_what_it_wrote_itself() {
    let site = Site::start();
    let mut office = Device::enrol(&site, "front_office", &["35.13"]);
    let mut worker = Worker::born(&office, "35.13");
    let hash = name(&worker.waiting[0]);
    let item = worker.item(&office);
    let push = office.sign(vec![item]);
    office.push(&push).unwrap();
    let response = office.pull();
    assert!(delta(&response).0.is_empty());
    let PullAnswer::Delta { known, .. } = &response.pulls.as_ref().unwrap()[0].answer else { panic!() };
    assert_eq!((known[0].record, known[0].hash.as_slice()), (worker.record, &hash.0[..8]));
}

#[test]
fn an_idle_exchange_is_small_and_brings_nothing() {
    let site = Site::start();
    let mut office = Device::enrol(&site, "front_office", &["35.13"]);
    let mut worker = Worker::born(&office, "35.13");
    let item = worker.item(&office);
    let push = office.sign(vec![item]);
    office.push(&push).unwrap();
    let told = office.exchange(&office.request()).unwrap();
    assert_eq!((told.want, told.pulls), (Some(Want::Scopes), None));
    office.pull();

    let frame = office.frame(&office.request());
    let body = pack(&frame);
    let reply = post(site.address, EXCHANGE, &body);
    let answer: AnswerFrame = unpack(&reply.body).unwrap();
    let response: ExchangeResponse = answer.open(&frame.name(), &office.relay).unwrap();
    assert_eq!((response.want, response.pulls, response.more), (None, None, None));
    let bytes = body.len() + reply.body.len();
    assert!(bytes <= IDLE_MAX, "{bytes} bytes: {} up, {} down", body.len(), reply.body.len());
}

#[test]
fn a_cursor_from_another_log_must_reconcile() {
    let site = Site::start();
    let mut office = Device::enrol(&site, "front_office", &["35.13"]);
    let mut worker = Worker::born(&office, "35.13");
    let item = worker.item(&office);
    let push = office.sign(vec![item]);
    office.push(&push).unwrap();
    office.pull();
    office.scopes[0].cursor.chain[0] ^= 1;
    let request =
        sambung_sync::message::ExchangeRequest { scopes: Some(office.scopes.clone()), ..office.request() };
    let response = office.exchange(&request).unwrap();
    assert_eq!(response.pulls.unwrap()[0].answer, PullAnswer::Reconcile);
}
