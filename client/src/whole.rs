//! Files that appear whole or not at all, readable by their owner only.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::node::random;

/// A file that is being written beside its name. Dropped before its end it is gone.
pub(crate) struct Whole {
    file: File,
    beside: PathBuf,
    path: PathBuf,
    ended: bool,
}

impl Whole {
    /// Begins a file.
    pub(crate) fn begin(path: &Path) -> io::Result<Self> {
        let name = path.file_name().filter(|_| !path.is_dir());
        let name = name.ok_or_else(|| io::Error::new(io::ErrorKind::IsADirectory, "is no name of a file"))?;
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{:016x}", u64::from_be_bytes(random())));
        let beside = path.with_file_name(hidden);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Whole { file: options.open(&beside)?, beside, path: path.to_owned(), ended: false })
    }

    /// Sees to it that the file is on the disk, and gives it its name; what had the name before is replaced.
    pub(crate) fn end(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        std::fs::rename(&self.beside, &self.path)?;
        self.ended = true;
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        #[cfg(unix)]
        File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
        #[cfg(not(unix))]
        let _ = parent;
        Ok(())
    }
}

impl Write for Whole {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        if !self.ended {
            // What cannot be removed is still not under the name.
            drop(std::fs::remove_file(&self.beside));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<OsString> {
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn a_file_has_its_name_only_when_it_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("daftar.csv");
        std::fs::write(&path, "lama").unwrap();
        let mut half = Whole::begin(&path).unwrap();
        half.write_all(b"baru").unwrap();
        assert_eq!(names(dir.path()).len(), 2);
        drop(half);
        assert_eq!(names(dir.path()), ["daftar.csv"]);
        assert_eq!(std::fs::read(&path).unwrap(), b"lama");

        let mut whole = Whole::begin(&path).unwrap();
        whole.write_all(b"baru").unwrap();
        whole.end().unwrap();
        assert_eq!(names(dir.path()), ["daftar.csv"]);
        assert_eq!(std::fs::read(&path).unwrap(), b"baru");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(Whole::begin(dir.path()).is_err());
    }
}
