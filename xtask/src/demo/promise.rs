//! What was promised and what was seen.

use serde_json::json;

use super::keep::Kept;
use super::mix::{self, Mix};
use super::places::{self, Holding};

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

/// What was seen of a promise, or of something else that is shown.
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
    /// What is shown besides the promises, under ids of its own.
    shown: Vec<Seen>,
    /// Faults of the imported list: row, column, reason.
    pub(super) faults: Vec<(u64, String, String)>,
    /// The mix of the people, counted at the centre.
    pub(super) mix: Vec<Mix>,
    /// What each place holds at the end.
    pub(super) holdings: Vec<Holding>,
    /// What was left running.
    pub(super) kept: Option<Kept>,
    /// How long the story took, without the build.
    pub(super) seconds: f64,
}

impl Report {
    /// Notes what was seen of a promise.
    pub(super) fn note(&mut self, id: &'static str, held: bool, what: String) {
        self.seen.push(Seen { id, held, what });
    }

    /// Notes what else was shown.
    pub(super) fn show(&mut self, id: &'static str, held: bool, what: String) {
        self.shown.push(Seen { id, held, what });
    }

    /// Whether every promise held.
    pub(super) fn all_held(&self) -> bool {
        self.seen.len() == PROMISES.len() && self.seen.iter().all(|seen| seen.held)
    }

    /// Whether every promise held, and everything else that is shown went as it should.
    pub(super) fn all_well(&self) -> bool {
        self.all_held() && self.shown.iter().all(|seen| seen.held)
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
        let shown: Vec<_> = self
            .shown
            .iter()
            .map(|seen| json!({ "id": seen.id, "held": seen.held, "seen": seen.what }))
            .collect();
        let faults = self
            .faults
            .iter()
            .map(|(row, column, reason)| json!({ "row": row, "column": column, "reason": reason }));
        let mut report = json!({
            "held": self.all_held(), "promises": promises, "seconds": self.seconds, "shown": shown,
            "faults": faults.collect::<Vec<_>>(),
            "population": self.mix.iter().map(Mix::json).collect::<Vec<_>>(),
            "places": self.holdings.iter().map(Holding::json).collect::<Vec<_>>(),
        });
        if let Some(kept) = &self.kept {
            kept.add_to(&mut report);
        }
        report.to_string()
    }

    /// Tables for people.
    pub(super) fn table(&self) -> String {
        let mut table = String::new();
        if !self.holdings.is_empty() {
            table.push_str(&self.faults_table());
            table.push_str(&mix::table(&self.mix));
            table.push_str(&places::table(&self.holdings));
        }
        table.push_str("\npromised and seen\n");
        for seen in &self.seen {
            table.push_str(&seen.lines(text(seen.id), "BROKEN"));
        }
        table.push_str("\nshown besides\n");
        for seen in &self.shown {
            table.push_str(&format!("  {}  {:<26} {}\n", seen.word("FAILED"), seen.id, seen.what));
        }
        let held = self.seen.iter().filter(|seen| seen.held).count();
        table.push_str(&format!("\n{held} of {} promises held; {:.1} s\n", PROMISES.len(), self.seconds));
        if let Some(kept) = &self.kept {
            table.push_str(&kept.table());
        }
        table
    }

    fn faults_table(&self) -> String {
        let mut table = String::from("\nfaults of the list from SISKOP2MI, as the office is told them\n");
        for (row, column, reason) in &self.faults {
            table.push_str(&format!("  row {row:>3}  {column:<14} {reason}\n"));
        }
        table
    }
}

impl Seen {
    fn word(&self, otherwise: &'static str) -> &'static str {
        if self.held { "held  " } else { otherwise }
    }

    fn lines(&self, promised: &str, otherwise: &'static str) -> String {
        format!("  {}  {:<26} {promised}\n{:>36} {}\n", self.word(otherwise), self.id, "", self.what)
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
        assert!(report.all_held() && report.all_well());
        report.show("list", false, "seen".to_owned());
        assert!(report.all_held() && !report.all_well(), "what is shown besides is no promise, and counts");
        report.seen[0].held = false;
        assert_eq!(report.broken(), [PROMISES[0].id]);
        assert!(report.json().contains("\"held\":false"));
    }

    #[test]
    fn programs_find_what_they_always_found() {
        let mut report = Report::default();
        report.note("merge_fields", true, "12 of 12".to_owned());
        let told: serde_json::Value = serde_json::from_str(&report.json()).unwrap();
        let promised = text("merge_fields");
        let promises =
            json!([{ "id": "merge_fields", "promised": promised, "held": true, "seen": "12 of 12" }]);
        assert_eq!(
            (&told["promises"], &told["held"], &told["seconds"]),
            (&promises, &json!(false), &json!(0.0))
        );
        let keys: Vec<&String> = told.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["faults", "held", "places", "population", "promises", "seconds", "shown"]);
    }
}
