//! A checked copy of the whole database, while it is in use.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::StoreError;
use super::migration::version;
use super::open::{log_id, open};

/// Copies a database into an empty file: one snapshot, without free pages. The copy is opened again and checked;
/// putting it on the disk is the caller's.
///
/// # Errors
/// [`StoreError`], damaged also where the copy is not sound.
pub fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    let name = to.to_str().ok_or_else(|| StoreError::damaged("the file's name is not UTF-8"))?;
    let source = open(from)?;
    source.execute("VACUUM INTO ?1", [name])?;
    let copy = Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let verdict: String = copy.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(StoreError::Damaged(verdict));
    }
    if version(&copy)? != version(&source)? || log_id(&copy)? != log_id(&source)? {
        return Err(StoreError::damaged("the copy is another database"));
    }
    Ok(())
}
