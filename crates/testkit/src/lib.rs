//! What the tests of all crates, and the demo, share.

#![forbid(unsafe_code)]

#[cfg(feature = "documents")]
pub mod circle;
pub mod clock;
#[cfg(feature = "documents")]
pub mod mutant;
pub mod network;
pub mod population;
pub mod seed;
pub mod tally;

pub use clock::WrongClock;
pub use network::{Message, Network, Way};
pub use seed::Seed;
pub use tally::Tally;
