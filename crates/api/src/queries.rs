//! `/api/v1/lists`, `/api/v1/search` and `/api/v1/persons`.

#![expect(unused_qualifications, reason = "in what utoipa makes of a route's parameters")]

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use sambung_domain::RecordId;
use sambung_replica::query::{List, Page, PersonPage, PersonView};
use sambung_replica::search::{Found, Search};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::records::parse;
use crate::{Host, Problem};

/// What of a person's page is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonQuery {
    /// Only records of this kind.
    #[serde(default)]
    kind: Option<String>,
    /// Most records of each kind.
    #[serde(default)]
    limit: Option<u32>,
    /// The last record of the page before, of the kind asked for.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    after: Option<RecordId>,
}

/// One page of the records of a kind. What is asked for travels in the body: names do not belong in addresses, which
/// are logged and remembered.
#[utoipa::path(post, path = "/api/v1/lists", request_body = List, responses((status = 200, body = Page), (status = "default", body = Problem)))]
pub(crate) async fn list(
    State(host): State<Host>,
    body: Result<Json<List>, JsonRejection>,
) -> Result<Json<Page>, Problem> {
    let Json(list) = body.map_err(|error| Problem::usage(error.body_text()))?;
    Ok(Json(host.replica()?.list(&list)?))
}

/// Records by name, nickname, number or village, the surest hits first. In the body, as for lists.
#[utoipa::path(post, path = "/api/v1/search", request_body = Search, responses((status = 200, body = Found), (status = "default", body = Problem)))]
pub(crate) async fn search(
    State(host): State<Host>,
    body: Result<Json<Search>, JsonRejection>,
) -> Result<Json<Found>, Problem> {
    let Json(search) = body.map_err(|error| Problem::usage(error.body_text()))?;
    Ok(Json(host.replica()?.search(&search, (host.regions)())?))
}

/// Everything about one person, kind by kind, newest first.
#[utoipa::path(get, path = "/api/v1/persons/{id}", params(("id" = String, Path), PersonQuery), responses((status = 200, body = PersonView), (status = "default", body = Problem)))]
pub(crate) async fn person(
    State(host): State<Host>,
    Path(id): Path<String>,
    query: Result<Query<PersonQuery>, QueryRejection>,
) -> Result<Json<PersonView>, Problem> {
    let Query(PersonQuery { kind, limit, after }) =
        query.map_err(|error| Problem::usage(error.body_text()))?;
    Ok(Json(host.replica()?.person(parse(&id)?, &PersonPage { kind, limit, after })?))
}
