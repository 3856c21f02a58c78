//! The protocol, without input or output.
//!
//! What moves between replicas is the raw Automerge change chunk, named by (record, generation, SHA-256). This
//! crate holds everything both sides of an exchange agree on: documents and their genesis ([`document`]), the
//! form check that every chunk passes before anything else touches it ([`gate`], [`form`]), the live routing
//! values ([`routing`]), the proof that both hold the same ([`digest`]), the messages and their limits ([`message`], [`frame`], [`limits`]), what an answer
//! confirms ([`confirmed`]), the log's chain ([`chain`]) and the relay's role over a store given by its host ([`relay`]).
//!
//! No network, no disk, no clock, no randomness: bytes, times and random bytes come in as parameters.

#![forbid(unsafe_code)]

pub mod chain;
pub mod chunk;
pub mod confirmed;
pub mod digest;
pub mod document;
pub mod field_history;
pub mod form;
pub mod frame;
pub mod gate;
pub mod interop;
pub mod limits;
pub mod message;
pub mod relay;
pub mod routing;
pub mod standing;

pub use document::{Actor, ChangeHash, Document};
