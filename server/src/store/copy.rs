//! A checked copy of the whole database, while it is in use, and the way back.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use sambung_domain::Timestamp;

use super::migration::version;
use super::open::{log_id, open};
use super::{StoreError, content};

/// The row of `meta` in which a backup says when it was made and what it holds.
const NOTE: &str = "backup";

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
    check_pages(&copy)?;
    if version(&copy)? != version(&source)? || log_id(&copy)? != log_id(&source)? {
        return Err(StoreError::damaged("the copy is another database"));
    }
    Ok(())
}

/// Copies a database into an empty file, as [`copy`] does, and notes in it when that was and what it holds.
///
/// # Errors
/// As [`copy`].
pub fn back_up(from: &Path, to: &Path, now: Timestamp) -> Result<(), StoreError> {
    copy(from, to)?;
    let copy = Connection::open_with_flags(to, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let mut note = now.0.to_be_bytes().to_vec();
    note.extend(content::hash(&copy, NOTE)?);
    copy.execute("INSERT INTO meta (name, value) VALUES (?1, ?2)", params![NOTE, note])?;
    Ok(())
}

/// Checks that a copy of a backup holds what was backed up, and takes the backup's note out of it: it is a relay's
/// database again. Gives the time at which the backup was made.
///
/// # Errors
/// [`StoreError::NoBackup`] where there is no note, [`StoreError::Damaged`] where the content is another.
pub fn take_up(path: &Path) -> Result<Timestamp, StoreError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    check_pages(&connection)?;
    let meta: bool = connection.table_exists(None, "meta")?;
    let text = "SELECT value FROM meta WHERE name = ?1";
    let note: Option<Vec<u8>> =
        if meta { connection.query_row(text, [NOTE], |row| row.get(0)).optional()? } else { None };
    let note = note.ok_or(StoreError::NoBackup)?;
    let (made, hash) = note.split_first_chunk::<8>().ok_or(StoreError::NoBackup)?;
    if content::hash(&connection, NOTE)? != hash {
        return Err(StoreError::damaged("the backup does not hold what was backed up"));
    }
    connection.execute("DELETE FROM meta WHERE name = ?1", [NOTE])?;
    Ok(Timestamp(i64::from_be_bytes(*made)))
}

fn check_pages(connection: &Connection) -> Result<(), StoreError> {
    let verdict: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(StoreError::Damaged(verdict)) }
}
