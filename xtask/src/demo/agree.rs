//! What two offices say of one matter: both values are seen, a decision is seen by whoever wrote the other, and two
//! records of one person are joined.

use anyhow::{Context, Result};
use serde_json::Value;

use super::office::Office;
use super::people::Cast;
use super::promise::Report;
use super::story::{same, say};

/// The field about which the offices differ.
const FIELD: &str = "dusun";

/// Both offices fill in the same field of the same person without knowing of each other, and one decides.
pub(super) fn conflict(
    report: &mut Report,
    cast: &mut Cast,
    kraksaan: &Office,
    lumajang: &Office,
) -> Result<()> {
    let person = cast.one_of("35.13")?;
    let id = kraksaan.register(&person)?;
    exchange(kraksaan, lumajang)?;
    kraksaan.set(&id, FIELD, "Krajan Lor")?;
    lumajang.set(&id, FIELD, "Krajan Kidul")?;
    exchange(kraksaan, lumajang)?;
    say("two offices fill in one field differently");
    let both = ["Krajan Kidul".to_owned(), "Krajan Lor".to_owned()];
    let (here, there) = (values(kraksaan, &id)?, values(lumajang, &id)?);
    let held = here == both && there == both;
    let what = format!("{} values are listed in the one office, {} in the other", here.len(), there.len());
    report.note("conflict_visible", held, what);

    kraksaan.run(&[
        "conflicts",
        "resolve",
        &id,
        "--field",
        FIELD,
        "--value",
        "Krajan Lor",
        "--reason",
        "KTP dilihat",
    ])?;
    exchange(kraksaan, lumajang)?;
    let decided: Value =
        serde_json::from_str(&lumajang.run(&["conflicts", "decided", "--mine", "--json"])?)?;
    let told = decided["decided"].as_array().into_iter().flatten().any(|decision| {
        decision["id"] == id.as_str()
            && decision["value"] == "Krajan Lor"
            && decision["reason"] == "KTP dilihat"
    });
    let (here, there) = (kraksaan.show(&id)?, lumajang.show(&id)?);
    let one = there["fields"][FIELD] == "Krajan Lor" && same(&here, &there);
    let what = format!(
        "the decision {} in the other office, whose officer {} that his value lost and why",
        if one { "stands" } else { "does not stand" },
        if told { "sees" } else { "does not see" }
    );
    report.note("conflict_resolved_seen", one && told, what);
    Ok(())
}

/// Both offices register the same person; one finds that out.
pub(super) fn duplicate(
    report: &mut Report,
    cast: &mut Cast,
    kraksaan: &Office,
    lumajang: &Office,
) -> Result<()> {
    let person = cast.one_of("35.08")?;
    let first = kraksaan.register(&person)?;
    let second = lumajang.register(&person)?;
    exchange(kraksaan, lumajang)?;
    let candidates = kraksaan.run(&["same", "candidates", &first, "--json"])?;
    let found = candidates.contains(&second);
    kraksaan.run(&["same", "link", &first, &second, "--reason", "orang yang sama, KTP dilihat"])?;
    exchange(kraksaan, lumajang)?;
    let mut joined = 0;
    for (office, id) in [(kraksaan, &first), (lumajang, &second)] {
        let group: Value = serde_json::from_str(&office.run(&["same", "group", id, "--json"])?)?;
        let members = group["members"].as_array().context("a group without members")?;
        joined += usize::from(
            members.len() == 2
                && [&first, &second].iter().all(|id| members.iter().any(|member| member == id.as_str())),
        );
    }
    say("one person, registered in two offices");
    let what = format!(
        "the second record {} as a candidate; joined in {joined} of 2 offices",
        if found { "was found" } else { "was not found" }
    );
    report.note("duplicate_linked", found && joined == 2, what);
    Ok(())
}

/// Everything either office has reaches the other.
pub(super) fn exchange(kraksaan: &Office, lumajang: &Office) -> Result<()> {
    for office in [kraksaan, lumajang, kraksaan] {
        office.sync()?;
    }
    Ok(())
}

/// The values that an office lists for the field, sorted.
fn values(office: &Office, id: &str) -> Result<Vec<String>> {
    let listed: Value = serde_json::from_slice(&office.output(&["conflicts", "show", id, "--json"])?.stdout)?;
    let conflicts = listed.as_array().or_else(|| listed["conflicts"].as_array());
    let of_field = conflicts.into_iter().flatten().filter(|conflict| conflict["field"] == FIELD);
    let mut values: Vec<String> = of_field
        .flat_map(|conflict| conflict["values"].as_array().into_iter().flatten())
        .filter_map(|value| value["value"].as_str().map(str::to_owned))
        .collect();
    values.sort();
    Ok(values)
}
