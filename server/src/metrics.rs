//! What whoever watches the relay is told: counts, sizes and times.
//!
//! Labels are closed words, route templates, codes and shards. No device, person or record is named.

mod tally;

use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::store::Holdings;

/// Media type of what is given.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds of the times that requests are counted by, in seconds.
const BOUNDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

type Labels<const N: usize> = [(&'static str, String); N];
type Counters<const N: usize> = Family<Labels<N>, Counter>;
type Gauges = Family<Labels<1>, Gauge>;

/// A request that was answered.
#[derive(Debug, Clone, Copy)]
pub struct Answered<'a> {
    /// Its method.
    pub method: &'a str,
    /// Its route's template.
    pub route: &'a str,
    /// The answer's status.
    pub status: u16,
    /// From its headers to those of the answer.
    pub time: Duration,
    /// Bytes of its body, as announced.
    pub bytes_in: u64,
    /// Bytes of the answer's body.
    pub bytes_out: u64,
}

/// The counters of one process, since it was started.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Counters<3>,
    seconds: Family<Labels<1>, Histogram, fn() -> Histogram>,
    bytes: Counters<1>,
    exchanges: Counters<1>,
    changes: Counters<1>,
    verdicts: Counters<2>,
    parcels: Counters<1>,
    log: Gauges,
    waiting: Gauges,
    waiting_bytes: Gauges,
    devices: Gauge,
    database: Gauge,
    listeners: Gauge,
    hints: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let registry = Registry::with_prefix("sambung_relay");
        let metrics = Metrics {
            registry,
            requests: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(BOUNDS)),
            bytes: Family::default(),
            exchanges: Family::default(),
            changes: Family::default(),
            verdicts: Family::default(),
            parcels: Family::default(),
            log: Family::default(),
            waiting: Family::default(),
            waiting_bytes: Family::default(),
            devices: Gauge::default(),
            database: Gauge::default(),
            listeners: Gauge::default(),
            hints: Gauge::default(),
        };
        metrics.registered()
    }
}

impl Metrics {
    fn registered(mut self) -> Self {
        let registry = &mut self.registry;
        registry.register("requests", "Requests answered", self.requests.clone());
        registry.register_with_unit(
            "request_duration",
            "Time to the answer",
            Unit::Seconds,
            self.seconds.clone(),
        );
        registry.register_with_unit("body", "Bodies, in and out", Unit::Bytes, self.bytes.clone());
        registry.register("exchanges", "Exchanges by what became of them", self.exchanges.clone());
        registry.register("changes", "Changes pushed and pulled", self.changes.clone());
        registry.register("verdicts", "Verdicts on pushed changes", self.verdicts.clone());
        registry.register("parcels", "Sealed items pushed and pulled", self.parcels.clone());
        registry.register("log_position", "Last sequence of a shard's log", self.log.clone());
        registry.register("waiting", "What waits for somebody", self.waiting.clone());
        registry.register_with_unit(
            "waiting",
            "Size of what waits for somebody",
            Unit::Bytes,
            self.waiting_bytes.clone(),
        );
        registry.register("listeners", "Devices that are told when something waits", self.listeners.clone());
        registry.register("hints", "How often one was told, since the start", self.hints.clone());
        registry.register("devices", "Enrolled devices", self.devices.clone());
        registry.register_with_unit(
            "database",
            "Size of the database with its write-ahead log",
            Unit::Bytes,
            self.database.clone(),
        );
        self
    }

    /// Counts a request.
    pub fn request(&self, answered: &Answered<'_>) {
        let Answered { method, route, status, time, bytes_in, bytes_out } = *answered;
        let labels =
            [("method", method.to_owned()), ("route", route.to_owned()), ("status", status.to_string())];
        self.requests.get_or_create(&labels).inc();
        self.seconds.get_or_create(&[("route", route.to_owned())]).observe(time.as_secs_f64());
        count(&self.bytes, "direction", "in", bytes_in);
        count(&self.bytes, "direction", "out", bytes_out);
    }

    /// Notes how many devices listen, and how often one was told.
    pub fn listening(&self, (listeners, hints): (usize, u64)) {
        self.listeners.set(listeners.try_into().unwrap_or(i64::MAX));
        self.hints.set(level(hints));
    }

    /// Everything in the form that Prometheus reads, with what the store holds now.
    ///
    /// # Errors
    /// The formatter's, which writes into memory.
    pub fn text(&self, holdings: &Holdings) -> Result<String, std::fmt::Error> {
        self.set(holdings);
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }

    fn set(&self, holdings: &Holdings) {
        for (shard, mark) in &holdings.tips {
            set(&self.log, "shard", shard.as_str(), mark.sequence);
        }
        for (what, load) in [("quarantine", holdings.quarantine), ("parcels", holdings.parcels)] {
            set(&self.waiting, "what", what, load.changes.try_into().unwrap_or(u64::MAX));
            set(&self.waiting_bytes, "what", what, load.bytes.try_into().unwrap_or(u64::MAX));
        }
        self.devices.set(level(holdings.devices));
        self.database.set(level(holdings.bytes));
    }
}

fn count(counters: &Counters<1>, name: &'static str, value: &str, by: u64) {
    if by > 0 {
        counters.get_or_create(&[(name, value.to_owned())]).inc_by(by);
    }
}

fn set(gauges: &Gauges, name: &'static str, value: &str, to: u64) {
    gauges.get_or_create(&[(name, value.to_owned())]).set(level(to));
}

fn level(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
