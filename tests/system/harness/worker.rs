//! Records of people who do not exist, as a device of the test's own writes them.

use sambung_domain::value::Value;
use sambung_domain::{Pack, RecordId};
use sambung_sync::chunk;
use sambung_sync::document::{ChangeHash, Document, Edit, Genesis};
use sambung_sync::form::Message;
use sambung_sync::message::PushItem;

use super::device::Device;
use super::random;

/// The name a chunk has, well-formed or not.
pub(crate) fn name(chunk: &[u8]) -> ChangeHash {
    chunk::name(chunk)
}

/// A worker's record at a device.
pub(crate) struct Worker {
    pub(crate) record: RecordId,
    pub(crate) document: Document,
}

impl Worker {
    /// A record before its birth.
    pub(crate) fn unborn(record: RecordId) -> Worker {
        let pack = Pack::builtin().unwrap();
        let genesis = Genesis { kind: "worker".to_owned(), record, generation: 1 };
        let document = Document::genesis(&genesis, &pack.kind("worker").unwrap().genesis_maps()).unwrap();
        Worker { record, document }
    }

    /// A worker born in Kraksaan, with the chunk of its birth.
    pub(crate) fn born(device: &Device) -> (Worker, Vec<u8>) {
        let mut worker = Worker::unborn(RecordId(random()));
        let birth = [("area", "35.13.02.2004"), ("access", "ordinary"), ("office", "P4MI-3513")];
        let chunk = worker.put(device, &birth);
        (worker, chunk)
    }

    /// A worker that the relay has.
    pub(crate) fn at_relay(device: &mut Device) -> Worker {
        let (worker, birth) = Worker::born(device);
        let item = item(device, worker.record, vec![birth]);
        let verdicts = device.push(vec![item]);
        assert!(verdicts.iter().all(sambung_sync::message::Verdict::is_at_relay), "{verdicts:?}");
        worker
    }

    /// Another copy of it, as it stands.
    pub(crate) fn copy(&self) -> Worker {
        Worker { record: self.record, document: Document::load(&self.document.save().unwrap()).unwrap() }
    }

    /// Writes texts; gives the chunk.
    pub(crate) fn put(&mut self, device: &Device, fields: &[(&str, &str)]) -> Vec<u8> {
        let put = |(key, value): &(&str, &str)| Edit::Put {
            path: vec![(*key).to_owned()],
            value: Value::from(*value),
        };
        self.edit(device, &fields.iter().map(put).collect::<Vec<_>>())
    }

    /// Writes; gives the chunk.
    pub(crate) fn edit(&mut self, device: &Device, edits: &[Edit]) -> Vec<u8> {
        let message = Message { command: "record.edit".to_owned(), reason: None, staff: device.staff() };
        let written = self.document.edit(device.actor(), 1_790_000_000, &message.encode().unwrap(), edits);
        written.unwrap().unwrap().1
    }
}

/// One leaf: chunks of a record, under the device's present incarnation.
pub(crate) fn item(device: &Device, record: RecordId, chunks: Vec<Vec<u8>>) -> PushItem {
    PushItem {
        record,
        generation: 1,
        kind: "worker".to_owned(),
        nonce: device.incarnation,
        chunks: chunks.into_iter().map(Into::into).collect(),
    }
}
