//! The way back from a backup, announced so that it is no clone.
//!
//! A relay takes each push number of a replica once. A database that came back with an older number and goes on
//! from it would look like a second copy in use (`replica_cloned`). [`restore`] therefore moves the number ahead
//! of everything this replica can have sent: to the seconds since 1970 times 2^24, which no replica reaches by
//! pushing, so that a second restore of the same backup is ahead of the first as well. A batch that was signed
//! and not answered when the backup was made is dissolved: its changes wait again and are signed under the new
//! numbers. What this replica sent after the backup comes back from the relay's log at the next exchange. An
//! image put back without [`restore`] is still noticed.

use std::fs::File;
use std::io::copy;
use std::path::Path;
use std::time::Duration;

use rusqlite::{ErrorCode, OpenFlags, TransactionBehavior};
use sambung_domain::Timestamp;

use super::{BackupError, Manifest, beside, claim, failed, manifest, move_new, remove, sync};
use crate::exchange::forget_agreement;
use crate::identity::{jump_counter, relay_time};
use crate::{DatabaseKey, ReplicaError, database};

/// Puts a backup in place as the database at `to`. A database that is there already is refused, or with
/// `aside` given that ending and kept. It must not be open anywhere.
///
/// # Errors
/// [`BackupError`]; until the last step nothing has changed at `to`.
pub fn restore(
    file: &Path,
    to: &Path,
    key: &DatabaseKey,
    aside: Option<&str>,
    now: Timestamp,
) -> Result<Manifest, BackupError> {
    if to.exists() && aside.is_none() {
        return Err(BackupError::InUse(to.display().to_string()));
    }
    let manifest = manifest::check(file, key)?;
    let partial = beside(to, ".partial");
    let placed = place(file, &partial, key, now).and_then(|()| {
        if let Some(ending) = aside {
            settle(to, key)?;
            put_aside(to, ending)?;
        }
        move_new(&partial, to)
    });
    if placed.is_err() {
        remove(&partial)?;
    }
    placed.map(|()| manifest)
}

fn place(file: &Path, partial: &Path, key: &DatabaseKey, now: Timestamp) -> Result<(), BackupError> {
    remove(partial)?;
    claim(partial)?;
    let mut from = File::open(file).map_err(failed(file))?;
    let mut into = File::options().write(true).open(partial).map_err(failed(partial))?;
    copy(&mut from, &mut into).map_err(failed(partial))?;
    drop(into);
    announce(partial, key, now)?;
    sync(partial)
}

/// Makes the copy a replica that goes on, rather than one that repeats.
fn announce(partial: &Path, key: &DatabaseKey, now: Timestamp) -> Result<(), ReplicaError> {
    let mut connection = database::open(partial, key)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    jump_counter(&transaction, now.max(relay_time(&transaction)?))?;
    transaction.execute("UPDATE batch SET open = 0 WHERE open = 1", [])?;
    forget_agreement(&transaction)?;
    transaction.commit()?;
    // Everything into the one file: it is about to be moved.
    connection.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
    connection.close().map_err(|(_, error)| error.into())
}

/// Brings everything of the old database into its one file, which also shows that no other process has it open.
/// One that opens no more is put aside as it is.
fn settle(database: &Path, key: &DatabaseKey) -> Result<(), BackupError> {
    let Ok(old) = database::connect(database, key, OpenFlags::SQLITE_OPEN_READ_WRITE) else { return Ok(()) };
    old.busy_timeout(Duration::from_millis(100))?;
    match old.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(())) {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Err(BackupError::Open),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Renames a database with what SQLite keeps beside it, so that it still opens under its new name.
fn put_aside(database: &Path, ending: &str) -> Result<(), BackupError> {
    let kept = beside(database, ending);
    for suffix in ["-wal", "-shm", ""] {
        let (from, to) = (beside(database, suffix), beside(&kept, suffix));
        if to.exists() {
            return Err(BackupError::Exists(to.display().to_string()));
        }
        if from.exists() {
            std::fs::rename(&from, &to).map_err(failed(&from))?;
        }
    }
    Ok(())
}
