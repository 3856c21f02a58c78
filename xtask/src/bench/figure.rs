//! Figures: what was measured, its floor and its goal.

use serde_json::{Value as Json, json};

/// The goals of a full-sized node, from the project's list of measurements.
const GOALS: [(&str, &str, f64); 6] = [
    ("P7", "save p99", 20.0),
    ("P7", "list page p95", 20.0),
    ("P7", "search p95", 50.0),
    ("P7", "person page p95", 20.0),
    ("P8", "start", 1_000.0),
    ("P8", "memory", 150.0),
];

/// One figure.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Figure {
    pub(super) what: String,
    pub(super) n: usize,
    pub(super) value: f64,
    pub(super) unit: String,
    pub(super) floor: Option<f64>,
}

impl Figure {
    /// Reads a line that a program of measurements printed.
    pub(super) fn read(line: &str) -> Option<Figure> {
        let json: Json = serde_json::from_str(line).ok()?;
        Some(Figure {
            what: json["what"].as_str()?.to_owned(),
            n: 0,
            value: json["value"].as_f64()?,
            unit: json["unit"].as_str()?.to_owned(),
            floor: None,
        })
    }

    pub(super) fn goal(&self) -> Option<(&'static str, f64)> {
        GOALS.iter().find(|(_, what, _)| *what == self.what).map(|(id, _, goal)| (*id, *goal))
    }

    pub(super) fn met(&self) -> bool {
        self.goal().is_none_or(|(_, goal)| self.value <= goal)
    }

    pub(super) fn json(&self) -> Json {
        let (id, goal) = self.goal().unzip();
        json!({
            "id": id, "what": self.what, "n": self.n, "value": rounded(self.value), "unit": self.unit,
            "floor": self.floor.map(rounded), "goal": goal, "met": self.met(),
        })
    }

    pub(super) fn line(&self) -> String {
        let Figure { what, value, unit, .. } = self;
        let floor = self.floor.map_or_else(String::new, |floor| format!(", SQLite alone {floor:.2}"));
        let goal = self.goal().map_or_else(String::new, |(_, goal)| format!(", goal {goal}"));
        let met = if self.met() { "" } else { "  MISSED" };
        format!("{what}: {value:.2} {unit}{floor}{goal}{met}")
    }
}

/// The node's figures that have a goal, each with its floor.
pub(super) fn joined(n: usize, node: &[Figure], floor: &[Figure]) -> Vec<Figure> {
    let beside =
        |figure: &Figure| floor.iter().find(|other| other.what == figure.what).map(|other| other.value);
    let goals = node.iter().filter(|figure| figure.goal().is_some());
    goals.map(|figure| Figure { n, floor: beside(figure), ..figure.clone() }).collect()
}

/// The medians, for what takes how long ordinarily.
pub(super) fn medians(node: &[Figure], floor: &[Figure]) -> Vec<Figure> {
    let beside =
        |figure: &Figure| floor.iter().find(|other| other.what == figure.what).map(|other| other.value);
    let others = node.iter().filter(|figure| figure.goal().is_none());
    others.map(|figure| Figure { floor: beside(figure), ..figure.clone() }).collect()
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_stands_beside_its_floor_and_goal() {
        let node = [
            r#"{"what":"save p99","value":4.444,"unit":"ms"}"#,
            r#"{"what":"save p50","value":2,"unit":"ms"}"#,
        ]
        .map(|line| Figure::read(line).unwrap());
        let floor = [Figure { value: 1.0, ..node[0].clone() }];
        let all = joined(200_000, &node, &floor);
        let expected = json!({ "id": "P7", "what": "save p99", "n": 200_000, "value": 4.44, "unit": "ms", "floor": 1.0,
                               "goal": 20.0, "met": true });
        assert_eq!(all.iter().map(Figure::json).collect::<Vec<_>>(), [expected]);
        assert_eq!(medians(&node, &floor).len(), 1);
        assert!(!Figure { value: 20.1, ..node[0].clone() }.met());
        assert_eq!(Figure::read("nothing"), None);
    }
}
