//! `/api/v1/sealed`: what only its receiver reads. Nothing of it stands in an address.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use sambung_replica::parcel::{ArrivedItem, OpenComplaint, Opened, Seal, Sealed};

use crate::{Host, Problem};

/// Seals what was entered: afterwards nobody here can read it.
#[utoipa::path(post, path = "/api/v1/sealed", request_body = Seal, responses((status = 201, body = Sealed), (status = "default", body = Problem)))]
pub(crate) async fn seal(
    State(host): State<Host>,
    body: Result<Json<Seal>, JsonRejection>,
) -> Result<(StatusCode, Json<Sealed>), Problem> {
    let Json(command) = body.map_err(|error| Problem::usage(error.body_text()))?;
    let sealed = host.command(|replica, circumstances| replica.seal(&command, circumstances))?;
    Ok((StatusCode::CREATED, Json(sealed)))
}

/// The items that wait here for somebody to open them.
#[utoipa::path(get, path = "/api/v1/sealed", responses((status = 200, body = [ArrivedItem]), (status = "default", body = Problem)))]
pub(crate) async fn unopened(State(host): State<Host>) -> Result<Json<Vec<ArrivedItem>>, Problem> {
    Ok(Json(host.replica()?.unopened()?))
}

/// Opens a complaint.
#[utoipa::path(post, path = "/api/v1/sealed/open", request_body = OpenComplaint, responses((status = 200, body = Opened), (status = "default", body = Problem)))]
pub(crate) async fn open(
    State(host): State<Host>,
    body: Result<Json<OpenComplaint>, JsonRejection>,
) -> Result<Json<Opened>, Problem> {
    let Json(command) = body.map_err(|error| Problem::usage(error.body_text()))?;
    Ok(Json(host.command(|replica, circumstances| replica.open_complaint(&command, circumstances))?))
}
