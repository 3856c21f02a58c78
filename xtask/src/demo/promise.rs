//! What was promised and what was seen.

use serde_json::json;

/// A promise of the demo.
#[derive(Debug)]
pub(super) struct Promise {
    /// Its stable id.
    pub(super) id: &'static str,
    /// In words.
    pub(super) text: &'static str,
}

/// The promises shown so far; the ids are stable.
pub(super) const PROMISES: &[Promise] = &[
    Promise {
        id: "merge_fields",
        text: "different fields of one person, edited in two offices without a network, both stay",
    },
    Promise { id: "conflict_visible", text: "two values of one field are both seen in both offices" },
    Promise {
        id: "conflict_resolved_seen",
        text: "a decision between them holds everywhere, and whoever wrote the other value sees it",
    },
    Promise { id: "duplicate_linked", text: "a person registered twice is found and joined everywhere" },
    Promise {
        id: "kill_mid_push",
        text: "the relay dies in the middle of pushes and nothing is missing afterwards",
    },
    Promise {
        id: "neighbour_absent",
        text: "a village never receives a byte about people of the neighbouring village or kabupaten",
    },
    Promise {
        id: "guest_stays",
        text: "a woman of Jember registered at the Probolinggo office stays there after exchanges",
    },
    Promise {
        id: "complaint_sealed",
        text: "a complaint taken in a village can be read by nobody before the office opens it",
    },
    Promise {
        id: "complaint_whole_at_office",
        text: "at the office a complaint says everything that was told in the village",
    },
    Promise {
        id: "digests_equal",
        text: "an exchange with nothing new proves that both sides hold the same",
    },
    Promise {
        id: "relay_replaced",
        text: "an empty relay with the same identity is filled by its devices and serves new ones",
    },
    Promise {
        id: "relay_rolled_back",
        text: "a relay put back from an old image gets again what it had lost, and loses nothing it got meanwhile",
    },
];

/// What was seen of a promise.
#[derive(Debug)]
struct Seen {
    id: &'static str,
    held: bool,
    what: String,
}

/// The outcome of a demo.
#[derive(Debug, Default)]
pub(super) struct Report {
    seen: Vec<Seen>,
    /// Addresses of processes that were left running.
    pub(super) addresses: Vec<(String, String)>,
    /// How long the story took, without the build.
    pub(super) seconds: f64,
}

impl Report {
    /// Notes what was seen of a promise.
    pub(super) fn note(&mut self, id: &'static str, held: bool, what: String) {
        self.seen.push(Seen { id, held, what });
    }

    pub(super) fn all_held(&self) -> bool {
        self.seen.len() == PROMISES.len() && self.seen.iter().all(|seen| seen.held)
    }

    /// The promises that were not held, by id.
    pub(super) fn broken(&self) -> Vec<&'static str> {
        self.seen.iter().filter(|seen| !seen.held).map(|seen| seen.id).collect()
    }

    /// One line for programs.
    pub(super) fn json(&self) -> String {
        let promises: Vec<_> = self
            .seen
            .iter()
            .map(|seen| json!({ "id": seen.id, "promised": text(seen.id), "held": seen.held, "seen": seen.what }))
            .collect();
        let addresses: serde_json::Map<String, serde_json::Value> =
            self.addresses.iter().map(|(name, url)| (name.clone(), json!(url))).collect();
        let mut report = json!({ "held": self.all_held(), "promises": promises, "seconds": self.seconds });
        if !addresses.is_empty() {
            report["addresses"] = addresses.into();
        }
        report.to_string()
    }

    /// A table for people.
    pub(super) fn table(&self) -> String {
        let mut table = String::from("\npromised and seen\n");
        for seen in &self.seen {
            let word = if seen.held { "held  " } else { "BROKEN" };
            table.push_str(&format!(
                "  {word}  {:<22} {}\n{:>32} {}\n",
                seen.id,
                text(seen.id),
                "",
                seen.what
            ));
        }
        table.push_str(&format!("  {:.1} s\n", self.seconds));
        for (name, address) in &self.addresses {
            table.push_str(&format!("  still running: {name} at {address}\n"));
        }
        table
    }
}

fn text(id: &str) -> &'static str {
    PROMISES.iter().find(|promise| promise.id == id).map_or("", |promise| promise.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_good_only_if_every_promise_was_seen_and_held() {
        let mut report = Report::default();
        assert!(!report.all_held());
        for promise in PROMISES {
            report.note(promise.id, true, "seen".to_owned());
        }
        assert!(report.all_held());
        report.seen[0].held = false;
        assert_eq!(report.broken(), [PROMISES[0].id]);
        assert!(report.json().contains("\"held\":false"));
    }
}
