//! The Merkle tree over the leaves of one push.
//!
//! A device signs the root once; whoever later holds some of the leaves proves that they were under it with
//! the hashes of the parts he does not hold. Leaves and inner nodes are hashed in different domains, and the
//! root covers the number of leaves, so no tree passes for another. A level of odd length passes its last node
//! up unchanged (RFC 9162 §2.1 shapes the tree the same way).

use minicbor::{Decode, Encode};

/// Hash of a leaf or node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct Node(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 32]);

/// Most leaves a push may have.
pub const LEAVES_MAX: usize = 4_096;

/// The root over the leaves, in order.
#[must_use]
pub fn root(leaves: &[Node]) -> Node {
    let mut level = leaves.to_vec();
    while level.len() > 1 {
        level = level.chunks(2).map(parent).collect();
    }
    seal(leaves.len(), level.first().copied())
}

/// The hashes that let someone who holds the leaves at `indices` (ascending) compute the root, in the order
/// [`root_from`] asks for them. Empty if he holds all of them.
#[must_use]
pub fn prove(leaves: &[Node], indices: &[usize]) -> Vec<Node> {
    let mut proof = Vec::new();
    let mut level = leaves.to_vec();
    let mut held = indices.to_vec();
    while level.len() > 1 {
        proof.extend(missing_siblings(&held, level.len()).into_iter().map(|at| level[at]));
        level = level.chunks(2).map(parent).collect();
        held = parents_of(&held);
    }
    proof
}

/// The root of a tree of `count` leaves, from the leaves held (ascending by index) and the proof.
///
/// `None` if the proof does not fit: too long, too short, or indices out of order or range.
#[must_use]
pub fn root_from(count: usize, held: &[(usize, Node)], proof: &[Node]) -> Option<Node> {
    let in_order = held.windows(2).all(|pair| pair[0].0 < pair[1].0);
    if count == 0 || count > LEAVES_MAX || held.is_empty() || !in_order || held.last()?.0 >= count {
        return None;
    }
    let mut proof = proof.iter().copied();
    let mut level = held.to_vec();
    let mut width = count;
    while width > 1 {
        level = climb(&level, width, &mut proof)?;
        width = width.div_ceil(2);
    }
    if proof.next().is_some() {
        return None;
    }
    Some(seal(count, level.first().map(|(_, node)| *node)))
}

fn climb(
    level: &[(usize, Node)],
    width: usize,
    proof: &mut impl Iterator<Item = Node>,
) -> Option<Vec<(usize, Node)>> {
    let mut above = Vec::with_capacity(level.len());
    let mut at = 0;
    while at < level.len() {
        let (index, node) = level[at];
        let sibling = index ^ 1;
        let next = level.get(at + 1).filter(|(next, _)| *next == sibling);
        let parent_node = match next {
            Some((_, right)) => {
                at += 1;
                parent(&[node, *right])
            }
            None if sibling >= width => node,
            None => {
                let other = proof.next()?;
                if index % 2 == 0 { parent(&[node, other]) } else { parent(&[other, node]) }
            }
        };
        above.push((index / 2, parent_node));
        at += 1;
    }
    Some(above)
}

fn missing_siblings(held: &[usize], width: usize) -> Vec<usize> {
    held.iter().map(|index| index ^ 1).filter(|sibling| *sibling < width && !held.contains(sibling)).collect()
}

fn parents_of(held: &[usize]) -> Vec<usize> {
    let mut parents: Vec<usize> = held.iter().map(|index| index / 2).collect();
    parents.dedup();
    parents
}

fn parent(pair: &[Node]) -> Node {
    match pair {
        [left, right] => {
            let mut hasher = blake3::Hasher::new_derive_key("sambung merkle node 1");
            hasher.update(&left.0).update(&right.0);
            Node(*hasher.finalize().as_bytes())
        }
        [only] => *only,
        _ => unreachable!("levels are taken in pairs"),
    }
}

fn seal(count: usize, top: Option<Node>) -> Node {
    let mut hasher = blake3::Hasher::new_derive_key("sambung merkle root 1");
    hasher.update(&u64::try_from(count).unwrap_or(u64::MAX).to_be_bytes());
    if let Some(top) = top {
        hasher.update(&top.0);
    }
    Node(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn leaves(count: usize) -> Vec<Node> {
        (0..count).map(|at| Node(*blake3::hash(&at.to_be_bytes()).as_bytes())).collect()
    }

    proptest! {
        #[test]
        fn any_held_leaves_and_their_proof_give_the_root(count in 1usize..40, picks: u64) {
            let all = leaves(count);
            let mut indices: Vec<usize> = (0..count).filter(|at| picks >> (at % 64) & 1 == 1).collect();
            if indices.is_empty() {
                indices.push(0);
            }
            let held: Vec<(usize, Node)> = indices.iter().map(|&at| (at, all[at])).collect();
            let proof = prove(&all, &indices);
            prop_assert_eq!(root_from(count, &held, &proof), Some(root(&all)));

            let mut forged = held.clone();
            forged[0].1.0[0] ^= 1;
            prop_assert_ne!(root_from(count, &forged, &proof), Some(root(&all)));
            let mut longer = proof.clone();
            longer.push(all[0]);
            prop_assert_eq!(root_from(count, &held, &longer), None);
        }
    }

    #[test]
    fn who_holds_everything_needs_no_proof() {
        let all = leaves(7);
        assert!(prove(&all, &[0, 1, 2, 3, 4, 5, 6]).is_empty());
    }

    #[test]
    fn the_number_of_leaves_is_part_of_the_root() {
        let all = leaves(4);
        let inner = [parent(&all[..2]), parent(&all[2..])];
        assert_ne!(root(&all), root(&inner));
    }

    #[test]
    fn nonsense_is_no_proof() {
        let all = leaves(4);
        assert_eq!(root_from(0, &[(0, all[0])], &[]), None);
        assert_eq!(root_from(4, &[], &[]), None);
        assert_eq!(root_from(4, &[(4, all[0])], &[]), None);
        assert_eq!(root_from(4, &[(1, all[1]), (0, all[0])], &[]), None);
        assert_eq!(root_from(4, &[(0, all[0])], &[all[1]]), None);
    }
}
