//! Signed batches as far as they are held: the leaves, and what proves them under the root.

use std::collections::BTreeMap;

use rusqlite::Connection;
use sambung_domain::RecordId;
use sambung_trust::merkle::{Node, Tree};
use sambung_trust::{DeploymentKey, batch};

use crate::ReplicaError;
use crate::exchange::split_hashes;

/// What is known of the leaves of a batch: those held that lead to its root, and the hashes that lead there.
pub(crate) fn tree(
    connection: &Connection,
    deployment: &DeploymentKey,
    number: i64,
) -> Result<Tree, ReplicaError> {
    let (root, count): ([u8; 32], usize) = connection
        .prepare_cached("SELECT root, leaves FROM batch WHERE number = ?1")?
        .query_row([number], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let held = leaves(connection, deployment, number)?;
    if held.len() == count && held.keys().copied().eq(0..count) {
        let whole = Tree::of(held.values().copied().collect());
        if whole.root() == Some(Node(root)) {
            return Ok(whole);
        }
    }
    let mut known = Tree::blank(count);
    for (at, nodes) in proofs(connection, number)? {
        let under: Option<Vec<(usize, Node)>> =
            at.iter().map(|at| held.get(at).map(|node| (*at, *node))).collect();
        let part = under.and_then(|under| Tree::from_proof(count, &under, &nodes));
        if let Some(part) = part.filter(|part| part.root() == Some(Node(root))) {
            known.absorb(&part);
        }
    }
    Ok(known)
}

/// The leaves held of a batch.
pub(crate) fn leaves(
    connection: &Connection,
    deployment: &DeploymentKey,
    number: i64,
) -> Result<BTreeMap<usize, Node>, ReplicaError> {
    let sql = "SELECT leaf, record, generation, nonce, hashes FROM leaf WHERE batch = ?1 ORDER BY leaf";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([number])?;
    let mut leaves = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let hashes = split_hashes(&row.get::<_, Vec<u8>>(4)?);
        let hashes = hashes.iter().map(|hash| &hash.0);
        let (record, generation, nonce) = (RecordId(row.get(1)?), row.get(2)?, row.get(3)?);
        leaves.insert(row.get(0)?, batch::leaf(deployment, record, generation, &nonce, hashes));
    }
    Ok(leaves)
}

/// The places of leaves, and what proves them together.
type Proof = (Vec<usize>, Vec<Node>);

/// The proofs that leaves came with, each for the leaves at some places.
fn proofs(connection: &Connection, number: i64) -> Result<Vec<Proof>, ReplicaError> {
    let unreadable = |_| ReplicaError::Unreadable("a proof");
    let mut statement = connection.prepare_cached("SELECT held, nodes FROM proof WHERE batch = ?1")?;
    let mut rows = statement.query([number])?;
    let mut proofs = Vec::new();
    while let Some(row) = rows.next()? {
        let at: Vec<u64> = minicbor::decode(&row.get::<_, Vec<u8>>(0)?).map_err(unreadable)?;
        let at = at.into_iter().map(|at| usize::try_from(at).unwrap_or(usize::MAX)).collect();
        let nodes: Vec<Node> = minicbor::decode(&row.get::<_, Vec<u8>>(1)?).map_err(unreadable)?;
        proofs.push((at, nodes));
    }
    Ok(proofs)
}
