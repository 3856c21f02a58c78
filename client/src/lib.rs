//! sambung
