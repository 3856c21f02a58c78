//! The body of an answer that does not end: hints, and a sign of life now and then.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Bytes;
use http_body::{Body, Frame};
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, MissedTickBehavior, Sleep, interval_at, sleep};

/// What a hint looks like. It has no content.
const HINT: &[u8] = b"event: waiting\ndata: 1\n\n";
/// A sign of life: a comment, which readers of such streams pass over.
const BEAT: &[u8] = b":\n\n";

/// How a stream goes.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Between signs of life.
    pub beat: Duration,
    /// How long it goes on before the device must ask again: rights end, addresses change.
    pub life: Duration,
    /// Streams at once.
    pub room: usize,
}

/// The hints of one device as a body.
#[derive(Debug)]
pub struct Hints {
    heard: mpsc::Receiver<()>,
    beat: Interval,
    life: Pin<Box<Sleep>>,
}

impl Hints {
    pub(super) fn new(heard: mpsc::Receiver<()>, pace: Pace) -> Hints {
        // The first sign of life comes at once: whoever listens knows that it is heard.
        let mut beat = interval_at(Instant::now(), pace.beat);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Hints { heard, beat, life: Box::pin(sleep(pace.life)) }
    }
}

impl Body for Hints {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = |bytes| Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(bytes)))));
        match self.heard.poll_recv(context) {
            Poll::Ready(Some(())) => return piece(HINT),
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Pending => {}
        }
        if self.life.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        match self.beat.poll_tick(context) {
            Poll::Ready(_) => piece(BEAT),
            Poll::Pending => Poll::Pending,
        }
    }
}
