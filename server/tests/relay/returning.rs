//! What a relay that was made anew takes back, and what it does not.

use sambung_relay::clock;
use sambung_relay::keys::Recovery;
use sambung_sync::confirmed::Confirmed;
use sambung_sync::document::ChangeHash;
use sambung_sync::message::{
    Admitted, Disposition, ExchangeRequest, PullAnswer, PulledChange, PulledLeaf, Returned, ReturnedLeaf,
    Verdict, expand,
};
use sambung_sync::relay::RelayStore;
use sambung_trust::merkle::{Tree, prove, root_from};
use sambung_trust::{Admission, BatchHeader, SecretKey, Signed};

use crate::device::Device;
use crate::record::{Worker, name};
use crate::site::Site;

/// A relay that is gone and one made anew, a village that holds what an office had given the former, and that.
struct Lost {
    new: Site,
    office: Device,
    village: Device,
    held: Returned,
    _old: Site,
}

fn lost() -> Lost {
    let recovery = Recovery::generate("Uji", clock::now()).unwrap();
    let (old, new) = (Site::of(&recovery), Site::of(&recovery));
    let mut office = Device::enrol(&old, "front_office", &["35.13"]);
    let mut village = Device::enrol(&old, "village_officer", &["35.13.02.2004"]);
    let mut workers: Vec<Worker> = (0..3).map(|_| Worker::born(&office, "35.13.02.2004")).collect();
    let elsewhere = Worker::born(&office, "35.13.03.2001").item(&office);
    workers[0].edit(&office, &[("rt", "3")]);
    let mut items: Vec<_> = workers.iter_mut().map(|worker| worker.item(&office)).collect();
    items.insert(1, elsewhere);
    let push = office.sign(items);
    office.push(&push).unwrap();

    let response = village.pull();
    let pull = &response.pulls.as_ref().unwrap()[0];
    let PullAnswer::Delta { leaves, .. } = &pull.answer else { panic!("{pull:?}") };
    let mut confirmed = Confirmed::default();
    let names = leaves.iter().flat_map(|leaf| leaf.changes.iter().map(move |change| (leaf, change)));
    names.for_each(|(leaf, change)| {
        confirmed.note((leaf.record, leaf.generation, name(&change.chunk)), false);
    });
    let admission = response.admission.clone().unwrap();
    let said: Admission = admission.open(&village.relay).unwrap();
    assert_eq!(confirmed.statement(&village.deployment, said.relay_time), Some(said));
    let order: Vec<_> = confirmed.in_order().copied().collect();
    let part = |leaf: &PulledLeaf| {
        let mut leaf = leaf.clone();
        for change in &mut leaf.changes {
            let wanted = (leaf.record, leaf.generation, name(&change.chunk));
            let at = order.iter().position(|one| *one == wanted).unwrap();
            change.offset = u32::try_from(at).unwrap();
        }
        ReturnedLeaf { admission: 0, leaf }
    };
    let held = Returned {
        admissions: vec![Admitted { admission, proof: Vec::new() }],
        batches: response.batches.clone().unwrap(),
        leaves: leaves.iter().map(part).collect(),
    };
    village.address = new.address;
    let whole = ExchangeRequest { whole_grant: Some(village.signed_grant.clone()), ..village.request() };
    village.nonce = village.exchange(&village.request()).unwrap().nonce;
    village.exchange(&whole).unwrap();
    Lost { new, office, village, held, _old: old }
}

impl Lost {
    fn give(&mut self, returned: &Returned) -> Vec<Verdict> {
        let request = ExchangeRequest { returned: Some(returned.clone()), ..self.village.request() };
        let response = self.village.exchange(&request).unwrap();
        let changes = returned.leaves.iter().map(|part| part.leaf.changes.len()).sum();
        expand(&response.returned.unwrap(), changes).unwrap()
    }

    /// The changes that the new relay has of what was given back.
    fn there(&self) -> Vec<ChangeHash> {
        let (_, pool) = self.new.data().open().unwrap();
        let record = |part: &ReturnedLeaf| (part.leaf.record, part.leaf.generation);
        let mut there = Vec::new();
        for (record, generation) in self.held.leaves.iter().map(record) {
            let read = |store: &mut sambung_relay::store::SqliteStore<'_>| store.changes(record, generation);
            there.extend(pool.read(read).unwrap().into_iter().map(|change| change.hash));
        }
        there
    }
}

#[test]
fn what_it_once_had_comes_back_from_whoever_holds_it_under_its_authors_signature() {
    let mut lost = lost();
    let held = lost.held.clone();
    let verdicts = lost.give(&held);
    assert_eq!(verdicts, vec![Verdict::plain(Disposition::Stored); 4]);
    assert_eq!(lost.there().len(), 4);
    assert_eq!(lost.give(&held), vec![Verdict::plain(Disposition::Duplicate); 4]);

    let mut centre = Device::enrol(&lost.new, "central", &["35"]);
    let response = centre.pull();
    let batches = response.batches.as_ref().unwrap();
    assert!(batches[0].batch.open::<BatchHeader>(&lost.office.key.public()).is_ok());
    assert_eq!(response.pulls.as_ref().unwrap().len(), 1);
}

#[test]
fn a_part_that_comes_alone_is_proven_and_the_rest_joins_it() {
    let mut lost = lost();
    let held = lost.held.clone();
    let mut confirmed = Confirmed::default();
    for part in &held.leaves {
        for change in &part.leaf.changes {
            confirmed.note((part.leaf.record, part.leaf.generation, name(&change.chunk)), false);
        }
    }
    let leaves = confirmed.leaves(&lost.village.deployment);
    let count = usize::try_from(held.batches[0].leaves).unwrap();
    let nodes: Vec<_> = held
        .leaves
        .iter()
        .map(|part| (usize::try_from(part.leaf.index).unwrap(), part.leaf.node(&lost.village.deployment)))
        .collect();
    let known = Tree::from_proof(count, &nodes, &held.batches[0].proof).unwrap();
    for part in held.leaves {
        let mut at: Vec<usize> =
            part.leaf.changes.iter().map(|change| usize::try_from(change.offset).unwrap()).collect();
        at.sort_unstable();
        let admission = held.admissions[0].admission.clone();
        let mut batch = held.batches[0].clone();
        batch.proof = known.prove(&[usize::try_from(part.leaf.index).unwrap()]).unwrap();
        let changes = part.leaf.changes.len();
        let one = Returned {
            admissions: vec![Admitted { admission, proof: prove(&leaves, &at) }],
            batches: vec![batch],
            leaves: vec![part],
        };
        assert_eq!(lost.give(&one), vec![Verdict::plain(Disposition::Stored); changes]);
    }
    let mut centre = Device::enrol(&lost.new, "central", &["35"]);
    let response = centre.pull();
    let PullAnswer::Delta { leaves, .. } = &response.pulls.as_ref().unwrap()[0].answer else { panic!() };
    let given = &response.batches.as_ref().unwrap()[0];
    let nodes: Vec<_> = leaves
        .iter()
        .map(|leaf| (usize::try_from(leaf.index).unwrap(), leaf.node(&centre.deployment)))
        .collect();
    let header: BatchHeader = given.batch.open(&lost.office.key.public()).unwrap();
    assert_eq!(root_from(count, &nodes, &given.proof), Some(header.root));
}

/// A change of the village's that the relay never had, on the first record that it holds.
fn forged(lost: &Lost) -> Vec<u8> {
    let leaf = &lost.held.leaves[0].leaf;
    let mut own = Worker::unborn(leaf.record);
    let chunks: Vec<Vec<u8>> = leaf.changes.iter().map(|change| change.chunk.to_vec()).collect();
    own.apply(&chunks.iter().map(Vec::as_slice).collect::<Vec<_>>());
    own.waiting.clear();
    own.edit(&lost.village, &[("rt", "9")]);
    own.waiting[0].clone()
}

#[test]
fn nothing_comes_in_that_was_not_in_it_before() {
    let mut lost = lost();
    let held = lost.held.clone();
    let thief = SecretKey::from_seed(&[9; 32]);
    let forged = forged(&lost);

    type Forgery<'a> = (&'a str, Box<dyn Fn(&mut Returned) + 'a>);
    let forgeries: Vec<Forgery<'_>> = vec![
        (
            "a statement signed by somebody else",
            Box::new(|returned: &mut Returned| {
                let said: Admission = returned.admissions[0].admission.peek().unwrap();
                returned.admissions[0].admission = Signed::seal(&said, &thief);
            }),
        ),
        (
            "late, which it was not",
            Box::new(|returned| {
                returned.leaves[0].leaf.changes[0].late = Some(true);
            }),
        ),
        (
            "another place under the statement",
            Box::new(|returned| {
                returned.leaves[0].leaf.changes[0].offset += 1;
            }),
        ),
        (
            "a change that it never had",
            Box::new(|returned| {
                returned.leaves[0].leaf.changes[0].chunk = forged.clone().into();
            }),
        ),
        (
            "one more change in a place that is taken",
            Box::new(|returned| {
                let mut more = returned.leaves[0].clone();
                more.leaf.changes =
                    vec![PulledChange { chunk: forged.clone().into(), ..more.leaf.changes[0].clone() }];
                returned.leaves.insert(0, more);
            }),
        ),
        (
            "a batch under another signature",
            Box::new(|returned| {
                let header: BatchHeader = returned.batches[0].batch.peek().unwrap();
                returned.batches[0].batch = Signed::seal(&header, &thief);
            }),
        ),
        ("no statement at all", Box::new(|returned| returned.admissions.clear())),
        ("no batch at all", Box::new(|returned| returned.batches.clear())),
    ];
    for (what, forge) in forgeries {
        let mut returned = held.clone();
        forge(&mut returned);
        let verdicts = lost.give(&returned);
        assert!(
            verdicts.iter().all(|verdict| *verdict == Verdict::refused("returned_unproven")),
            "{what}: {verdicts:?}"
        );
        assert_eq!(lost.there(), [], "{what}");
    }
    let mut lied = held.clone();
    lied.leaves[0].leaf.changes[0].chunk = forged.into();
    lied.leaves[0].leaf.hashes = Some(held.leaves[0].leaf.under());
    assert!(lost.give(&lied).iter().all(|verdict| verdict.disposition == Disposition::Refused));
    assert_eq!(lost.there(), []);
}

#[test]
fn a_receipt_for_what_is_known_names_where_the_log_ends() {
    let site = Site::start();
    let mut office = Device::enrol(&site, "front_office", &["35.13"]);
    let mut worker = Worker::born(&office, "35.13.02.2004");
    let item = worker.item(&office);
    let first = office.sign(vec![item.clone()]);
    let stored = office.push(&first).unwrap().receipt.ranges;
    let again = office.sign(vec![item]);
    let pushed = office.push(&again).unwrap();
    assert_eq!(pushed.verdicts, [Verdict::plain(Disposition::Duplicate)]);
    let (before, after) = (&stored[0], &pushed.receipt.ranges[0]);
    assert_eq!((&after.shard, after.from, after.to), (&before.shard, before.to + 1, before.to));
    assert_eq!(after.chain, before.chain);
}
