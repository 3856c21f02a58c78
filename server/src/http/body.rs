//! Taking a request's body: its type, its room, its time.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderValue, StatusCode, header};
use sambung_sync::frame::{FrameError, MEDIA_TYPE};
use sambung_sync::limits::BODY_MAX;
use sambung_sync::relay::Reject;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::host::Failure;

/// Unit in which room for bodies is given out, in bytes.
pub(super) const UNIT: usize = 4 * 1024;

/// The body, with the room it takes until the request is done.
pub(super) async fn read(
    room: &Arc<Semaphore>,
    time: Duration,
    request: Request,
) -> Result<(Bytes, OwnedSemaphorePermit), Failure> {
    let media_type = request.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    if media_type != Some(MEDIA_TYPE.as_bytes()) {
        return Err(Failure::MediaType);
    }
    let claimed = claimed_length(&request);
    if claimed > BODY_MAX {
        return Err(too_large());
    }
    let units = u32::try_from(claimed.div_ceil(UNIT).max(1)).unwrap_or(u32::MAX);
    let permit = Arc::clone(room).try_acquire_many_owned(units).map_err(|_| Failure::Busy)?;
    match tokio::time::timeout(time, Bytes::from_request(request, &())).await {
        Ok(Ok(body)) => Ok((body, permit)),
        Ok(Err(rejection)) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(too_large()),
        Ok(Err(_)) => Err(Reject::Frame(FrameError::Unreadable).into()),
        Err(_) => Err(Failure::Slow),
    }
}

/// The length a request announces; one that announces none may take the most.
fn claimed_length(request: &Request) -> usize {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    length.and_then(|text| text.parse().ok()).unwrap_or(BODY_MAX)
}

fn too_large() -> Failure {
    Reject::Frame(FrameError::TooLarge).into()
}
