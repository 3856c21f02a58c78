//! A backup becomes a relay's directory, after everything about it was checked.

use std::fs::File;
use std::io;
use std::path::Path;

use sambung_domain::{Pack, Timestamp};
use sambung_sync::relay::RelayKeys;
use sambung_trust::Grant;

use super::{DataDir, DataError};
use crate::file;
use crate::keys::KeyFile;
use crate::store::{self, Authorities, DeviceRow, Pool, Report, StoreError};

/// A backup that was put in place.
#[derive(Debug)]
pub struct Restored {
    /// When it was made, in relay time.
    pub made: Timestamp,
    /// What was checked.
    pub report: Report,
}

/// Why a backup was not put in place.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The directory or the database.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The file cannot be read.
    #[error("{file}: {error}")]
    File {
        /// Which.
        file: String,
        /// What the system said.
        error: io::Error,
    },
    /// The file is the database of a relay that may be writing to it.
    #[error("{0} is the database of a relay; make a backup of it with `sambung-relay backup`")]
    InUse(String),
    /// Other keys made what is in the backup.
    #[error("these keys are not those of the relay that was backed up")]
    OtherKeys,
    /// The database has findings, in words.
    #[error("the backup has {} findings", .0.len())]
    Findings(Vec<String>),
}

impl From<StoreError> for RestoreError {
    fn from(error: StoreError) -> Self {
        RestoreError::Data(error.into())
    }
}

impl DataDir {
    /// Puts a copy of a backup and the keys that belong to it into this directory, which no relay lives in. The key
    /// file comes last: without it there is no relay.
    ///
    /// # Errors
    /// [`RestoreError`]; what was begun is removed.
    pub fn restore(&self, backup: &Path, keys: &KeyFile) -> Result<Restored, RestoreError> {
        self.claim()?;
        let restored = self.put_in_place(backup, keys);
        if restored.is_err() {
            self.remove();
        }
        restored
    }

    fn put_in_place(&self, backup: &Path, keys: &KeyFile) -> Result<Restored, RestoreError> {
        let database = self.database();
        transcribe(backup, &database)?;
        let made = store::take_up(&database)?;
        let report = check(&database, keys)?;
        file::sync(&database).map_err(|error| failed(&database, error))?;
        keys.write(&self.keys()).map_err(DataError::from)?;
        Ok(Restored { made, report })
    }
}

/// Copies a file that nobody writes to.
fn transcribe(from: &Path, to: &Path) -> Result<(), RestoreError> {
    let mut log = from.as_os_str().to_owned();
    log.push("-wal");
    if std::fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        return Err(RestoreError::InUse(from.display().to_string()));
    }
    let mut source = File::open(from).map_err(|error| failed(from, error))?;
    file::reserve(to).map_err(|error| failed(to, error))?;
    let copied = File::options().write(true).open(to).and_then(|mut to| io::copy(&mut source, &mut to));
    copied.map(drop).map_err(|error| failed(to, error))
}

/// The whole check of the database, with the keys that are to go with it.
fn check(database: &Path, keys: &KeyFile) -> Result<Report, RestoreError> {
    let keys = keys.keys().map_err(DataError::from)?;
    let pool = Pool::open(database)?;
    if !are_of(&keys, &pool)? {
        return Err(RestoreError::OtherKeys);
    }
    let (pack, log) = (Pack::builtin().map_err(DataError::from)?, pool.log());
    drop(pool);
    let authorities = Authorities { pack: &pack, deployment: &keys.deployment, log: &log };
    let report = store::verify(database, &authorities)?;
    if report.findings.is_empty() { Ok(report) } else { Err(RestoreError::Findings(report.findings)) }
}

/// Whether keys signed the grants of the devices that are enrolled.
fn are_of(keys: &RelayKeys, pool: &Pool) -> Result<bool, StoreError> {
    let signed = |row: &DeviceRow| row.grant.open::<Grant>(&keys.issuer.public()).is_ok();
    pool.read(|store| Ok(store.devices()?.iter().all(signed)))
}

fn failed(file: &Path, error: io::Error) -> RestoreError {
    RestoreError::File { file: file.display().to_string(), error }
}
