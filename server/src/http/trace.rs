//! One line in the log per request: nothing of what it said, nothing of who said it.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use sambung_domain::hex::hex;
use tracing::Instrument;

use super::Site;
use crate::clock;
use crate::metrics::Answered;

/// The answer's header with the name that its line in the log has.
const REQUEST_ID: &str = "x-request-id";

/// Lets a request through, logs and counts it.
pub(super) async fn trace(
    State(site): State<Arc<Site>>,
    route: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let (begun, request_id) = (Instant::now(), request_id());
    let (method, bytes_in) = (word(request.method()), length(request.headers()));
    let span = tracing::info_span!("request", id = %request_id);
    let mut response = next.run(request).instrument(span).await;
    // A path that is no route is the caller's text and stays out of the log.
    let route = route.as_ref().map_or("-", MatchedPath::as_str);
    let time = begun.elapsed();
    let (status, bytes_out) =
        (response.status().as_u16(), axum::body::HttpBody::size_hint(response.body()).lower());
    let duration_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(request_id, method, route, status, duration_ms, bytes_in, bytes_out, "request");
    site.host.metrics().request(&Answered { method, route, status, time, bytes_in, bytes_out });
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// A name for a request, drawn here: what a caller calls it is the caller's text. Without randomness it has none.
fn request_id() -> String {
    clock::random::<8>().map(|bytes| hex(&bytes)).unwrap_or_default()
}

/// Of methods, too, a caller can make up any.
fn word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        _ => "-",
    }
}

fn length(headers: &HeaderMap) -> u64 {
    let text = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}
