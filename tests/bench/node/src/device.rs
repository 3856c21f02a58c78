//! A device that fills a relay: properly enrolled, with its own key, and without a database of its own.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use minicbor::{Decode, Encode};
use sambung_domain::{Pack, Timestamp};
use sambung_relay::clock;
use sambung_sync::chunk;
use sambung_sync::document::Actor;
use sambung_sync::frame::{AnswerFrame, Frame, MEDIA_TYPE, pack, unpack};
use sambung_sync::limits::PUSH_CHANGES_MAX;
use sambung_sync::message::{
    EnrolRequest, EnrolResponse, ExchangeRequest, ExchangeResponse, Health, Hello, Push, PushItem, expand,
    scopes_hash,
};
use sambung_trust::batch::{self, BatchHeader};
use sambung_trust::merkle::{self, Node};
use sambung_trust::nonce::Nonce;
use sambung_trust::signed::encode;
use sambung_trust::{DeploymentKey, Grant, OpeningKey, SecretKey, Signed};

use crate::http::Connection;
use crate::worker::{self, CHANGES, Made, Writer};

/// Records pushed at once.
const AT_ONCE: usize = PUSH_CHANGES_MAX / CHANGES;
/// Records whose changes are pushed in turns, where they are spread over batches.
const IN_TURNS: usize = 4_000;

/// What is kept of a device between runs.
#[derive(Encode, Decode)]
pub(crate) struct State {
    #[cbor(n(0), with = "minicbor::bytes")]
    seed: [u8; 32],
    #[cbor(n(1), with = "minicbor::bytes")]
    replica: [u8; 16],
    #[cbor(n(2), with = "minicbor::bytes")]
    incarnation: [u8; 16],
    #[n(3)]
    counter: u64,
    #[cbor(n(4), with = "minicbor::bytes")]
    nonce: Nonce,
    #[n(5)]
    deployment: DeploymentKey,
    #[n(6)]
    grant: Signed,
    /// Records it has written.
    #[n(7)]
    records: u64,
}

/// The device, connected.
pub(crate) struct Device {
    state: State,
    key: SecretKey,
    connection: Connection,
    writer: Writer,
    pack: Pack,
}

impl Device {
    /// Enrols with a code.
    pub(crate) fn enrol(address: &str, code: &str) -> Result<Device> {
        let mut connection = Connection::open(address)?;
        let hello: Hello = unpack(&connection.get("/sync/v1/hello")?.1)?;
        let (seed, replica) = (clock::random()?, clock::random()?);
        let key = SecretKey::from_seed(&seed);
        let request = EnrolRequest {
            code: code.to_owned(),
            device: key.public(),
            replica,
            name: "Uji pengisi".to_owned(),
            versions: vec![1],
            recipient: OpeningKey::of_device(&key).recipient(),
        };
        let frame = pack(&Frame::enclose(&request, hello.nonce, &key));
        let (status, answer) = connection.post("/sync/v1/enrol", MEDIA_TYPE, &frame)?;
        ensure!(status == 200, "not enrolled: HTTP {status}");
        let response: EnrolResponse = unpack::<AnswerFrame>(&answer)?.peek()?;
        let state = State {
            seed,
            replica,
            incarnation: clock::random()?,
            counter: 0,
            nonce: response.nonce,
            deployment: response.deployment,
            grant: response.grant,
            records: 0,
        };
        Device::of(state, connection)
    }

    /// Goes on where a run before has stopped.
    pub(crate) fn resume(file: &Path, address: &str) -> Result<Device> {
        let state = minicbor::decode(&std::fs::read(file)?).context("the state of a device")?;
        Device::of(state, Connection::open(address)?)
    }

    fn of(state: State, connection: Connection) -> Result<Device> {
        let key = SecretKey::from_seed(&state.seed);
        let grant: Grant = state.grant.peek()?;
        let staff = *grant.staff.first().context("a grant for nobody")?;
        let writer = Writer { actor: Actor::derive(&key.public().0, &state.incarnation), staff };
        Ok(Device { state, key, connection, writer, pack: Pack::builtin()? })
    }

    pub(crate) fn keep(&self, file: &Path) -> Result<()> {
        Ok(std::fs::write(file, encode(&self.state))?)
    }

    /// Writes and pushes records; each with all its changes under one leaf, or, spread, each change in another batch
    /// than the one before.
    pub(crate) fn fill(&mut self, records: usize, spread: bool) -> Result<()> {
        for first in (0..records).step_by(if spread { IN_TURNS } else { AT_ONCE }) {
            let last = records.min(first + if spread { IN_TURNS } else { AT_ONCE });
            let made = (first..last).map(|number| worker::make(&self.pack, self.writer, number));
            let made: Vec<Made> = made.collect::<Result<_>>()?;
            if spread {
                for at in 0..CHANGES {
                    self.push(made.iter().map(|made| self.item(made, &made.chunks[at..=at])).collect())?;
                }
            } else {
                self.push(made.iter().map(|made| self.item(made, &made.chunks)).collect())?;
            }
        }
        self.state.records = u64::try_from(records)?;
        Ok(())
    }

    /// Writes one more change of each of the last so many records, and pushes them.
    pub(crate) fn change(&mut self, count: usize) -> Result<()> {
        let records = usize::try_from(self.state.records)?;
        let mut items = Vec::new();
        for number in records.saturating_sub(count)..records {
            let mut made = worker::make(&self.pack, self.writer, number)?;
            let writes = worker::afterwards(number, 0);
            let chunk = worker::edit(&mut made.document, self.writer, "edit", &writes)?;
            items.push(self.item(&made, &[chunk]));
        }
        self.push(items)
    }

    fn item(&self, made: &Made, chunks: &[Vec<u8>]) -> PushItem {
        PushItem {
            record: made.id,
            generation: 1,
            kind: "worker".to_owned(),
            nonce: self.state.incarnation,
            chunks: chunks.iter().map(|chunk| chunk.clone().into()).collect(),
        }
    }

    fn push(&mut self, items: Vec<PushItem>) -> Result<()> {
        let changes = items.iter().map(|item| item.chunks.len()).sum();
        let push = Some(self.sign(items));
        let request = ExchangeRequest {
            replica: self.state.replica,
            grant: self.state.grant.short_id(),
            scopes_hash: scopes_hash(&[]),
            health: Health { waiting: 0, oldest_waiting_s: 0, device_time: Timestamp(0) },
            push,
            ..ExchangeRequest::default()
        };
        let frame = Frame::enclose(&request, self.state.nonce, &self.key);
        let (status, answer) = self.connection.post("/sync/v1/exchange", MEDIA_TYPE, &pack(&frame))?;
        if status != 200 {
            bail!("not taken: HTTP {status}, {:?}", unpack::<sambung_sync::message::Refusal>(&answer));
        }
        let response: ExchangeResponse = unpack::<AnswerFrame>(&answer)?.peek()?;
        self.state.nonce = response.nonce;
        let verdicts = expand(&response.verdicts.unwrap_or_default(), changes).context("other verdicts")?;
        let bad = verdicts.iter().find(|verdict| !verdict.is_at_relay());
        bad.map_or(Ok(()), |bad| bail!("not stored: {bad:?}"))
    }

    fn sign(&mut self, items: Vec<PushItem>) -> Push {
        self.state.counter += 1;
        let leaves: Vec<Node> = items.iter().map(|item| self.leaf(item)).collect();
        let header = BatchHeader {
            device: self.key.public(),
            staff: self.writer.staff,
            grant: self.state.grant.short_id(),
            pack: self.pack.digest,
            counter: self.state.counter,
            seen: Vec::new(),
            device_time: Timestamp(0),
            root: merkle::root(&leaves),
        };
        Push { batch: Signed::seal(&header, &self.key), items }
    }

    fn leaf(&self, item: &PushItem) -> Node {
        let hashes: Vec<[u8; 32]> = item.chunks.iter().map(|chunk| chunk::name(chunk).0).collect();
        batch::leaf(&self.state.deployment, item.record, item.generation, &item.nonce, &hashes)
    }
}
