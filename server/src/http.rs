//! The HTTP side: `/sync/v1` and two probes.
//!
//! What a body may cost is settled before it is read: its room in memory is reserved first, and it must arrive
//! whole within [`BODY_TIME`]. Work on it is done by as many threads as the machine can use.

mod body;
mod trace;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use sambung_sync::frame::{MEDIA_TYPE, pack};
use sambung_sync::limits::BODY_MAX;
use tokio::sync::Semaphore;

use crate::host::{Failure, Host};

/// How long a body may take to arrive.
pub const BODY_TIME: Duration = Duration::from_mins(1);
/// How long a request waits for a thread before it is told to come later.
const WORK_TIME: Duration = Duration::from_secs(10);
/// Room for bodies that are arriving or being worked on, in bytes.
const BODIES_MAX: usize = 32 * BODY_MAX;
/// Threads that work on requests at least, however few processors there are.
const WORKERS_MIN: usize = 4;

/// What every request shares.
#[derive(Debug)]
struct Site {
    host: Arc<Host>,
    /// Room for bodies, in units of [`body::UNIT`].
    room: Semaphore,
    workers: Semaphore,
}

/// The router over a host.
pub fn router(host: Arc<Host>) -> Router {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let site = Arc::new(Site {
        host,
        room: Semaphore::new(BODIES_MAX / body::UNIT),
        workers: Semaphore::new(WORKERS_MIN.max(2 * processors)),
    });
    Router::new()
        .route("/sync/v1/hello", get(hello))
        .route("/sync/v1/enrol", post(enrol))
        .route("/sync/v1/exchange", post(exchange))
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(axum::middleware::from_fn(trace::trace))
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

async fn livez() -> &'static str {
    "ok\n"
}

async fn readyz(State(site): State<Arc<Site>>) -> Response {
    let host = Arc::clone(&site.host);
    match tokio::task::spawn_blocking(move || host.is_ready()).await {
        Ok(true) => "ok\n".into_response(),
        Ok(false) | Err(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "the database cannot be written\n").into_response()
        }
    }
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
    let (body, _room) = body::read(&site.room, request).await?;
    let worker = tokio::time::timeout(WORK_TIME, site.workers.acquire()).await;
    let Ok(Ok(_worker)) = worker else { return Err(Failure::Busy) };
    let host = Arc::clone(&site.host);
    // A panic ends this request only: its transaction was rolled back while it unwound.
    tokio::task::spawn_blocking(move || work(&host, &body)).await.unwrap_or(Err(Failure::Internal))
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
