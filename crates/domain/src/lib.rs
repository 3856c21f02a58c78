//! What Sambung records, as data and plain functions.
//!
//! This crate knows the schema pack (kinds, fields, code lists, roles), the identifiers of the field
//! (record ids, region codes, offices, staff) and the rules about them. It reaches no network, no disk, no
//! clock and no source of randomness: time and random bytes are parameters wherever they are needed.
//!
//! Way in: [`pack::Pack`] is the description of everything that can be recorded; [`id`], [`area`] and
//! [`access`] are the vocabulary the other crates are written in.

#![forbid(unsafe_code)]

pub mod access;
pub mod area;
pub mod calendar;
pub mod date;
pub mod form;
pub mod hex;
pub mod id;
pub mod identifier;
pub mod pack;
pub mod region;
pub mod role;
pub mod routing;
pub mod set;
pub mod time;
pub mod value;

pub use access::Access;
pub use area::{Area, Shard};
pub use id::{OfficeCode, RecordId, StaffId};
pub use pack::Pack;
pub use role::Role;
pub use routing::Routing;
pub use set::Set;
pub use time::Timestamp;
