//! Errors as RFC 9457 problems with a stable code.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sambung_replica::ReplicaError;
use serde::Serialize;
use utoipa::ToSchema;

/// Why a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// The stable code.
    pub code: String,
    /// What happened and what to do.
    pub detail: String,
}

impl Problem {
    /// The request came under a name that is not this node's, or from another origin's page.
    pub(crate) fn foreign_host() -> Self {
        Problem {
            status: 421,
            code: "foreign_host".to_owned(),
            detail: "this node does not answer under that name or to pages of other origins".to_owned(),
        }
    }

    /// The request's text was not understood.
    pub(crate) fn usage(detail: String) -> Self {
        Problem { status: 422, code: "usage".to_owned(), detail }
    }
}

impl From<ReplicaError> for Problem {
    fn from(error: ReplicaError) -> Self {
        let status = match error.code() {
            "usage" | "odd" => StatusCode::UNPROCESSABLE_ENTITY,
            "grant_ended" => StatusCode::FORBIDDEN,
            "not_found" => StatusCode::NOT_FOUND,
            "storage_full" => StatusCode::INSUFFICIENT_STORAGE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        // Existing and not allowed is answered like not existing.
        let hidden = matches!(error, ReplicaError::NotAllowed | ReplicaError::NotFound(_));
        let detail = if hidden { "there is no such record here".to_owned() } else { error.to_string() };
        Problem { status: status.as_u16(), code: error.code().to_owned(), detail }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        let media_type = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, media_type);
        response
    }
}
