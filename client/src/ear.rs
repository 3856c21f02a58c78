//! Listening to the relay: told when something waits, a node need not ask.
//!
//! Everything works without it. A relay that does not know the question, or a proxy that does not let it through, is
//! asked again later and later.

use std::time::Duration;

use reqwest::Response;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use crate::agent::{back_off, jittered};
use crate::failure::Failure;
use crate::node::random;
use crate::relay::RelayClient;

/// Longest line of a stream that is read, in bytes.
const LINE_MAX: usize = 1_024;
/// How long a stream must have gone on for its end to be no failure.
const LASTED: Duration = Duration::from_secs(60);

/// What the relay says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// It tells from now on; what waited before it has not told.
    Connected,
    /// Something waits.
    Waiting,
}

/// An ear at the relay.
pub(crate) struct Ear {
    state: State,
    failures: u32,
}

enum State {
    /// Nobody listens before this.
    Idle(Instant),
    Asking(JoinHandle<Result<Response, Failure>>),
    Open {
        response: Response,
        lines: Lines,
        since: Instant,
    },
}

impl Ear {
    pub(crate) fn new() -> Self {
        Ear { state: State::Idle(Instant::now()), failures: 0 }
    }

    /// Whether it is time to ask the relay to tell.
    pub(crate) fn wants_to_ask(&self) -> bool {
        matches!(self.state, State::Idle(until) if Instant::now() >= until)
    }

    /// Asks, with the packed frame that says who does.
    pub(crate) fn ask(&mut self, relay: &RelayClient, proof: &[u8]) {
        self.state = State::Asking(tokio::spawn(relay.clone().listen(proof.to_vec())));
    }

    /// Waits for the next word. May be given up at any moment and begun again.
    pub(crate) async fn hear(&mut self) -> Heard {
        loop {
            let next = match &mut self.state {
                State::Idle(until) => {
                    // Asking is up to whoever knows who asks.
                    let until = *until;
                    sleep_until(until).await;
                    std::future::pending().await
                }
                State::Asking(task) => Next::Answered(task.await.ok().and_then(Result::ok)),
                State::Open { response, lines, since } => match response.chunk().await {
                    Ok(Some(bytes)) => Next::Said(lines.take(&bytes)),
                    Ok(None) | Err(_) => Next::Ended(since.elapsed()),
                },
            };
            if let Some(heard) = self.go_on(next) {
                return heard;
            }
        }
    }

    fn go_on(&mut self, next: Next) -> Option<Heard> {
        match next {
            Next::Answered(Some(response)) => {
                self.state = State::Open { response, lines: Lines::default(), since: Instant::now() };
                Some(Heard::Connected)
            }
            Next::Said(Ok(hint)) => hint.then_some(Heard::Waiting),
            Next::Answered(None) | Next::Said(Err(TooLong)) => self.rest(),
            Next::Ended(lasted) => {
                if lasted >= LASTED {
                    self.failures = 0;
                }
                self.rest()
            }
        }
    }

    /// Asks again later, and later each time.
    fn rest(&mut self) -> Option<Heard> {
        self.failures = self.failures.saturating_add(1);
        let pause = jittered(back_off(self.failures), u32::from_be_bytes(random()));
        self.state = State::Idle(Instant::now() + pause);
        None
    }
}

enum Next {
    Answered(Option<Response>),
    Said(Result<bool, TooLong>),
    Ended(Duration),
}

/// A line that no relay sends.
#[derive(Debug, PartialEq, Eq)]
struct TooLong;

/// The lines of a stream of server-sent events, however they are cut.
#[derive(Debug, Default)]
struct Lines(Vec<u8>);

impl Lines {
    /// Takes a piece; whether a line with data has ended in it. What the data say does not matter: there is one word.
    fn take(&mut self, piece: &[u8]) -> Result<bool, TooLong> {
        let mut heard = false;
        for byte in piece {
            if *byte == b'\n' {
                heard |= self.0.starts_with(b"data:");
                self.0.clear();
            } else if self.0.len() == LINE_MAX {
                return Err(TooLong);
            } else {
                self.0.push(*byte);
            }
        }
        Ok(heard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_are_heard_however_the_stream_is_cut() {
        let stream = b":\n\nevent: waiting\ndata: 1\n\n:\n\n";
        for size in 1..=stream.len() {
            let mut lines = Lines::default();
            let heard = stream.chunks(size).filter(|piece| lines.take(piece) == Ok(true)).count();
            assert_eq!(heard, 1, "pieces of {size}");
        }
        assert_eq!(Lines::default().take(b":\n\n: data: no\nevent: data:\n"), Ok(false));
    }

    #[test]
    fn a_line_without_end_ends_the_stream() {
        let mut lines = Lines::default();
        assert_eq!(lines.take(&[b'x'; LINE_MAX]), Ok(false));
        assert_eq!(lines.take(b"x"), Err(TooLong));
    }
}
