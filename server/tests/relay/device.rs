//! A device: it enrols, signs, pushes, asks.

use std::net::SocketAddr;

use sambung_domain::{StaffId, Timestamp};
use sambung_relay::clock;
use sambung_sync::chain::LogId;
use sambung_sync::document::Actor;
use sambung_sync::frame::{AnswerFrame, Frame, pack, unpack};
use sambung_sync::message::{
    EnrolRequest, EnrolResponse, ExchangeRequest, ExchangeResponse, Health, Hello, Pull, PullAnswer, Push,
    PushItem, ReconcileRequest, ReconcileResponse, Refusal, ScopeState, Verdict, expand, scopes_hash,
};
use sambung_trust::batch::{self, BatchHeader, Seen};
use sambung_trust::certificate::{Purpose, certified_key};
use sambung_trust::merkle::{self, Node};
use sambung_trust::nonce::Nonce;
use sambung_trust::{DeploymentKey, Grant, PublicKey, Receipt, RecipientsSum, SecretKey, Signed};

use crate::http::{Reply, get, post};

pub(crate) const ENROL: &str = "/sync/v1/enrol";
pub(crate) const EXCHANGE: &str = "/sync/v1/exchange";
const RECONCILE: &str = "/sync/v1/reconcile";

pub(crate) fn hello(address: SocketAddr) -> Hello {
    let reply = get(address, "/sync/v1/hello");
    assert_eq!(reply.status, 200);
    unpack(&reply.body).unwrap()
}

/// The relay's key, by the word of the deployment's root.
pub(crate) fn relay_key(hello: &Hello) -> PublicKey {
    certified_key(&hello.root, &hello.certificates, Purpose::Relay, hello.relay_time).unwrap()
}

/// What a refused request is told.
pub(crate) fn refusal(reply: &Reply) -> Refusal {
    assert!(reply.head.contains("content-type: application/vnd.sambung+cbor"), "{}", reply.head);
    unpack(&reply.body).unwrap()
}

/// A device before it is enrolled.
pub(crate) struct Stranger {
    pub(crate) key: SecretKey,
    pub(crate) replica: [u8; 16],
}

impl Stranger {
    pub(crate) fn new() -> Stranger {
        Stranger { key: SecretKey::from_seed(&clock::random().unwrap()), replica: clock::random().unwrap() }
    }

    pub(crate) fn ask(&self, address: SocketAddr, code: &str) -> (Frame, Reply) {
        let request = EnrolRequest {
            code: code.to_owned(),
            device: self.key.public(),
            replica: self.replica,
            name: "Gawai uji".to_owned(),
            versions: vec![1],
            recipient: sambung_trust::RecipientKey([7; 32]),
        };
        let frame = Frame::enclose(&request, hello(address).nonce, &self.key);
        let reply = post(address, ENROL, &pack(&frame));
        (frame, reply)
    }

    pub(crate) fn enrol(self, address: SocketAddr, code: &str) -> Device {
        let relay = relay_key(&hello(address));
        let (frame, reply) = self.ask(address, code);
        assert_eq!(reply.status, 200, "{:?}", refusal(&reply));
        let answer: AnswerFrame = unpack(&reply.body).unwrap();
        let response: EnrolResponse = answer.open(&frame.name(), &relay).unwrap();
        Device {
            address,
            relay,
            key: self.key,
            replica: self.replica,
            incarnation: clock::random().unwrap(),
            counter: 0,
            deployment: response.deployment,
            log: response.log,
            nonce: response.nonce,
            recipients: RecipientsSum::of(&response.recipients),
            grant: response.grant.peek().unwrap(),
            signed_grant: response.grant,
            scopes: Vec::new(),
            seen: Vec::new(),
        }
    }
}

/// An enrolled device.
pub(crate) struct Device {
    pub(crate) address: SocketAddr,
    pub(crate) relay: PublicKey,
    pub(crate) key: SecretKey,
    pub(crate) replica: [u8; 16],
    pub(crate) incarnation: [u8; 16],
    pub(crate) counter: u64,
    pub(crate) deployment: DeploymentKey,
    pub(crate) log: LogId,
    pub(crate) nonce: Nonce,
    /// The recipients it was told of when it was enrolled.
    pub(crate) recipients: RecipientsSum,
    pub(crate) grant: Grant,
    pub(crate) signed_grant: Signed,
    pub(crate) scopes: Vec<ScopeState>,
    /// How far its batches say that it has seen the logs.
    pub(crate) seen: Vec<Seen>,
}

/// A push that was answered.
pub(crate) struct Pushed {
    pub(crate) verdicts: Vec<Verdict>,
    pub(crate) receipt: Receipt,
}

impl Device {
    pub(crate) fn enrol(site: &crate::site::Site, role: &str, areas: &[&str]) -> Device {
        Stranger::new().enrol(site.address, &site.invite(role, areas))
    }

    pub(crate) fn actor(&self) -> Actor {
        Actor::derive(&self.key.public().0, &self.incarnation)
    }

    pub(crate) fn staff(&self) -> StaffId {
        self.grant.staff[0]
    }

    /// A request with nothing in it but where the device stands.
    pub(crate) fn request(&self) -> ExchangeRequest {
        ExchangeRequest {
            replica: self.replica,
            grant: self.signed_grant.short_id(),
            scopes_hash: scopes_hash(&self.scopes),
            recipients: Some(self.recipients),
            health: Health { waiting: 20, oldest_waiting_s: 86_400, device_time: clock::now() },
            ..ExchangeRequest::default()
        }
    }

    /// Items under one root, signed, with the next counter.
    pub(crate) fn sign(&mut self, items: Vec<PushItem>) -> Push {
        self.counter += 1;
        self.sign_as(self.counter, items)
    }

    pub(crate) fn sign_as(&self, counter: u64, items: Vec<PushItem>) -> Push {
        let header = BatchHeader {
            device: self.key.public(),
            staff: self.staff(),
            grant: self.signed_grant.short_id(),
            pack: [0; 8],
            counter,
            seen: self.seen.clone(),
            device_time: Timestamp(0),
            root: merkle::root(&items.iter().map(|item| self.leaf(item)).collect::<Vec<_>>()),
        };
        Push { batch: Signed::seal(&header, &self.key), items }
    }

    fn leaf(&self, item: &PushItem) -> Node {
        let hashes: Vec<[u8; 32]> = item.chunks.iter().map(|chunk| crate::record::name(chunk).0).collect();
        batch::leaf(&self.deployment, item.record, item.generation, &item.nonce, &hashes)
    }

    pub(crate) fn frame(&self, request: &ExchangeRequest) -> Frame {
        Frame::enclose(request, self.nonce, &self.key)
    }

    /// Sends a request and checks who answered.
    pub(crate) fn exchange(&mut self, request: &ExchangeRequest) -> Result<ExchangeResponse, (u16, Refusal)> {
        let frame = self.frame(request);
        let reply = post(self.address, EXCHANGE, &pack(&frame));
        if reply.status != 200 {
            return Err((reply.status, refusal(&reply)));
        }
        let answer: AnswerFrame = unpack(&reply.body).unwrap();
        let response: ExchangeResponse = answer.open(&frame.name(), &self.relay).unwrap();
        self.nonce = response.nonce;
        Ok(response)
    }

    /// Compares or asks, and checks who answered.
    pub(crate) fn reconcile(
        &mut self,
        request: &ReconcileRequest,
    ) -> Result<ReconcileResponse, (u16, Refusal)> {
        let frame = Frame::enclose(request, self.nonce, &self.key);
        let reply = post(self.address, RECONCILE, &pack(&frame));
        if reply.status != 200 {
            return Err((reply.status, refusal(&reply)));
        }
        let answer: AnswerFrame = unpack(&reply.body).unwrap();
        Ok(answer.open(&frame.name(), &self.relay).unwrap())
    }

    /// Pushes and checks verdicts and receipt against each other and the relay's key.
    pub(crate) fn push(&mut self, push: &Push) -> Result<Pushed, (u16, Refusal)> {
        let request = ExchangeRequest { push: Some(push.clone()), ..self.request() };
        let response = self.exchange(&request)?;
        let runs = response.verdicts.unwrap();
        let receipt: Receipt = response.receipt.unwrap().open(&self.relay).unwrap();
        let header: BatchHeader = push.batch.peek().unwrap();
        assert_eq!((receipt.log, receipt.root), (self.log, header.root));
        assert_eq!(receipt.verdicts, sambung_sync::message::verdicts_hash(&runs));
        let changes = push.items.iter().map(|item| item.chunks.len()).sum();
        Ok(Pushed { verdicts: expand(&runs, changes).unwrap(), receipt })
    }

    /// Asks for everything new and moves the cursors.
    pub(crate) fn pull(&mut self) -> ExchangeResponse {
        let request = ExchangeRequest { scopes: Some(self.scopes.clone()), ..self.request() };
        let response = self.exchange(&request).unwrap();
        self.settle(&response);
        response
    }

    /// Moves the cursors to where a response leads.
    pub(crate) fn settle(&mut self, response: &ExchangeResponse) {
        for pull in response.pulls.iter().flatten() {
            self.advance(pull);
        }
    }

    fn advance(&mut self, pull: &Pull) {
        let PullAnswer::Delta { from, to, .. } = &pull.answer else { panic!("{pull:?}") };
        let same = |scope: &ScopeState| scope.shard == pull.shard && scope.set == pull.set;
        let before = self.scopes.iter().find(|scope| same(scope)).map_or(0, |scope| scope.cursor.sequence);
        assert_eq!(*from, before);
        self.scopes.retain(|scope| !same(scope));
        self.scopes.push(ScopeState {
            log: pull.log,
            shard: pull.shard.clone(),
            set: pull.set.clone(),
            epoch: pull.epoch,
            cursor: *to,
            safe: pull.safe,
        });
    }
}
