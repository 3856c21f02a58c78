//! A device of the test's own: properly enrolled, with its own key, and free to push what it likes.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use sambung_domain::{StaffId, Timestamp};
use sambung_sync::document::Actor;
use sambung_sync::frame::{AnswerFrame, Frame, pack, unpack};
use sambung_sync::message::{
    EnrolRequest, EnrolResponse, ExchangeRequest, ExchangeResponse, Health, Hello, Push, PushItem, Verdict,
    expand, scopes_hash,
};
use sambung_trust::batch::{self, BatchHeader};
use sambung_trust::certificate::{Purpose, certified_key};
use sambung_trust::merkle::{self, Node};
use sambung_trust::nonce::Nonce;
use sambung_trust::{DeploymentKey, Grant, OpeningKey, PublicKey, SecretKey, Signed};

use super::deployment::Deployment;
use super::http::{get, post};
use super::random;
use super::worker::name;

pub(crate) const EXCHANGE: &str = "/sync/v1/exchange";

pub(crate) fn hello(address: SocketAddr) -> Hello {
    let reply = get(address, "/sync/v1/hello");
    assert_eq!(reply.status, 200);
    unpack(&reply.body).unwrap()
}

/// An enrolled device.
pub(crate) struct Device {
    pub(crate) address: SocketAddr,
    pub(crate) key: SecretKey,
    /// The nonce of the incarnation that writes now.
    pub(crate) incarnation: [u8; 16],
    pub(crate) deployment: DeploymentKey,
    relay: PublicKey,
    replica: [u8; 16],
    counter: u64,
    nonce: Nonce,
    grant: Grant,
    signed_grant: Signed,
    /// The longest answer to a push so far.
    pub(crate) slowest: Duration,
}

impl Device {
    /// Enrols with a code, as `sambung enrol` does.
    pub(crate) fn enrol(deployment: &Deployment, role: &str, areas: &str) -> Device {
        let address = deployment.address();
        let (key, replica) = (SecretKey::from_seed(&random()), random());
        let hello = hello(address);
        let relay =
            certified_key(&hello.root, &hello.certificates, Purpose::Relay, hello.relay_time).unwrap();
        let request = EnrolRequest {
            code: deployment.invite(role, areas),
            device: key.public(),
            replica,
            name: "Gawai uji".to_owned(),
            versions: vec![1],
            recipient: OpeningKey::of_device(&key).recipient(),
        };
        let frame = Frame::enclose(&request, hello.nonce, &key);
        let reply = post(address, "/sync/v1/enrol", &pack(&frame));
        assert_eq!(reply.status, 200);
        let answer: AnswerFrame = unpack(&reply.body).unwrap();
        let response: EnrolResponse = answer.open(&frame.name(), &relay).unwrap();
        Device {
            address,
            key,
            incarnation: random(),
            deployment: response.deployment,
            relay,
            replica,
            counter: 0,
            nonce: response.nonce,
            grant: response.grant.peek().unwrap(),
            signed_grant: response.grant,
            slowest: Duration::ZERO,
        }
    }

    /// Who it writes as.
    pub(crate) fn actor(&self) -> Actor {
        Actor::derive(&self.key.public().0, &self.incarnation)
    }

    /// Goes on as another process would.
    pub(crate) fn reincarnate(&mut self) {
        self.incarnation = random();
    }

    pub(crate) fn staff(&self) -> StaffId {
        self.grant.staff[0]
    }

    /// A request with nothing in it but who asks.
    pub(crate) fn request(&self) -> ExchangeRequest {
        ExchangeRequest {
            replica: self.replica,
            grant: self.signed_grant.short_id(),
            scopes_hash: scopes_hash(&[]),
            health: Health { waiting: 0, oldest_waiting_s: 0, device_time: Timestamp(0) },
            ..ExchangeRequest::default()
        }
    }

    pub(crate) fn frame(&self, request: &ExchangeRequest) -> Frame {
        Frame::enclose(request, self.nonce, &self.key)
    }

    /// Items under one root, signed, with the next counter.
    pub(crate) fn sign(&mut self, items: Vec<PushItem>) -> Push {
        self.counter += 1;
        let leaves: Vec<Node> = items.iter().map(|item| self.leaf(item)).collect();
        let header = BatchHeader {
            device: self.key.public(),
            staff: self.staff(),
            grant: self.signed_grant.short_id(),
            pack: [0; 8],
            counter: self.counter,
            seen: Vec::new(),
            device_time: Timestamp(0),
            root: merkle::root(&leaves),
        };
        Push { batch: Signed::seal(&header, &self.key), items }
    }

    fn leaf(&self, item: &PushItem) -> Node {
        let hashes: Vec<[u8; 32]> = item.chunks.iter().map(|chunk| name(chunk).0).collect();
        batch::leaf(&self.deployment, item.record, item.generation, &item.nonce, &hashes)
    }

    /// Pushes items; the relay must answer, and gives one verdict a chunk.
    pub(crate) fn push(&mut self, items: Vec<PushItem>) -> Vec<Verdict> {
        let changes = items.iter().map(|item| item.chunks.len()).sum();
        let push = self.sign(items);
        let response = self.exchange(&ExchangeRequest { push: Some(push), ..self.request() });
        expand(&response.verdicts.unwrap(), changes).unwrap()
    }

    fn exchange(&mut self, request: &ExchangeRequest) -> ExchangeResponse {
        let frame = self.frame(request);
        let body = pack(&frame);
        let begun = Instant::now();
        let reply = post(self.address, EXCHANGE, &body);
        self.slowest = self.slowest.max(begun.elapsed());
        assert_eq!(reply.status, 200);
        let answer: AnswerFrame = unpack(&reply.body).unwrap();
        let response: ExchangeResponse = answer.open(&frame.name(), &self.relay).unwrap();
        self.nonce = response.nonce;
        response
    }
}
