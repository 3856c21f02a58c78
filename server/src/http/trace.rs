//! One line in the log per request: nothing of what it said, nothing of who said it.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;

/// Lets a request through and logs it.
pub(super) async fn trace(route: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let bytes_in = length(request.headers());
    let response = next.run(request).await;
    // A path that is no route is the caller's text and stays out of the log.
    let route = route.as_ref().map_or("-", MatchedPath::as_str);
    let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (status, bytes_out) =
        (response.status().as_u16(), axum::body::HttpBody::size_hint(response.body()).lower());
    tracing::info!(route, status, duration_ms, bytes_in, bytes_out, "request");
    response
}

fn length(headers: &HeaderMap) -> u64 {
    let text = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}
