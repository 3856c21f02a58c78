//! What the tests of all crates share.

#![forbid(unsafe_code)]

pub mod circle;
pub mod mutant;
pub mod seed;

pub use seed::Seed;
