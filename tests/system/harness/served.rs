//! A node that answers browsers.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Child;

use serde_json::Value;

use super::Office;
use super::http::{Reply, send};
use super::process::listen;

/// A served node, until it is dropped.
pub(crate) struct Served(Child, SocketAddr);

impl Served {
    pub(crate) fn start(office: &Office) -> Served {
        Served::start_with(office, &[], &[])
    }

    /// Serves with further words of the command line, in an environment of the test's choice.
    pub(crate) fn start_with(office: &Office, words: &[&str], environment: &[(&str, &str)]) -> Served {
        let mut serve = office.command(&["serve", "--listen", "127.0.0.1:0"]);
        serve.args(words).envs(environment.iter().copied());
        let (child, address) = listen(&mut serve, &Served::log_of(office));
        Served(child, address)
    }

    /// Where a served node logs to.
    pub(crate) fn log_of(office: &Office) -> PathBuf {
        office.dir().join("serve.log")
    }

    /// Sends any bytes as a body; the status.
    pub(crate) fn throw(&self, method: &str, path: &str, body: &[u8]) -> u16 {
        send(self.1, method, path, "application/json", body).status
    }

    /// Asks its local interface; the status, and the body where it is JSON.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let Reply { status, body } = send(self.1, method, path, "application/json", body.as_bytes());
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    /// Gets something that must be there.
    pub(crate) fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask("GET", path, &Value::Null);
        assert_eq!(status, 200, "{path}");
        body
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.ask("POST", path, body);
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
