//! `sambung search` and `sambung person`

use std::process::ExitCode;

use sambung_replica::query::{PersonPage, PersonRow, PersonView};
use sambung_replica::search::{Found, Search};

use super::Place;
use super::record::state_word;
use crate::cli::{Person as PersonArguments, Search as SearchArguments};
use crate::failure::Failure;
use crate::output::{self, shown};
use crate::regions::regions;

/// Looks for records.
pub(crate) fn search(place: &Place, arguments: SearchArguments) -> Result<ExitCode, Failure> {
    let SearchArguments { text, kind, limit, json } = arguments;
    let search = Search { text: text.join(" "), kind, limit };
    let found = place.node()?.replica.search(&search, regions())?;
    print_found(&found, json);
    Ok(ExitCode::SUCCESS)
}

/// Shows a person's page.
pub(crate) fn person(place: &Place, arguments: PersonArguments) -> Result<ExitCode, Failure> {
    let PersonArguments { id, kind, limit, after, json } = arguments;
    let view = place.node()?.replica.person(id, &PersonPage { kind, limit, after })?;
    print_person(&view, json);
    Ok(ExitCode::SUCCESS)
}

fn print_found(found: &Found, json: bool) {
    if json {
        return output::json(found);
    }
    for hit in &found.hits {
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let (name, area) = (text(&hit.name), text(&hit.area));
        output::line(&format!("{}\t{}\t{name}\t{area}\t{}", hit.id, hit.kind, hit.found_in.join(",")));
    }
    if found.more {
        output::message("Masih ada lagi; tambahkan kata. / There are more; add a word.");
    }
}

fn print_person(view: &PersonView, json: bool) {
    if json {
        return output::json(view);
    }
    print_row(&view.person, "");
    for (key, value) in &view.person.fields {
        output::line(&format!("  {key}: {}", shown(value)));
    }
    for group in &view.groups {
        output::line(&group.kind);
        for row in &group.rows {
            print_row(row, "  ");
        }
        if let Some(next) = group.next {
            let kind = &group.kind;
            output::message(&format!("Lanjut dengan / more with --kind {kind} --after {next}"));
        }
    }
}

fn print_row(row: &PersonRow, indent: &str) {
    let made = row.fields.get("created_at").map(shown).unwrap_or_default();
    let state = state_word(row.state);
    output::line(&format!("{indent}{}\t{}\t{made}\t{state}\t{}", row.id, row.kind, row.conflicts));
    for part in &row.parts {
        print_row(part, &format!("{indent}  "));
    }
}
