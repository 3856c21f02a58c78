//! Files that hold secrets: made once, readable by their owner only, on the disk before anybody relies on them.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Makes a file that must not exist yet, mode 0600, and puts it on the disk with its name.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] where something is there; else the system's.
pub fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = private().open(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    sync_parent(path)
}

/// Makes an empty file that must not exist yet, mode 0600.
///
/// # Errors
/// As [`write_new`].
pub fn reserve(path: &Path) -> io::Result<()> {
    private().open(path).map(drop)
}

/// Puts a file that somebody else wrote on the disk, with its name.
///
/// # Errors
/// The system's.
pub fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()?;
    sync_parent(path)
}

fn private() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;

    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options
}

fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_secret_is_its_owners_and_never_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kunci");
        write_new(&path, b"satu").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let refused = write_new(&path, b"dua").unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&path).unwrap(), b"satu");
    }
}
