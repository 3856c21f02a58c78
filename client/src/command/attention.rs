//! `sambung attention`

use std::process::ExitCode;

use sambung_domain::RecordId;
use sambung_replica::attention::{Matter, What};
use serde::Serialize;
use serde_json::json;

use super::Place;
use crate::cli::Attention;
use crate::failure::{ATTENTION, Failure};
use crate::messages::{Messages, Sentence};
use crate::node::now;
use crate::output;

/// A matter with its sentence.
#[derive(Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    matter: &'a Matter,
    sentence: Sentence,
}

/// Lists what somebody must look at.
pub(crate) fn run(place: &Place, arguments: &Attention) -> Result<ExitCode, Failure> {
    if let Some(id) = arguments.seen {
        return see(place, id, arguments.json);
    }
    let messages = Messages::read()?;
    let matters = place.node()?.replica.matters(arguments.limit)?;
    let told: Vec<Told<'_>> = matters
        .matters
        .iter()
        .map(|matter| Told { matter, sentence: messages.sentence(&matter.code) })
        .collect();
    if arguments.json {
        output::json(&json!({ "matters": told, "more": matters.more }));
    } else {
        told.iter().for_each(print);
        if matters.more {
            output::message("Masih ada lagi; --limit menambah baris. / There is more; --limit shows more.");
        }
    }
    Ok(if told.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(ATTENTION) })
}

/// Marks what came late to a record as seen.
fn see(place: &Place, id: RecordId, json: bool) -> Result<ExitCode, Failure> {
    let seen = place.node()?.replica.see_late(id, now())?;
    if json {
        output::json(&json!({ "record": id, "changes": seen }));
    } else {
        output::line(&format!("Sudah dilihat: {seen} / seen: {seen}"));
    }
    Ok(ExitCode::SUCCESS)
}

fn print(told: &Told<'_>) {
    let matter = told.matter;
    output::line(&format!(
        "{}\t{}\t{}\t{}\t{}\t{} / {}",
        word(matter.what),
        matter.record,
        matter.changes,
        matter.code,
        matter.since.as_deref().unwrap_or("-"),
        told.sentence.id,
        told.sentence.en
    ));
    if let Some(reason) = &matter.reason {
        output::line(&format!("\t\t\talasan / reason: {reason}"));
    }
}

/// The word people see.
fn word(what: What) -> &'static str {
    match what {
        What::Refused => "ditolak",
        What::Quarantined => "ditahan pusat",
        What::Discarded => "dibuang pusat",
        What::Unusable => "tidak bisa dipakai",
        What::Underived => "belum diperbarui",
        What::Held => "belum diterima",
        What::Pending => "menunggu",
        What::Late => "datang terlambat",
        What::Leaving => "akan pindah",
    }
}
