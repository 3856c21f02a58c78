//! Records that people have found to be of one person.

use std::collections::BTreeSet;

use rusqlite::Connection;
use sambung_domain::RecordId;
use serde::{Deserialize, Serialize};

use super::SAME;
use crate::{Replica, ReplicaError};

/// Most records of one person that are looked at: more is a mistake of linking, not a person.
const GROUP_MAX: usize = 200;

/// The records of one person, as far as the links of this device lead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Group {
    /// The record that all replicas with these links show as the main one: that with the smallest id.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub main: RecordId,
    /// All of them, the main one first.
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    pub members: Vec<RecordId>,
}

impl Replica {
    /// The records that are of the same person as one, itself among them.
    ///
    /// # Errors
    /// What the database says.
    pub fn group(&self, id: RecordId) -> Result<Group, ReplicaError> {
        let onlooker = self.onlooker()?;
        #[cfg(feature = "sabotage")]
        if self.sabotage.as_deref() == Some("duplicate_linked") {
            return Ok(Group { main: id, members: vec![id] });
        }
        let mut seen = Vec::new();
        for member in members(&self.connection, id)? {
            if member == id || onlooker.sees_id(&self.connection, member)? {
                seen.push(member);
            }
        }
        let members = seen;
        Ok(Group { main: members.first().copied().unwrap_or(id), members })
    }
}

/// The records of the same person as one, itself among them, in the order of their ids: the closure of the links
/// that stand.
pub(crate) fn members(connection: &Connection, id: RecordId) -> Result<Vec<RecordId>, ReplicaError> {
    let sql = "SELECT b FROM pair JOIN record ON number = record WHERE away = 0 AND a = ?1 AND decision = ?2
               UNION
               SELECT a FROM pair JOIN record ON number = record WHERE away = 0 AND b = ?1 AND decision = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = BTreeSet::from([id]);
    let mut next = vec![id];
    while let Some(member) = next.pop() {
        let linked: Vec<[u8; 16]> =
            statement.query_map((member.0, SAME), |row| row.get(0))?.collect::<Result<_, _>>()?;
        for linked in linked.into_iter().map(RecordId) {
            if found.len() < GROUP_MAX && found.insert(linked) {
                next.push(linked);
            }
        }
    }
    Ok(found.into_iter().collect())
}
