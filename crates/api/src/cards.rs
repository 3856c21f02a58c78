//! `/api/v1/lacak`

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use sambung_replica::card::{Track, Tracked};

use crate::{Host, Problem};

/// How the report of a service card stands. Number and code travel in the body; a wrong, mistyped or unused pair gets
/// one and the same answer.
#[utoipa::path(post, path = "/api/v1/lacak", request_body = Track, responses((status = 200, body = Tracked), (status = "default", body = Problem)))]
pub(crate) async fn track(
    State(host): State<Host>,
    body: Result<Json<Track>, JsonRejection>,
) -> Result<Json<Tracked>, Problem> {
    // What was sent may hold the code: a refusal repeats none of it.
    let Json(track) =
        body.map_err(|_| Problem::usage("send {\"number\": …, \"code\": …} as JSON".to_owned()))?;
    Ok(Json(host.replica()?.track(&track)?))
}
