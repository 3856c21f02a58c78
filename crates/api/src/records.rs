//! `/api/v1/records` and `/api/v1/status`.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use sambung_domain::RecordId;
use sambung_replica::command::{Create, EditRecord, Fields, Outcome};
use sambung_replica::history::HistoryEntry;
use sambung_replica::query::{RecordView, Status};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{Host, Problem};

/// What an edit writes.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct EditBody {
    #[serde(flatten)]
    fields: Fields,
    /// Why, where a reason is asked for.
    #[serde(default)]
    reason: Option<String>,
}

/// Makes a record.
#[utoipa::path(post, path = "/api/v1/records", request_body = Create, responses((status = 201, body = Outcome), (status = "default", body = Problem)))]
pub(crate) async fn create(
    State(host): State<Host>,
    body: Result<Json<Create>, JsonRejection>,
) -> Result<(StatusCode, Json<Outcome>), Problem> {
    let Json(command) = body.map_err(|error| Problem::usage(error.body_text()))?;
    let outcome = host.command(|replica, circumstances| replica.create(&command, circumstances))?;
    Ok((StatusCode::CREATED, Json(outcome)))
}

/// One record, whole.
#[utoipa::path(get, path = "/api/v1/records/{id}", params(("id" = String, Path)), responses((status = 200, body = RecordView), (status = "default", body = Problem)))]
pub(crate) async fn show(
    State(host): State<Host>,
    Path(id): Path<String>,
) -> Result<Json<RecordView>, Problem> {
    Ok(Json(host.replica()?.show(parse(&id)?)?))
}

/// Changes a record: only the fields named are written.
#[utoipa::path(patch, path = "/api/v1/records/{id}", params(("id" = String, Path)), request_body = EditBody, responses((status = 200, body = Outcome), (status = "default", body = Problem)))]
pub(crate) async fn edit(
    State(host): State<Host>,
    Path(id): Path<String>,
    body: Result<Json<EditBody>, JsonRejection>,
) -> Result<Json<Outcome>, Problem> {
    let Json(body) = body.map_err(|error| Problem::usage(error.body_text()))?;
    let command = EditRecord { id: parse(&id)?, fields: body.fields, reason: body.reason };
    let outcome = host.command(|replica, circumstances| replica.edit(&command, circumstances))?;
    Ok(Json(outcome))
}

/// A record's history, field by field.
#[utoipa::path(get, path = "/api/v1/records/{id}/history", params(("id" = String, Path)), responses((status = 200, body = [HistoryEntry]), (status = "default", body = Problem)))]
pub(crate) async fn history(
    State(host): State<Host>,
    Path(id): Path<String>,
) -> Result<Json<Vec<HistoryEntry>>, Problem> {
    Ok(Json(host.replica()?.history(parse(&id)?)?))
}

/// The state of the whole replica.
#[utoipa::path(get, path = "/api/v1/status", responses((status = 200, body = Status), (status = "default", body = Problem)))]
pub(crate) async fn status(State(host): State<Host>) -> Result<Json<Status>, Problem> {
    let now = (host.now)();
    Ok(Json(host.replica()?.status(now)?))
}

pub(crate) fn parse(id: &str) -> Result<RecordId, Problem> {
    id.parse().map_err(|error: sambung_domain::id::BadId| Problem::usage(error.to_string()))
}
