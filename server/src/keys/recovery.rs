//! The recovery file: everything a deployment's identity hangs on, kept offline.

use std::path::Path;

use sambung_domain::Timestamp;
use sambung_trust::OpeningKey;
use serde::{Deserialize, Serialize};

use super::{KeyError, Secret, read_toml, write_toml};

/// Format of the recovery file.
const FORMAT: u32 = 1;

const HEADER: &str = "\
# BERKAS PEMULIHAN SAMBUNG: SANGAT RAHASIA
#
# Berkas ini berisi kunci induk sistem Sambung milik lembaga yang namanya tertulis di bawah. Simpan di luar
# jaringan (misalnya dua USB di dua brankas), bukan di komputer relay. Pimpinan dan petugas pelindungan data
# harus tahu tempatnya. Berkas ini diperlukan untuk menghidupkan kembali relay yang hilang:
#     sambung-relay init --recover BERKAS --data DIREKTORI
# Tanpa berkas ini semua perangkat harus didaftarkan ulang dan titipan tertutup tidak dapat dipulihkan.
# Siapa pun yang memegangnya dapat menyamar sebagai lembaga ini.
#
# SAMBUNG RECOVERY FILE: TOP SECRET
#
# This file holds the root key of the Sambung deployment named below. Keep it offline (for example on two USB
# sticks in two safes), not on the relay's machine. The head of the institution and the data-protection officer
# must know where it is. It is needed to bring back a relay that was lost:
#     sambung-relay init --recover FILE --data DIRECTORY
# Without it every device must enrol again, and sealed parcels cannot be recovered. Whoever holds it can pose as
# this institution.

";

/// The secrets behind a deployment's identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recovery {
    format: u32,
    /// The deployment's name.
    pub name: String,
    /// When it was made, for people.
    made: String,
    /// Seed of the root key.
    pub root: Secret,
    /// Seed of the issuer key: grants it signed stay valid at a relay that was made anew.
    pub issuer: Secret,
    /// Seed of the relay key.
    pub relay: Secret,
    /// The deployment key.
    pub deployment: Secret,
    /// Seed of the key that opens sealed parcels when no office can.
    pub parcels: Secret,
}

impl Recovery {
    /// New secrets for a deployment.
    ///
    /// # Errors
    /// [`KeyError::Random`].
    pub fn generate(name: &str, now: Timestamp) -> Result<Recovery, KeyError> {
        Ok(Recovery {
            format: FORMAT,
            name: name.to_owned(),
            made: now.to_string(),
            root: Secret::random()?,
            issuer: Secret::random()?,
            relay: Secret::random()?,
            deployment: Secret::random()?,
            parcels: Secret::random()?,
        })
    }

    /// The key that opens sealed content when no office can.
    #[must_use]
    pub fn opening_key(&self) -> OpeningKey {
        OpeningKey::from_seed(self.parcels.bytes())
    }

    /// Writes the file; it must not exist.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn write(&self, path: &Path) -> Result<(), KeyError> {
        write_toml(path, HEADER, self)
    }

    /// Reads the file.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn read(path: &Path) -> Result<Recovery, KeyError> {
        let file: Recovery = read_toml(path)?;
        if file.format == FORMAT {
            return Ok(file);
        }
        Err(KeyError::unreadable(path, format!("its format is {}, this release knows {FORMAT}", file.format)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_returns_and_explains_itself_in_both_languages() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pemulihan.toml");
        let recovery = Recovery::generate("BP3MI \"Jatim\"", Timestamp(0)).unwrap();
        recovery.write(&path).unwrap();
        assert_eq!(Recovery::read(&path).unwrap(), recovery);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# BERKAS PEMULIHAN SAMBUNG") && text.contains("# SAMBUNG RECOVERY FILE"));
        assert!(recovery.write(&path).is_err());
    }
}
