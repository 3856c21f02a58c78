//! Lists of a push while they are read: bounded before anybody is known to have sent them. An empty chunk is one
//! byte on the wire and many times that in a list.

use minicbor::decode::{Decode, Decoder, Error};
use sambung_trust::merkle::LEAVES_MAX;

use super::{AskedSet, PushItem, ReturnedLeaf};
use crate::frame::FrameError;
use crate::limits::{ASKED_MAX, PUSH_CHANGES_MAX, SCOPES_MAX};

/// The items of a push, which together hold no more changes than a push may.
pub(super) fn items<C>(d: &mut Decoder<'_>, context: &mut C) -> Result<Vec<PushItem>, Error>
where
    PushItem: for<'b> Decode<'b, C>,
{
    let mut items: Vec<PushItem> = Vec::new();
    let mut changes = 0;
    for item in d.array_iter_with(context)? {
        let item: PushItem = item?;
        changes += item.chunks.len();
        if items.len() == LEAVES_MAX || changes > PUSH_CHANGES_MAX {
            return Err(Error::custom(FrameError::TooLarge));
        }
        items.push(item);
    }
    Ok(items)
}

/// What is given back, which together is no more than a push may hold.
pub(super) fn returned<C>(d: &mut Decoder<'_>, context: &mut C) -> Result<Vec<ReturnedLeaf>, Error>
where
    ReturnedLeaf: for<'b> Decode<'b, C>,
{
    let mut leaves: Vec<ReturnedLeaf> = Vec::new();
    let mut changes = 0;
    for leaf in d.array_iter_with(context)? {
        let leaf: ReturnedLeaf = leaf?;
        changes += leaf.leaf.changes.len();
        if leaves.len() == PUSH_CHANGES_MAX || changes > PUSH_CHANGES_MAX {
            return Err(Error::custom(FrameError::TooLarge));
        }
        leaves.push(leaf);
    }
    Ok(leaves)
}

/// A list that is counted while it is read.
pub(super) fn list<const MOST: usize, T, C>(d: &mut Decoder<'_>, context: &mut C) -> Result<Vec<T>, Error>
where
    T: for<'b> Decode<'b, C>,
{
    let mut list = Vec::new();
    for item in d.array_iter_with(context)? {
        if list.len() == MOST {
            return Err(Error::custom(FrameError::TooLarge));
        }
        list.push(item?);
    }
    Ok(list)
}

/// As [`list`], where it may be absent.
pub(super) fn some<const MOST: usize, T, C>(
    d: &mut Decoder<'_>,
    context: &mut C,
) -> Result<Option<Vec<T>>, Error>
where
    T: for<'b> Decode<'b, C>,
{
    list::<MOST, T, C>(d, context).map(Some)
}

/// The records asked about, which are counted over all sets.
pub(super) fn asked<C>(d: &mut Decoder<'_>, context: &mut C) -> Result<Option<Vec<AskedSet>>, Error>
where
    AskedSet: for<'b> Decode<'b, C>,
{
    let mut sets: Vec<AskedSet> = Vec::new();
    let mut records = 0;
    for set in d.array_iter_with(context)? {
        let set: AskedSet = set?;
        records += set.records.len();
        if sets.len() == SCOPES_MAX || records > ASKED_MAX {
            return Err(Error::custom(FrameError::TooLarge));
        }
        sets.push(set);
    }
    Ok(Some(sets))
}

#[cfg(test)]
mod tests {
    use minicbor::bytes::ByteVec;
    use sambung_domain::RecordId;
    use sambung_trust::{ItemId, Parcel, Recipient, SecretKey, Signed};

    use super::*;
    use crate::document::ChangeHash;
    use crate::frame::Frame;
    use crate::limits::{
        HEADS_MAX, LEVELS_MAX, ORDERS_HELD_MAX, PARCELS_ASKED_MAX, PARCELS_MAX, RECIPIENTS_MAX,
    };
    use crate::message::{Arrival, ExchangeRequest, Health, ParcelsDown, ParcelsUp, Push};

    fn read(items: &[usize]) -> Result<Push, FrameError> {
        let key = SecretKey::from_seed(&[1; 32]);
        let item = |chunks: &usize| PushItem {
            record: RecordId([1; 16]),
            generation: 1,
            kind: "worker".to_owned(),
            nonce: [1; 16],
            chunks: vec![ByteVec::from(Vec::new()); *chunks],
        };
        let batch = Signed { body: Vec::new().into(), signature: key.sign("", b"") };
        Frame::enclose(&Push { batch, items: items.iter().map(item).collect() }, [0; 24], &key).peek()
    }

    #[test]
    fn orders_given_back_are_counted_while_they_are_read() {
        let key = SecretKey::from_seed(&[1; 32]);
        let order = Signed { body: Vec::new().into(), signature: key.sign("", b"") };
        let request = |count| ExchangeRequest {
            replica: [1; 16],
            grant: [1; 8],
            scopes_hash: [1; 16],
            health: Health::default(),
            orders_held: Some(vec![order.clone(); count]),
            ..ExchangeRequest::default()
        };
        let read = |count| Frame::enclose(&request(count), [0; 24], &key).peek::<ExchangeRequest>();
        assert_eq!(read(ORDERS_HELD_MAX), Ok(request(ORDERS_HELD_MAX)));
        assert_eq!(read(ORDERS_HELD_MAX + 1), Err(FrameError::TooLarge));
    }

    #[test]
    fn sealed_items_are_counted_while_they_are_read() {
        let key = SecretKey::from_seed(&[1; 32]);
        let signed = Signed { body: Vec::new().into(), signature: key.sign("", b"") };
        let parcel = Parcel { device: key.public(), header: signed.clone(), content: Vec::new().into() };
        let up = |sent, waiting, notes| ParcelsUp {
            sent: vec![parcel.clone(); sent],
            waiting: vec![ItemId([1; 32]); waiting],
            notes: vec![signed.clone(); notes],
        };
        let fits = |up: &ParcelsUp| Frame::enclose(up, [0; 24], &key).peek::<ParcelsUp>().is_ok();
        assert!(fits(&up(PARCELS_MAX, PARCELS_ASKED_MAX, PARCELS_ASKED_MAX)));
        assert!(!fits(&up(PARCELS_MAX + 1, 0, 0)));
        assert!(!fits(&up(0, PARCELS_ASKED_MAX + 1, 0)));
        assert!(!fits(&up(0, 0, PARCELS_ASKED_MAX + 1)));
        let arrival = Arrival { number: 1, parcel: parcel.clone(), ended: false, mark: [1; 8] };
        let down =
            |arrived| ParcelsDown { arrived: vec![arrival.clone(); arrived], ..ParcelsDown::default() };
        let comes = |down: &ParcelsDown| Frame::enclose(down, [0; 24], &key).peek::<ParcelsDown>().is_ok();
        assert!(comes(&down(PARCELS_MAX)) && !comes(&down(PARCELS_MAX + 1)));
        let recipient = Recipient {
            device: key.public(),
            key: sambung_trust::RecipientKey([1; 32]),
            role: sambung_domain::Role::Central,
            office: None,
            staff: Vec::new(),
        };
        let listed = |count| {
            let list = vec![recipient.clone(); count];
            let bytes = sambung_trust::signed::encode(&list);
            some::<RECIPIENTS_MAX, Recipient, ()>(&mut Decoder::new(&bytes), &mut ()).is_ok()
        };
        assert!(listed(RECIPIENTS_MAX) && !listed(RECIPIENTS_MAX + 1));
    }

    #[test]
    fn a_push_is_counted_while_it_is_read() {
        let half = PUSH_CHANGES_MAX / 2;
        assert_eq!(read(&[half, half]).map(|push| push.items.len()), Ok(2));
        assert_eq!(read(&[half, half, 1]), Err(FrameError::TooLarge));
        assert_eq!(read(&[PUSH_CHANGES_MAX + 1]), Err(FrameError::TooLarge));
        assert!(read(&vec![0; LEAVES_MAX]).is_ok());
        assert_eq!(read(&vec![0; LEAVES_MAX + 1]), Err(FrameError::TooLarge));
    }

    #[test]
    fn what_is_given_back_is_counted_while_it_is_read() {
        use crate::limits::RETURNED_ADMISSIONS_MAX;
        use crate::message::{Admitted, PulledBatch, PulledChange, PulledLeaf, Returned, ReturnedLeaf};

        let key = SecretKey::from_seed(&[1; 32]);
        let signed = Signed { body: Vec::new().into(), signature: key.sign("", b"") };
        let leaf = |changes: usize| ReturnedLeaf {
            admission: 0,
            leaf: PulledLeaf {
                batch: 0,
                index: 0,
                record: RecordId([1; 16]),
                generation: 1,
                kind: String::new(),
                nonce: [1; 16],
                hashes: None,
                changes: vec![PulledChange { offset: 0, chunk: Vec::new().into(), late: None }; changes],
            },
        };
        let read = |admissions: usize, batches: usize, leaves: &[usize]| {
            let returned = Returned {
                admissions: vec![Admitted { admission: signed.clone(), proof: Vec::new() }; admissions],
                batches: vec![PulledBatch { batch: signed.clone(), leaves: 1, proof: Vec::new() }; batches],
                leaves: leaves.iter().map(|changes| leaf(*changes)).collect(),
            };
            Frame::enclose(&returned, [0; 24], &key).peek::<Returned>().map(drop)
        };
        let half = PUSH_CHANGES_MAX / 2;
        assert_eq!(read(RETURNED_ADMISSIONS_MAX, PUSH_CHANGES_MAX, &[half, half]), Ok(()));
        assert_eq!(read(0, 0, &vec![0; PUSH_CHANGES_MAX]), Ok(()));
        for (admissions, batches, leaves) in [
            (RETURNED_ADMISSIONS_MAX + 1, 0, vec![]),
            (0, PUSH_CHANGES_MAX + 1, vec![]),
            (0, 0, vec![half, half, 1]),
            (0, 0, vec![0; PUSH_CHANGES_MAX + 1]),
        ] {
            assert_eq!(read(admissions, batches, &leaves), Err(FrameError::TooLarge));
        }
    }

    #[test]
    fn what_is_compared_and_asked_is_counted_while_it_is_read() {
        use crate::message::{Asked, Level, ReconcileRequest};

        let key = SecretKey::from_seed(&[1; 32]);
        let set: sambung_domain::Set = "a:35.13".parse().unwrap();
        let read = |levels: usize, sets: &[(usize, usize)]| {
            let level =
                Level { set: set.clone(), epoch: [0; 8], count: 0, depth: 0, sums: Vec::new().into() };
            let asked = |heads| Asked {
                record: RecordId([1; 16]),
                generation: 1,
                heads: vec![ChangeHash([1; 32]); heads],
            };
            let asked_set = |(records, heads): &(usize, usize)| AskedSet {
                set: set.clone(),
                epoch: [0; 8],
                records: vec![asked(*heads); *records],
            };
            let request = ReconcileRequest {
                levels: Some(vec![level; levels]),
                asked: Some(sets.iter().map(asked_set).collect()),
                ..ReconcileRequest::default()
            };
            Frame::enclose(&request, [0; 24], &key).peek::<ReconcileRequest>().map(drop)
        };
        assert_eq!(read(LEVELS_MAX, &[(ASKED_MAX - 1, 0), (1, HEADS_MAX)]), Ok(()));
        for (levels, sets) in
            [(LEVELS_MAX + 1, vec![]), (0, vec![(ASKED_MAX, 0), (1, 0)]), (0, vec![(1, HEADS_MAX + 1)])]
        {
            assert_eq!(read(levels, &sets), Err(FrameError::TooLarge));
        }
    }
}
