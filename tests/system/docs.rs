//! The documents say what the code does: its wire format, its codes, its limits, the tests they name.

mod cddl;
mod names;
mod samples;

use cddl::{Cddl, Met};

fn document(path: &str) -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    let path = std::path::Path::new(root).join("..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_wire_format_is_the_documented_one() {
    let cddl = Cddl::read(&document("docs/protocol.cddl"));
    let mut met = Met::new();
    for (rule, bytes) in samples::all() {
        if let Err(why) = cddl.compare(rule, &bytes, &mut met) {
            panic!("docs/protocol.cddl: a message of the code does not fit the rule `{rule}`: {why}");
        }
    }
    let left: Vec<String> =
        cddl.all().difference(&met).map(|(path, what)| format!("{path} ({what})")).collect();
    assert!(left.is_empty(), "docs/protocol.cddl describes what no sample message has:\n  {}", left.join("\n  "));
}
