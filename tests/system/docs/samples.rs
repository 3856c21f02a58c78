//! Every message, with every optional part present and absent and every alternative taken once.
//!
//! The structures are written out field by field: a field added to a message does not compile here until
//! somebody has described it.

mod reconcile;

use minicbor::Encode;
use sambung_domain::{Access, Area, RecordId, Role, Routing, Set, Shard, Timestamp};
use sambung_sync::ChangeHash;
use sambung_sync::chain::{Entry, Mark};
use sambung_sync::frame::{AnswerFrame, Frame};
use sambung_sync::message::{
    Admitted, Arrival, Budget, Closed, Disposition, EnrolRequest, EnrolResponse, ExchangeRequest,
    ExchangeResponse, Health, Hello, KnownChange, Lane, ListenRequest, ParcelMark, ParcelState, ParcelsDown,
    ParcelsUp, Pull, PullAnswer, PulledBatch, PulledChange, PulledLeaf, Push, PushItem, Refusal, Returned,
    ReturnedLeaf, ScopeState, ShardMark, Verdict, VerdictRun, Want,
};
use sambung_trust::batch::Seen;
use sambung_trust::certificate::{Certificate, Purpose};
use sambung_trust::grant::{Actions, KindRule, RoutingRights};
use sambung_trust::merkle::Node;
use sambung_trust::order::Deed;
use sambung_trust::parcel::KeyName;
use sambung_trust::receipt::ShardRange;
use sambung_trust::signed::encode;
use sambung_trust::{
    Admission, BatchHeader, DeploymentKey, Grant, ItemId, Order, Outcome, Parcel, ParcelHeader, ParcelNote,
    Receipt, Recipient, RecipientKey, RecipientsSum, SecretKey, Signed,
};

use reconcile::{
    emptied_reconcile, emptied_reconciled, full_reconcile, full_reconciled, least_reconcile, least_reconciled,
};

/// A rule of docs/protocol.cddl with bytes that it must allow.
pub(super) type Sample = (&'static str, Vec<u8>);

pub(super) fn all() -> Vec<Sample> {
    let mut samples = vec![
        ("hello-answer", encode(&hello(vec![1], certificates()))),
        ("hello-answer", encode(&hello(vec![], vec![]))),
        ("enrol-answer", answer(&enrol_response(&grant(Role::FrontOffice), recipients()))),
        ("enrol-answer", answer(&enrol_response(&grant(Role::FrontOffice), vec![]))),
        ("enrol-frame", request(&enrol_request(vec![1]))),
        ("enrol-frame", request(&enrol_request(vec![]))),
        ("exchange-frame", request(&least_request())),
        ("exchange-frame", request(&full_request())),
        ("exchange-frame", request(&emptied_request())),
        ("exchange-answer", answer(&least_response())),
        ("exchange-answer", answer(&full_response(Want::Grant, Closed::Revoked))),
        ("exchange-answer", answer(&full_response(Want::Scopes, Closed::Ended))),
        ("exchange-answer", answer(&full_response(Want::Orders, Closed::Expired))),
        ("exchange-answer", answer(&emptied_response())),
        ("reconcile-frame", request(&least_reconcile())),
        ("reconcile-frame", request(&full_reconcile())),
        ("reconcile-frame", request(&emptied_reconcile())),
        ("reconcile-answer", answer(&least_reconciled())),
        ("reconcile-answer", answer(&full_reconciled())),
        ("reconcile-answer", answer(&emptied_reconciled())),
        ("listen-frame", request(&ListenRequest { replica: [5; 16], grant: [6; 8] })),
        ("refusal", encode(&refusal(Some([1; 24]), Some(5)))),
        ("refusal", encode(&refusal(None, None))),
    ];
    samples.extend(Role::ALL.map(|(role, _, _)| ("signed-grant", encode(&grant(role)))));
    samples.extend(Access::ALL.map(|ceiling| ("signed-grant", encode(&bare_grant(ceiling)))));
    samples.extend(entries().map(|entry| ("entry", encode(&entry))));
    samples
}

fn key() -> SecretKey {
    SecretKey::from_seed(&[7; 32])
}

fn request<T: Encode<()>>(message: &T) -> Vec<u8> {
    encode(&Frame::enclose(message, [1; 24], &key()))
}

fn answer<T: Encode<()>>(message: &T) -> Vec<u8> {
    encode(&AnswerFrame::enclose(message, &[1; 32], &key()))
}

fn area(text: &str) -> Area {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn shard() -> Shard {
    area("35.13").shard()
}

fn record() -> RecordId {
    RecordId([3; 16])
}

fn mark() -> Mark {
    Mark { sequence: 300, chain: [4; 32] }
}

fn sets() -> [Set; 3] {
    let office = "P4MI-3513".parse().unwrap_or_else(|error| panic!("{error}"));
    [Set::Area(area("35.13")), Set::Office(office), Set::Person(record())]
}

fn hello(versions: Vec<u16>, certificates: Vec<Signed>) -> Hello {
    let (root, relay_time) = (key().public(), Timestamp(1_790_000_000_000));
    Hello { versions, root, certificates, relay_time, nonce: [1; 24] }
}

fn certificates() -> Vec<Signed> {
    let certificate = |purpose| Certificate {
        purpose,
        key: key().public(),
        name: "Uji".to_owned(),
        from: Timestamp(-1),
        until: Timestamp(1),
    };
    [Purpose::Issuer, Purpose::Relay, Purpose::Recovery]
        .map(|purpose| Signed::seal(&certificate(purpose), &key()))
        .to_vec()
}

fn enrol_request(versions: Vec<u16>) -> EnrolRequest {
    let (device, replica) = (key().public(), [5; 16]);
    EnrolRequest {
        code: "0".repeat(26),
        device,
        replica,
        name: "Loket uji".to_owned(),
        versions,
        recipient: RecipientKey([5; 32]),
    }
}

fn enrol_response(grant: &Signed, recipients: Vec<Recipient>) -> EnrolResponse {
    EnrolResponse {
        grant: grant.clone(),
        deployment: DeploymentKey([6; 32]),
        log: [7; 16],
        nonce: [1; 24],
        relay_time: Timestamp(0),
        recipients,
    }
}

fn recipients() -> Vec<Recipient> {
    let office = |code: &str| code.parse().ok();
    let recipient = |role, office, staff| Recipient {
        device: key().public(),
        key: RecipientKey([5; 32]),
        role,
        office,
        staff,
    };
    vec![
        recipient(Role::ComplaintOfficer, office("P4MI-3513"), vec![record()]),
        recipient(Role::Central, None, vec![]),
    ]
}

fn parcel(to: Option<&str>, sealed_to: Vec<KeyName>) -> Parcel {
    let header = ParcelHeader {
        item: ItemId([1; 32]),
        content: [2; 32],
        kind: "complaint".to_owned(),
        to: to.and_then(|code| code.parse().ok()),
        staff: record(),
        at: Timestamp(1),
        sealed_to,
    };
    Parcel { device: key().public(), header: Signed::seal(&header, &key()), content: vec![1].into() }
}

fn parcels_up() -> ParcelsUp {
    let note = ParcelNote { item: ItemId([1; 32]), record: record(), generation: 1, at: Timestamp(1) };
    ParcelsUp {
        sent: vec![parcel(Some("P4MI-3513"), vec![KeyName([3; 8])]), parcel(None, vec![])],
        waiting: vec![ItemId([1; 32])],
        notes: vec![Signed::seal(&note, &key())],
    }
}

fn parcels_down() -> ParcelsDown {
    use ParcelState::{Later, Opened, Refused, Safe, Taken, Unknown};

    let arrival = |ended| Arrival { number: 1, parcel: parcel(None, vec![]), ended, mark: [2; 8] };
    let states = vec![Unknown, Taken, Opened, Safe, Later, Refused];
    ParcelsDown { noted: states.clone(), states, arrived: [true, false].map(arrival).to_vec() }
}

fn grant(role: Role) -> Signed {
    let rule = KindRule {
        kind: "worker".to_owned(),
        area: Actions::default(),
        office: Actions::default(),
        person: Actions::default(),
        access: Access::Ordinary,
        reference: false,
    };
    let grant = Grant {
        device: key().public(),
        role,
        staff: vec![record()],
        office: "P4MI-3513".parse().ok(),
        sets: sets().to_vec(),
        kinds: vec![rule],
        ceiling: Access::Restricted,
        from: Timestamp(0),
        until: Timestamp(1),
        routing: RoutingRights::default(),
        recipient: RecipientKey([5; 32]),
    };
    Signed::seal(&grant, &key())
}

fn bare_grant(ceiling: Access) -> Signed {
    let grant = Grant {
        device: key().public(),
        role: Role::Auditor,
        staff: vec![],
        office: None,
        sets: vec![],
        kinds: vec![],
        ceiling,
        from: Timestamp(0),
        until: Timestamp(1),
        routing: RoutingRights::default(),
        recipient: RecipientKey([5; 32]),
    };
    Signed::seal(&grant, &key())
}

fn batch(seen: Vec<Seen>) -> Signed {
    let header = BatchHeader {
        device: key().public(),
        staff: record(),
        grant: [200; 8],
        pack: [2; 8],
        counter: u64::MAX,
        seen,
        device_time: Timestamp(i64::MIN),
        root: Node([9; 32]),
    };
    Signed::seal(&header, &key())
}

fn push(items: Vec<PushItem>) -> Push {
    Push { batch: batch(vec![Seen { shard: shard(), sequence: 1 }]), items }
}

fn item(chunks: Vec<minicbor::bytes::ByteVec>) -> PushItem {
    PushItem { record: record(), generation: 1, kind: "worker".to_owned(), nonce: [8; 16], chunks }
}

fn least_request() -> ExchangeRequest {
    ExchangeRequest {
        replica: [5; 16],
        grant: [200; 8],
        scopes_hash: [1; 16],
        health: Health { waiting: 0, oldest_waiting_s: 0, device_time: Timestamp(0) },
        ..ExchangeRequest::default()
    }
}

fn full_request() -> ExchangeRequest {
    let scope =
        |set| ScopeState { log: [7; 16], shard: shard(), set, epoch: [2; 8], cursor: mark(), safe: 299 };
    ExchangeRequest {
        whole_grant: Some(grant(Role::Head)),
        scopes: Some(sets().map(scope).to_vec()),
        receipts: Some(vec![ShardMark { shard: shard(), mark: mark() }]),
        push: Some(push(vec![item(vec![vec![1, 2, 3].into()]), item(vec![])])),
        budget: Some(Budget { bytes: 16_384 }),
        send_own: Some(true),
        orders: Some([1; 8]),
        orders_held: Some(orders()),
        outcomes: Some(7),
        leaving: Some(vec![(record(), 1)]),
        recipients: Some(RecipientsSum([1; 8])),
        parcels: Some(parcels_up()),
        parcels_seen: Some(ParcelMark { number: 1, mark: [2; 8] }),
        with_sums: Some(true),
        returned: Some(returned()),
        ..least_request()
    }
}

fn emptied_request() -> ExchangeRequest {
    let push = Push { batch: batch(vec![]), items: vec![] };
    let orders_held = Some(vec![]);
    ExchangeRequest {
        scopes: Some(vec![]),
        receipts: Some(vec![]),
        push: Some(push),
        orders_held,
        leaving: Some(vec![]),
        parcels: Some(ParcelsUp::default()),
        returned: Some(Returned { admissions: vec![], batches: vec![], leaves: vec![] }),
        ..least_request()
    }
}

fn least_response() -> ExchangeResponse {
    ExchangeResponse {
        nonce: [1; 24],
        want: None,
        verdicts: None,
        receipt: None,
        batches: None,
        pulls: None,
        grant: None,
        more: None,
        orders: None,
        closed: None,
        outcomes: None,
        kept: None,
        recipients: None,
        parcels: None,
        sums: None,
        void: None,
        silent: None,
        admission: None,
        returned: None,
        away: None,
    }
}

fn full_response(want: Want, closed: Closed) -> ExchangeResponse {
    let pull =
        |set, answer| Pull { log: [7; 16], shard: shard(), set, epoch: [2; 8], answer, safe: u64::MAX };
    let answers = [delta(vec![leaf(None), leaf(Some(vec![ChangeHash([3; 32])])), leaf(Some(vec![]))])];
    let answers = answers.into_iter().chain([delta(vec![]), PullAnswer::Reconcile]);
    let pulled = |proof| PulledBatch { batch: batch(vec![]), leaves: 4_096, proof };
    ExchangeResponse {
        want: Some(want),
        verdicts: Some(verdicts()),
        receipt: Some(receipt(vec![ShardRange { shard: shard(), from: 1, to: 2, chain: [4; 32] }])),
        batches: Some(vec![pulled(vec![Node([1; 32])]), pulled(vec![])]),
        pulls: Some(sets().into_iter().zip(answers).map(|(set, answer)| pull(set, answer)).collect()),
        grant: Some(grant(Role::Central)),
        more: Some(true),
        orders: Some(orders()),
        closed: Some(closed),
        outcomes: Some([true, false].map(outcome).to_vec()),
        kept: Some(vec![0, u32::MAX]),
        recipients: Some(recipients()),
        parcels: Some(parcels_down()),
        sums: Some([2; 8]),
        void: Some(vec![shard()]),
        silent: Some(true),
        admission: Some(admission()),
        returned: Some(verdicts()),
        away: Some(vec![(record(), 1)]),
        ..least_response()
    }
}

fn emptied_response() -> ExchangeResponse {
    ExchangeResponse {
        verdicts: Some(vec![]),
        receipt: Some(receipt(vec![])),
        batches: Some(vec![]),
        pulls: Some(vec![]),
        orders: Some(vec![]),
        outcomes: Some(vec![]),
        kept: Some(vec![]),
        recipients: Some(vec![]),
        parcels: Some(ParcelsDown::default()),
        void: Some(vec![]),
        returned: Some(vec![]),
        away: Some(vec![]),
        ..least_response()
    }
}

fn orders() -> Vec<Signed> {
    let order = |deed| Signed::seal(&Order::on(&key().public(), deed, Timestamp(-1)), &key());
    [Deed::Revoke, Deed::End].map(order).to_vec()
}

fn outcome(released: bool) -> Signed {
    let (record, at) = (record(), Timestamp(1));
    let reason = "sudah ditanya".to_owned();
    let outcome = Outcome { number: 1, record, generation: 1, change: [3; 32], released, reason, at };
    Signed::seal(&outcome, &key())
}

fn verdicts() -> Vec<VerdictRun> {
    use Disposition::{Duplicate, Held, Later, Refused, Stored};

    let plain = [Stored, Duplicate, Held, Later].map(Verdict::plain).to_vec();
    let lanes = [Lane::Normal, Lane::Late, Lane::Quarantined, Lane::Replaced];
    let lanes = lanes.map(|lane| Verdict { disposition: Refused, lane, code: Some("form_hash".to_owned()) });
    plain.into_iter().chain(lanes).map(|verdict| VerdictRun { count: u32::MAX, verdict }).collect()
}

fn receipt(ranges: Vec<ShardRange>) -> Signed {
    let root = Node([9; 32]);
    let receipt = Receipt { log: [7; 16], root, verdicts: [1; 32], ranges, relay_time: Timestamp(0) };
    Signed::seal(&receipt, &key())
}

fn admission() -> Signed {
    let (root, relay_time) = (Node([9; 32]), Timestamp(1));
    Signed::seal(&Admission { root, count: 1, relay_time }, &key())
}

fn returned() -> Returned {
    let admitted = |proof| Admitted { admission: admission(), proof };
    let part = |hashes| ReturnedLeaf { admission: 1, leaf: leaf(hashes) };
    Returned {
        admissions: vec![admitted(vec![]), admitted(vec![Node([1; 32])])],
        batches: vec![PulledBatch { batch: batch(vec![]), leaves: 1, proof: vec![] }],
        leaves: vec![part(None), part(Some(vec![ChangeHash([3; 32])])), part(Some(vec![]))],
    }
}

fn delta(leaves: Vec<PulledLeaf>) -> PullAnswer {
    let known = KnownChange { record: record(), generation: 1, offset: 2, hash: [1; 8] };
    let some = !leaves.is_empty();
    PullAnswer::Delta {
        from: 1,
        to: mark(),
        known: some.then_some(known).into_iter().collect(),
        left: some.then_some((record(), 1)).into_iter().collect(),
        leaves,
    }
}

fn leaf(hashes: Option<Vec<ChangeHash>>) -> PulledLeaf {
    let late = hashes.is_some().then_some(true);
    let change = PulledChange { offset: 1, chunk: vec![1].into(), late };
    PulledLeaf {
        batch: 0,
        index: 1,
        record: record(),
        generation: 1,
        kind: "worker".to_owned(),
        nonce: [8; 16],
        changes: if hashes == Some(vec![]) { vec![] } else { vec![change] },
        hashes,
    }
}

fn refusal(nonce: Option<[u8; 24]>, retry_after_s: Option<u32>) -> Refusal {
    Refusal { code: "nonce_stale".to_owned(), message: "…".to_owned(), nonce, retry_after_s }
}

fn routing() -> Routing {
    Routing {
        areas: [area("35.08.01")].into(),
        access: Some(Access::Ordinary),
        offices: ["P4MI-3513".parse().unwrap()].into(),
        partners: ["BLK-3513".parse().unwrap()].into(),
        readers: [record()].into(),
        excluded: ["P4MI-3508".to_owned()].into(),
        offered: ["BLK-3513".parse().unwrap()].into(),
    }
}

fn entries() -> [Entry; 5] {
    let (record, generation) = (record(), 1);
    let set = |text: &str| text.parse::<Set>().unwrap();
    let joined = |before| Entry::Joined { record, generation, set: set("a:35.13"), before };
    [
        Entry::Change { record, generation, hash: ChangeHash([3; 32]) },
        joined(Box::new(routing())),
        joined(Box::default()),
        Entry::Left { record, generation, set: set("o:BLK-3513"), before: Box::new(routing()) },
        Entry::Left { record, generation, set: set("p:00000000000000000000000001"), before: Box::default() },
    ]
}
