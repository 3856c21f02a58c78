//! The form check, routing and documents against honest and hostile changes.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail")]

mod document;
mod record;
