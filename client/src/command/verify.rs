//! `sambung verify`

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use sambung_replica::exchange::{SetReport, SyncReport};
use sambung_replica::verify::{Event, Finding};
use serde_json::json;

use super::{Place, runtime};
use crate::cli::Verify;
use crate::failure::{ATTENTION, Failure};
use crate::messages::Messages;
use crate::node::{Node, SyncLock, now};
use crate::output;
use crate::relay::RelayClient;

/// Most findings listed in JSON; all are counted.
const LISTED_MAX: usize = 1_000;

/// Verifies everything the replica holds; with `--repair` rebuilds what is derived.
pub(crate) fn run(place: &Place, arguments: &Verify) -> Result<ExitCode, Failure> {
    let mut watcher = Watcher {
        messages: Messages::read()?,
        json: arguments.json,
        terminal: std::io::stderr().is_terminal(),
        listed: Vec::new(),
    };
    let mut node = place.node()?;
    let compared = if arguments.with_relay { Some(compare(place, &mut node)?) } else { None };
    let (repaired, verified) = if arguments.repair {
        let _lock = SyncLock::take(place.dir()?)?;
        let repaired = node.replica.repair(now(), &mut |event| watcher.hear(&event))?;
        (Some(repaired), repaired.after)
    } else {
        (None, node.replica.verify(&mut |event| watcher.hear(&event))?)
    };
    if arguments.json {
        let relay = compared.as_ref().map(|report| json!({ "equal": report.verified, "sets": report.sets }));
        output::json(
            &json!({ "verified": verified, "repaired": repaired, "findings": watcher.listed, "relay": relay }),
        );
    } else {
        if let Some(repaired) = repaired {
            output::line(&format!(
                "{} hal ditemukan, {} catatan disusun kembali, {} perubahan diterima",
                repaired.before.findings, repaired.rebuilt, repaired.taken
            ));
        }
        output::line(&format!(
            "{} catatan, {} perubahan, {} kiriman, {} tanda terima: {} hal ditemukan",
            verified.records, verified.changes, verified.batches, verified.receipts, verified.findings
        ));
    }
    if let (Some(report), false) = (&compared, arguments.json) {
        print_compared(report);
    }
    let differs = compared.is_some_and(|report| report.verified != Some(true));
    Ok(if verified.findings > 0 || differs { ExitCode::from(ATTENTION) } else { ExitCode::SUCCESS })
}

/// Syncs and compares every record with the relay; what differs is mended.
fn compare(place: &Place, node: &mut Node) -> Result<SyncReport, Failure> {
    let _lock = SyncLock::take(place.dir()?)?;
    let relay = RelayClient::new(&node.replica.identity().relay)?;
    runtime()?.block_on(relay.compare(node))
}

/// Says set by set whether both sides held the same, and whether they do now.
fn print_compared(report: &SyncReport) {
    for SetReport { set, here, centre, equal } in &report.sets {
        let word = if *equal { "sama / equal" } else { "berbeda / different" };
        output::line(&format!("{set}\t{here}\t{centre}\t{word}"));
    }
    let now = if report.verified == Some(true) {
        "sama dengan pusat / equal to the centre"
    } else {
        "berbeda dari pusat / different from the centre"
    };
    output::line(now);
}

struct Watcher {
    messages: Messages,
    json: bool,
    terminal: bool,
    listed: Vec<Finding>,
}

impl Watcher {
    fn hear(&mut self, event: &Event<'_>) {
        match event {
            Event::Found(finding) if self.json => {
                if self.listed.len() < LISTED_MAX {
                    self.listed.push((*finding).clone());
                }
            }
            Event::Found(finding) => self.print(finding),
            Event::Progress { done, of } if self.terminal => {
                let end = if done == of { "\n" } else { "" };
                // Progress that cannot be shown is no reason to stop.
                drop(write!(std::io::stderr(), "\r{done} / {of}{end}"));
            }
            Event::Progress { .. } => {}
        }
    }

    fn print(&self, finding: &Finding) {
        let record = finding.record.map_or_else(|| "-".to_owned(), |record| record.to_string());
        let sentence = self.messages.sentence(finding.code);
        output::line(&format!(
            "{}\t{record}\t{}\t{} / {}",
            finding.code, finding.detail, sentence.id, sentence.en
        ));
    }
}
