//! What every store of a relay must do, written against [`RelayStore`] alone.
//!
//! A store is tested through [`Bench`]: something that lends out transactions and commits or rolls them back. Another
//! store needs a bench and one more line in `rules!`; another trait needs a module of rules.

mod all_or_nothing;
mod apart;
mod digests;
mod parcels;
mod rule;
mod silence;

use std::collections::BTreeSet;

use sambung_domain::{Access, RecordId, Role, Routing, Shard, Timestamp};
use sambung_sync::chain::{Entry, Mark};
use sambung_sync::document::ChangeHash;
use sambung_sync::relay::{
    Claim, Decided, Device, Invitation, Load, Move, NewOrder, Quarantined, RecordRow, RelayStore,
    StoredBatch, StoredChange, StoredLeaf, StoredOrder,
};
use sambung_trust::batch::Seen;
use sambung_trust::merkle::{self, Node, Tree};
use sambung_trust::order::{Deed, OrdersSum};
use sambung_trust::{Order, PublicKey, SecretKey, Signature, Signed, Subject};

use super::{Pool, StoreError, create};

/// Lends out transactions of a fresh, empty store.
trait Bench {
    /// The store inside a transaction.
    type Store<'a>: RelayStore<Error: std::fmt::Debug>;

    /// Runs `work` in a writing transaction and commits it.
    fn commit<T>(&self, work: impl FnOnce(&mut Self::Store<'_>) -> T) -> T;

    /// Runs `work` in a writing transaction and rolls it back.
    fn roll_back<T>(&self, work: impl FnOnce(&mut Self::Store<'_>) -> T) -> T;

    /// Runs `work` in a transaction that may only read.
    fn read<T>(&self, work: impl FnOnce(&mut Self::Store<'_>) -> T) -> T;
}

struct Sqlite {
    pool: Pool,
    _dir: tempfile::TempDir,
}

impl Sqlite {
    fn new() -> Sqlite {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("relay.sqlite");
        crate::file::reserve(&path).unwrap();
        create(&path, &[1; 16], Timestamp(0)).unwrap();
        Sqlite { pool: Pool::open(&path).unwrap(), _dir: dir }
    }
}

impl Bench for Sqlite {
    type Store<'a> = super::SqliteStore<'a>;

    fn commit<T>(&self, work: impl FnOnce(&mut Self::Store<'_>) -> T) -> T {
        self.pool.write(|store| Ok::<_, StoreError>(work(store))).unwrap()
    }

    fn roll_back<T>(&self, work: impl FnOnce(&mut Self::Store<'_>) -> T) -> T {
        let mut kept = None;
        let result: Result<(), StoreError> = self.pool.write(|store| {
            kept = Some(work(store));
            Err(StoreError::Busy)
        });
        assert!(matches!(result, Err(StoreError::Busy)));
        kept.unwrap()
    }

    fn read<T>(&self, work: impl FnOnce(&mut Self::Store<'_>) -> T) -> T {
        self.pool.read(|store| Ok::<_, StoreError>(work(store))).unwrap()
    }
}

/// Makes a test of the SQLite store of each rule.
macro_rules! rules {
    ($($rule:ident),+ $(,)?) => {
        $(#[test]
        fn $rule() {
            rule::$rule(&Sqlite::new());
        })+
    };
}

rules!(
    devices_return_and_are_overwritten,
    invitations_and_grants_return,
    an_unsigned_counter_survives,
    entries_page_in_order,
    shards_have_their_own_sequences,
    a_taken_sequence_is_refused,
    a_gap_is_refused,
    reads_see_the_transactions_own_writes,
    a_rolled_back_transaction_leaves_nothing,
    a_reading_transaction_cannot_write,
    a_rolled_back_transaction_leaves_nothing_of_any_kind,
    a_reader_keeps_its_snapshot_while_others_write,
    who_asks_for_none_gets_none,
    records_return_with_every_routing_value,
    changes_return_in_the_order_of_admission,
    a_change_is_named_by_record_generation_and_hash,
    a_batch_is_found_by_its_root,
    a_batch_given_back_in_parts_grows_whole,
    a_leaf_is_written_once,
    what_is_not_there_is_an_error_where_it_must_be,
    claims_return_the_farthest_first_and_are_overwritten,
    a_claim_is_of_an_enrolled_replica,
    exclusions_are_remembered_by_name,
    orders_only_grow_and_every_earlier_set_is_remembered,
    orders_are_found_by_their_device,
    moves_return_in_their_order,
    late_changes_are_remembered,
    what_is_apart_returns_and_is_counted_until_it_is_decided_about,
    decisions_are_numbered_and_told_device_by_device,
    sets_are_placed_from_their_first_entry_on,
    recipients_are_listed_once_and_dropped,
    parcels_wait_for_their_destination_in_their_order,
    an_item_is_opened_then_safe_and_its_content_is_gone,
    a_note_on_an_unknown_item_stays,
    what_was_counted_returns,
    sums_are_added_to_modulo_their_width,
    records_lie_where_their_live_values_say,
    what_was_counted_can_be_forgotten,
    a_silence_is_ended_and_begins_anew_unheard,
);

fn shard(area: &str) -> Shard {
    area.parse::<sambung_domain::Area>().unwrap().shard()
}

fn entry(number: u8) -> Entry {
    Entry::Change { record: RecordId([number; 16]), generation: 1, hash: ChangeHash([number; 32]) }
}

fn mark(sequence: u64) -> Mark {
    Mark { sequence, chain: [u8::try_from(sequence % 251).unwrap(); 32] }
}

fn signed(number: u8) -> Signed {
    Signed { body: vec![number; 40].into(), signature: Signature([number; 64]) }
}

fn device<S: RelayStore<Error: std::fmt::Debug>>(store: &mut S, number: u8, counter: u64) -> Device {
    let grant = signed(number);
    store.put_grant(&grant).unwrap();
    Device {
        replica: [number; 16],
        key: PublicKey([number; 32]),
        name: "Gawai uji".to_owned(),
        grant: grant.short_id(),
        counter,
        root: (counter > 0).then_some(Node([7; 32])),
        seen: Timestamp(i64::from(number)),
    }
}

fn batch(number: u8) -> StoredBatch {
    let tree = Tree::of(vec![Node([number; 32]), Node([number + 1; 32])]);
    StoredBatch { device: PublicKey([number; 32]), signed: signed(number), tree }
}

fn row() -> RecordRow {
    let routing = Routing {
        areas: BTreeSet::from(["35.13".parse().unwrap(), "35.08.01.2001".parse().unwrap()]),
        access: Some(Access::Restricted),
        offices: BTreeSet::from(["P4MI-3513".parse().unwrap()]),
        partners: BTreeSet::from(["DISNAKER-3508".parse().unwrap()]),
        readers: BTreeSet::from([RecordId([9; 16])]),
        excluded: BTreeSet::from(["BP3MI-JATIM".to_owned()]),
        offered: BTreeSet::from(["DISNAKER-3508".parse().unwrap()]),
    };
    RecordRow { kind: "worker".to_owned(), routing }
}

/// A change of a record that is written with it, under leaf 0 of batch 1.
fn change<S: RelayStore<Error: std::fmt::Debug>>(
    store: &mut S,
    record: u8,
    generation: u32,
    hash: u8,
) -> StoredChange {
    let number = store.put_batch(&Node([1; 32]), &batch(1)).unwrap();
    store.put_leaf(number, 0, &StoredLeaf { nonce: [2; 16], hashes: vec![] }).unwrap();
    let change = StoredChange { hash: ChangeHash([hash; 32]), chunk: vec![hash; 90], batch: number, leaf: 0 };
    store.put_change(RecordId([record; 16]), generation, &change).unwrap();
    store.put_record(RecordId([record; 16]), generation, &row()).unwrap();
    change
}
