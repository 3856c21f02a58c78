//! One run: devices that save, exchange, crash and lose their time, until enough was saved; then calm, and the
//! question whether every promise was kept.

use std::collections::BTreeSet;
use std::fmt;

use sambung_domain::Timestamp;
use sambung_replica::exchange::{Step, SyncError};
use sambung_sync::frame::{AnswerFrame, unpack};
use sambung_testkit::{Message, Network, Seed, Tally, Way};

use crate::cast::{CAST, DESA};
use crate::device::{Crash, Device};
use crate::ledger::Ledger;
use crate::relay::RelayHost;

/// When every run begins: 2026-01-05T00:00:00Z.
const BEGIN: Timestamp = Timestamp(1_767_571_200_000);
/// Most time that passes between two steps, in milliseconds.
const STEP_MAX_MS: usize = 4 * 60 * 1_000;
/// Steps after which a run that has not saved enough is stuck.
const STEPS_MAX: usize = 20_000;
/// Saves of a run, creations and edits together, and records that it makes before it edits at random.
pub(crate) const SAVES: usize = 220;
pub(crate) const RECORDS: usize = 20;

/// Faults of devices and relay, for a [`Tally`]; those of the network are its own.
pub(crate) const FAULTS: [&str; 9] = [
    "crash: stopped",
    "crash: torn write",
    "crash: save not committed",
    "crash: answer not committed",
    "crash: answer awaited",
    "clock set",
    "clock runs backwards",
    "relay restarted",
    "gave up waiting",
];
/// Faults that make a relay forget.
pub(crate) const LOST_RELAYS: [&str; 2] = ["relay restored", "relay emptied"];

/// What a run is made of.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Options {
    /// The relay is restored from old backups and replaced by empty ones.
    pub(crate) loses_relays: bool,
    /// The relay answers and then keeps nothing: shows that this is noticed.
    pub(crate) forgetful: bool,
    /// The rule that devices and relay break on purpose.
    pub(crate) fault: Option<&'static str>,
}

/// A promise that was not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) promise: &'static str,
    pub(crate) what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.promise, self.what)
    }
}

pub(crate) type Kept = Result<(), Violation>;

/// Fails under the name of a promise.
pub(crate) fn broken<T>(promise: &'static str, what: impl Into<String>) -> Result<T, Violation> {
    Err(Violation { promise, what: what.into() })
}

pub(crate) struct World {
    pub(crate) options: Options,
    pub(crate) now: Timestamp,
    pub(crate) seed: Seed,
    pub(crate) tally: Tally,
    pub(crate) network: Network,
    pub(crate) relay: RelayHost,
    pub(crate) devices: Vec<Device>,
    pub(crate) ledger: Ledger,
    _folder: tempfile::TempDir,
}

/// What a run that kept every promise leaves.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) tally: Tally,
    /// Over the relay's chains and the heads of every replica.
    pub(crate) hash: blake3::Hash,
}

/// Runs a seed.
pub(crate) fn run(seed: u64, options: Options) -> Result<Outcome, Violation> {
    let mut world = World::new(seed, options);
    let mut steps = 0;
    while world.ledger.saves < SAVES {
        world.step()?;
        steps += 1;
        if steps > STEPS_MAX {
            return broken("liveness", "too few saves succeed");
        }
    }
    world.calm_down()?;
    world.check_all()?;
    Ok(Outcome { hash: world.hash(), tally: world.tally })
}

/// In memory where the system has a place for that: nothing here survives the run, and nothing waits for a disk.
fn folder() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    tempfile::tempdir_in(memory).or_else(|_| tempfile::tempdir()).unwrap()
}

impl World {
    fn new(seed: u64, options: Options) -> World {
        let mut seed = Seed::new(seed);
        let folder = folder();
        let mut relay = RelayHost::start(folder.path(), &mut seed, BEGIN, options.fault);
        relay.forgetful = options.forgetful;
        let enrol = |part| Device::enrol((folder.path(), options.fault), part, &mut relay, BEGIN, &mut seed);
        let devices = CAST.map(enrol);
        World {
            options,
            now: BEGIN,
            seed,
            tally: Tally::default(),
            network: Network::default(),
            relay,
            devices: devices.into(),
            ledger: Ledger::default(),
            _folder: folder,
        }
    }

    fn step(&mut self) -> Kept {
        let passes = self.seed.below(STEP_MAX_MS);
        self.now = self.now.plus_ms(i64::try_from(passes).unwrap_or(0));
        let device = self.seed.below(self.devices.len());
        match self.seed.below(100) {
            0..36 => self.save(device),
            36..50 => self.begin(device),
            50..84 => self.arrive(),
            84..87 => {
                self.give_up(device);
                Ok(())
            }
            87..91 => self.crash(device),
            91..94 => {
                self.set_clock(device);
                Ok(())
            }
            94..96 => {
                self.network.replay(&mut self.seed, &mut self.tally);
                Ok(())
            }
            96..98 => self.open_complaints(),
            _ => {
                self.change_relay();
                Ok(())
            }
        }
    }

    /// A device begins a sync, unless it waits for an answer.
    fn begin(&mut self, device: usize) -> Kept {
        if self.devices[device].session.is_none() { self.post(device) } else { Ok(()) }
    }

    /// A device sends its next request.
    pub(crate) fn post(&mut self, device: usize) -> Kept {
        let (attempt, path, bytes) = match self.devices[device].request(self.now) {
            Ok(request) => request,
            // Its relay was lost again and again while one sync went on: the next one begins anew.
            Err(SyncError::Nonsense(_)) if self.options.loses_relays && !self.network.is_calm => {
                self.tally.note("sync failed");
                return Ok(());
            }
            Err(error) => return broken("G1", format!("{} cannot ask: {error}", CAST[device].name)),
        };
        let message = Message { device, attempt, way: Way::Request, path, status: 0, bytes };
        self.network.send(message, &mut self.seed, &mut self.tally);
        Ok(())
    }

    /// Something arrives somewhere.
    pub(crate) fn arrive(&mut self) -> Kept {
        let Some(message) = self.network.arrival(&mut self.seed, &mut self.tally) else { return Ok(()) };
        match message.way {
            Way::Request => self.at_relay(&message),
            Way::Answer => self.at_device(&message),
        }
    }

    fn at_relay(&mut self, message: &Message) -> Kept {
        let (status, bytes) = self.relay.answer(message.path, &message.bytes, self.now);
        if status == 200 {
            self.check_answer(message.device, &bytes)?;
        }
        let Message { device, attempt, .. } = *message;
        let answer = Message { device, attempt, way: Way::Answer, path: "", status, bytes };
        self.network.send(answer, &mut self.seed, &mut self.tally);
        Ok(())
    }

    /// G4: nothing that an answer holds, decompressed, is of a record that its receiver may not hold.
    fn check_answer(&mut self, device: usize, body: &[u8]) -> Kept {
        let Ok(answer) = unpack::<AnswerFrame>(body) else {
            return broken("G4", "the relay's own answer cannot be read");
        };
        let (forbidden, all) = self.ledger.forbidden(&answer.body, device);
        self.tally.note_many("markers in answers", u64::try_from(all).unwrap_or(0));
        if forbidden.is_empty() {
            return Ok(());
        }
        broken("G4", format!("{} was sent {forbidden:?}", CAST[device].name))
    }

    fn at_device(&mut self, message: &Message) -> Kept {
        let at = message.device;
        match self.devices[at].session {
            // The connection that this belongs to is closed.
            None => return Ok(()),
            // Now and then a proxy serves what belongs to an older request.
            Some((_, attempt)) if attempt != message.attempt && !self.seed.once_in(4) => return Ok(()),
            Some((_, attempt)) if attempt != message.attempt => self.tally.note("answer to another request"),
            Some(_) => {}
        }
        let image = (!self.network.is_calm && self.seed.once_in(12)).then(|| self.devices[at].image());
        let step = self.devices[at].receive(message.status, &message.bytes, self.now);
        if let Some(image) = image {
            self.tally.note("crash: answer not committed");
            self.devices[at].restart(Some(&image));
            return self.check_after_crash(at);
        }
        self.ledger.last_read[at].clear();
        self.check_confirmed(at)?;
        if at == DESA {
            self.check_parcels()?;
        }
        match step {
            Ok(Step::Continue) => self.post(at),
            Ok(Step::Done(_)) => {
                self.tally.note("sync done");
                self.open_alone(at)
            }
            Err(error) => self.sync_failed(at, &error),
        }
    }

    /// A sync may fail for what the network did, never by the fault of replica or relay.
    fn sync_failed(&mut self, at: usize, error: &SyncError) -> Kept {
        let is_expected = match error {
            SyncError::Frame(_) | SyncError::RelayUnknown | SyncError::Refused { .. } => {
                !self.network.is_calm
            }
            SyncError::Closed(_) | SyncError::Later(_) | SyncError::Nonsense(_) | SyncError::Replica(_) => {
                false
            }
        };
        if is_expected {
            self.tally.note("sync failed");
            return Ok(());
        }
        broken("G7", format!("{} cannot sync: {error}", CAST[at].name))
    }

    fn give_up(&mut self, device: usize) {
        if self.devices[device].session.take().is_some() {
            self.tally.note("gave up waiting");
        }
    }

    fn crash(&mut self, at: usize) -> Kept {
        if self.devices[at].session.is_some() {
            self.tally.note("crash: answer awaited");
        }
        let crash = *self.seed.pick(&[Crash::Stopped, Crash::TornWrite, Crash::BeforeCommit]);
        match crash {
            Crash::Stopped => {
                self.tally.note("crash: stopped");
                self.devices[at].restart(None);
            }
            Crash::TornWrite => {
                self.tally.note("crash: torn write");
                let image = self.devices[at].image().torn(&mut self.seed);
                self.devices[at].restart(Some(&image));
            }
            Crash::BeforeCommit => {
                self.tally.note("crash: save not committed");
                let image = self.devices[at].image();
                self.save_without_return(at);
                self.devices[at].restart(Some(&image));
            }
        }
        self.check_after_crash(at)
    }

    fn set_clock(&mut self, at: usize) {
        let device = &mut self.devices[at];
        device.clock.jump(self.now.0, &mut self.seed);
        self.tally.note("clock set");
        if device.clock.runs_backwards() {
            self.tally.note("clock runs backwards");
        }
    }

    fn change_relay(&mut self) {
        if !self.options.loses_relays || self.seed.once_in(2) {
            self.relay.restart();
            return self.tally.note("relay restarted");
        }
        match self.seed.below(4) {
            0 => {
                self.relay.empty(self.now);
                self.tally.note("relay emptied");
            }
            1 if self.relay.restore() => self.tally.note("relay restored"),
            _ => self.relay.back_up(),
        }
    }

    /// Everything that was saved, in one number: equal runs have equal ones.
    fn hash(&self) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new();
        for (shard, sequence, chain) in self.relay.ends() {
            hasher.update(shard.as_bytes()).update(&sequence.to_be_bytes()).update(&chain);
        }
        for device in &self.devices {
            for shown in device.projections() {
                hasher.update(&shown.id.0).update(&shown.heads).update(shown.content.as_bytes());
            }
        }
        hasher.finalize()
    }

    /// Markers of this page set that a device may not hold.
    pub(crate) fn check_pages(&mut self, at: usize) -> Kept {
        let pages = self.devices[at].pages();
        let (forbidden, _) = self.ledger.forbidden(&pages, at);
        if forbidden.is_empty() {
            return Ok(());
        }
        let forbidden: BTreeSet<_> = forbidden.into_iter().collect();
        broken("G4", format!("the database of {} holds {forbidden:?}", CAST[at].name))
    }
}
