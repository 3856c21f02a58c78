//! The form check, routing and documents against honest and hostile changes.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail")]

mod bombs;
mod document;
mod hostile;
mod limits;
mod mutants;
mod orders;
mod record;
mod routing;
mod speed;
mod story;
