//! The form check, routing and documents against honest and hostile changes.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail")]
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "these tests measure time and choose the size of a stack"
)]

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
