//! The binaries under test: those of this build's profile, beside the test's own executable.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

/// Where the sources of the binaries are.
const SOURCES: [&str; 3] = ["crates", "client", "server"];

/// The office node.
pub(crate) fn node() -> PathBuf {
    folder().join("sambung")
}

/// The relay.
pub(crate) fn relay() -> PathBuf {
    folder().join("sambung-relay")
}

/// The folder the binaries are in. The test stages build them first; whoever runs this package alone gets them
/// built here, and built again where a source is newer: an old binary would be tested without a word.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let executable = std::env::current_exe().unwrap();
        let folder = executable.parent().and_then(Path::parent).unwrap().to_owned();
        if !is_current(&folder) {
            build(&folder);
        }
        folder
    })
}

fn is_current(folder: &Path) -> bool {
    let built = ["sambung", "sambung-relay"].map(|name| modified(&folder.join(name)));
    let [Some(node), Some(relay)] = built else { return false };
    let newest = SOURCES.iter().filter_map(|source| newest(&root().join(source))).max();
    newest.is_none_or(|newest| newest <= node.min(relay))
}

fn build(folder: &Path) {
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let built = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet", "-p", "sambung", "-p", "sambung-relay", "--profile", profile])
        .arg("--target-dir")
        .arg(folder.parent().unwrap())
        .current_dir(root())
        .status()
        .unwrap();
    assert!(built.success(), "the binaries could not be built");
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn modified(file: &Path) -> Option<SystemTime> {
    file.metadata().ok()?.modified().ok()
}

/// When the newest source below a folder was written; tests of the packages do not count.
fn newest(folder: &Path) -> Option<SystemTime> {
    let entries = folder.read_dir().ok()?.map_while(Result::ok);
    entries
        .filter_map(|entry| {
            let path = entry.path();
            if !path.is_dir() {
                return modified(&path);
            }
            if entry.file_name() == "tests" { None } else { newest(&path) }
        })
        .max()
}
