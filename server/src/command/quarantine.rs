//! `quarantine …`: what is kept apart, and deciding about it. Content is never shown.

use sambung_domain::hex::hex;
use sambung_sync::relay::{Circumstances, Quarantined, Relay};
use serde::Serialize;

use super::CommandError;
use super::device::of_store;
use crate::cli::Look;
use crate::cli::quarantine::{Decide, List, Show};
use crate::data::DataDir;
use crate::store::{Pool, SqliteStore, StoreError};
use crate::{clock, output};

/// Fewest characters of a hash that name a change.
const NAME_MIN: usize = 8;

/// A change as its operator sees it.
#[derive(Serialize)]
struct Listed {
    change: String,
    record: String,
    generation: u32,
    kind: String,
    device: String,
    staff: String,
    code: String,
    bytes: u32,
    came: String,
    state: &'static str,
    reason: Option<String>,
    decided: Option<String>,
}

/// What is done with changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    Release,
    Discard,
}

pub(super) fn list(args: &List) -> Result<(), CommandError> {
    let changes = pool(&args.look)?.read::<_, StoreError>(|store| store.quarantine(args.all))?;
    print(args.look.json, &changes)
}

pub(super) fn show(args: &Show) -> Result<(), CommandError> {
    let found = pool(&args.look)?.read::<_, CommandError>(|store| {
        let all = store.quarantine(true)?;
        Ok(named(&all, &args.change)?.clone())
    })?;
    if args.look.json {
        return Ok(output::json(&listed(&found))?);
    }
    print(false, std::slice::from_ref(&found))
}

pub(super) fn decide(args: &Decide, deed: Deed) -> Result<(), CommandError> {
    let (relay, pool) = DataDir::at(&args.look.data.data).open()?;
    let decided = pool.write::<_, CommandError>(|store| {
        let chosen = chosen(store, args)?;
        for change in &chosen {
            act(&relay, store, change, args, deed)?;
        }
        let now: Vec<Quarantined> = store.quarantine(true)?;
        Ok(now.into_iter().filter(|change| chosen.iter().any(|one| is_same(one, change))).collect::<Vec<_>>())
    })?;
    print(args.look.json, &decided)
}

fn act(
    relay: &Relay,
    store: &mut SqliteStore<'_>,
    change: &Quarantined,
    args: &Decide,
    deed: Deed,
) -> Result<(), CommandError> {
    let now = clock::now();
    let outcome = match deed {
        Deed::Discard => relay.discard(store, change, &args.reason, now),
        Deed::Release => {
            let mut failed = None;
            let mut random = || {
                clock::random().unwrap_or_else(|error| {
                    failed = Some(error);
                    [0; 16]
                })
            };
            let mut circumstances = Circumstances { now, random: &mut random };
            let outcome = relay.release(store, change, &args.reason, &mut circumstances);
            if let Some(error) = failed {
                return Err(error.into());
            }
            outcome
        }
    };
    outcome
        .map_err(of_store)?
        .map_err(|why| CommandError::NotReleased { change: hex(&change.hash.0), why: why.to_string() })
}

/// The changes that a command is about, in the order they came.
fn chosen(store: &mut SqliteStore<'_>, args: &Decide) -> Result<Vec<Quarantined>, CommandError> {
    let all = store.quarantine(true)?;
    let mut chosen: Vec<Quarantined> = if args.changes.is_empty() {
        let of = |change: &&Quarantined| {
            let device = args.device.as_ref().is_none_or(|name| hex(&change.device.fingerprint()) == *name);
            change.decided.is_none() && device && args.record.is_none_or(|record| record == change.record)
        };
        all.iter().filter(of).cloned().collect()
    } else {
        let named = args.changes.iter().map(|name| named(&all, name).cloned());
        named.collect::<Result<_, _>>()?
    };
    if chosen.is_empty() {
        return Err(CommandError::NoChange("nothing waits there".to_owned()));
    }
    let place = |change: &Quarantined| all.iter().position(|other| is_same(change, other));
    chosen.sort_by_key(place);
    chosen.dedup_by(|a, b| is_same(a, b));
    Ok(chosen)
}

fn is_same(one: &Quarantined, other: &Quarantined) -> bool {
    (one.record, one.generation, one.hash) == (other.record, other.generation, other.hash)
}

/// The one change whose hash begins so.
fn named<'a>(all: &'a [Quarantined], name: &str) -> Result<&'a Quarantined, CommandError> {
    let mut found = all.iter().filter(|change| hex(&change.hash.0).starts_with(name));
    match (found.next(), found.next()) {
        (Some(change), None) if name.len() >= NAME_MIN => Ok(change),
        (None, _) => Err(CommandError::NoChange(format!("`{name}` names no change in quarantine"))),
        _ => Err(CommandError::NoChange(format!("`{name}` is too short to name one change"))),
    }
}

fn pool(look: &Look) -> Result<Pool, CommandError> {
    Ok(Pool::open(&DataDir::at(&look.data.data).database())?)
}

fn listed(change: &Quarantined) -> Listed {
    let decided = change.decided.as_ref();
    Listed {
        change: hex(&change.hash.0),
        record: change.record.to_string(),
        generation: change.generation,
        kind: change.kind.clone(),
        device: hex(&change.device.fingerprint()),
        staff: change.staff.to_string(),
        code: change.code.clone(),
        bytes: change.bytes,
        came: change.came.to_string(),
        state: match decided {
            None => "waiting",
            Some(decided) if decided.released => "released",
            Some(_) => "discarded",
        },
        reason: decided.map(|decided| decided.reason.clone()),
        decided: decided.map(|decided| decided.at.to_string()),
    }
}

fn print(json: bool, changes: &[Quarantined]) -> Result<(), CommandError> {
    let all: Vec<Listed> = changes.iter().map(listed).collect();
    if json {
        return Ok(output::json(&all)?);
    }
    for one in &all {
        output::line(&format!(
            "{}  {}  {}  {}  device {}  staff {}  {} B  came {}  {}{}",
            one.change,
            one.state,
            one.code,
            one.record,
            one.device,
            one.staff,
            one.bytes,
            one.came,
            one.kind,
            one.reason.as_deref().map(|reason| format!("  {reason}")).unwrap_or_default()
        ))?;
    }
    Ok(())
}
