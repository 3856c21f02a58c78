//! One request against the store: which transaction it gets, what is throttled, how it can fail.

mod failure;
mod throttle;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sambung_domain::Timestamp;
use sambung_sync::frame::{AnswerFrame, Frame, pack, unpack};
use sambung_sync::message::{ExchangeRequest, ListenRequest, ReconcileRequest};
use sambung_sync::relay::{Circumstances, Reject, Relay, RelayError};

pub use failure::Failure;

use crate::clock;
use crate::ending::Ending;
use crate::events::{Events, Hints, Pace};
use crate::metrics::Metrics;
use crate::store::{Pool, SqliteStore, StoreError};
use throttle::Throttle;

/// How long an answer to "can you write?" is repeated before the database is asked again.
const READY_KEPT: Duration = Duration::from_secs(2);

/// Does what seldom writes: in a transaction that only reads, and where that is not enough once more with the write lock.
///
/// # Errors
/// Those of `work`, and [`Failure::Store`].
pub fn read_or_write<T>(
    pool: &Pool,
    mut work: impl FnMut(&mut SqliteStore<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    match pool.read(&mut work) {
        Err(Failure::Store(StoreError::ReadOnly)) => pool.write(work),
        other => other,
    }
}

/// A relay with its store, as the HTTP side uses it. All of it blocks.
#[derive(Debug)]
pub struct Host {
    relay: Relay,
    pool: Pool,
    wrong_codes: Mutex<Throttle>,
    ready: Mutex<Option<(Instant, bool)>>,
    ending: Ending,
    events: Arc<Events>,
    metrics: Metrics,
}

/// Whether the relay takes requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// It does.
    Ready,
    /// The database cannot be written.
    Unwritable,
    /// It is coming to its end.
    Ending,
}

impl Host {
    /// The host of a relay.
    #[must_use]
    pub fn new(relay: Relay, pool: Pool) -> Host {
        Host {
            relay,
            pool,
            wrong_codes: Mutex::new(Throttle::default()),
            ready: Mutex::new(None),
            ending: Ending::default(),
            events: Arc::default(),
            metrics: Metrics::default(),
        }
    }

    /// Where the end of the relay is told.
    #[must_use]
    pub fn ending(&self) -> &Ending {
        &self.ending
    }

    /// Who is told when something waits.
    #[must_use]
    pub fn events(&self) -> &Arc<Events> {
        &self.events
    }

    /// What is counted.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// What is told to whoever watches.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn watched(&self) -> Result<String, Failure> {
        self.metrics.listening(self.events.counts());
        self.metrics.text(&self.pool.holdings()?).map_err(|_| Failure::Internal)
    }

    /// The body of a hello.
    #[must_use]
    pub fn hello(&self) -> Vec<u8> {
        pack(&self.relay.hello(clock::now()))
    }

    /// Enrols a device; wrong codes are counted for all callers together, so that codes cannot be tried out.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn enrol(&self, body: &[u8]) -> Result<Vec<u8>, Failure> {
        let frame: Frame = unpack(body).map_err(Reject::from)?;
        let throttle = || self.wrong_codes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(wait) = throttle().wait(Instant::now()) {
            return Err(Failure::TooMany(wait));
        }
        let result = self.pool.write(|store| {
            self.with_circumstances(|circumstances| self.relay.enrol(store, &frame, circumstances))
        });
        if matches!(result, Err(Failure::Rejected(Reject::Invitation))) {
            throttle().count(Instant::now());
        }
        result.map(|answer| pack(&answer))
    }

    /// Answers an exchange. What was pushed is on the disk when this returns.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn exchange(&self, body: &[u8]) -> Result<Vec<u8>, Failure> {
        let answer = self.answer_exchange(body);
        self.metrics.exchange(&answer);
        Ok(pack(&answer?))
    }

    fn answer_exchange(&self, body: &[u8]) -> Result<AnswerFrame, Failure> {
        let frame: Frame = unpack(body).map_err(Reject::from)?;
        let request: ExchangeRequest = frame.peek().map_err(Reject::from)?;
        let exchange = |store: &mut SqliteStore<'_>| self.exchange_in(store, &frame, &request);
        let answer = if request.push.is_some() {
            self.pool.write(exchange)
        } else {
            // It writes only where the grant is worn or unknown, or the device has come farther than before.
            read_or_write(&self.pool, exchange)
        }?;
        if request.push.is_some() || request.parcels.is_some() || request.orders_held.is_some() {
            self.events.ring();
        }
        self.metrics.parcels_pushed(request.parcels.map_or(0, |parcels| parcels.sent.len()));
        Ok(answer)
    }

    /// Begins to tell a device when something waits for it. `proof` is a packed frame.
    ///
    /// # Errors
    /// [`Failure`], busy where there is no room or the relay is ending.
    pub fn listen(&self, proof: &[u8], pace: Pace) -> Result<Hints, Failure> {
        let frame: Frame = unpack(proof).map_err(Reject::from)?;
        let request: ListenRequest = frame.peek().map_err(Reject::from)?;
        if self.ending.has_begun() {
            return Err(Failure::Busy);
        }
        let listen = |store: &mut SqliteStore<'_>| -> Result<_, Failure> {
            let listener = self.relay.listen(store, &frame, &request, clock::now())?;
            Ok(self.events.add(store, listener, pace)?)
        };
        // It writes only where the device was seen with another grant last.
        read_or_write(&self.pool, listen)?.ok_or(Failure::Busy)
    }

    /// Tells those who listen of what is new.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn tell_listeners(&self, now: Timestamp) -> Result<(), Failure> {
        if !self.events.has_listeners() {
            return Ok(());
        }
        self.pool.read(|store| Ok(self.events.look(store, now)?))
    }

    /// Answers a comparison.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn reconcile(&self, body: &[u8]) -> Result<Vec<u8>, Failure> {
        let frame: Frame = unpack(body).map_err(Reject::from)?;
        let request: ReconcileRequest = frame.peek().map_err(Reject::from)?;
        let answer = |store: &mut SqliteStore<'_>| {
            self.relay.reconcile(store, &frame, &request, clock::now()).map_err(Failure::from)
        };
        // It writes only where the device is not known here any more.
        Ok(pack(&read_or_write(&self.pool, answer)?))
    }

    fn exchange_in(
        &self,
        store: &mut SqliteStore<'_>,
        frame: &Frame,
        request: &ExchangeRequest,
    ) -> Result<AnswerFrame, Failure> {
        self.with_circumstances(|circumstances| self.relay.exchange(store, frame, request, circumstances))
    }

    /// Lends a request the time and random bytes. Where the system gave none, the request has failed, whatever
    /// it answered.
    fn with_circumstances<T>(
        &self,
        work: impl FnOnce(&mut Circumstances<'_>) -> Result<T, RelayError<StoreError>>,
    ) -> Result<T, Failure> {
        let mut failed = None;
        let mut random = || {
            clock::random().unwrap_or_else(|error| {
                failed = Some(error);
                [0; 16]
            })
        };
        let result = work(&mut Circumstances { now: clock::now(), random: &mut random });
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(result?),
        }
    }

    /// Whether requests are taken now.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        match self.ending.has_begun() {
            true => Readiness::Ending,
            false if self.is_writable() => Readiness::Ready,
            false => Readiness::Unwritable,
        }
    }

    fn is_writable(&self) -> bool {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((asked, answer)) = *ready
            && asked.elapsed() < READY_KEPT
        {
            return answer;
        }
        let answer = self.pool.probe().is_ok();
        *ready = Some((Instant::now(), answer));
        answer
    }
}
