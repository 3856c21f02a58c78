//! Signed batches: each author's signature, and that the leaves held lead to the root he signed.

use sambung_trust::{BatchHeader, Signed};

use super::Verifier;
use crate::{ReplicaError, batches};

impl Verifier<'_> {
    /// Every batch.
    pub(super) fn batches(&mut self) -> Result<(), ReplicaError> {
        let sql = "SELECT number FROM batch WHERE number > ?1 ORDER BY number LIMIT ?2";
        self.each(sql, |verifier, number| {
            verifier.verified.batches += 1;
            verifier.batch(number)
        })
    }

    fn batch(&mut self, number: i64) -> Result<(), ReplicaError> {
        let (root, signed): ([u8; 32], Vec<u8>) = self
            .connection
            .prepare_cached("SELECT root, signed FROM batch WHERE number = ?1")?
            .query_row([number], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let header = minicbor::decode::<Signed>(&signed).ok().and_then(|signed| {
            let claimed: BatchHeader = signed.peek().ok()?;
            signed.open::<BatchHeader>(&claimed.device).ok()
        });
        if header.is_none_or(|header| header.root.0 != root) {
            self.found("batch_signature", None, format!("batch {number} is not signed by its author"));
            return Ok(());
        }
        let deployment = &self.identity.deployment;
        let held = batches::leaves(self.connection, deployment, number)?;
        let tree = batches::tree(self.connection, deployment, number)?;
        let unproven = held.iter().filter(|(at, node)| tree.leaf(**at) != Some(**node)).count();
        if unproven > 0 {
            let detail = format!("batch {number}: {unproven} leaves do not lead to its root");
            self.found("batch_leaves", None, detail);
        }
        Ok(())
    }
}
