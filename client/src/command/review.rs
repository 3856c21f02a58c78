//! `sambung transition`, `sambung conflicts …`, `sambung same …` and `sambung draft …`

use std::process::ExitCode;

use sambung_domain::RecordId;
use sambung_replica::command::{self, Command, Resolve, Undo};
use sambung_replica::conflict::{Conflict, ConflictList, ConflictPage, Decided};
use sambung_replica::same::CandidatePage;
use serde_json::Value as Json;

use super::Place;
use super::record::print_outcome;
use crate::cli::{Conflicts, Draft, Pair, Same, Transition};
use crate::failure::{ATTENTION, Failure};
use crate::output::{self, shown};

/// Moves a matter on.
pub(crate) fn transition(place: &Place, arguments: Transition) -> Result<ExitCode, Failure> {
    let Transition { id, to, field, reason, json } = arguments;
    run(place, &Command::Transition(command::Transition { id, to, field, reason }), json)
}

/// Lists and decides questions about differing values.
pub(crate) fn conflicts(place: &Place, arguments: Conflicts) -> Result<ExitCode, Failure> {
    match arguments {
        Conflicts::List { limit, after, json } => {
            let page = place.node()?.replica.conflicts(&ConflictList { limit, after })?;
            Ok(print_page(&page, json))
        }
        Conflicts::Show { id, json } => {
            let conflicts = place.node()?.replica.conflicts_of(id)?;
            if json {
                output::json(&conflicts);
            } else {
                conflicts.iter().for_each(print_conflict);
            }
            Ok(attention(conflicts.is_empty()))
        }
        Conflicts::Resolve { id, field, choose, value, seen, reason, json } => {
            let value = value.map(Json::String);
            run(place, &Command::Resolve(Resolve { id, field, choose, value, reason, seen }), json)
        }
        Conflicts::Decided { mine, limit, skip, json } => {
            let node = place.node()?;
            let page = node.replica.decided(mine.then_some(node.staff), limit, skip)?;
            if json {
                output::json(&page);
            } else {
                page.decided.iter().for_each(print_decided);
            }
            Ok(ExitCode::SUCCESS)
        }
        Conflicts::Undo { id, field, reason, json } => {
            run(place, &Command::Undo(Undo { id, field, reason }), json)
        }
    }
}

/// Says who is the same person, or asks.
pub(crate) fn same(place: &Place, arguments: Same) -> Result<ExitCode, Failure> {
    match arguments {
        Same::Link(pair) => {
            let json = pair.json;
            run(place, &Command::Link(of(pair)), json)
        }
        Same::Unlink(pair) => {
            let json = pair.json;
            run(place, &Command::Unlink(of(pair)), json)
        }
        Same::Candidates { id, limit, json } => {
            print_candidates(&place.node()?.replica.candidates(id, limit)?, json);
            Ok(ExitCode::SUCCESS)
        }
        Same::Group { id, json } => {
            let node = place.node()?;
            node.replica.show(id)?;
            let group = node.replica.group(id)?;
            if json {
                output::json(&group);
            } else {
                group.members.iter().for_each(|member| output::line(&member.to_string()));
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Lists, shows and discards drafts.
pub(crate) fn draft(place: &Place, arguments: &Draft) -> Result<ExitCode, Failure> {
    let mut node = place.node()?;
    match arguments {
        Draft::List { json } => {
            let drafts = node.replica.drafts(node.staff)?;
            if *json {
                output::json(&drafts);
            } else {
                for kept in &drafts {
                    output::line(&format!("{}\t{}\t{}", kept.draft.id, kept.draft.kind, kept.saved_at));
                }
            }
        }
        Draft::Show { id } => output::json(&node.replica.kept_draft(*id, node.staff)?),
        Draft::Discard { id } => node.replica.discard_draft(*id, node.staff)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn of(pair: Pair) -> command::Pair {
    command::Pair { a: pair.a, b: pair.b, because: pair.because, reason: pair.reason }
}

/// Carries a command out and says what it did.
pub(super) fn run(place: &Place, command: &Command, json: bool) -> Result<ExitCode, Failure> {
    let outcome = place.node()?.command(|replica, with| replica.run(command, with))?;
    print_outcome(&outcome, json);
    Ok(ExitCode::SUCCESS)
}

fn attention(nothing: bool) -> ExitCode {
    if nothing { ExitCode::SUCCESS } else { ExitCode::from(ATTENTION) }
}

fn print_page(page: &ConflictPage, json: bool) -> ExitCode {
    if json {
        output::json(page);
    } else {
        page.conflicts.iter().for_each(print_conflict);
        if let Some(next) = page.next.clone().map(String::from) {
            output::message(&format!("Lanjut dengan --after {next} / more with --after {next}"));
        }
    }
    attention(page.conflicts.is_empty())
}

fn print_conflict(conflict: &Conflict) {
    output::line(&format!("{} {} {}", conflict.kind, conflict.id, conflict.field));
    for (at, value) in conflict.values.iter().enumerate() {
        let device = value.device.as_deref().unwrap_or("?");
        let who = format!("{}@{device}", value.staff);
        output::line(&format!("  {}. {}  ({}, {who})", at + 1, shown(&value.value), value.at));
    }
    let common: Vec<String> = conflict.common.iter().map(shown).collect();
    output::line(&format!(
        "  sebelumnya: {}",
        if common.is_empty() { "-".to_owned() } else { common.join(" | ") }
    ));
}

fn print_decided(decided: &Decided) {
    let value = decided.value.as_ref().map_or_else(|| "-".to_owned(), shown);
    let reason = decided.reason.as_deref().unwrap_or("-");
    let stands = if decided.stands { "" } else { "\t(dicabut atau diganti)" };
    let Decided { at, staff, kind, id, field, .. } = decided;
    output::line(&format!("{at}\t{staff}\t{kind} {id} {field}\t{value}\t{reason}{stands}"));
    for value in &decided.among {
        output::line(&format!("  {}  ({}, {})", shown(&value.value), value.at, value.staff));
    }
}

fn print_candidates(page: &CandidatePage, json: bool) {
    if json {
        return output::json(page);
    }
    let line = |a: &RecordId, b: &RecordId, because: &str| output::line(&format!("{a}\t{b}\t{because}"));
    for pair in &page.candidates {
        line(&pair.a, &pair.b, &pair.because.join(","));
    }
    if page.more {
        output::message("Masih ada lagi. / There are more.");
    }
}
