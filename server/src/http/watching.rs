//! The second listener: metrics and probes, for whoever runs the relay.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::sync::Mutex;

use super::livez;
use crate::host::{Failure, Host, Readiness};
use crate::metrics::MEDIA_TYPE;

/// The host, asked by one at a time: watching takes no more than one thread.
type Watched = Arc<Mutex<Arc<Host>>>;

/// The router of the second listener.
pub fn watched(host: Arc<Host>) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .with_state(Arc::new(Mutex::new(host)))
}

async fn metrics(State(host): State<Watched>) -> Response {
    match ask(&host, Host::watched).await {
        Ok(text) => ([(header::CONTENT_TYPE, MEDIA_TYPE)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics could not be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn readyz(State(host): State<Watched>) -> Response {
    say(ask(&host, |host| Ok(host.readiness())).await.unwrap_or(Readiness::Unwritable))
}

async fn ask<T: Send + 'static>(
    host: &Watched,
    question: fn(&Host) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let host = host.lock().await;
    let asked = Arc::clone(&host);
    tokio::task::spawn_blocking(move || question(&asked)).await.unwrap_or(Err(Failure::Internal))
}

/// The answer of a probe.
pub(super) fn say(readiness: Readiness) -> Response {
    match readiness {
        Readiness::Ready => "ok\n".into_response(),
        Readiness::Unwritable => unavailable("the database cannot be written\n"),
        Readiness::Ending => unavailable("the relay is ending\n"),
    }
}

fn unavailable(why: &'static str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, why).into_response()
}
