//! How values lie in columns.

use minicbor::Decode;
use rusqlite::Row;
use sambung_domain::{RecordId, Shard, Timestamp};
use sambung_sync::chain::Mark;
use sambung_sync::document::ChangeHash;
use sambung_sync::relay::{Claim, Decided, Device, Invitation, Move, Quarantined, StoredChange, StoredOrder};
use sambung_trust::merkle::{Node, Tree};
use sambung_trust::signed::encode;
use sambung_trust::{PublicKey, Signature, Signed};

use super::StoreError;

/// A row as the store's caller wants it. Reading the columns and reading what lies in them fail apart.
pub(super) type Read<T> = rusqlite::Result<Result<T, StoreError>>;

/// The value behind a CBOR column.
pub(super) fn from_cbor<T: for<'b> Decode<'b, ()>>(bytes: &[u8]) -> Result<T, StoreError> {
    minicbor::decode(bytes).map_err(StoreError::damaged)
}

/// A sequence as SQLite numbers it.
pub(super) fn column(sequence: u64) -> Result<i64, StoreError> {
    i64::try_from(sequence).map_err(|_| StoreError::Sequence)
}

pub(super) fn sequence(column: i64) -> Result<u64, StoreError> {
    u64::try_from(column).map_err(StoreError::damaged)
}

/// Thirty-two bytes after another.
pub(super) fn joined<'a>(parts: impl IntoIterator<Item = &'a [u8; 32]>) -> Vec<u8> {
    parts.into_iter().flatten().copied().collect()
}

fn parts(bytes: &[u8]) -> Result<&[[u8; 32]], StoreError> {
    match bytes.as_chunks() {
        (parts, []) => Ok(parts),
        _ => Err(StoreError::damaged("a list of hashes is cut short")),
    }
}

fn nodes(bytes: &[u8]) -> Result<Vec<Node>, StoreError> {
    Ok(parts(bytes)?.iter().copied().map(Node).collect())
}

/// The columns `leaves, tree` of a batch.
pub(super) fn tree_columns(tree: &Tree) -> (Vec<u8>, Option<Vec<u8>>) {
    match tree.whole() {
        Some(leaves) => (joined(leaves.iter().map(|leaf| &leaf.0)), None),
        None => (Vec::new(), Some(encode(tree))),
    }
}

/// What is known of a batch's leaves, from these columns.
pub(super) fn tree(leaves: &[u8], tree: Option<&[u8]>) -> Result<Tree, StoreError> {
    match tree {
        Some(tree) => from_cbor(tree),
        None => Ok(Tree::of(nodes(leaves)?)),
    }
}

pub(super) fn hashes(bytes: &[u8]) -> Result<Vec<ChangeHash>, StoreError> {
    Ok(parts(bytes)?.iter().copied().map(ChangeHash).collect())
}

/// From `body, signature` beginning at a column.
pub(super) fn signed(row: &Row<'_>, first: usize) -> rusqlite::Result<Signed> {
    let body: Vec<u8> = row.get(first)?;
    Ok(Signed { body: body.into(), signature: Signature(row.get(first + 1)?) })
}

/// From `sequence, chain` beginning at a column.
pub(super) fn mark(row: &Row<'_>, first: usize) -> Read<Mark> {
    let (at, chain): (i64, [u8; 32]) = (row.get(first)?, row.get(first + 1)?);
    Ok(sequence(at).map(|sequence| Mark { sequence, chain }))
}

/// From `replica, key, name, grant, counter, root, seen`.
pub(super) fn device(row: &Row<'_>) -> rusqlite::Result<Device> {
    Ok(Device {
        replica: row.get(0)?,
        key: PublicKey(row.get(1)?),
        name: row.get(2)?,
        grant: row.get(3)?,
        counter: row.get::<_, i64>(4)?.cast_unsigned(),
        root: row.get::<_, Option<[u8; 32]>>(5)?.map(Node),
        seen: Timestamp(row.get(6)?),
    })
}

/// From `hash, role, areas, office, staff, expires, used_by, sets`.
pub(super) fn invitation(row: &Row<'_>) -> Read<Invitation> {
    let hash = row.get(0)?;
    let (role, areas, staff): (Vec<u8>, Vec<u8>, Vec<u8>) = (row.get(1)?, row.get(2)?, row.get(4)?);
    let sets: Vec<u8> = row.get(7)?;
    let office: Option<String> = row.get(3)?;
    let expires = Timestamp(row.get(5)?);
    let used_by = row.get::<_, Option<[u8; 32]>>(6)?.map(PublicKey);
    let read = || {
        Ok(Invitation {
            hash,
            role: from_cbor(&role)?,
            areas: from_cbor(&areas)?,
            sets: from_cbor(&sets)?,
            office: office.map(|code| code.parse()).transpose().map_err(StoreError::damaged)?,
            staff: from_cbor(&staff)?,
            expires,
            used_by,
        })
    };
    Ok(read())
}

/// From `hash, chunk, batch, leaf`.
pub(super) fn change(row: &Row<'_>) -> rusqlite::Result<StoredChange> {
    Ok(StoredChange {
        hash: ChangeHash(row.get(0)?),
        chunk: row.get(1)?,
        batch: row.get(2)?,
        leaf: row.get(3)?,
    })
}

/// From `body, tips`.
pub(super) fn order(row: &Row<'_>) -> Read<StoredOrder> {
    let (body, tips): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?);
    let read = || Ok(StoredOrder { order: from_cbor(&body)?, tips: from_cbor(&tips)? });
    Ok(read())
}

/// From `at, before, tips`.
pub(super) fn moved(row: &Row<'_>) -> Read<Move> {
    let (at, before, tips): (i64, Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let read = || Ok(Move { at: Timestamp(at), before: from_cbor(&before)?, tips: from_cbor(&tips)? });
    Ok(read())
}

/// From `record, generation, kind, hash, device, staff, code, bytes, came, batch, leaf, chunk, outcome, released,
/// reason, decided`.
pub(super) fn quarantined(row: &Row<'_>) -> Read<Quarantined> {
    let number: Option<i64> = row.get(12)?;
    let decided = match number {
        None => None,
        Some(number) => {
            let (released, reason, at) = (row.get(13)?, row.get(14)?, Timestamp(row.get(15)?));
            Some((number, released, reason, at))
        }
    };
    let change = Quarantined {
        record: RecordId(row.get(0)?),
        generation: row.get(1)?,
        kind: row.get(2)?,
        hash: ChangeHash(row.get(3)?),
        device: PublicKey(row.get(4)?),
        staff: RecordId(row.get(5)?),
        code: row.get(6)?,
        bytes: row.get(7)?,
        came: Timestamp(row.get(8)?),
        batch: row.get(9)?,
        leaf: row.get(10)?,
        chunk: row.get(11)?,
        decided: None,
    };
    let decided = decided
        .map(|(number, released, reason, at)| Ok(Decided { number: sequence(number)?, released, reason, at }))
        .transpose();
    Ok(decided.map(|decided| Quarantined { decided, ..change }))
}

/// From `replica, shard, set_name, epoch, sequence`.
pub(super) fn claim(row: &Row<'_>) -> Read<Claim> {
    let (replica, epoch) = (row.get(0)?, row.get(3)?);
    let (shard, set, at): (String, String, i64) = (row.get(1)?, row.get(2)?, row.get(4)?);
    let read = || {
        let set = set.parse().map_err(StoreError::damaged)?;
        Ok(Claim { replica, shard: Shard::from_stored(shard), set, epoch, sequence: sequence(at)? })
    };
    Ok(read())
}
