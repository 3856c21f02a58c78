//! How protected a record is.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};
use serde::{Deserialize, Serialize};

/// The protection level of a record, from least to most protected. The order is the order of strictness:
/// among concurrent values the greatest holds.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode,
)]
#[serde(rename_all = "snake_case")]
#[cbor(index_only)]
pub enum Access {
    /// Reference data that everybody may read.
    #[n(0)]
    Open,
    /// What a village officer may see (`BIASA`).
    #[n(1)]
    Ordinary,
    /// Office and case staff (`TERBATAS`).
    #[n(2)]
    Restricted,
    /// Named readers only (`RAHASIA`).
    #[n(3)]
    Secret,
}

impl Access {
    /// All levels, least protected first.
    pub const ALL: [Access; 4] = [Access::Open, Access::Ordinary, Access::Restricted, Access::Secret];

    /// The next stricter access; the strictest has none above it.
    #[must_use]
    pub fn stricter(self) -> Self {
        match self {
            Access::Open => Access::Ordinary,
            Access::Ordinary => Access::Restricted,
            Access::Restricted | Access::Secret => Access::Secret,
        }
    }

    /// The word stored in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Access::Open => "open",
            Access::Ordinary => "ordinary",
            Access::Restricted => "restricted",
            Access::Secret => "secret",
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no protection level.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an access level; use open, ordinary, restricted or secret")]
pub struct UnknownAccess(pub String);

impl FromStr for Access {
    type Err = UnknownAccess;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Access::ALL
            .into_iter()
            .find(|level| level.as_str() == text)
            .ok_or_else(|| UnknownAccess(text.to_owned()))
    }
}
