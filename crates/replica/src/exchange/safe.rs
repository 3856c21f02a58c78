//! What is safe: how far a full replica other than this one has come, scope by scope, on the relay's word.

use rusqlite::{Connection, params};
use sambung_sync::chain::Mark;
use sambung_sync::message::Pull;

use crate::ReplicaError;

/// Takes the relay's word on a scope whose cursor stands at `cursor` now. Within one log it never runs backwards: what
/// a device had that is no longer one, it had. Beyond the own cursor it says nothing: a log that loses its end puts
/// other changes there.
pub(super) fn note(connection: &Connection, pull: &Pull, cursor: &Mark) -> Result<(), ReplicaError> {
    connection
        .prepare_cached(
            "INSERT INTO safe (shard, set_name, log, told, sequence) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (shard, set_name) DO UPDATE SET told = ?4, log = ?3,
                 sequence = CASE WHEN log = ?3 THEN max(sequence, ?5) ELSE ?5 END",
        )?
        .execute(params![
            pull.shard.as_str(),
            pull.set.to_string(),
            pull.log,
            i64::try_from(pull.safe).unwrap_or(i64::MAX),
            i64::try_from(pull.safe.min(cursor.sequence)).unwrap_or(i64::MAX)
        ])?;
    Ok(())
}

/// Forgets what was safe in a shard whose log has lost its end.
pub(super) fn forget(connection: &Connection, shard: &str) -> Result<(), ReplicaError> {
    connection.prepare_cached("DELETE FROM safe WHERE shard = ?1")?.execute([shard])?;
    Ok(())
}
