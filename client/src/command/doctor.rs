//! `sambung doctor`

use std::path::Path;
use std::process::ExitCode;

use sambung_domain::Timestamp;
use sambung_domain::time::DAY_MS;
use sambung_replica::attention::What;
use sambung_replica::condition::Condition;
use serde::Serialize;
use serde_json::json;

use super::Place;
use crate::failure::{ATTENTION, Failure};
use crate::keyfile::KEY_FILE;
use crate::node::{Node, SyncLock, now};
use crate::output;

const MINUTE_MS: i64 = 60_000;
/// Clocks further apart than this mislead people who read times.
const SKEW_MAX_MS: i64 = 5 * MINUTE_MS;
/// Work or an exchange older than this is late.
const LATE_MS: i64 = 7 * DAY_MS;
/// A grant that ends sooner than this needs an exchange.
const GRANT_LEFT_MS: i64 = 14 * DAY_MS;
/// Free space below which a save may soon fail; the database's own size on top, so that it can be backed up.
const FREE_MIN: u64 = 100 * 1024 * 1024;

/// One thing looked at.
#[derive(Debug, Serialize)]
struct Check {
    check: &'static str,
    ok: bool,
    detail: String,
}

fn check(check: &'static str, ok: bool, detail: impl Into<String>) -> Check {
    Check { check, ok, detail: detail.into() }
}

/// Looks at everything around the replica that can go wrong.
pub(crate) fn run(place: &Place, json: bool) -> Result<ExitCode, Failure> {
    let dir = place.dir()?;
    let mut checks = vec![key_file(dir), lock(dir)];
    match place.node() {
        Ok(node) => {
            let condition = node.replica.condition()?;
            checks.push(check("database", true, "opens with its key"));
            checks.push(free_space(dir, condition.bytes));
            checks.extend(versions(&condition));
            checks.extend(times(&condition, now()));
            checks.extend(work(&node)?);
        }
        Err(failure) => {
            checks.push(check("database", false, format!("{failure} [{}]", failure.code())));
            checks.push(free_space(dir, 0));
        }
    }
    let ok = checks.iter().all(|check| check.ok);
    if json {
        output::json(&json!({ "ok": ok, "checks": checks }));
    } else {
        for Check { check, ok, detail } in &checks {
            output::line(&format!("{}\t{check}\t{detail}", if *ok { "baik" } else { "cek!" }));
        }
    }
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::from(ATTENTION) })
}

fn key_file(dir: &Path) -> Check {
    let name = "key_file";
    match std::fs::metadata(dir.join(KEY_FILE)) {
        Err(error) => check(name, false, format!("{KEY_FILE}: {error}")),
        #[cfg(unix)]
        Ok(metadata) => {
            use std::os::unix::fs::PermissionsExt;
            let mode = metadata.permissions().mode() & 0o777;
            check(name, mode & 0o077 == 0, format!("mode {mode:03o}, at most 600 is safe"))
        }
        #[cfg(not(unix))]
        Ok(_) => check(name, true, "is there"),
    }
}

fn lock(dir: &Path) -> Check {
    match SyncLock::is_free(dir) {
        Ok(true) => check("lock", true, "no sync, restore or repair is under way"),
        Ok(false) => check("lock", true, "a sync, restore or repair is under way"),
        Err(failure) => check("lock", false, failure.to_string()),
    }
}

#[cfg(unix)]
fn free_space(dir: &Path, database: u64) -> Check {
    match rustix::fs::statvfs(dir) {
        Ok(space) => {
            let free = space.f_bavail.saturating_mul(space.f_frsize);
            let needed = FREE_MIN.saturating_add(database);
            check("disk", free >= needed, format!("{free} bytes free, {needed} wanted"))
        }
        Err(error) => check("disk", false, error.to_string()),
    }
}

#[cfg(not(unix))]
fn free_space(_: &Path, _: u64) -> Check {
    check("disk", true, "not looked at on this system")
}

fn versions(condition: &Condition) -> [Check; 2] {
    let schema = format!("{} of {}", condition.schema, condition.schema_known);
    [
        // An older library is refused when the database is opened.
        check("sqlite", true, format!("{}, cipher {}", condition.sqlite, condition.cipher)),
        check("schema", condition.schema == condition.schema_known, schema),
    ]
}

fn times(condition: &Condition, now: Timestamp) -> [Check; 3] {
    let seen = condition.relay_time;
    let behind = seen.0.saturating_sub(now.0);
    let apart = condition.last_exchange.map_or(0, |last| last.0.saturating_sub(seen.0).saturating_abs());
    let clock = behind <= SKEW_MAX_MS && apart <= SKEW_MAX_MS;
    let exchange = condition.last_exchange.is_some_and(|last| now.0.saturating_sub(last.0) <= LATE_MS);
    let last = condition.last_exchange.map_or_else(|| "never".to_owned(), |last| last.to_string());
    let grant = condition.grant_end.0.saturating_sub(now.max(seen).0) >= GRANT_LEFT_MS;
    [
        check("clock", clock, format!("{now} here, at least {seen} at the relay")),
        check("exchange", exchange, format!("last ended well: {last}")),
        check("grant", grant, format!("ends {}; every exchange renews it", condition.grant_end)),
    ]
}

fn work(node: &Node) -> Result<[Check; 3], Failure> {
    let status = node.replica.status(now())?;
    let late = i64::try_from(status.oldest_waiting_s).unwrap_or(i64::MAX) > LATE_MS / 1000;
    let matters = node.replica.matters(sambung_replica::attention::MATTERS_MAX)?;
    let count = |what: What| matters.matters.iter().filter(|matter| matter.what == what).count();
    let more = if matters.more { " or more" } else { "" };
    let pending = count(What::Pending);
    let urgent =
        matters.matters.len() - pending - count(What::Held) - count(What::Leaving) - count(What::Late);
    Ok([
        check("waiting", !late, format!("{} changes, {} s", status.waiting, status.oldest_waiting_s)),
        check("attention", urgent == 0, format!("{urgent}{more} matters; sambung attention lists them")),
        check("pending", pending == 0, format!("{pending}{more} records wait for changes they build on")),
    ])
}
