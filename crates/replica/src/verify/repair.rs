//! Rebuilding what is derived, and trying again what was given up.

use rusqlite::TransactionBehavior;
use sambung_domain::Timestamp;
use serde::Serialize;

use super::{Event, Verified, Watch};
use crate::{Replica, ReplicaError, digest};

/// What a repair did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Repaired {
    /// What was found before.
    pub before: Verified,
    /// Records whose document and projection were rebuilt from their changes.
    pub rebuilt: u64,
    /// Changes taken that could not be used, or lacked their base, until now.
    pub taken: u64,
    /// What is found after.
    pub after: Verified,
}

impl Replica {
    /// Verifies, makes everything derived anew where an index does not hold, counts sums anew, rebuilds every record whose changes are sound and whose document or projection is not, gives
    /// every record that was left behind new attempts, tries again what could not be used, and verifies once
    /// more. Raw changes, signatures and receipts are never touched; a record whose own changes are damaged
    /// keeps its last good document. `watch` hears of the findings that remain. The host holds the advisory
    /// lock.
    ///
    /// # Errors
    /// What the database says.
    pub fn repair(&mut self, now: Timestamp, watch: Watch<'_>) -> Result<Repaired, ReplicaError> {
        let (mut indexes_hold, mut sums_hold) = (true, true);
        let (before, numbers) = self.verification(&mut |event| {
            indexes_hold &= !matches!(event, Event::Found(finding) if finding.code == "index");
            sums_hold &= !matches!(event, Event::Found(finding) if finding.code == "digest");
        })?;
        // Nothing can be taken out of an index of search that is not what its rows say.
        if !indexes_hold {
            self.rebuild()?;
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut rebuilt = 0;
        for number in numbers {
            transaction
                .prepare_cached("UPDATE record SET document = NULL, position = 0 WHERE number = ?1")?
                .execute([number])?;
            transaction.prepare_cached("INSERT OR IGNORE INTO underived VALUES (?1)")?.execute([number])?;
            rebuilt += 1;
        }
        transaction
            .execute("UPDATE record SET attempts = 0 WHERE number IN (SELECT record FROM underived)", [])?;
        if !sums_hold {
            digest::forget(&transaction)?;
            digest::ensure(&transaction, &self.identity.deployment)?;
        }
        transaction.commit()?;
        let taken = self.retry_set_aside(now)?;
        self.derive()?;
        let after = self.verify(watch)?;
        Ok(Repaired { before, rebuilt, taken, after })
    }
}
