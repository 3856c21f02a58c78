//! Records of people who do not exist, as a device writes them.

use std::sync::LazyLock;

use sambung_domain::value::Value;
use sambung_domain::{Pack, RecordId};
use sambung_relay::clock;
use sambung_sync::document::{ChangeHash, Document, Edit, Genesis};
use sambung_sync::form::Message;
use sambung_sync::gate::gate;
use sambung_sync::message::PushItem;

use crate::device::Device;

/// The name of a well-formed chunk.
pub(crate) fn name(chunk: &[u8]) -> ChangeHash {
    gate(chunk).unwrap().hash
}

static PACK: LazyLock<Pack> = LazyLock::new(|| Pack::builtin().unwrap());

/// A worker's record at one device, with the chunks that are not pushed yet.
pub(crate) struct Worker {
    pub(crate) record: RecordId,
    document: Document,
    pub(crate) waiting: Vec<Vec<u8>>,
}

impl Worker {
    /// A worker born at a device.
    pub(crate) fn born(device: &Device, area: &str) -> Worker {
        let mut worker = Worker::unborn(RecordId(clock::random().unwrap()));
        worker.edit(device, &[("area", area), ("access", "ordinary"), ("office", "P4MI-3513")]);
        worker
    }

    pub(crate) fn unborn(record: RecordId) -> Worker {
        let genesis = Genesis { kind: "worker".to_owned(), record, generation: 1 };
        let document = Document::genesis(&genesis, &PACK.kind("worker").unwrap().genesis_maps()).unwrap();
        Worker { record, document, waiting: Vec::new() }
    }

    /// Writes fields; the change waits.
    pub(crate) fn edit(&mut self, device: &Device, fields: &[(&str, &str)]) -> ChangeHash {
        let put = |(key, value): &(&str, &str)| Edit::Put {
            path: vec![(*key).to_owned()],
            value: Value::from(*value),
        };
        self.write(device, &fields.iter().map(put).collect::<Vec<_>>())
    }

    /// Excludes an office or a person; the change waits.
    pub(crate) fn exclude(&mut self, device: &Device, name: &str) -> ChangeHash {
        let path = vec!["excluded".to_owned(), name.to_owned()];
        self.write(device, &[Edit::Put { path, value: Value::Bool(true) }])
    }

    fn write(&mut self, device: &Device, edits: &[Edit]) -> ChangeHash {
        let message = Message { command: "record.edit".to_owned(), reason: None, staff: device.staff() }
            .encode()
            .unwrap();
        let (hash, chunk) =
            self.document.edit(device.actor(), 1_790_000_000, &message, edits).unwrap().unwrap();
        self.waiting.push(chunk);
        hash
    }

    /// Takes another device's changes.
    pub(crate) fn apply(&mut self, chunks: &[&[u8]]) {
        self.document.apply(chunks).unwrap();
    }

    /// What waits, as one item of a push.
    pub(crate) fn item(&mut self, device: &Device) -> PushItem {
        item(device, self.record, std::mem::take(&mut self.waiting))
    }
}

pub(crate) fn item(device: &Device, record: RecordId, chunks: Vec<Vec<u8>>) -> PushItem {
    PushItem {
        record,
        generation: 1,
        kind: "worker".to_owned(),
        nonce: device.incarnation,
        chunks: chunks.into_iter().map(Into::into).collect(),
    }
}
