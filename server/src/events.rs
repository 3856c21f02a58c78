//! Devices that are told when something waits for them: `GET /sync/v1/events`.
//!
//! A hint says nothing but that the next exchange will bring something: no record, no number, no place. What a device
//! would not be sent it does not hear of ([`Listener`]). Logs are looked at after every push and now and then, because
//! other processes may write to them; one look serves all streams, and hints that come close together are one.

mod stream;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sambung_domain::{RecordId, Shard, Timestamp};
use sambung_sync::chain::{Entry, Mark};
use sambung_sync::relay::{Listener, RecordRow, RelayError, RelayStore, author_of};
use sambung_trust::order::OrdersSum;
use tokio::sync::{Notify, mpsc};

pub use stream::{Hints, Pace};

use crate::store::{SqliteStore, StoreError};

/// Entries of a log that are looked at one by one; after more, everybody is told.
pub const LOOK_MAX: usize = 4_096;
/// How long a hint may lie unread before its stream is ended.
const UNREAD_MAX: Duration = Duration::from_secs(60);

/// All streams of one process.
#[derive(Debug, Default)]
pub struct Events {
    state: Mutex<State>,
    bell: Notify,
    watched: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    /// How far each log has been looked at.
    seen: BTreeMap<Shard, u64>,
    orders: OrdersSum,
    streams: Vec<Stream>,
    hints: u64,
    ended: bool,
}

/// One device that listens.
#[derive(Debug)]
struct Stream {
    listener: Listener,
    hints: mpsc::Sender<()>,
    /// The last sealed item that was looked at for it.
    parcels: u64,
    /// Something waits that it was not told of yet.
    rung: bool,
    /// Since when the last hint lies unread.
    unread: Option<Instant>,
}

impl Events {
    /// Adds a device. What waits already its next exchange brings.
    ///
    /// # Errors
    /// The store's. `Ok(None)` where there is no room.
    pub fn add(
        &self,
        store: &mut SqliteStore<'_>,
        listener: Listener,
        pace: Pace,
    ) -> Result<Option<Hints>, StoreError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.streams.retain(|held| held.is_open() && held.listener.device() != listener.device());
        if state.ended || state.streams.len() >= pace.room {
            return Ok(None);
        }
        if state.streams.is_empty() {
            state.seen = store.tips()?.into_iter().map(|(shard, mark)| (shard, mark.sequence)).collect();
            state.orders = store.orders_sum()?;
        }
        let (hints, heard) = mpsc::channel(1);
        state.streams.push(Stream { listener, hints, parcels: 0, rung: false, unread: None });
        Ok(Some(Hints::new(heard, pace)))
    }

    /// Says that there may be something to look at.
    pub fn ring(&self) {
        self.bell.notify_one();
    }

    /// Waits until there may be something to look at, or for so long.
    pub async fn rung(&self, longest: Duration) {
        // Either way it is time to look.
        drop(tokio::time::timeout(longest, self.bell.notified()).await);
    }

    /// Whether somebody looks already; from now on somebody does.
    pub fn is_watched(self: &Arc<Self>) -> bool {
        self.watched.swap(true, Ordering::Relaxed)
    }

    /// Ends all streams, and takes no more.
    pub fn end(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.ended = true;
        state.streams.clear();
    }

    /// Streams, and hints given since the start.
    #[must_use]
    pub fn counts(&self) -> (usize, u64) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (state.streams.len(), state.hints)
    }

    /// Whether anybody listens.
    #[must_use]
    pub fn has_listeners(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.streams.retain(Stream::is_open);
        !state.streams.is_empty()
    }

    /// Looks at what is new in the logs and tells whom it concerns.
    ///
    /// # Errors
    /// The store's.
    pub fn look(&self, store: &mut SqliteStore<'_>, now: Timestamp) -> Result<(), RelayError<StoreError>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *state;
        let orders = store.orders_sum().map_err(RelayError::Store)?;
        if orders != state.orders {
            // Orders are for everybody. Whose rights have ended is not let in again.
            state.orders = orders;
            state.hints += u64::try_from(state.streams.len()).unwrap_or(0);
            state.streams.drain(..).for_each(|mut stream| {
                stream.rung = true;
                stream.tell();
            });
        }
        for (shard, tip) in store.tips().map_err(RelayError::Store)? {
            look_at(store, state, (&shard, tip), now)?;
            state.seen.insert(shard, tip.sequence);
        }
        for stream in &mut state.streams {
            while let Some((last, openable)) = stream.listener.parcels_after(store, stream.parcels)? {
                stream.parcels = last;
                stream.rung |= openable;
            }
        }
        state.hints += u64::try_from(state.streams.iter_mut().filter_map(Stream::tell).count()).unwrap_or(0);
        state.streams.retain(Stream::is_open);
        Ok(())
    }
}

/// Looks at the end of one log.
fn look_at(
    store: &mut SqliteStore<'_>,
    state: &mut State,
    (shard, tip): (&Shard, Mark),
    now: Timestamp,
) -> Result<(), RelayError<StoreError>> {
    let after = state.seen.get(shard).copied().unwrap_or(0);
    let new = usize::try_from(tip.sequence.saturating_sub(after)).unwrap_or(usize::MAX);
    if new > LOOK_MAX {
        state.streams.iter_mut().for_each(|stream| stream.rung = true);
        return Ok(());
    }
    let mut records: BTreeMap<(RecordId, u32), Option<RecordRow>> = BTreeMap::new();
    for row in store.entries(shard, after, new).map_err(RelayError::Store)? {
        let (record, generation) = row.entry.subject();
        let found = match records.entry((record, generation)) {
            Slot::Occupied(found) => found.into_mut(),
            Slot::Vacant(slot) => slot.insert(store.record(record, generation).map_err(RelayError::Store)?),
        };
        if let Some(found) = found {
            tell_of(store, state, (&row.entry, found), now)?;
        }
    }
    Ok(())
}

fn tell_of(
    store: &mut SqliteStore<'_>,
    state: &mut State,
    (entry, record): (&Entry, &RecordRow),
    now: Timestamp,
) -> Result<(), RelayError<StoreError>> {
    let mut author = None;
    for stream in state.streams.iter_mut().filter(|stream| !stream.rung) {
        // Who wrote it is looked up for the first who would hear of it, and not at all if nobody would.
        if !stream.listener.hears(entry, record, None, now) {
            continue;
        }
        let author = match &author {
            Some(author) => author,
            None => author.insert(author_of(store, entry)?),
        };
        stream.rung = stream.listener.hears(entry, record, author.as_ref(), now);
    }
    Ok(())
}

impl Stream {
    /// Whether its reader is there and reads.
    fn is_open(&self) -> bool {
        !self.hints.is_closed() && self.unread.is_none_or(|since| since.elapsed() < UNREAD_MAX)
    }

    /// Gives the hint that waits, unless the last one lies unread: it says the same.
    fn tell(&mut self) -> Option<()> {
        if !std::mem::take(&mut self.rung) {
            return None;
        }
        let given = self.hints.try_send(()).is_ok();
        self.unread = if given { None } else { self.unread.or_else(|| Some(Instant::now())) };
        given.then_some(())
    }
}

#[cfg(test)]
mod tests {
    use sambung_domain::{Pack, Role};
    use sambung_trust::grant::GrantSubject;
    use sambung_trust::{Grant, RecipientKey, SecretKey};

    use super::*;
    use crate::store::{Pool, create};

    const PACE: Pace = Pace { beat: Duration::from_secs(30), life: Duration::from_hours(1), room: 2 };

    fn listener(number: u8) -> Listener {
        let subject = GrantSubject {
            device: SecretKey::from_seed(&[number; 32]).public(),
            recipient: RecipientKey([2; 32]),
            role: Role::FrontOffice,
            office: None,
            staff: Vec::new(),
            sets: Vec::new(),
        };
        Listener::of(Grant::for_role(&Pack::builtin().unwrap(), subject, Timestamp(0)))
    }

    #[tokio::test]
    async fn streams_are_counted_and_a_device_has_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("relay.sqlite");
        crate::file::reserve(&path).unwrap();
        create(&path, &[1; 16], Timestamp(0)).unwrap();
        let (pool, events) = (Pool::open(&path).unwrap(), Events::default());
        let add = |number| pool.read(|store| events.add(store, listener(number), PACE)).unwrap();
        let (first, _second) = (add(1).unwrap(), add(2).unwrap());
        assert!(add(3).is_none(), "there is room for two");
        let again = add(1);
        assert!(again.is_some() && events.counts().0 == 2, "whoever asks again takes his own place");
        drop((first, again));
        assert!(add(3).is_some(), "who has gone leaves room");
        events.end();
        assert!(add(4).is_none() && events.counts().0 == 0, "the end is the end");
    }

    #[test]
    fn a_hint_that_is_not_read_is_not_given_again_and_ends_its_stream() {
        let (hints, mut heard) = mpsc::channel(1);
        let mut stream = Stream { listener: listener(1), hints, parcels: 0, rung: false, unread: None };
        assert_eq!(stream.tell(), None);
        stream.rung = true;
        assert_eq!((stream.tell(), stream.unread), (Some(()), None));
        stream.rung = true;
        assert!(stream.tell().is_none() && stream.unread.is_some() && stream.is_open());
        stream.unread = Instant::now().checked_sub(UNREAD_MAX);
        assert!(!stream.is_open());
        heard.try_recv().unwrap();
        stream.rung = true;
        assert!(stream.tell().is_some() && stream.is_open(), "read after all");
    }
}
