//! Where a matter stands, from the steps of its `stage` field.
//!
//! A step is never edited and names the steps it follows, in its part `sesudah`. So two offices that go on from
//! the same step without knowing of each other leave two steps standing: a clash that people see, and no step is
//! ever moved back by a merge. This is the causal history itself, not an order of clocks.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

/// The part of a step that names the steps it follows, separated by spaces.
pub const FOLLOWS: &str = "sesudah";
/// The part of a step that holds its code.
pub const CODE: &str = "kode";

/// The ids of the steps that no other step follows, sorted: one where the matter is clear, several where it
/// clashes, none where nothing has happened yet. Steps that follow each other in a circle, which only a damaged or
/// hostile record has, hide nothing: then every step stands.
#[must_use]
pub fn standing(steps: &Map<String, Json>) -> Vec<&str> {
    let followed: BTreeSet<&str> = steps
        .iter()
        .flat_map(|(id, step)| {
            let named = step.get(FOLLOWS).and_then(Json::as_str).unwrap_or_default();
            named.split_whitespace().filter(move |other| other != id)
        })
        .collect();
    let open: Vec<&str> = steps.keys().map(String::as_str).filter(|id| !followed.contains(id)).collect();
    if open.is_empty() { steps.keys().map(String::as_str).collect() } else { open }
}

/// The codes of the standing steps, each once, sorted.
#[must_use]
pub fn codes(steps: &Map<String, Json>) -> BTreeSet<&str> {
    standing(steps).into_iter().filter_map(|id| steps.get(id)?.get(CODE)?.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn steps(json: Json) -> Map<String, Json> {
        let Json::Object(steps) = json else { panic!("{json} holds no steps") };
        steps
    }

    #[test]
    fn a_matter_stands_where_nothing_follows() {
        let clear = steps(json!({
            "a": { "kode": "BARU" },
            "b": { "kode": "VERIFIKASI", "sesudah": "a" },
        }));
        assert_eq!(standing(&clear), ["b"]);
        assert_eq!(codes(&clear), BTreeSet::from(["VERIFIKASI"]));
        assert!(standing(&Map::new()).is_empty());
    }

    #[test]
    fn closing_here_and_going_on_there_both_stand_until_a_later_step_joins_them() {
        let mut merged = steps(json!({
            "a": { "kode": "VERIFIKASI" },
            "b": { "kode": "SELESAI", "sesudah": "a" },
            "c": { "kode": "MEDIASI", "sesudah": "a" },
        }));
        assert_eq!(codes(&merged), BTreeSet::from(["MEDIASI", "SELESAI"]));
        merged.insert("d".to_owned(), json!({ "kode": "MEDIASI", "sesudah": "b c" }));
        assert_eq!(standing(&merged), ["d"]);
    }

    #[test]
    fn a_circle_hides_nothing() {
        let circle = steps(json!({ "a": { "sesudah": "b" }, "b": { "sesudah": "a" } }));
        assert_eq!(standing(&circle), ["a", "b"]);
    }

    proptest! {
        /// Whatever the history, a step that follows all that stands is the only one left standing: a person can
        /// always decide a clash.
        #[test]
        fn a_step_after_all_that_stands_decides(parents in prop::collection::vec(any::<(usize, bool)>(), 1..12)) {
            let mut history = Map::new();
            for (at, (parent, first)) in parents.iter().enumerate() {
                let follows = if at == 0 || *first { String::new() } else { format!("s{}", parent % at) };
                history.insert(format!("s{at}"), json!({ "kode": "X", "sesudah": follows }));
            }
            let before: Vec<String> = standing(&history).into_iter().map(str::to_owned).collect();
            for id in &before {
                prop_assert!(history.values().all(|step| step[FOLLOWS] != id.as_str()));
            }
            history.insert("last".to_owned(), json!({ "kode": "Y", "sesudah": before.join(" ") }));
            prop_assert_eq!(standing(&history), ["last"]);
        }
    }
}
