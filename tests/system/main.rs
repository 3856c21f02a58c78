//! Whole-system tests over the real binaries.

mod tidy;
