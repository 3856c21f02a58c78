//! `sambung record …`

use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use sambung_domain::RecordId;
use sambung_domain::pack::Bilingual;
use sambung_replica::command::{Command, Create, EditRecord, Fields, Outcome, Withdraw};
use sambung_replica::history::HistoryEntry;
use sambung_replica::query::{List, Page, RecordState, RecordView};
use serde_json::Value as Json;

use super::{Place, interop};
use crate::cli::{Fields as FieldArguments, Record, Withdraw as WithdrawArguments};
use crate::failure::Failure;
use crate::output::{self, shown};

/// Longest body read from a file or stdin.
const BODY_MAX: u64 = 1024 * 1024;

/// Runs one of the commands on records.
pub(crate) fn run(place: &Place, record: Record) -> Result<ExitCode, Failure> {
    match record {
        Record::Create { kind, of, fields, json } => {
            let command = Create { kind, of, fields: collect(fields)? };
            let outcome = place.node()?.command(|replica, with| replica.create(&command, with))?;
            print_outcome(&outcome, json);
        }
        Record::Edit { id, fields, reason, json } => {
            let command = EditRecord { id, fields: collect(fields)?, reason };
            let outcome = place.node()?.command(|replica, with| replica.edit(&command, with))?;
            print_outcome(&outcome, json);
        }
        Record::Withdraw(arguments) => return withdraw(place, arguments, Command::Withdraw),
        Record::Reinstate(arguments) => return withdraw(place, arguments, Command::Reinstate),
        Record::Show { id, json } => print_record(&place.node()?.replica.show(id)?, json),
        Record::List { kind, filters, sort, limit, after, withdrawn, json } => {
            let page = place.node()?.replica.list(&List { kind, filters, sort, limit, after, withdrawn })?;
            print_page(&page, json);
        }
        Record::History { id, json } => print_history(&place.node()?.replica.history(id)?, id, json),
        Record::Export(arguments) => return interop::export(place, &arguments),
        Record::Import(arguments) => return interop::import(place, &arguments),
    }
    Ok(ExitCode::SUCCESS)
}

fn withdraw(
    place: &Place,
    arguments: WithdrawArguments,
    command: fn(Withdraw) -> Command,
) -> Result<ExitCode, Failure> {
    let WithdrawArguments { id, reason, json } = arguments;
    super::review::run(place, &command(Withdraw { id, reason }), json)
}

/// The fields of the arguments and of the body file together.
pub(super) fn collect(arguments: FieldArguments) -> Result<Fields, Failure> {
    let mut fields = match arguments.json_body {
        Some(path) => read_body(&path)?,
        None => Fields::default(),
    };
    let text = |(key, value): (String, String)| (key, Json::String(value));
    fields.set.extend(arguments.set.into_iter().map(text));
    fields.unset.extend(arguments.unset);
    fields.add.extend(arguments.add.into_iter().map(entry));
    fields.strict |= arguments.strict;
    fields.remove.extend(arguments.remove.into_iter().map(text));
    Ok(fields)
}

/// An entry of a set is typed as it is, an item as a JSON object of its parts.
fn entry((key, value): (String, String)) -> (String, Json) {
    let object = value.starts_with('{').then(|| serde_json::from_str(&value).ok()).flatten();
    (key, object.unwrap_or(Json::String(value)))
}

fn read_body(path: &Path) -> Result<Fields, Failure> {
    let failed = |source| Failure::File { what: path.display().to_string(), source };
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin().take(BODY_MAX + 1).read_to_string(&mut text).map_err(failed)?;
    } else {
        let file = std::fs::File::open(path).map_err(failed)?;
        file.take(BODY_MAX + 1).read_to_string(&mut text).map_err(failed)?;
    }
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > BODY_MAX {
        return Err(Failure::Usage(format!("the body is longer than {BODY_MAX} bytes")));
    }
    serde_json::from_str(&text).map_err(|error| Failure::Usage(format!("the body: {error}")))
}

pub(super) fn print_outcome(outcome: &Outcome, json: bool) {
    if json {
        output::json(outcome);
    } else {
        output::line(&outcome.id.to_string());
    }
    if let Some(sealed) = &outcome.sealed {
        return super::complaint::print_sealed(sealed, false);
    }
    if outcome.change.is_none() {
        output::message("Tidak ada yang berubah. / Nothing was different.");
    }
    if let Some(office) = &outcome.offered {
        output::message(&format!(
            "Ditawarkan ke {office}; pindah setelah diterima di sana. / Offered to {office}; it moves when they accept."
        ));
    }
    for finding in &outcome.findings {
        let Bilingual { id, en } = &finding.message;
        output::message(&format!("{}: {id} / {en}", finding.path.join("/")));
    }
}

fn print_record(view: &RecordView, json: bool) {
    if json {
        return output::json(view);
    }
    output::line(&format!("{} {}", view.kind, view.id));
    for (key, value) in &view.fields {
        output::line(&format!("  {key}: {}", shown(value)));
    }
    for (key, values) in &view.conflicts {
        output::line(&format!("  isian berbeda: {key}"));
        for value in values {
            output::line(&format!("    {} ({}, {})", shown(&value.value), value.at, value.staff));
        }
    }
    output::line(&format!("  {}: {} / {} perubahan", state_word(view.state), view.stored, view.changes));
}

/// The word people see.
pub(super) fn state_word(state: RecordState) -> &'static str {
    match state {
        RecordState::Here => "Hanya di komputer ini",
        RecordState::Office => "Sudah di kantor",
        RecordState::Centre => "Sudah di pusat",
        RecordState::Attention => "Perlu dicek",
    }
}

fn print_page(page: &Page, json: bool) {
    if json {
        return output::json(page);
    }
    for row in &page.rows {
        let field = |key: &str| row.fields.get(key).map(shown).unwrap_or_default();
        output::line(&format!("{}\t{}\t{}", row.id, field("nama_lengkap"), field("area")));
    }
    if let Some(next) = page.next {
        output::message(&format!("Lanjut dengan --after {next} / more with --after {next}"));
    }
}

/// How the relay took a change, where not like any other.
fn lane(entry: &HistoryEntry) -> String {
    let word = match entry.lane.as_deref() {
        Some("late") => "terlambat / late",
        Some("quarantined") => "ditahan pusat / quarantined",
        Some("released") => "diteruskan / released",
        Some("discarded") => "dibuang pusat / discarded",
        Some("refused") => "ditolak / refused",
        _ => return String::new(),
    };
    let why = entry.why.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
    format!("\t[{word}{why}]")
}

fn print_history(entries: &[HistoryEntry], id: RecordId, json: bool) {
    if json {
        return output::json(&entries);
    }
    output::message(&format!("Riwayat {id}"));
    for entry in entries {
        let old: Vec<String> = entry.old.iter().map(shown).collect();
        let new = entry.new.as_ref().map_or_else(|| "-".to_owned(), shown);
        let who = entry.device.as_deref().unwrap_or("?");
        output::line(&format!(
            "{}\t{}@{}\t{}\t{} → {new}{}",
            entry.at,
            entry.staff,
            who,
            entry.field,
            old.join(" | "),
            lane(entry)
        ));
    }
}
