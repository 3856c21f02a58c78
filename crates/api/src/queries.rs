//! `/api/v1/search` and `/api/v1/persons`.

#![expect(unused_qualifications, reason = "in what utoipa makes of a route's parameters")]

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use sambung_domain::RecordId;
use sambung_replica::query::{PersonPage, PersonView};
use sambung_replica::search::{Found, Search};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::records::parse;
use crate::{Host, Problem};

/// What to look for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchQuery {
    /// Names, numbers and villages that must all be found.
    text: String,
    /// Only hits that lead to records of this kind.
    #[serde(default)]
    kind: Option<String>,
    /// Most hits.
    #[serde(default)]
    limit: Option<u32>,
}

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

/// Records by name, nickname, number or village, the surest hits first.
#[utoipa::path(get, path = "/api/v1/search", params(SearchQuery), responses((status = 200, body = Found), (status = "default", body = Problem)))]
pub(crate) async fn search(
    State(host): State<Host>,
    query: Result<Query<SearchQuery>, QueryRejection>,
) -> Result<Json<Found>, Problem> {
    let Query(SearchQuery { text, kind, limit }) = query
        .map_err(|_| Problem::usage("a search needs `text`; `kind` and `limit` may be given".to_owned()))?;
    Ok(Json(host.replica().search(&Search { text, kind, limit }, (host.regions)())?))
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
    Ok(Json(host.replica().person(parse(&id)?, &PersonPage { kind, limit, after })?))
}
