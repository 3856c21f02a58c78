//! What the tests of all crates share.

#![forbid(unsafe_code)]

pub mod circle;
pub mod clock;
pub mod mutant;
pub mod network;
pub mod seed;
pub mod tally;

pub use clock::WrongClock;
pub use network::{Message, Network, Way};
pub use seed::Seed;
pub use tally::Tally;
