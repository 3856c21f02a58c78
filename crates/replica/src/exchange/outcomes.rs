//! What became of changes of ours that were in quarantine: on the relay's word, shown to their author.

use rusqlite::{Connection, params};
use sambung_domain::Timestamp;
use sambung_trust::signed::encode;
use sambung_trust::{Outcome, PublicKey, Signed};

use super::session::SyncError;
use crate::ReplicaError;
use crate::database::{named_cbor, set_named};

/// Name of the stored number of the last outcome told.
const TOLD: &str = "outcomes";

/// How `change.outcome` says that it was released.
const RELEASED: i64 = 1;
/// How `change.outcome` says that it was discarded.
const DISCARDED: i64 = 2;

/// The number of the last outcome that the relay told; `None` before the first.
pub(super) fn told(connection: &Connection) -> Result<Option<u64>, ReplicaError> {
    named_cbor(connection, TOLD)
}

/// The relay's log has lost its end, and perhaps what was in quarantine there: it is asked about everything again, and
/// what it kept apart waits again.
pub(super) fn forget(connection: &Connection) -> Result<(), ReplicaError> {
    connection.prepare_cached("DELETE FROM named WHERE name = ?1")?.execute([TOLD])?;
    connection
        .prepare_cached(
            "UPDATE change SET receipt = NULL, lane = 0, code = NULL
             WHERE (refused IS NOT NULL OR lane = 2) AND lane = 2 AND outcome IS NULL AND sequence IS NULL",
        )?
        .execute([])?;
    Ok(())
}

/// Takes outcomes that the relay has signed.
pub(super) fn take(
    connection: &Connection,
    relay: &PublicKey,
    outcomes: &[Signed],
    now: Timestamp,
) -> Result<(), SyncError> {
    for signed in outcomes {
        let outcome: Outcome = signed.open(relay).map_err(|_| SyncError::RelayUnknown)?;
        note(connection, &outcome, now)?;
        set_named(connection, TOLD, &encode(&outcome.number))?;
    }
    Ok(())
}

fn note(connection: &Connection, outcome: &Outcome, now: Timestamp) -> Result<(), ReplicaError> {
    let (kind, lane, code) =
        if outcome.released { (RELEASED, 0, None) } else { (DISCARDED, 2, Some("discarded")) };
    connection
        .prepare_cached(
            "UPDATE change SET outcome = ?4, decided = ?5, lane = ?6, code = ?7, judged = ?8
             WHERE hash = ?3 AND own = 1
               AND record = (SELECT number FROM record WHERE id = ?1 AND generation = ?2)",
        )?
        .execute(params![
            outcome.record.0,
            outcome.generation,
            outcome.change,
            kind,
            outcome.reason,
            lane,
            code,
            now.0
        ])?;
    Ok(())
}
