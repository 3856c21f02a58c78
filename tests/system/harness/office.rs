//! An office: a directory and the commands people give on it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::binary;
use super::process::{self, Ended};

/// An office's replica.
pub(crate) struct Office {
    pub(crate) name: String,
    dir: PathBuf,
}

impl Office {
    pub(crate) fn in_folder(folder: &Path, name: &str) -> Office {
        Office { name: name.to_owned(), dir: folder.join(name) }
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// A command on this office's directory, in an environment without settings of the machine.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary::node());
        command.args(arguments).arg("--dir").arg(&self.dir);
        command.env_remove("SAMBUNG_PASSPHRASE_FILE").env_remove("SAMBUNG_CLOCK_SHIFT_S");
        for proxy in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            command.env_remove(proxy);
        }
        command
    }

    /// Runs a command, whatever comes of it.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        process::run(&mut self.command(arguments))
    }

    /// Runs a command that must succeed.
    fn done(&self, arguments: &[&str]) -> Ended {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(0), "{}: {arguments:?}: {ended:?}", self.name);
        ended
    }

    pub(crate) fn enrol(&self, relay: &str, code: &str) -> Ended {
        self.run(&["enrol", "--relay", relay, "--code", code, "--name", &self.name])
    }

    /// Makes a worker; gives the id.
    pub(crate) fn create(&self, fields: &[(&str, &str)]) -> String {
        self.done(&texts(&create_arguments(fields))).out.trim().to_owned()
    }

    pub(crate) fn edit(&self, id: &str, fields: &[(&str, &str)]) {
        self.done(&texts(&edit_arguments(id, fields)));
    }

    pub(crate) fn show(&self, id: &str) -> Value {
        self.done(&["record", "show", id, "--json"]).json()
    }

    pub(crate) fn list(&self) -> Vec<Value> {
        let page = self.done(&["record", "list", "worker", "--limit", "1000", "--json"]).json();
        page["rows"].as_array().unwrap().clone()
    }

    pub(crate) fn status(&self) -> Value {
        let ended = self.run(&["status", "--json"]);
        assert!(matches!(ended.code, Some(0 | 4)), "{ended:?}");
        ended.json()
    }

    /// One sync, whatever comes of it.
    pub(crate) fn try_sync(&self) -> Ended {
        self.run(&["sync", "--json"])
    }

    /// One sync that must succeed and leave nothing to look at.
    pub(crate) fn sync(&self) -> Value {
        self.done(&["sync", "--json"]).json()
    }
}

/// The arguments that make a worker.
pub(crate) fn create_arguments(fields: &[(&str, &str)]) -> Vec<String> {
    with_fields(&["record", "create", "worker"], fields)
}

/// The arguments that edit a worker.
pub(crate) fn edit_arguments(id: &str, fields: &[(&str, &str)]) -> Vec<String> {
    with_fields(&["record", "edit", id], fields)
}

fn with_fields(command: &[&str], fields: &[(&str, &str)]) -> Vec<String> {
    let mut arguments: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
    for (key, value) in fields {
        arguments.extend(["--set".to_owned(), format!("{key}={value}")]);
    }
    arguments
}

pub(crate) fn texts(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}
