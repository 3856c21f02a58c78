//! Whole-system tests over the real binaries.

mod docs;
mod tidy;
