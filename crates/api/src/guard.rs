//! Who may talk to the node at all.

use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::{Host, Problem};

/// Answers only requests that were sent to this node by name, and none that a page of another origin sent:
/// a browser on the same machine must not become somebody else's hand.
pub(crate) async fn only_for_this_node(State(host): State<Host>, request: Request, next: Next) -> Response {
    if is_for_this_node(&host, request.headers()) {
        next.run(request).await
    } else {
        Problem::foreign_host().into_response()
    }
}

fn is_for_this_node(host: &Host, headers: &HeaderMap) -> bool {
    let header = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let known = |given: &str| host.names.iter().any(|name| name == given);
    let own_page = |origin: &str| origin.split_once("://").is_some_and(|(_, given)| known(given));
    header(HOST).is_some_and(known) && header(ORIGIN).is_none_or(own_page)
}
