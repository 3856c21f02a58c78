//! What was begun and not saved: rows of this device only, each its author's own, gone when it is saved or
//! discarded.

use rusqlite::{OptionalExtension, TransactionBehavior, params};
use sambung_domain::{RecordId, StaffId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::{Circumstances, Replica, ReplicaError, UsageError};

/// Longest content of a draft as JSON, in bytes.
pub const DRAFT_MAX: usize = 256 * 1024;
/// Most drafts of one staff member on one device.
pub const DRAFTS_MAX: i64 = 500;

/// Something begun.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Draft {
    /// Its id, chosen by whoever began it.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub id: RecordId,
    /// The kind of record it is to become, or to change.
    pub kind: String,
    /// The record it is to change; none for a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub record: Option<RecordId>,
    /// What was answered so far, as the form has it.
    #[cfg_attr(feature = "schema", schema(value_type = std::collections::BTreeMap<String, Json>))]
    pub content: Map<String, Json>,
}

/// A draft in the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SavedDraft {
    /// The draft.
    #[serde(flatten)]
    pub draft: Draft,
    /// When it was last kept, by the device's clock.
    pub saved_at: String,
}

impl Replica {
    /// Keeps a draft, in place of what was kept under its id.
    ///
    /// # Errors
    /// [`UsageError`] for a kind the pack does not know, a draft over [`DRAFT_MAX`] or one more than [`DRAFTS_MAX`];
    /// [`ReplicaError::NotFound`] where another staff member's draft has the id.
    pub fn keep_draft(&mut self, draft: &Draft, with: &Circumstances<'_>) -> Result<(), ReplicaError> {
        self.kind(&draft.kind)?;
        let content = Json::Object(draft.content.clone()).to_string();
        if content.len() > DRAFT_MAX {
            return Err(UsageError::TooLarge(format!("a draft has at most {DRAFT_MAX} bytes")).into());
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let owner: Option<[u8; 16]> = transaction
            .prepare_cached("SELECT staff FROM draft WHERE id = ?1")?
            .query_row([draft.id.0], |row| row.get(0))
            .optional()?;
        match owner {
            Some(owner) if owner != with.staff.0 => return Err(ReplicaError::NotFound(draft.id)),
            Some(_) => {}
            None => {
                let kept: i64 = transaction
                    .prepare_cached("SELECT count(*) FROM draft WHERE staff = ?1")?
                    .query_row([with.staff.0], |row| row.get(0))?;
                if kept >= DRAFTS_MAX {
                    let full = "there are too many drafts; finish or discard some";
                    return Err(UsageError::TooLarge(full.to_owned()).into());
                }
            }
        }
        transaction
            .prepare_cached(
                "INSERT INTO draft VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (id) DO UPDATE SET kind = ?3, record = ?4, content = ?5, saved = ?6",
            )?
            .execute(params![
                draft.id.0,
                with.staff.0,
                draft.kind,
                draft.record.map(|id| id.0),
                content,
                with.now.0
            ])?;
        transaction.commit()?;
        Ok(())
    }

    /// The drafts of a staff member, the last kept first.
    ///
    /// # Errors
    /// What the database says.
    pub fn drafts(&self, staff: StaffId) -> Result<Vec<SavedDraft>, ReplicaError> {
        let sql =
            "SELECT id, kind, record, content, saved FROM draft WHERE staff = ?1 ORDER BY saved DESC, id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([staff.0], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A draft of a staff member.
    ///
    /// # Errors
    /// [`ReplicaError::NotFound`] where he has none under the id.
    pub fn kept_draft(&self, id: RecordId, staff: StaffId) -> Result<SavedDraft, ReplicaError> {
        let sql = "SELECT id, kind, record, content, saved FROM draft WHERE id = ?1 AND staff = ?2";
        let found = self.connection.prepare_cached(sql)?.query_row((id.0, staff.0), read).optional()?;
        found.ok_or(ReplicaError::NotFound(id))
    }

    /// Discards a draft. Its bytes are overwritten.
    ///
    /// # Errors
    /// [`ReplicaError::NotFound`] where the staff member has none under the id.
    pub fn discard_draft(&mut self, id: RecordId, staff: StaffId) -> Result<(), ReplicaError> {
        let sql = "DELETE FROM draft WHERE id = ?1 AND staff = ?2";
        let gone = self.connection.prepare_cached(sql)?.execute((id.0, staff.0))?;
        if gone == 0 { Err(ReplicaError::NotFound(id)) } else { Ok(()) }
    }
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<SavedDraft> {
    let content: String = row.get(3)?;
    let record: Option<[u8; 16]> = row.get(2)?;
    let draft = Draft {
        id: RecordId(row.get(0)?),
        kind: row.get(1)?,
        record: record.map(RecordId),
        content: serde_json::from_str(&content).unwrap_or_default(),
    };
    Ok(SavedDraft { draft, saved_at: Timestamp(row.get(4)?).to_string() })
}
