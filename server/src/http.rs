//! The HTTP side: `/sync/v1` and two probes, and what is told to whoever watches.
//!
//! A body gets room in memory piece by piece as it arrives, up to what all bodies together may take, and must arrive
//! whole within [`Limits::body_time`]. Work on it is done by as many threads as the machine can use.

mod body;
mod events;
mod trace;
mod watching;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use sambung_sync::frame::{MEDIA_TYPE, pack};
use sambung_sync::limits::BODY_MAX;
use tokio::sync::Semaphore;

use crate::events::Pace;
use crate::host::{Failure, Host, Readiness};
pub use watching::watched;

/// Room for bodies that are arriving or being worked on, in bytes.
const BODIES_MAX: usize = 32 * BODY_MAX;
/// Between signs of life of a stream of hints: well below the idle time of proxies and address translators.
const BEAT: Duration = Duration::from_secs(30);
/// Streams of hints at once; a device has one.
const LISTENERS_MAX: usize = 1_024;
/// How long a stream of hints goes on.
const LIFE: Duration = Duration::from_hours(1);
/// Threads that work on requests at least, however few processors there are.
const WORKERS_MIN: usize = 4;

/// How much of the relay requests may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long a body may take to arrive.
    pub body_time: Duration,
    /// How long a request waits for a thread before it is told to come later.
    pub work_time: Duration,
    /// Threads that work on requests.
    pub workers: usize,
    /// How streams of hints go.
    pub pace: Pace,
}

impl Default for Limits {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Limits {
            body_time: Duration::from_mins(1),
            work_time: Duration::from_secs(10),
            workers: WORKERS_MIN.max(2 * processors),
            pace: Pace { beat: BEAT, life: LIFE, room: LISTENERS_MAX },
        }
    }
}

/// What every request shares.
#[derive(Debug)]
struct Site {
    host: Arc<Host>,
    limits: Limits,
    /// Room for bodies, in units of [`body::UNIT`].
    room: Arc<Semaphore>,
    workers: Arc<Semaphore>,
}

/// The router over a host.
pub fn router(host: Arc<Host>, limits: Limits) -> Router {
    let site = Arc::new(Site {
        host,
        limits,
        room: Arc::new(Semaphore::new(BODIES_MAX / body::UNIT)),
        workers: Arc::new(Semaphore::new(limits.workers)),
    });
    Router::new()
        .route("/sync/v1/hello", get(hello))
        .route("/sync/v1/enrol", post(enrol))
        .route("/sync/v1/exchange", post(exchange))
        .route("/sync/v1/reconcile", post(reconcile))
        .route("/sync/v1/events", get(events::listen))
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&site), trace::trace))
        .with_state(site)
}

async fn hello(State(site): State<Arc<Site>>) -> Response {
    frame(StatusCode::OK, site.host.hello())
}

async fn enrol(State(site): State<Arc<Site>>, request: Request) -> Response {
    answer(&site, request, Host::enrol).await
}

async fn exchange(State(site): State<Arc<Site>>, request: Request) -> Response {
    answer(&site, request, Host::exchange).await
}

async fn reconcile(State(site): State<Arc<Site>>, request: Request) -> Response {
    answer(&site, request, Host::reconcile).await
}

async fn livez() -> &'static str {
    "ok\n"
}

async fn readyz(State(site): State<Arc<Site>>) -> Response {
    let readiness = blocking(&site, |host| Ok(host.readiness())).await;
    watching::say(readiness.unwrap_or(Readiness::Unwritable))
}

async fn answer(
    site: &Site,
    request: Request,
    work: fn(&Host, &[u8]) -> Result<Vec<u8>, Failure>,
) -> Response {
    match attempt(site, request, work).await {
        Ok(body) => frame(StatusCode::OK, body),
        Err(failure) => refuse(&failure),
    }
}

async fn attempt(
    site: &Site,
    request: Request,
    work: fn(&Host, &[u8]) -> Result<Vec<u8>, Failure>,
) -> Result<Vec<u8>, Failure> {
    let (body, room) = body::read(&site.room, site.limits.body_time, request).await?;
    let work = move |host: &Host| {
        let answer = work(host, &body);
        drop(room);
        answer
    };
    blocking(site, work).await
}

/// Does work on a thread of its own, once one is free. The work goes on, and keeps its thread taken, even if the
/// caller hangs up.
async fn blocking<T: Send + 'static>(
    site: &Site,
    work: impl FnOnce(&Host) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let free = Arc::clone(&site.workers).acquire_owned();
    let Ok(Ok(worker)) = tokio::time::timeout(site.limits.work_time, free).await else {
        return Err(Failure::Busy);
    };
    let host = Arc::clone(&site.host);
    let task = tokio::task::spawn_blocking(move || {
        let answer = work(&host);
        drop(worker);
        answer
    });
    // A panic ends this request only: its transaction was rolled back while it unwound.
    task.await.unwrap_or(Err(Failure::Internal))
}

fn frame(status: StatusCode, body: Vec<u8>) -> Response {
    (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response()
}

fn refuse(failure: &Failure) -> Response {
    if let Failure::Store(error) = failure {
        tracing::error!(%error, "the store failed");
    }
    let refusal = failure.refusal();
    let status = StatusCode::from_u16(failure.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = frame(status, pack(&refusal));
    if let Some(seconds) = refusal.retry_after_s {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
