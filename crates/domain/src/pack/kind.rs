//! Kinds of record.

use serde::{Deserialize, Serialize};

use super::{Bilingual, Field, FieldType};
use crate::Access;

/// How the id of a record of a kind comes about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdRule {
    /// 16 random bytes, made offline.
    Random,
    /// Derived from the record of this kind that it belongs to ([`RecordId::sibling`](crate::RecordId::sibling)).
    Sibling(String),
    /// Derived from the values of these fields, in this order.
    Keys(Vec<String>),
    /// Derived from the sealed item it was opened from; random where it was taken openly.
    SealedItem,
    /// Argon2id of card number and tracking code.
    Card,
}

/// A column of the role table: the kinds that a role treats alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// Person kinds.
    Person,
    /// Private parts, documents, returns, tallies.
    Private,
    /// Complaint, case, referral.
    Case,
    /// Status cards.
    Card,
    /// Statements.
    Statement,
    /// Orientation sessions and participants.
    Opp,
    /// Reference data and numbered reports.
    Reference,
    /// Offices and staff.
    Staff,
    /// Data requests.
    Request,
}

/// A kind of set through which records are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// `a:`, area sets.
    Area,
    /// `o:`, office sets.
    Office,
    /// `p:`, person sets.
    Person,
}

impl Reach {
    /// Every kind of set.
    pub const ALL: [Reach; 3] = [Reach::Area, Reach::Office, Reach::Person];
}

/// One kind of record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// Its name in code and in the documents (`worker`).
    pub name: String,
    /// What people call it.
    pub label: Bilingual,
    /// What it is for, in a sentence.
    pub about: Bilingual,
    /// The access a new record of this kind starts with.
    pub access: Access,
    /// Which column of the role table speaks of it.
    pub column: Column,
    /// How its ids come about.
    pub id: IdRule,
    /// The kind whose live area, office and access its records copy at birth and follow afterwards.
    pub follows: Option<String>,
    /// The kind of record it belongs to and is shown under.
    pub parent: Option<String>,
    /// Whether its records lie in the shard of reference data, `00`.
    pub reference: bool,
    /// The kinds of set it is reached through.
    pub reach: Vec<Reach>,
    /// Pairs of fields of which the first is not later than the second.
    pub order: Vec<[String; 2]>,
    /// Its fields, in the order of the form.
    #[serde(rename = "field")]
    pub fields: Vec<Field>,
}

impl Kind {
    /// The field under a key.
    #[must_use]
    pub fn field(&self, key: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == key)
    }

    /// The field that names the record it belongs to; none where its own id is derived from that, or it belongs to
    /// nothing.
    #[must_use]
    pub fn parent_field(&self) -> Option<&Field> {
        let parent = self.parent.as_ref()?;
        self.fields
            .iter()
            .find(|field| field.kind == FieldType::Record && field.target.as_ref() == Some(parent))
    }

    /// The maps that every document of this kind is born with, sorted: sets, items and the routing maps. They
    /// are part of the genesis and never change for a kind once released.
    #[must_use]
    pub fn genesis_maps(&self) -> Vec<&str> {
        let mut maps: Vec<&str> =
            self.fields.iter().filter(|field| field.kind.is_map()).map(|field| field.key.as_str()).collect();
        maps.extend(ROUTING_MAPS);
        maps.sort_unstable();
        maps
    }
}

/// Routing keys that hold one text.
pub const ROUTING_TEXTS: [&str; 3] = ["access", "area", "office"];
/// Routing keys that hold a map of names to yes or no.
pub const ROUTING_MAPS: [&str; 3] = ["excluded", "partners", "readers"];
/// Root key of an offer: the code of the office that a record is offered to; empty once that is settled.
pub const TRANSFER: &str = "transfer";
/// Root keys that say how a record was made. A record made twice under one id has them twice; that is no question to
/// anybody.
pub const PROVENANCE: [&str; 3] = ["created_at", "created_by", "schema"];
/// Root key of what goes with an offer: JSON text with the receiver, who offers, since when, and the area that the
/// record comes to with its acceptance.
pub const TRANSFER_TERMS: &str = "transfer_terms";
/// Root keys that are no fields of a form.
pub const RESERVED_KEYS: [&str; 14] = [
    "access",
    "area",
    "created_at",
    "created_by",
    "excluded",
    "generation",
    "kind",
    "office",
    "partners",
    "readers",
    "record",
    "schema",
    TRANSFER,
    TRANSFER_TERMS,
];
