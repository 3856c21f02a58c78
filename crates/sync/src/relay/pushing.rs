//! Taking a push: signatures, leaves, verdicts, entries, receipt.

use std::collections::BTreeMap;

use minicbor::bytes::ByteVec;
use sambung_domain::{Shard, Timestamp};
use sambung_trust::batch::{self, BatchHeader};
use sambung_trust::merkle::{self, LEAVES_MAX, Node, Tree};
use sambung_trust::receipt::ShardRange;
use sambung_trust::{Receipt, Signed};

use super::admission::Standing;
use super::answer::stored;
use super::counting::Ledger;
use super::lanes::{Reach, Rights};
use super::{Caller, Circumstances, Reject, Relay, RelayError, RelayStore, StoredBatch, entries};
use crate::chain::{self, Entry, Mark};
use crate::chunk;
use crate::confirmed::Confirmed;
use crate::frame::FrameError;
use crate::limits::{PUSH_BYTES_MAX, PUSH_CHANGES_MAX};
use crate::message::{Disposition, ExchangeResponse, Push, PushItem, VerdictRun, verdicts_hash};

/// A push while it is being taken.
pub(super) struct Intake<'a, S: RelayStore> {
    pub(super) store: &'a mut S,
    pub(super) random: &'a mut dyn FnMut() -> [u8; 16],
    pub(super) now: Timestamp,
    /// The record of the item before, as it stands now: a record's runs come one behind the other.
    pub(super) last: Option<Standing>,
    /// Bytes of stored changes read so far.
    pub(super) read: usize,
    /// What it changes of the sums.
    pub(super) ledger: Ledger,
    log: chain::LogId,
    source: Source,
    ranges: BTreeMap<Shard, (u64, Mark)>,
}

/// The batch whose changes are taken.
pub(super) enum Source {
    /// One that comes now: written when its first change is.
    New(Box<StoredBatch>, Node),
    /// One that is in the store, by its number there.
    Written(i64),
}

impl<'a, S: RelayStore> Intake<'a, S> {
    /// Of nothing yet.
    pub(super) fn begin(
        store: &'a mut S,
        circumstances: &'a mut Circumstances<'_>,
        log: chain::LogId,
        source: Source,
    ) -> Self {
        Intake {
            store,
            random: &mut *circumstances.random,
            now: circumstances.now,
            last: None,
            read: 0,
            ledger: Ledger::default(),
            log,
            source,
            ranges: BTreeMap::new(),
        }
    }

    /// The last sequence written in a shard by this push; `None` if it wrote nothing there.
    pub(super) fn written(&self, shard: &Shard) -> Option<u64> {
        self.ranges.get(shard).map(|(_, mark)| mark.sequence)
    }

    /// The batch's number in the store; the batch is written when its first change is.
    pub(super) fn batch_number(&mut self) -> Result<i64, RelayError<S::Error>> {
        let number = match &self.source {
            Source::Written(number) => *number,
            Source::New(batch, root) => stored(self.store.put_batch(root, batch))?,
        };
        self.source = Source::Written(number);
        Ok(number)
    }

    /// The sequence that the next entry of a shard gets.
    pub(super) fn next(&mut self, shard: &Shard) -> Result<u64, RelayError<S::Error>> {
        Ok(self.tip(shard)?.sequence + 1)
    }

    fn tip(&mut self, shard: &Shard) -> Result<Mark, RelayError<S::Error>> {
        if let Some((_, mark)) = self.ranges.get(shard) {
            return Ok(*mark);
        }
        Ok(stored(self.store.tip(shard))?.unwrap_or(Mark::start(&self.log, shard)))
    }

    /// Notes where the logs end in which a known change stands: a receipt that names no place could not be doubted when the
    /// log is lost. Of a record out of reach nothing is said.
    fn mark_places(&mut self, rights: &Rights, item: &PushItem) -> Result<(), RelayError<S::Error>> {
        let row = stored(self.store.record(item.record, item.generation))?;
        let name = (item.record, item.generation, item.kind.as_str());
        if rights.reach(self.store, name, row.as_ref())? == Reach::Foreign {
            return Ok(());
        }
        for shard in row.iter().flat_map(|row| entries::shards(&row.routing)) {
            let tip = self.tip(&shard)?;
            self.ranges.entry(shard).or_insert((tip.sequence + 1, tip));
        }
        Ok(())
    }

    /// Appends an entry to a shard's log.
    pub(super) fn append(&mut self, shard: &Shard, entry: &Entry) -> Result<(), RelayError<S::Error>> {
        let tip = self.tip(shard)?;
        let salt = (self.random)();
        let mark = Mark { sequence: tip.sequence + 1, chain: chain::advance(&tip.chain, &salt, entry) };
        stored(self.store.append(shard, &mark, &salt, entry))?;
        self.ranges.entry(shard.clone()).or_insert((mark.sequence, mark)).1 = mark;
        Ok(())
    }
}

impl Relay {
    /// Takes a push: its verdicts and receipt go into the response. Gives what of it is in the log.
    pub(super) fn take_push<S: RelayStore>(
        &self,
        store: &mut S,
        caller: &mut Caller,
        push: &Push,
        response: &mut ExchangeResponse,
        circumstances: &mut Circumstances<'_>,
    ) -> Result<Confirmed, RelayError<S::Error>> {
        within_limits(push)?;
        let header: BatchHeader =
            push.batch.open(&caller.device.key).map_err(|_| Reject::Frame(FrameError::Signature))?;
        let leaves: Vec<Node> = push.items.iter().map(|item| self.leaf_of(item)).collect();
        if header.device != caller.device.key || merkle::root(&leaves) != header.root {
            return Err(Reject::Frame(FrameError::Signature).into());
        }
        count_batch(caller, &header)?;
        let mut rights = self.rights(store, caller, &header, circumstances.now)?;
        let (device, signed) = (caller.device.key, push.batch.clone());
        let batch = Box::new(StoredBatch { device, signed, tree: Tree::of(leaves) });
        let mut intake = Intake::begin(store, circumstances, self.log, Source::New(batch, header.root));
        let (mut runs, mut confirmed) = (Vec::new(), Confirmed::default());
        for (index, item) in (0u32..).zip(&push.items) {
            let verdicts = self.admit_item(&mut intake, caller, &mut rights, index, item)?;
            if verdicts.iter().any(|verdict| verdict.disposition == Disposition::Duplicate) {
                intake.mark_places(&rights, item)?;
            }
            for (chunk, verdict) in item.chunks.iter().zip(verdicts) {
                confirmed.note_verdict((item.record, item.generation, chunk::name(chunk)), &verdict);
                VerdictRun::push(&mut runs, verdict);
            }
        }
        let (ranges, ledger) = (std::mem::take(&mut intake.ranges), std::mem::take(&mut intake.ledger));
        ledger.close(intake.store, &self.keys.deployment)?;
        caller.device.seen = intake.now;
        stored(intake.store.put_device(&caller.device))?;
        response.receipt = Some(self.receipt(header.root, &runs, ranges, intake.now));
        response.verdicts = Some(runs);
        Ok(confirmed)
    }

    fn leaf_of(&self, item: &PushItem) -> Node {
        let hashes: Vec<[u8; 32]> = item.chunks.iter().map(|chunk| chunk::name(chunk).0).collect();
        batch::leaf(&self.keys.deployment, item.record, item.generation, &item.nonce, &hashes)
    }

    fn receipt(
        &self,
        root: Node,
        runs: &[VerdictRun],
        ranges: BTreeMap<Shard, (u64, Mark)>,
        relay_time: Timestamp,
    ) -> Signed {
        let ranges = ranges
            .into_iter()
            .map(|(shard, (from, last))| ShardRange { shard, from, to: last.sequence, chain: last.chain })
            .collect();
        let receipt = Receipt { log: self.log, root, verdicts: verdicts_hash(runs), ranges, relay_time };
        Signed::seal(&receipt, &self.keys.relay)
    }
}

fn within_limits(push: &Push) -> Result<(), Reject> {
    let changes: usize = push.items.iter().map(|item| item.chunks.len()).sum();
    let bytes: usize =
        push.items.iter().flat_map(|item| &item.chunks).map(|chunk: &ByteVec| chunk.len()).sum();
    let empty = push.items.iter().any(|item| item.chunks.is_empty());
    if push.items.is_empty() || empty {
        return Err(Reject::Frame(FrameError::Unreadable));
    }
    if push.items.len() > LEAVES_MAX || changes > PUSH_CHANGES_MAX || bytes > PUSH_BYTES_MAX {
        return Err(Reject::Frame(FrameError::TooLarge));
    }
    Ok(())
}

/// A batch's number grows; the same one again is the same batch, or the sign of a copied replica.
fn count_batch(caller: &mut Caller, header: &BatchHeader) -> Result<(), Reject> {
    let device = &mut caller.device;
    if header.counter > device.counter {
        device.counter = header.counter;
        device.root = Some(header.root);
        return Ok(());
    }
    if header.counter == device.counter && device.root == Some(header.root) {
        Ok(())
    } else {
        Err(Reject::Cloned)
    }
}
