//! A directory with a replica, and what the host lends the core: clock, randomness, files.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use sambung_domain::{Pack, StaffId, Timestamp};
use sambung_replica::{Circumstances, DatabaseKey, Replica, ReplicaError};

use crate::failure::Failure;
use crate::keyfile;

/// Name of the database in the replica's directory.
pub(crate) const DATABASE: &str = "replica.db";

/// Records from which on bringing them up to date takes long enough to be told.
const BEHIND_TOLD: u64 = 1_000;

/// An opened replica.
pub(crate) struct Node {
    /// The replica, as this process's incarnation.
    pub(crate) replica: Replica,
    /// The staff member on whose behalf it acts.
    pub(crate) staff: StaffId,
}

impl Node {
    /// Opens the replica in a directory for the staff member named, or the grant's first.
    pub(crate) fn open(dir: &Path, staff: Option<StaffId>) -> Result<Self, Failure> {
        Node::open_with(dir, &keyfile::read(dir)?, staff)
    }

    /// Opens the replica with a key that is at hand.
    pub(crate) fn open_with(dir: &Path, key: &DatabaseKey, staff: Option<StaffId>) -> Result<Self, Failure> {
        let replica = Replica::open(&dir.join(DATABASE), key, pack()?, random())?;
        #[cfg(feature = "sabotage")]
        let replica = replica.sabotaged(std::env::var("SAMBUNG_SABOTAGE").ok());
        let members = replica.staff()?;
        let staff = match staff {
            Some(named) if members.contains(&named) => named,
            Some(named) => {
                return Err(Failure::Usage(format!("{named} may not unlock this device")));
            }
            None => *members.first().ok_or(ReplicaError::NotAllowed)?,
        };
        let mut replica = replica;
        replica.act_as(staff, now())?;
        Ok(Node { replica, staff })
    }

    /// Brings rows up to date that an update of the program or its pack left behind.
    pub(crate) fn catch_up(&mut self) -> Result<(), Failure> {
        let behind = self.replica.behind()?;
        if behind >= BEHIND_TOLD {
            crate::output::message(&format!(
                "menyiapkan ulang daftar dan pencarian untuk {behind} catatan / preparing lists and search anew for {behind} records"
            ));
        }
        if behind > 0 {
            self.replica.derive()?;
        }
        Ok(())
    }

    /// Runs a command as the staff member.
    pub(crate) fn command<T>(
        &mut self,
        command: impl FnOnce(&mut Replica, &mut Circumstances<'_>) -> Result<T, ReplicaError>,
    ) -> Result<T, Failure> {
        let mut fresh = random;
        let mut circumstances = Circumstances { staff: self.staff, now: now(), random: &mut fresh };
        Ok(command(&mut self.replica, &mut circumstances)?)
    }
}

/// The schema pack this release ships.
pub(crate) fn pack() -> Result<Pack, Failure> {
    Pack::builtin().map_err(|error| Failure::Configuration(error.to_string()))
}

/// The device's clock. `SAMBUNG_CLOCK_SHIFT_S` moves it, for demonstrations of wrong clocks and days gone by.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let shift: i64 =
        std::env::var("SAMBUNG_CLOCK_SHIFT_S").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)).plus_ms(shift.saturating_mul(1000))
}

/// Fresh random bytes from the operating system. Without them nothing may go on: names and keys would repeat.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if let Err(error) = getrandom::fill(&mut bytes) {
        crate::output::message(&format!("error: the system gives no random bytes: {error}"));
        std::process::exit(1);
    }
    bytes
}

/// Holds the advisory lock of a directory for as long as it lives: one sync at a time.
pub(crate) struct SyncLock {
    _file: File,
}

impl SyncLock {
    /// Waits for the lock.
    pub(crate) fn take(dir: &Path) -> Result<Self, Failure> {
        let (path, file) = Self::file(dir)?;
        file.lock().map_err(|source| Failure::File { what: path.display().to_string(), source })?;
        Ok(SyncLock { _file: file })
    }

    /// Whether nobody holds the lock.
    pub(crate) fn is_free(dir: &Path) -> Result<bool, Failure> {
        let (path, file) = Self::file(dir)?;
        match file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(source)) => {
                Err(Failure::File { what: path.display().to_string(), source })
            }
        }
    }

    fn file(dir: &Path) -> Result<(PathBuf, File), Failure> {
        let path: PathBuf = dir.join("sync.lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|source| Failure::File { what: path.display().to_string(), source })?;
        Ok((path, file))
    }
}
