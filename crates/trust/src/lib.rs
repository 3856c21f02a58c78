//! Who may do what, and who did it.
//!
//! Every device has a signing key. An offline root key certifies the issuer key that signs grants and the
//! relay key that signs receipts ([`certificate`]). A [`grant::Grant`] says which actions a device may take on
//! which sets, kinds and access levels; [`decide()`] is the one function that applies it, at the relay, at a
//! replica and in simulations alike. What a device writes it signs once per push, over the root of a Merkle
//! tree ([`merkle`], [`batch`]); what the relay has on disk it confirms with a [`receipt::Receipt`] to its author and with an
//! [`admission::Admission`] to whoever holds it. What the issuer takes back is an [`order`]; what only its receiver may read travels as a [`parcel`], sealed to a [`recipient`]; in which [`lane`] a change travels that the grant of the day does not allow is one more
//! decision.
//!
//! Nothing here reaches a clock, a disk or a source of randomness: key material and times are parameters.

#![forbid(unsafe_code)]

pub mod admission;
pub mod batch;
pub mod certificate;
pub mod decide;
pub mod grant;
pub mod invitation;
pub mod key;
pub mod lane;
pub mod merkle;
pub mod nonce;
pub mod order;
pub mod outcome;
pub mod parcel;
pub mod receipt;
pub mod recipient;
pub mod signed;

pub use admission::Admission;
pub use batch::BatchHeader;
pub use decide::{Decision, Question, decide};
pub use grant::{Grant, GrantId};
pub use key::{DeploymentKey, PublicKey, SecretKey, Signature};
pub use order::{Order, Standing, Subject};
pub use outcome::Outcome;
pub use parcel::{ItemId, Parcel, ParcelHeader, ParcelNote};
pub use receipt::Receipt;
pub use recipient::{OpeningKey, Recipient, RecipientKey, RecipientsSum};
pub use signed::{Signed, SignedError};
