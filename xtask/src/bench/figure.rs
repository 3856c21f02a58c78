//! Figures: what was measured, the floor under it, what others take for the same, and the goal.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::{Value as Json, json};

/// A line that a program of measurements printed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reading {
    pub(super) what: String,
    pub(super) value: f64,
    pub(super) unit: String,
}

impl Reading {
    pub(super) fn read(line: &str) -> Option<Reading> {
        let json: Json = serde_json::from_str(line).ok()?;
        Some(Reading {
            what: json["what"].as_str()?.to_owned(),
            value: json["value"].as_f64()?,
            unit: json["unit"].as_str()?.to_owned(),
        })
    }
}

/// The value of the reading with a name.
pub(super) fn value(readings: &[Reading], what: &str) -> Result<f64> {
    let found = readings.iter().find(|reading| reading.what == what);
    found.map(|reading| reading.value).with_context(|| format!("`{what}` was not measured"))
}

/// What a figure is to be.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Goal {
    AtMost(f64),
    AtLeast(f64),
    /// No more than so many times the floor.
    FloorTimes(f64),
    /// No slower than the floor by more than this factor.
    FloorShare(f64),
    /// At least so many times what a peer reaches.
    PeerTimes(&'static str, f64),
}

/// One figure.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Figure {
    /// Which measurement it belongs to.
    pub(super) id: &'static str,
    pub(super) what: String,
    pub(super) n: usize,
    pub(super) value: f64,
    pub(super) unit: String,
    pub(super) floor: Option<f64>,
    pub(super) peers: BTreeMap<&'static str, f64>,
    pub(super) goals: Vec<Goal>,
    /// Shown with its goal, but missing it fails nothing.
    pub(super) watched: bool,
}

impl Figure {
    /// A figure that stands alone.
    pub(super) fn new(id: &'static str, what: &str, n: usize, (value, unit): (f64, &str)) -> Figure {
        let (what, unit) = (what.to_owned(), unit.to_owned());
        let (floor, peers, goals) = (None, BTreeMap::new(), Vec::new());
        Figure { id, what, n, value, unit, floor, peers, goals, watched: false }
    }

    pub(super) fn over(self, floor: f64) -> Figure {
        Figure { floor: Some(floor), ..self }
    }

    /// With what a peer reached, if it was measured.
    pub(super) fn beside(mut self, peer: &'static str, value: Option<f64>) -> Figure {
        self.peers.extend(value.map(|value| (peer, value)));
        self
    }

    pub(super) fn with(mut self, goal: Goal) -> Figure {
        self.goals.push(goal);
        self
    }

    pub(super) fn watched(self) -> Figure {
        Figure { watched: true, ..self }
    }

    pub(super) fn met(&self) -> bool {
        self.goals.iter().all(|goal| self.meets(goal).unwrap_or(true))
    }

    /// Whether a goal is met; none where what it compares with was not measured.
    fn meets(&self, goal: &Goal) -> Option<bool> {
        Some(match goal {
            Goal::AtMost(most) => self.value <= *most,
            Goal::AtLeast(least) => self.value >= *least,
            Goal::FloorTimes(times) => self.value <= times * self.floor?,
            Goal::FloorShare(factor) => self.value * factor >= self.floor?,
            Goal::PeerTimes(peer, times) => self.value >= times * self.peers.get(peer)?,
        })
    }

    /// The goals in words, those that can be judged here.
    pub(super) fn goal(&self) -> String {
        let judged = self.goals.iter().filter(|goal| self.meets(goal).is_some());
        judged.map(Goal::words).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn json(&self) -> Json {
        let peers: BTreeMap<_, _> = self.peers.iter().map(|(peer, value)| (peer, rounded(*value))).collect();
        json!({
            "id": self.id, "what": self.what, "n": self.n, "value": rounded(self.value), "unit": self.unit,
            "floor": self.floor.map(rounded), "peers": peers, "goal": self.goal(), "met": self.met(),
        })
    }

    pub(super) fn line(&self) -> String {
        let Figure { id, what, n, value, unit, .. } = self;
        let floor = self.floor.map_or_else(String::new, |floor| format!(", floor {}", shown(floor)));
        let peers: String =
            self.peers.iter().map(|(peer, value)| format!(", {peer} {}", shown(*value))).collect();
        let goal = Some(self.goal()).filter(|goal| !goal.is_empty());
        let goal = goal.map_or_else(String::new, |goal| format!(", goal {goal}"));
        let met = if self.met() { "" } else { "  MISSED" };
        format!("{id} {what} at {n}: {} {unit}{floor}{peers}{goal}{met}", shown(*value))
    }
}

impl Goal {
    fn words(&self) -> String {
        match self {
            Goal::AtMost(most) => format!("≤ {}", shown(*most)),
            Goal::AtLeast(least) => format!("≥ {}", shown(*least)),
            Goal::FloorTimes(times) => format!("≤ {times} × floor"),
            Goal::FloorShare(factor) => format!("≤ {factor} × the floor's time"),
            Goal::PeerTimes(peer, times) => format!("≥ {times} × {peer}"),
        }
    }
}

/// A number as people read it: two digits behind the point where it is small, none where it is large.
pub(super) fn shown(value: f64) -> String {
    let digits = if value.abs() < 100.0 && value.fract() != 0.0 { 2 } else { 0 };
    let text = format!("{value:.digits$}");
    let (whole, rest) =
        text.split_once('.').map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) && grouped != "-" {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    rest.map_or(grouped.clone(), |rest| format!("{grouped}.{rest}"))
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_sync(value: f64) -> Figure {
        Figure::new("P1", "first sync", 2_000, (value, "records/s"))
            .over(5_000.0)
            .beside("pouchdb", Some(2_000.0))
            .beside("automerge-repo", None)
            .with(Goal::FloorShare(1.25))
            .with(Goal::PeerTimes("pouchdb", 2.0))
            .with(Goal::PeerTimes("automerge-repo", 25.0))
    }

    #[test]
    fn a_figure_stands_beside_floor_peers_and_goal() {
        let expected = json!({
            "id": "P1", "what": "first sync", "n": 2000, "value": 4000.0, "unit": "records/s", "floor": 5000.0,
            "peers": { "pouchdb": 2000.0 }, "goal": "≤ 1.25 × the floor's time, ≥ 2 × pouchdb", "met": true,
        });
        assert_eq!(first_sync(4_000.0).json(), expected);
        assert_eq!(
            first_sync(3_999.0).line(),
            "P1 first sync at 2000: 3,999 records/s, floor 5,000, pouchdb 2,000, goal ≤ 1.25 × the floor's time, \
             ≥ 2 × pouchdb  MISSED"
        );
    }

    #[test]
    fn each_goal_is_missed_just_beyond_its_edge() {
        let of = |value, goal| {
            Figure::new("P2", "", 1, (value, "B")).over(10.0).beside("pouchdb", Some(10.0)).with(goal).met()
        };
        for (goal, met, missed) in [
            (Goal::AtMost(20.0), 20.0, 20.1),
            (Goal::AtLeast(20.0), 20.0, 19.9),
            (Goal::FloorTimes(2.0), 20.0, 20.1),
            (Goal::FloorShare(2.0), 5.0, 4.9),
            (Goal::PeerTimes("pouchdb", 2.0), 20.0, 19.9),
        ] {
            assert!(of(met, goal.clone()) && !of(missed, goal.clone()), "{goal:?}");
        }
        assert!(Figure::new("P2", "", 1, (9.0, "B")).with(Goal::FloorTimes(1.0)).met(), "no floor, no goal");
    }

    #[test]
    fn numbers_are_shown_as_people_read_them() {
        for (value, text) in
            [(0.034, "0.03"), (7.0, "7"), (99.994, "99.99"), (1_234.5, "1,234"), (1_234_567.0, "1,234,567")]
        {
            assert_eq!(shown(value), text);
        }
        assert_eq!((shown(100.4), shown(-1_000.0)), ("100".to_owned(), "-1,000".to_owned()));
    }

    #[test]
    fn readings_are_found_by_name() {
        let reading = Reading::read(r#"{"what":"save p99","value":4.4,"unit":"ms"}"#).unwrap();
        assert_eq!(value(std::slice::from_ref(&reading), "save p99").unwrap(), 4.4);
        assert!(value(&[reading], "save p50").is_err());
        assert_eq!(Reading::read("nothing"), None);
    }
}
