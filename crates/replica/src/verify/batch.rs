//! Signed batches: each author's signature, and that the leaves held lead to the root he signed.

use std::collections::{BTreeMap, BTreeSet};

use sambung_domain::RecordId;
use sambung_trust::merkle::{Node, root_from};
use sambung_trust::{BatchHeader, Signed, batch};

use super::Verifier;
use crate::ReplicaError;
use crate::exchange::split_hashes;

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
        let (root, signed, count): ([u8; 32], Vec<u8>, usize) = self
            .connection
            .prepare_cached("SELECT root, signed, leaves FROM batch WHERE number = ?1")?
            .query_row([number], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let header = minicbor::decode::<Signed>(&signed).ok().and_then(|signed| {
            let claimed: BatchHeader = signed.peek().ok()?;
            signed.open::<BatchHeader>(&claimed.device).ok()
        });
        if header.is_none_or(|header| header.root.0 != root) {
            self.found("batch_signature", None, format!("batch {number} is not signed by its author"));
            return Ok(());
        }
        let held = self.leaves(number)?;
        let unproven = self.unproven(number, &held, count, Node(root))?;
        if !unproven.is_empty() {
            let detail = format!("batch {number}: {} leaves do not lead to its root", unproven.len());
            self.found("batch_leaves", None, detail);
        }
        Ok(())
    }

    fn leaves(&self, number: i64) -> Result<BTreeMap<usize, Node>, ReplicaError> {
        let sql = "SELECT leaf, record, generation, nonce, hashes FROM leaf WHERE batch = ?1 ORDER BY leaf";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([number])?;
        let mut leaves = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let hashes = split_hashes(&row.get::<_, Vec<u8>>(4)?);
            let hashes = hashes.iter().map(|hash| &hash.0);
            let (record, generation, nonce) = (RecordId(row.get(1)?), row.get(2)?, row.get(3)?);
            let node = batch::leaf(&self.identity.deployment, record, generation, &nonce, hashes);
            leaves.insert(row.get(0)?, node);
        }
        Ok(leaves)
    }

    /// The leaves that neither the whole tree nor one of the proofs they came with shows under the root.
    fn unproven(
        &self,
        number: i64,
        held: &BTreeMap<usize, Node>,
        count: usize,
        root: Node,
    ) -> Result<BTreeSet<usize>, ReplicaError> {
        let all: Vec<(usize, Node)> = held.iter().map(|(at, node)| (*at, *node)).collect();
        if root_from(count, &all, &[]) == Some(root) {
            return Ok(BTreeSet::new());
        }
        let mut unproven: BTreeSet<usize> = held.keys().copied().collect();
        let mut statement =
            self.connection.prepare_cached("SELECT held, nodes FROM proof WHERE batch = ?1")?;
        let mut rows = statement.query([number])?;
        while let Some(row) = rows.next()? {
            let unreadable = |_| ReplicaError::Unreadable("a proof");
            let at: Vec<u64> = minicbor::decode(&row.get::<_, Vec<u8>>(0)?).map_err(unreadable)?;
            let nodes: Vec<Node> = minicbor::decode(&row.get::<_, Vec<u8>>(1)?).map_err(unreadable)?;
            let under: Option<Vec<(usize, Node)>> = at
                .iter()
                .map(|at| {
                    let at = usize::try_from(*at).ok()?;
                    held.get(&at).map(|node| (at, *node))
                })
                .collect();
            if let Some(under) = under.filter(|under| root_from(count, under, &nodes) == Some(root)) {
                under.iter().for_each(|(at, _)| _ = unproven.remove(at));
            }
        }
        Ok(unproven)
    }
}
