//! Form before meaning: what a change must look like before anything else touches it.
//!
//! Automerge believes what it is given: a forged counter, a reference to an operation the author never saw or
//! a claimed run of a billion operations makes it hang, panic, or save what it cannot load. So every chunk
//! passes [`History::check`] at every door: relay, hub, import, replica. The check is pure, bounded, and
//! gives the same answer everywhere: the bytes are bounded first ([`gate`](crate::gate)), then the header is
//! compared with the history, then the chunk must be canonical, and then every operation must refer to what
//! lies in the change's causal past and fits. Two replicas that receive the same changes in different orders
//! accept the same ones, with one exception: of two changes under one actor and sequence, a replica keeps the
//! one it saw first and refuses the other.

mod bad;
mod clock;
mod history;
mod message;
mod references;

pub use bad::{BadForm, Rejected};
pub(crate) use clock::Clock;
pub use history::History;
pub use message::{COMMAND_MAX, Message, MessageError};
