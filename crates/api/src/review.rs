//! `/api/v1/commands`, and the questions that somebody must decide: differing values, the same person, drafts.

#![expect(unused_qualifications, reason = "in what utoipa makes of a route's parameters")]

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use sambung_domain::RecordId;
use sambung_replica::command::{Command, Outcome};
use sambung_replica::conflict::{Conflict, ConflictCursor, ConflictList, ConflictPage, DecidedPage};
use sambung_replica::draft::{Draft, SavedDraft};
use sambung_replica::offer::Offers;
use sambung_replica::same::{CandidatePage, Group};
use serde::{Deserialize, Serialize};
use serde_json::Map;
use utoipa::{IntoParams, ToSchema};

use crate::records::parse;
use crate::{Host, Problem};

/// Which page of the open questions is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConflictQuery {
    /// Most questions.
    #[serde(default)]
    limit: Option<u32>,
    /// `next` of the page before.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    after: Option<ConflictCursor>,
}

/// Which decisions are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecidedQuery {
    /// Only decisions that put a value of the asking staff member aside.
    #[serde(default)]
    mine: bool,
    /// Most decisions looked at.
    #[serde(default)]
    limit: Option<u32>,
    /// Decisions to skip: `next` of the page before.
    #[serde(default)]
    skip: u32,
}

/// Which pairs are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct CandidateQuery {
    /// Only pairs with this person.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    of: Option<RecordId>,
    /// Most pairs.
    #[serde(default)]
    limit: Option<u32>,
}

/// What a draft holds.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct DraftBody {
    /// The kind of record it is to become, or to change.
    kind: String,
    /// The record it is to change.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    record: Option<RecordId>,
    /// What was answered so far.
    #[schema(value_type = std::collections::BTreeMap<String, serde_json::Value>)]
    content: Map<String, serde_json::Value>,
}

/// Carries out a command: everything a person can do to a record.
#[utoipa::path(post, path = "/api/v1/commands", request_body = Command, responses((status = 200, body = Outcome), (status = "default", body = Problem)))]
pub(crate) async fn command(
    State(host): State<Host>,
    body: Result<Json<Command>, JsonRejection>,
) -> Result<Json<Outcome>, Problem> {
    let Json(command) = body.map_err(|error| Problem::usage(error.body_text()))?;
    Ok(Json(host.command(|replica, circumstances| replica.run(&command, circumstances))?))
}

/// What is offered from office to office, to this device's offices first.
#[utoipa::path(get, path = "/api/v1/offers", responses((status = 200, body = Offers), (status = "default", body = Problem)))]
pub(crate) async fn offers(State(host): State<Host>) -> Result<Json<Offers>, Problem> {
    Ok(Json(host.replica()?.offers()?))
}

/// What must be decided, the most harmful first.
#[utoipa::path(get, path = "/api/v1/conflicts", params(ConflictQuery), responses((status = 200, body = ConflictPage), (status = "default", body = Problem)))]
pub(crate) async fn conflicts(
    State(host): State<Host>,
    query: Result<Query<ConflictQuery>, QueryRejection>,
) -> Result<Json<ConflictPage>, Problem> {
    let Query(ConflictQuery { limit, after }) = query.map_err(|error| Problem::usage(error.body_text()))?;
    Ok(Json(host.replica()?.conflicts(&ConflictList { limit, after })?))
}

/// What must be decided about one record.
#[utoipa::path(get, path = "/api/v1/records/{id}/conflicts", params(("id" = String, Path)), responses((status = 200, body = [Conflict]), (status = "default", body = Problem)))]
pub(crate) async fn conflicts_of(
    State(host): State<Host>,
    Path(id): Path<String>,
) -> Result<Json<Vec<Conflict>>, Problem> {
    Ok(Json(host.replica()?.conflicts_of(parse(&id)?)?))
}

/// What was decided, the newest first.
#[utoipa::path(get, path = "/api/v1/decisions", params(DecidedQuery), responses((status = 200, body = DecidedPage), (status = "default", body = Problem)))]
pub(crate) async fn decided(
    State(host): State<Host>,
    query: Result<Query<DecidedQuery>, QueryRejection>,
) -> Result<Json<DecidedPage>, Problem> {
    let Query(DecidedQuery { mine, limit, skip }) =
        query.map_err(|error| Problem::usage(error.body_text()))?;
    Ok(Json(host.replica()?.decided(mine.then_some(host.staff), limit, skip)?))
}

/// Pairs that could be one person and about which nobody has decided.
#[utoipa::path(get, path = "/api/v1/same", params(CandidateQuery), responses((status = 200, body = CandidatePage), (status = "default", body = Problem)))]
pub(crate) async fn candidates(
    State(host): State<Host>,
    query: Result<Query<CandidateQuery>, QueryRejection>,
) -> Result<Json<CandidatePage>, Problem> {
    let Query(CandidateQuery { of, limit }) = query.map_err(|error| Problem::usage(error.body_text()))?;
    Ok(Json(host.replica()?.candidates(of, limit)?))
}

/// The records of the same person as one, the main one first.
#[utoipa::path(get, path = "/api/v1/records/{id}/group", params(("id" = String, Path)), responses((status = 200, body = Group), (status = "default", body = Problem)))]
pub(crate) async fn group(State(host): State<Host>, Path(id): Path<String>) -> Result<Json<Group>, Problem> {
    let id = parse(&id)?;
    let replica = host.replica()?;
    replica.show(id)?;
    Ok(Json(replica.group(id)?))
}

/// The drafts of the staff member, the last kept first.
#[utoipa::path(get, path = "/api/v1/drafts", responses((status = 200, body = [SavedDraft]), (status = "default", body = Problem)))]
pub(crate) async fn drafts(State(host): State<Host>) -> Result<Json<Vec<SavedDraft>>, Problem> {
    Ok(Json(host.replica()?.drafts(host.staff)?))
}

/// One draft.
#[utoipa::path(get, path = "/api/v1/drafts/{id}", params(("id" = String, Path)), responses((status = 200, body = SavedDraft), (status = "default", body = Problem)))]
pub(crate) async fn draft(
    State(host): State<Host>,
    Path(id): Path<String>,
) -> Result<Json<SavedDraft>, Problem> {
    Ok(Json(host.replica()?.kept_draft(parse(&id)?, host.staff)?))
}

/// Keeps a draft, in place of what was kept under its id.
#[utoipa::path(put, path = "/api/v1/drafts/{id}", params(("id" = String, Path)), request_body = DraftBody, responses((status = 204), (status = "default", body = Problem)))]
pub(crate) async fn keep_draft(
    State(host): State<Host>,
    Path(id): Path<String>,
    body: Result<Json<DraftBody>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let Json(DraftBody { kind, record, content }) =
        body.map_err(|error| Problem::usage(error.body_text()))?;
    let draft = Draft { id: parse(&id)?, kind, record, content };
    host.command(|replica, circumstances| replica.keep_draft(&draft, circumstances))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Discards a draft for good.
#[utoipa::path(delete, path = "/api/v1/drafts/{id}", params(("id" = String, Path)), responses((status = 204), (status = "default", body = Problem)))]
pub(crate) async fn discard_draft(
    State(host): State<Host>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    host.replica()?.discard_draft(parse(&id)?, host.staff)?;
    Ok(StatusCode::NO_CONTENT)
}
