//! `sambung import`

use std::fs::File;
use std::io::{IsTerminal, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use sambung_replica::import::{Plan, ROWS_PER_TRANSACTION, Remark, Sheet, Written};
use serde_json::json;

use super::Place;
use crate::cli::ImportList;
use crate::failure::{ATTENTION, Failure};
use crate::node::{Node, now};
use crate::{output, table};

/// Takes a list in: everything is looked at first, and nothing written if a row is bad.
pub(crate) fn run(place: &Place, arguments: &ImportList) -> Result<ExitCode, Failure> {
    let sheet = read(&arguments.file)?;
    let mut node = place.node()?;
    let plan = node.replica.plan_import(&arguments.kind, arguments.map.as_deref(), &sheet, now())?;
    if !arguments.json {
        say(&plan);
    }
    let writes = !arguments.dry_run && (plan.bad_rows == 0 || arguments.partial);
    let written = if writes { write(&mut node, &plan)? } else { Written::default() };
    report(arguments, &plan, written);
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

fn write(node: &mut Node, plan: &Plan) -> Result<Written, Failure> {
    let terminal = std::io::stderr().is_terminal();
    let mut written = Written::default();
    let mut done = 0;
    for rows in plan.rows.chunks(ROWS_PER_TRANSACTION) {
        let some = node.command(|replica, with| replica.import_rows(rows, with))?;
        written.made += some.made;
        written.present += some.present;
        done += rows.len();
        if terminal {
            let end = if done == plan.rows.len() { "\n" } else { "" };
            // Progress that cannot be shown is no reason to stop.
            drop(write!(std::io::stderr(), "\r{done} / {}{end}", plan.rows.len()));
        }
    }
    Ok(written)
}

fn say(plan: &Plan) {
    let line = |remark: &Remark| {
        format!("baris {} / row {}, {}: {}", remark.row, remark.row, remark.column, remark.what)
    };
    for column in &plan.ignored {
        output::message(&format!("kolom {column} tidak dibaca / column {column} is not read"));
    }
    for warning in &plan.warnings.kept {
        output::message(&format!("perlu dicek / to be checked: {}", line(warning)));
    }
    for bad in &plan.bad.kept {
        output::message(&line(bad));
    }
}

fn report(arguments: &ImportList, plan: &Plan, written: Written) {
    if arguments.json {
        return output::json(&json!({
            "rows": plan.rows.len(),
            "bad_rows": plan.bad_rows,
            "records": plan.records(),
            "made": written.made,
            "present": written.present,
            "bad": plan.bad.kept,
            "warnings": plan.warnings.kept,
            "ignored": plan.ignored,
            "dry_run": arguments.dry_run,
        }));
    }
    for (kind, count) in plan.records() {
        output::line(&format!("{kind}\t{count}"));
    }
    output::line(&format!(
        "{} dibuat, {} sudah ada, {} baris salah",
        written.made, written.present, plan.bad_rows
    ));
    if plan.bad_rows > 0 && written == Written::default() {
        output::message("Tidak ada yang disimpan. / Nothing was written.");
    } else if plan.bad_rows > 0 {
        output::message(
            "Perbaiki baris yang salah dalam berkas baru yang hanya berisi baris itu. / Correct the bad rows in a new file \
             that holds only them.",
        );
    }
}
