//! `sambung import`

use std::fs::File;
use std::io::{IsTerminal, Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use sambung_replica::import::{Plan, ROWS_PER_TRANSACTION, Remark, Remarks, Sheet, Source, Written};
use serde_json::json;

use super::Place;
use crate::cli::ImportList;
use crate::failure::{ATTENTION, Failure};
use crate::node::{Node, now};
use crate::{output, table};

/// How long an import works before it leaves the database to others for a moment.
const TURN: Duration = Duration::from_secs(1);
/// That moment. SQLite does not queue those who wait: they look again every 100 ms at the latest, and give up in the
/// end.
const PAUSE: Duration = Duration::from_millis(120);

/// Takes a list in: everything is looked at first, and nothing written if a row is bad.
pub(crate) fn run(place: &Place, arguments: &ImportList) -> Result<ExitCode, Failure> {
    let sheet = read(&arguments.file)?;
    let source = Source { kind: &arguments.kind, map: arguments.map.as_deref(), sheet: &sheet };
    let mut node = place.node()?;
    let plan = node.replica.plan_import(&source, now())?;
    let writes = !arguments.dry_run && (plan.bad_rows == 0 || arguments.partial);
    if !arguments.json {
        say(&plan, writes);
    }
    let written = if writes { write(&mut node, &source, &plan)? } else { Written::default() };
    report(arguments, &sheet, &plan, written);
    Ok(match (plan.bad_rows, writes) {
        (0, _) => ExitCode::SUCCESS,
        (_, true) => ExitCode::from(ATTENTION),
        (_, false) => ExitCode::FAILURE,
    })
}

fn read(path: &Path) -> Result<Sheet, Failure> {
    let failed = |source| Failure::File { what: path.display().to_string(), source };
    let most = u64::try_from(table::FILE_MAX).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.take(most + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > table::FILE_MAX {
        return Err(Failure::Foreign(format!("it is longer than {} bytes", table::FILE_MAX)));
    }
    let is_json = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
    let sheet = if is_json { table::json(&bytes) } else { table::csv(&bytes) };
    sheet.map_err(Failure::Foreign)
}

fn write(node: &mut Node, source: &Source<'_>, plan: &Plan) -> Result<Written, Failure> {
    let terminal = std::io::stderr().is_terminal();
    let mut written = Written::default();
    let mut done = 0;
    let mut turn = Instant::now();
    for rows in plan.fresh.chunks(ROWS_PER_TRANSACTION) {
        if turn.elapsed() > TURN {
            std::thread::sleep(PAUSE);
            turn = Instant::now();
        }
        let some = node.command(|replica, with| replica.import_rows(source, rows, with))?;
        written.made += some.made;
        written.present += some.present;
        done += rows.len();
        if terminal {
            let end = if done == plan.fresh.len() { "\n" } else { "" };
            // Progress that cannot be shown is no reason to stop.
            drop(write!(std::io::stderr(), "\r{done} / {}{end}", plan.fresh.len()));
        }
    }
    Ok(written)
}

fn say(plan: &Plan, writes: bool) {
    for column in plan.ignored.iter().filter(|column| !column.is_empty()) {
        output::message(&format!("kolom {column} tidak dibaca / column {column} is not read"));
    }
    list(&plan.warnings, "perlu dicek / to be checked: ");
    list(&plan.bad, "");
    let (good, bad) = (good_rows(plan), plan.bad_rows);
    output::message(&format!("{good} baris bisa masuk, {bad} tidak. / {good} rows can go in, {bad} cannot."));
    if plan.present_rows > 0 {
        let n = plan.present_rows;
        output::message(&format!("{n} baris sudah ada. / {n} rows are here already."));
    }
    if !writes {
        output::message(if bad > 0 {
            "Belum ada yang disimpan. Lihat sebab tiap baris; perbaiki file, atau masukkan yang bisa dengan --partial. / \
             Nothing was saved. See why for each row; correct the file, or take in the others with --partial."
        } else {
            "Belum ada yang disimpan. / Nothing was saved."
        });
    }
}

fn list(remarks: &Remarks, before: &str) {
    for Remark { row, column, message } in &remarks.kept {
        let place = if column.is_empty() { String::new() } else { format!(", {column}") };
        let (id, en) = (&message.id, &message.en);
        output::message(&format!("{before}baris {row} / row {row}{place}: {id} / {en}"));
    }
    let kept = u64::try_from(remarks.kept.len()).unwrap_or(u64::MAX);
    if remarks.count > kept {
        let more = remarks.count - kept;
        output::message(&format!("{before}{more} lagi / {more} more"));
    }
}

fn good_rows(plan: &Plan) -> u64 {
    u64::try_from(plan.fresh.len()).unwrap_or(u64::MAX).saturating_add(plan.present_rows)
}

fn report(arguments: &ImportList, sheet: &Sheet, plan: &Plan, written: Written) {
    if arguments.json {
        return output::json(&json!({
            "kind": arguments.kind,
            "dry_run": arguments.dry_run,
            "rows": sheet.rows.len(),
            "good_rows": good_rows(plan),
            "bad_rows": plan.bad_rows,
            "present_rows": plan.present_rows,
            "records": plan.records,
            "made": written.made,
            "bad": plan.bad.kept,
            "warnings": plan.warnings.kept,
            "ignored": plan.ignored,
        }));
    }
    let told = arguments.dry_run || written.made > 0;
    for (kind, count) in plan.records.iter().filter(|_| told) {
        output::line(&format!("{kind}\t{count}"));
    }
    output::line(&format!("{} catatan dibuat", written.made));
}
