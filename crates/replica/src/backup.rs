//! Backups: a checked copy of the whole database while it is in use, and the way back.
//!
//! A backup is an encrypted database under the same key, in one file, with a manifest inside that says what must
//! be in it. Where the key is kept is the host's matter: without it a backup opens for nobody.

mod manifest;
mod restore;

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use rusqlite::OpenFlags;
use rusqlite::backup::Backup;
use sambung_domain::Timestamp;

pub use manifest::Manifest;
pub use restore::restore;

use crate::{DatabaseKey, Replica, ReplicaError, database};

/// Why there is no backup, or none that could be restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file is there already.
    #[error("{0} exists; a backup never overwrites anything")]
    Exists(String),
    /// The database is there already.
    #[error("{0} holds a replica; with --force it is put aside and kept")]
    InUse(String),
    /// Another process has the old database open: what it saves now would be put aside with it.
    #[error("another process has this replica open; stop it first")]
    Open,
    /// The file holds no manifest.
    #[error("this is no finished backup of a replica")]
    NoManifest,
    /// What is in the file is not what its manifest says.
    #[error("the backup is not sound: {0}")]
    Unsound(String),
    /// The file system.
    #[error("{what}: {source}")]
    File {
        /// Which file.
        what: String,
        /// Why.
        source: std::io::Error,
    },
    /// The database.
    #[error(transparent)]
    Replica(#[from] ReplicaError),
}

impl From<rusqlite::Error> for BackupError {
    fn from(error: rusqlite::Error) -> Self {
        BackupError::Replica(error.into())
    }
}

impl BackupError {
    /// The stable code for programs (docs/errors.md).
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            BackupError::Exists(_) | BackupError::InUse(_) | BackupError::Open | BackupError::NoManifest => {
                "configuration"
            }
            BackupError::Unsound(_) => "storage_damaged",
            BackupError::File { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
                "storage_full"
            }
            BackupError::File { .. } => "file",
            BackupError::Replica(error) => error.code(),
        }
    }
}

impl Replica {
    /// Copies the database, as it stands at one moment, into a new encrypted file under the same key; others go
    /// on saving meanwhile. The copy is on the disk, was opened again and compared when this returns.
    ///
    /// # Errors
    /// [`BackupError`]; no half-made backup stays behind.
    pub fn backup(&self, file: &Path, key: &DatabaseKey, now: Timestamp) -> Result<Manifest, BackupError> {
        if file.exists() {
            return Err(BackupError::Exists(file.display().to_string()));
        }
        let partial = beside(file, ".partial");
        let made = self.copy(&partial, key, now).and_then(|manifest| {
            sync(&partial)?;
            manifest::check(&partial, key)?;
            move_new(&partial, file)?;
            Ok(manifest)
        });
        if made.is_err() {
            remove(&partial)?;
        }
        made
    }

    fn copy(&self, partial: &Path, key: &DatabaseKey, now: Timestamp) -> Result<Manifest, BackupError> {
        remove(partial)?;
        claim(partial)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
        let mut copy = database::connect(partial, key, flags)?;
        // The snapshot that is copied is the one that is counted.
        let snapshot = self.connection.unchecked_transaction()?;
        let manifest = Manifest::of(&snapshot, &self.identity, now)?;
        Backup::new(&snapshot, &mut copy)?.step(-1)?;
        drop(snapshot);
        // One file, which can be read where nothing can be written.
        copy.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
        manifest.write(&copy)?;
        copy.close().map_err(|(_, error)| error)?;
        Ok(manifest)
    }
}

/// Makes an empty file that only its owner may read.
fn claim(path: &Path) -> Result<(), BackupError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(failed(path))?;
    Ok(())
}

/// Sees to it that a file's content is on the disk.
fn sync(path: &Path) -> Result<(), BackupError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(failed(path))
}

/// Gives a finished file its name, which must be free, and sees to it that the name is on the disk.
fn move_new(from: &Path, to: &Path) -> Result<(), BackupError> {
    if to.exists() {
        return Err(BackupError::Exists(to.display().to_string()));
    }
    std::fs::rename(from, to).map_err(failed(to))?;
    let dir = match to.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    sync(dir)
}

/// Removes a database file of ours that never became one, with what SQLite keeps beside it.
fn remove(partial: &Path) -> Result<(), BackupError> {
    for path in
        [partial.to_owned(), beside(partial, "-journal"), beside(partial, "-wal"), beside(partial, "-shm")]
    {
        if path.exists() {
            std::fs::remove_file(&path).map_err(failed(&path))?;
        }
    }
    Ok(())
}

/// The path with something behind its name.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> BackupError {
    let what = path.display().to_string();
    move |source| BackupError::File { what, source }
}
