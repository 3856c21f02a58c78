//! `GET /sync/v1/events`: an answer that goes on as long as the device listens.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use sambung_domain::hex::unhex;
use sambung_sync::frame::FrameError;
use sambung_sync::relay::Reject;

use super::{Site, blocking, refuse};
use crate::clock;
use crate::events::Hints;
use crate::host::{Failure, Host};

/// The scheme under which the header `authorization` holds a packed frame in hexadecimal.
const SCHEME: &str = "Sambung ";
/// Most characters of it.
const PROOF_MAX: usize = 1_024;
/// How long logs are not looked at where nobody in this process has written to them.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Between two looks: hints that come closer together are one.
const LOOK_PAUSE: Duration = Duration::from_millis(100);

/// Begins a stream.
pub(super) async fn listen(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    match attempt(&site, &headers).await {
        Ok(hints) => stream(hints),
        Err(failure) => refuse(&failure),
    }
}

async fn attempt(site: &Site, headers: &HeaderMap) -> Result<Hints, Failure> {
    let proof = proof(headers.get(header::AUTHORIZATION))?;
    let runtime = tokio::runtime::Handle::current();
    let pace = site.limits.pace;
    let hints = blocking(site, move |host| {
        // The stream's timers belong to the runtime that will poll it.
        let _entered = runtime.enter();
        host.listen(&proof, pace)
    })
    .await?;
    if !site.host.events().is_watched() {
        tokio::spawn(watch(Arc::clone(&site.host)));
    }
    Ok(hints)
}

/// The packed frame of the header.
fn proof(value: Option<&HeaderValue>) -> Result<Vec<u8>, Failure> {
    let text = value.and_then(|value| value.to_str().ok()).and_then(|text| text.strip_prefix(SCHEME));
    let text = text.filter(|text| text.len() <= PROOF_MAX);
    let bytes = text.and_then(|text| unhex(text).ok());
    bytes.ok_or_else(|| Reject::from(FrameError::Unreadable).into())
}

fn stream(hints: Hints) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // A proxy that collects an answer before it passes it on would keep every hint.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Body::new(hints)).into_response()
}

/// Looks at the logs and tells who listens, until the relay ends. Then all streams end.
async fn watch(host: Arc<Host>) {
    loop {
        tokio::select! {
            () = host.events().rung(LOOK_EVERY) => {}
            () = host.ending().begun() => return host.events().end(),
        }
        let looking = Arc::clone(&host);
        let looked = tokio::task::spawn_blocking(move || looking.tell_listeners(clock::now())).await;
        if let Ok(Err(error)) = looked {
            tracing::error!(%error, "what is new could not be looked at");
        }
        tokio::time::sleep(LOOK_PAUSE).await;
    }
}
