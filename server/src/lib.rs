//! sambung-relay
