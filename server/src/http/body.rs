//! Taking a request's body: its type, its room, its time.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderValue, header};
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
) -> Result<(Vec<u8>, OwnedSemaphorePermit), Failure> {
    let media_type = request.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    if media_type != Some(MEDIA_TYPE.as_bytes()) {
        return Err(Failure::MediaType);
    }
    if announced_length(&request).is_some_and(|length| length > BODY_MAX) {
        return Err(too_large());
    }
    tokio::time::timeout(time, collect(room, request.into_body())).await.unwrap_or(Err(Failure::Slow))
}

/// Takes a body piece by piece, and room for each piece as it comes: who announces much and sends nothing takes
/// none from others.
async fn collect(room: &Arc<Semaphore>, mut body: Body) -> Result<(Vec<u8>, OwnedSemaphorePermit), Failure> {
    let unreadable = || Failure::from(Reject::Frame(FrameError::Unreadable));
    let mut permit = take(room, 1)?;
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let Ok(piece) = frame.map_err(|_| unreadable())?.into_data() else { continue };
        if bytes.len() + piece.len() > BODY_MAX {
            return Err(too_large());
        }
        bytes.extend_from_slice(&piece);
        let more = bytes.len().div_ceil(UNIT).saturating_sub(permit.num_permits());
        if more > 0 {
            permit.merge(take(room, more)?);
        }
    }
    Ok((bytes, permit))
}

fn take(room: &Arc<Semaphore>, units: usize) -> Result<OwnedSemaphorePermit, Failure> {
    let units = u32::try_from(units).unwrap_or(u32::MAX);
    Arc::clone(room).try_acquire_many_owned(units).map_err(|_| Failure::Busy)
}

fn announced_length(request: &Request) -> Option<usize> {
    request.headers().get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_large() -> Failure {
    Reject::Frame(FrameError::TooLarge).into()
}
