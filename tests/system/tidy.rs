//! The repository's own rules. Each is a test whose message says what to do; each checker is itself tested on
//! text that breaks the rule.

mod code;
mod links;
mod manifests;
mod modules;
mod purity;
mod sources;

use std::collections::BTreeMap;
use std::path::Path;

/// Every file of the repository by its path from the root, with its text; files that are not text are empty.
struct Repository(BTreeMap<String, String>);

impl Repository {
    /// What stands in the working tree, without what `.gitignore` excludes.
    fn open() -> Repository {
        let root = root();
        let ignored = Ignored::read(&read(&root.join(".gitignore")));
        let mut files = BTreeMap::new();
        collect(root, "", &ignored, &mut files);
        Repository(files)
    }

    fn of(files: &[(&str, &str)]) -> Repository {
        Repository(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
    }

    fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    fn with_extension(&self, extension: &str) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter(move |(path, _)| path.rsplit_once('.').is_some_and(|(_, end)| end == extension))
    }

    fn text(&self, path: &str) -> &str {
        self.0.get(path).unwrap_or_else(|| panic!("{path} is missing"))
    }

    fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }

    fn has_folder(&self, path: &str) -> bool {
        let inside = format!("{path}/");
        path.is_empty()
            || self.0.range(inside.clone()..).next().is_some_and(|(found, _)| found.starts_with(&inside))
    }
}

/// Fails with the rule, which says what to do, and what breaks it.
fn hold(rule: &str, offenders: &[String]) {
    assert!(offenders.is_empty(), "{rule}\n  {}\n", offenders.join("\n  "));
}

fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or_else(|| panic!("{} has no parent", here.display()))
}

fn read(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    String::from_utf8(bytes).unwrap_or_default()
}

fn collect(folder: &Path, prefix: &str, ignored: &Ignored, files: &mut BTreeMap<String, String>) {
    let entries = folder.read_dir().unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let entry = entry.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = entry.path();
        if name == ".git" || ignored.covers(&name, prefix.is_empty()) {
            continue;
        }
        if path.is_dir() {
            collect(&path, &format!("{prefix}{name}/"), ignored, files);
        } else if path.is_file() {
            files.insert(format!("{prefix}{name}"), read(&path));
        }
    }
}

/// The patterns of the root's `.gitignore`: a name, or a name with one `*`, with `/` in front at the root only.
struct Ignored(Vec<(bool, String, Option<String>)>);

impl Ignored {
    fn read(text: &str) -> Ignored {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        Ignored(lines.map(Ignored::pattern).collect())
    }

    fn pattern(line: &str) -> (bool, String, Option<String>) {
        let name = line.strip_prefix('/').unwrap_or(line);
        let name = name.strip_suffix('/').unwrap_or(name);
        assert!(
            !name.contains(['/', '!', '[', '?']) && name.matches('*').count() <= 1,
            ".gitignore: `{line}`: keep to names, `/name`, and one `*`, which the tidy tests can follow"
        );
        match name.split_once('*') {
            Some((start, end)) => (line.starts_with('/'), start.to_owned(), Some(end.to_owned())),
            None => (line.starts_with('/'), name.to_owned(), None),
        }
    }

    fn covers(&self, name: &str, at_root: bool) -> bool {
        self.0.iter().any(|(root_only, start, end)| {
            (at_root || !root_only)
                && match end {
                    None => name == start,
                    Some(end) => {
                        name.strip_prefix(start.as_str()).is_some_and(|rest| rest.ends_with(end.as_str()))
                    }
                }
        })
    }
}

#[test]
fn ignored_names_are_understood() {
    let ignored = Ignored::read("# built\n/target\n/target-*\nnode_modules/\n*.snap.new\n");
    for (name, at_root, expected) in [
        ("target", true, true),
        ("target", false, false),
        ("target-help", true, true),
        ("node_modules", false, true),
        ("a.snap.new", false, true),
        ("a.snap", false, false),
    ] {
        assert_eq!(ignored.covers(name, at_root), expected, "{name}");
    }
}

#[test]
fn the_repository_is_seen() {
    let repository = Repository::open();
    assert!(repository.has("Cargo.toml") && repository.has("tests/system/tidy.rs"));
    assert!(repository.has_folder("crates/domain/src") && !repository.has_folder("crates/dom"));
    assert!(!repository.has_folder("target"));
}
