//! The rules for sealed items and their recipients.

use sambung_domain::OfficeCode;
use sambung_sync::relay::{NewParcel, ParcelStage, ParcelStore};
use sambung_trust::{ItemId, Parcel, Recipient, RecipientKey};

use super::*;

pub(super) fn office() -> OfficeCode {
    "P4MI-3513".parse().unwrap()
}

fn parcel(content: &[u8]) -> Parcel {
    let header = Signed { body: vec![1; 4].into(), signature: Signature([2; 64]) };
    Parcel { device: PublicKey([3; 32]), header, content: content.to_vec().into() }
}

pub(super) fn put<B: Bench>(bench: &B, item: u8, to: Option<&OfficeCode>, content: &[u8]) {
    let parcel = parcel(content);
    let new = NewParcel {
        item: ItemId([item; 32]),
        kind: "complaint",
        to,
        parcel: &parcel,
        came: Timestamp(5),
        ended: item == 2,
        mark: [item; 8],
    };
    bench.commit(|store| store.put_parcel(&new).unwrap());
}

pub(super) fn recipients_are_listed_once_and_dropped<B: Bench>(bench: &B) {
    let recipient = |byte, role| Recipient {
        device: PublicKey([byte; 32]),
        key: RecipientKey([byte; 32]),
        role,
        office: Some(office()),
        staff: vec![RecordId([byte; 16])],
    };
    let (one, two) = (recipient(1, Role::FrontOffice), recipient(2, Role::Central));
    for listed in [&two, &one, &Recipient { role: Role::Head, ..one.clone() }, &one] {
        bench.commit(|store| store.put_recipient(listed).unwrap());
    }
    assert_eq!(bench.read(|store| store.recipients().unwrap()), [one.clone(), two]);
    bench.commit(|store| store.drop_recipient(&PublicKey([2; 32])).unwrap());
    assert_eq!(bench.read(|store| store.recipients().unwrap()), [one]);
}

pub(super) fn parcels_wait_for_their_destination_in_their_order<B: Bench>(bench: &B) {
    put(bench, 1, Some(&office()), b"first");
    put(bench, 2, Some(&office()), b"second");
    put(bench, 3, None, b"for the centre");
    put(bench, 1, Some(&office()), b"first");
    let waiting = |to: Option<&OfficeCode>, after, limit| {
        bench.read(|store| store.parcels_for(to, after, limit).unwrap())
    };
    let all = waiting(Some(&office()), 0, 9);
    let contents: Vec<&[u8]> = all.iter().map(|stored| &stored.parcel.content[..]).collect();
    assert_eq!(contents, [&b"first"[..], b"second"], "the same content is kept once");
    assert_eq!(all.iter().map(|stored| stored.mark).collect::<Vec<_>>(), [[1; 8], [2; 8]]);
    assert_eq!(all.iter().map(|stored| stored.ended).collect::<Vec<_>>(), [false, true]);
    assert_eq!(waiting(Some(&office()), all[0].number, 9), all[1..]);
    assert_eq!(waiting(Some(&office()), 0, 1), all[..1]);
    assert_eq!(waiting(None, 0, 9).len(), 1);
    bench.read(|store| {
        assert_eq!(store.parcel_at(all[0].number).unwrap(), Some([1; 8]));
        assert_eq!(store.parcel_at(u64::MAX).unwrap(), None);
        assert_eq!(store.parcel_load(&PublicKey([3; 32])).unwrap(), Load { changes: 3, bytes: 25 });
        assert_eq!(store.parcel_load(&PublicKey([4; 32])).unwrap(), Load { changes: 0, bytes: 0 });
    });
}

pub(super) fn an_item_is_opened_then_safe_and_its_content_is_gone<B: Bench>(bench: &B) {
    let item = ItemId([1; 32]);
    let stage = || bench.read(|store| store.parcel_stage(&item).unwrap());
    assert_eq!(stage(), None);
    put(bench, 1, Some(&office()), b"sealed");
    put(bench, 1, Some(&office()), b"sealed anew");
    assert_eq!(stage(), Some(ParcelStage::Waiting));
    let kind = bench.read(|store| store.parcel_kind(&item).unwrap());
    assert_eq!(kind.as_deref(), Some("complaint"));
    let note = Signed { body: vec![7].into(), signature: Signature([8; 64]) };
    bench.commit(|store| store.put_note(&item, RecordId([9; 16]), &note).unwrap());
    bench.commit(|store| store.put_note(&item, RecordId([9; 16]), &note).unwrap());
    assert_eq!(stage(), Some(ParcelStage::Opened));
    bench.read(|store| assert!(store.parcels_for(Some(&office()), 0, 9).unwrap().is_empty()));
    bench.commit(|store| store.forget_parcel(&item).unwrap());
    assert_eq!(stage(), Some(ParcelStage::Safe));
    bench.read(|store| {
        assert_eq!(store.parcel_load(&PublicKey([3; 32])).unwrap().changes, 0);
        assert!(store.parcel_at(1).unwrap().is_some(), "positions stay");
    });
}

pub(super) fn a_note_on_an_unknown_item_stays<B: Bench>(bench: &B) {
    let item = ItemId([1; 32]);
    let note = Signed { body: vec![7].into(), signature: Signature([8; 64]) };
    bench.commit(|store| store.put_note(&item, RecordId([9; 16]), &note).unwrap());
    put(bench, 1, None, b"given back later");
    bench.read(|store| {
        assert_eq!(store.parcel_stage(&item).unwrap(), Some(ParcelStage::Opened));
        assert!(store.parcels_for(None, 0, 9).unwrap().is_empty());
    });
}
