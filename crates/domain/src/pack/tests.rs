//! What holds of the pack this release ships, and of any pack.

mod generated;
mod shipped;
mod village;
mod words;
