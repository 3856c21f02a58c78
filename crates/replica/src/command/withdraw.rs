//! Taking a record out of lists and searches, and back. Nothing is deleted.

use sambung_domain::RecordId;
use sambung_domain::role::Action;
use sambung_domain::value::Value;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::{Outcome, needed, put};
use crate::ReplicaError;
use crate::write::{Intent, Writer};

/// The root key that says whether a record is withdrawn.
pub(crate) const WITHDRAWN: &str = "withdrawn";

/// Whether a projected record is withdrawn.
pub(crate) fn is_withdrawn(content: &Map<String, Json>) -> bool {
    content.get(WITHDRAWN) == Some(&Json::Bool(true))
}

/// Withdraws a record, which was made by mistake or is of no use any more, or takes that back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Withdraw {
    /// Which.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub id: RecordId,
    /// Why.
    pub reason: String,
}

impl Writer<'_, '_> {
    pub(crate) fn withdraw(&mut self, command: &Withdraw, withdrawn: bool) -> Result<Outcome, ReplicaError> {
        let row = self.find(command.id)?;
        let reason = Some(needed(&command.reason)?);
        let name = if withdrawn { "withdraw" } else { "reinstate" };
        let intent = Intent { action: Action::Edit, command: name, reason };
        let change = self.save(&row, &[put(WITHDRAWN, Value::Bool(withdrawn))], &intent)?;
        Ok(Outcome::of(row.id, change))
    }
}
