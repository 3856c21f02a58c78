//! The relay's directory: the database and the working keys.

mod restoration;

pub use restoration::{RestoreError, Restored};

use std::io;
use std::path::{Path, PathBuf};

use sambung_domain::Pack;
use sambung_domain::hex::BadHex;
use sambung_domain::pack::PackError;
use sambung_sync::relay::{DigestStore, Relay, RelayError};

use crate::clock;
use crate::file;
use crate::keys::{KeyError, KeyFile, Recovery};
use crate::store::{self, Pool, StoreError};

/// A relay's directory.
#[derive(Debug, Clone)]
pub struct DataDir {
    path: PathBuf,
}

/// Why a directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A relay lives there already.
    #[error("{0} is in use by a relay; choose an empty directory")]
    InUse(String),
    /// The directory cannot be made.
    #[error("{path}: {error}")]
    Directory {
        /// Which one.
        path: String,
        /// What the system said.
        error: io::Error,
    },
    /// The keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// A key or certificate in the key file is damaged.
    #[error("the key file is damaged: {0}")]
    Damaged(#[from] BadHex),
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The schema pack of this build cannot be read.
    #[error(transparent)]
    Pack(#[from] PackError),
}

impl DataDir {
    /// The directory at a path, which need not exist.
    #[must_use]
    pub fn at(path: &Path) -> DataDir {
        DataDir { path: path.to_owned() }
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.path.join("relay.sqlite")
    }

    /// The working keys.
    #[must_use]
    pub fn keys(&self) -> PathBuf {
        self.path.join("relay.key")
    }

    /// Makes the directory if need be and refuses one that a relay lives in.
    ///
    /// # Errors
    /// [`DataError::InUse`], [`DataError::Directory`].
    pub fn claim(&self) -> Result<(), DataError> {
        use std::os::unix::fs::DirBuilderExt;

        let shown = || self.path.display().to_string();
        if self.database().exists() || self.keys().exists() {
            return Err(DataError::InUse(shown()));
        }
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.path)
            .map_err(|error| DataError::Directory { path: shown(), error })
    }

    /// Puts an empty relay with the identity of `recovery` into a claimed directory. The key file comes last:
    /// without it there is no relay.
    ///
    /// # Errors
    /// [`DataError`]; what was begun is removed.
    pub fn fill(&self, recovery: &Recovery, name: &str) -> Result<(), DataError> {
        let now = clock::now();
        let keys = KeyFile::certify(recovery, name, now)?;
        file::reserve(&self.database()).map_err(|error| {
            let path = self.path.display().to_string();
            let taken = error.kind() == io::ErrorKind::AlreadyExists;
            if taken { DataError::InUse(path) } else { DataError::Directory { path, error } }
        })?;
        let filled = store::create(&self.database(), &clock::random()?, now)
            .map_err(DataError::from)
            .and_then(|()| Ok(keys.write(&self.keys())?));
        if filled.is_err() {
            self.remove();
        }
        filled
    }

    fn remove(&self) {
        for name in ["relay.key", "relay.sqlite", "relay.sqlite-wal", "relay.sqlite-shm"] {
            // What cannot be removed is what could not be made.
            drop(std::fs::remove_file(self.path.join(name)));
        }
    }

    /// The relay that lives here, with its store.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn open(&self) -> Result<(Relay, Pool), DataError> {
        let pool = Pool::open(&self.database())?;
        let keys = KeyFile::read(&self.keys())?.keys()?;
        let relay = Relay {
            pack: Pack::builtin()?,
            keys,
            log: pool.log(),
            #[cfg(feature = "sabotage")]
            sabotage: None,
        };
        count(&relay, &pool)?;
        Ok((relay, pool))
    }
}

/// Counts the records, once in the life of a database that was made before there were sums.
fn count(relay: &Relay, pool: &Pool) -> Result<(), StoreError> {
    if pool.read::<_, StoreError>(|store| store.is_counted())? {
        return Ok(());
    }
    pool.write(|store| {
        relay.count(store).map_err(|error| match error {
            RelayError::Store(error) => error,
            RelayError::Rejected(reject) => StoreError::damaged(reject),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sambung_domain::Timestamp;

    #[test]
    fn a_directory_takes_one_relay_and_a_recovery_file_gives_another_log() {
        let dir = tempfile::tempdir().unwrap();
        let recovery = Recovery::generate("uji", Timestamp(0)).unwrap();
        let [first, second] = ["a", "b"].map(|name| DataDir::at(&dir.path().join(name)));
        for data in [&first, &second] {
            data.claim().unwrap();
            data.fill(&recovery, "uji").unwrap();
        }
        assert!(matches!(first.claim(), Err(DataError::InUse(_))));
        let ((one, _), (two, _)) = (first.open().unwrap(), second.open().unwrap());
        assert_eq!(one.keys.root, two.keys.root);
        assert_ne!(one.log, two.log);
    }
}
