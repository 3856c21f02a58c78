//! The relay as its devices meet it: over HTTP, with signed frames and real records.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail")]

mod adoption;
mod device;
mod enrolment;
mod events;
mod exchange;
mod http;
mod lanes;
mod limits;
mod process;
mod pulling;
mod reconciling;
mod record;
mod restoring;
mod returning;
mod rights;
mod safety;
mod silence;
mod site;
mod speed;
mod verification;
mod watching;
