//! Real replicas against the real relay in one thread: no socket, no clock and no randomness but what a seed gives.
//!
//! `SAMBUNG_SIMULATION_SEED=N cargo test -p sambung-simulation one_seed -- --ignored --nocapture` repeats a run.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail")]

mod campaign;
mod cast;
mod device;
#[cfg(feature = "sabotage")]
mod faults;
mod ledger;
mod promises;
mod relay;
mod saving;
mod sealer;
mod world;
