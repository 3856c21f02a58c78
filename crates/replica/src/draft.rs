//! What was begun and not saved: rows of this device only, each its author's own, gone when it is saved or
//! discarded.

use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use sambung_domain::hex::{hex, unhex};
use sambung_domain::{RecordId, StaffId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use zeroize::Zeroizing;

use crate::identity::grant;
use crate::parcel::only_seals;
use crate::{Circumstances, Replica, ReplicaError, UsageError, purge};

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
    pub fn keep_draft(&mut self, draft: &Draft, with: &mut Circumstances<'_>) -> Result<(), ReplicaError> {
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
        let (_, grant) = grant(&transaction)?;
        let content = if only_seals(&grant, &draft.kind) {
            enciphered(&transaction, draft.id, &content, with)?
        } else {
            content
        };
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
        let sql = "SELECT id, kind, record, content, saved, key FROM draft LEFT JOIN draft_key USING (id)
                   WHERE staff = ?1 ORDER BY saved DESC, id";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([staff.0], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// A draft of a staff member.
    ///
    /// # Errors
    /// [`ReplicaError::NotFound`] where he has none under the id.
    pub fn kept_draft(&self, id: RecordId, staff: StaffId) -> Result<SavedDraft, ReplicaError> {
        let sql = "SELECT id, kind, record, content, saved, key FROM draft LEFT JOIN draft_key USING (id)
                   WHERE id = ?1 AND staff = ?2";
        let found = self.connection.prepare_cached(sql)?.query_row((id.0, staff.0), read).optional()?;
        found.ok_or(ReplicaError::NotFound(id))
    }

    /// Discards a draft. Its bytes are overwritten, and if it is of something sealed its key as well.
    ///
    /// # Errors
    /// [`ReplicaError::NotFound`] where the staff member has none under the id.
    pub fn discard_draft(&mut self, id: RecordId, staff: StaffId) -> Result<(), ReplicaError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let sealed = forget(&transaction, id, staff)?;
        transaction.commit()?;
        if sealed { purge::scrub_log(&self.connection) } else { Ok(()) }
    }
}

/// Removes a draft of a staff member; gives whether it lay under a key of its own.
pub(crate) fn forget(connection: &Connection, id: RecordId, staff: StaffId) -> Result<bool, ReplicaError> {
    let sql = "DELETE FROM draft WHERE id = ?1 AND staff = ?2";
    if connection.prepare_cached(sql)?.execute((id.0, staff.0))? == 0 {
        return Err(ReplicaError::NotFound(id));
    }
    let sql = "DELETE FROM draft_key WHERE id = ?1";
    Ok(connection.prepare_cached(sql)?.execute([id.0])? > 0)
}

/// Removes what was begun about a record.
pub(crate) fn forget_of_record(connection: &Connection, record: RecordId) -> Result<(), ReplicaError> {
    let keys = "DELETE FROM draft_key WHERE id IN (SELECT id FROM draft WHERE record = ?1)";
    for sql in [keys, "DELETE FROM draft WHERE record = ?1"] {
        connection.prepare_cached(sql)?.execute([record.0])?;
    }
    Ok(())
}

/// The content of a draft of what is sealed, under a key that is drawn anew each time it is kept: once the key is
/// overwritten, no copy of a page that held the draft can be read.
fn enciphered(
    connection: &Connection,
    id: RecordId,
    content: &str,
    with: &mut Circumstances<'_>,
) -> Result<String, ReplicaError> {
    let key = Zeroizing::new([(with.random)(), (with.random)()].concat());
    let cipher = cipher(&key)?;
    let sealed = cipher
        .encrypt(&Nonce::default(), content.as_bytes())
        .map_err(|_| ReplicaError::Unreadable("a draft that was just kept"))?;
    connection
        .prepare_cached("INSERT INTO draft_key VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET key = ?2")?
        .execute(params![id.0, &key[..]])?;
    Ok(hex(&sealed))
}

fn cipher(key: &[u8]) -> Result<ChaCha20Poly1305, ReplicaError> {
    ChaCha20Poly1305::new_from_slice(key).map_err(|_| ReplicaError::Unreadable("the key of a draft"))
}

/// The content of a draft as it was kept.
fn deciphered(content: String, key: Option<Vec<u8>>) -> Option<String> {
    let Some(key) = key.map(Zeroizing::new) else { return Some(content) };
    let opened = cipher(&key).ok()?.decrypt(&Nonce::default(), unhex(&content).ok()?.as_slice()).ok()?;
    String::from_utf8(opened).ok()
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<SavedDraft> {
    let content = deciphered(row.get(3)?, row.get(5)?).unwrap_or_default();
    let record: Option<[u8; 16]> = row.get(2)?;
    let draft = Draft {
        id: RecordId(row.get(0)?),
        kind: row.get(1)?,
        record: record.map(RecordId),
        content: serde_json::from_str(&content).unwrap_or_default(),
    };
    Ok(SavedDraft { draft, saved_at: Timestamp(row.get(4)?).to_string() })
}
