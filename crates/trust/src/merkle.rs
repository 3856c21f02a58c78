//! The Merkle tree over the leaves of one push.
//!
//! A device signs the root once; whoever later holds some of the leaves proves that they were under it with
//! the hashes of the parts he does not hold. Leaves and inner nodes are hashed in different domains, and the
//! root covers the number of leaves, so no tree passes for another. A level of odd length passes its last node
//! up unchanged (RFC 9162 §2.1 shapes the tree the same way).

use std::collections::BTreeMap;

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
    if count == 0 || held.is_empty() || !in_order || held.last()?.0 >= count {
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

/// What is known of a tree: leaves, and hashes of the parts whose leaves are not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    leaves: Vec<Option<Node>>,
    /// By level above the leaves and place in it.
    inner: BTreeMap<(u8, u32), Node>,
}

impl Tree {
    /// A tree of which every leaf is known.
    #[must_use]
    pub fn of(leaves: Vec<Node>) -> Tree {
        Tree { leaves: leaves.into_iter().map(Some).collect(), inner: BTreeMap::new() }
    }

    /// A tree of which nothing is known but how many leaves it has; of more than [`LEAVES_MAX`] none has.
    #[must_use]
    pub fn blank(count: usize) -> Tree {
        Tree { leaves: vec![None; count.min(LEAVES_MAX)], inner: BTreeMap::new() }
    }

    /// What leaves and a proof say of a tree, as in [`root_from`]. Whether they lead to a root that somebody has signed
    /// is asked there; of more than [`LEAVES_MAX`] leaves no tree is made.
    #[must_use]
    pub fn from_proof(count: usize, held: &[(usize, Node)], proof: &[Node]) -> Option<Tree> {
        if count > LEAVES_MAX || root_from(count, held, proof).is_none() {
            return None;
        }
        let mut tree = Tree::blank(count);
        for (at, node) in held {
            tree.leaves[*at] = Some(*node);
        }
        let (mut indices, mut width) = (held.iter().map(|(at, _)| *at).collect::<Vec<_>>(), count);
        let mut proof = proof.iter();
        for level in 0u8.. {
            if width <= 1 {
                break;
            }
            for at in missing_siblings(&indices, width) {
                match (level, *proof.next()?) {
                    (0, node) => tree.leaves[at] = Some(node),
                    (_, node) => _ = tree.inner.insert((level, u32::try_from(at).ok()?), node),
                }
            }
            (indices, width) = (parents_of(&indices), width.div_ceil(2));
        }
        Some(tree)
    }

    /// How many leaves the tree has, known or not.
    #[must_use]
    pub fn count(&self) -> usize {
        self.leaves.len()
    }

    /// A leaf, if it is known.
    #[must_use]
    pub fn leaf(&self, at: usize) -> Option<Node> {
        self.leaves.get(at).copied().flatten()
    }

    /// All leaves, if every one is known.
    #[must_use]
    pub fn whole(&self) -> Option<Vec<Node>> {
        self.leaves.iter().copied().collect()
    }

    /// Adds what else is known of the same tree.
    pub fn absorb(&mut self, other: &Tree) {
        for (mine, theirs) in self.leaves.iter_mut().zip(&other.leaves) {
            *mine = mine.or(*theirs);
        }
        self.inner.extend(other.inner.iter().map(|(at, node)| (*at, *node)));
    }

    /// The root, if enough is known.
    #[must_use]
    pub fn root(&self) -> Option<Node> {
        let (mut level, mut number) = (self.leaves.clone(), 0);
        while level.len() > 1 {
            number += 1;
            level = self.parents(&level, number);
        }
        match level.first() {
            Some(top) => Some(seal(self.count(), Some((*top)?))),
            None => Some(seal(0, None)),
        }
    }

    /// As [`prove`]; `None` if a part that the proof needs is not known.
    #[must_use]
    pub fn prove(&self, indices: &[usize]) -> Option<Vec<Node>> {
        let (mut level, mut number) = (self.leaves.clone(), 0);
        let (mut held, mut proof) = (indices.to_vec(), Vec::new());
        while level.len() > 1 {
            for at in missing_siblings(&held, level.len()) {
                proof.push(level[at]?);
            }
            number += 1;
            level = self.parents(&level, number);
            held = parents_of(&held);
        }
        Some(proof)
    }

    /// The level above one, as far as it is known.
    fn parents(&self, level: &[Option<Node>], number: u8) -> Vec<Option<Node>> {
        let computed = level.chunks(2).map(|pair| {
            let known: Option<Vec<Node>> = pair.iter().copied().collect();
            known.map(|pair| parent(&pair))
        });
        (0u32..)
            .zip(computed)
            .map(|(at, node)| node.or_else(|| self.inner.get(&(number, at)).copied()))
            .collect()
    }
}

impl<C> Encode<C> for Tree {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        c: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        let leaves: Vec<(u32, Node)> =
            (0u32..).zip(&self.leaves).filter_map(|(at, leaf)| Some((at, (*leaf)?))).collect();
        let inner: Vec<(u8, u32, Node)> =
            self.inner.iter().map(|((level, at), node)| (*level, *at, *node)).collect();
        (u32::try_from(self.count()).unwrap_or(u32::MAX), leaves, inner).encode(e, c)
    }
}

impl<'b, C> Decode<'b, C> for Tree {
    fn decode(d: &mut minicbor::Decoder<'b>, c: &mut C) -> Result<Self, minicbor::decode::Error> {
        type Parts = (u32, Vec<(u32, Node)>, Vec<(u8, u32, Node)>);
        let (count, leaves, inner) = Parts::decode(d, c)?;
        let outside = || minicbor::decode::Error::message("a tree with a node outside");
        let count = usize::try_from(count).ok().filter(|count| *count <= LEAVES_MAX).ok_or_else(outside)?;
        let mut tree = Tree::blank(count);
        for (at, node) in leaves {
            let at = usize::try_from(at).map_err(|_| outside())?;
            *tree.leaves.get_mut(at).ok_or_else(outside)? = Some(node);
        }
        tree.inner = inner.into_iter().map(|(level, at, node)| ((level, at), node)).collect();
        Ok(tree)
    }
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

    proptest! {
        #[test]
        fn what_came_in_parts_proves_what_the_whole_would(count in 1usize..40, first: u64, second: u64) {
            let all = leaves(count);
            let picked = |picks: u64| {
                let some: Vec<usize> = (0..count).filter(|at| picks >> (at % 64) & 1 == 1).collect();
                if some.is_empty() { vec![count - 1] } else { some }
            };
            let part = |indices: &[usize]| {
                let held: Vec<(usize, Node)> = indices.iter().map(|&at| (at, all[at])).collect();
                Tree::from_proof(count, &held, &prove(&all, indices)).unwrap()
            };
            let (one, other) = (picked(first), picked(second));
            let mut tree = part(&one);
            tree.absorb(&part(&other));
            let mut both: Vec<usize> = one.iter().chain(&other).copied().collect();
            both.sort_unstable();
            both.dedup();
            for some in [&one, &other, &both] {
                prop_assert_eq!(tree.prove(some), Some(prove(&all, some)));
            }
            prop_assert_eq!(tree.root(), Some(root(&all)));
            let read: Tree = minicbor::decode(&minicbor::to_vec(&tree).unwrap()).unwrap();
            prop_assert_eq!(&read, &tree);
            tree.absorb(&Tree::of(all.clone()));
            prop_assert_eq!(tree.whole(), Some(all));
        }
    }

    #[test]
    fn nothing_is_proven_of_what_is_not_known() {
        let all = leaves(4);
        let tree = Tree::from_proof(4, &[(0, all[0])], &prove(&all, &[0])).unwrap();
        assert_eq!((tree.leaf(1), tree.leaf(2), tree.whole()), (Some(all[1]), None, None));
        assert_eq!(tree.prove(&[2]), None);
        assert!(Tree::from_proof(LEAVES_MAX + 1, &[(0, all[0])], &[]).is_none());
        let outside = (2u32, vec![(2u32, all[0])], Vec::<(u8, u32, Node)>::new());
        assert!(minicbor::decode::<Tree>(&minicbor::to_vec(&outside).unwrap()).is_err());
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
