//! The sync protocol, sans-IO: what a change must look like to be believed ([`gate`], [`form`]), what it
//! means for where a record belongs ([`routing`]), and the documents changes add up to ([`document`]).
//!
//! Raw change chunks are the unit of everything. Each passes [`form::History::check`] at every door before
//! anything else touches it; only chunks that passed reach a [`document::Document`].

#![forbid(unsafe_code)]

pub mod document;
pub mod field_history;
pub mod form;
pub mod gate;
pub mod routing;
