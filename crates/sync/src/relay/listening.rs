//! Who is told that something waits, and of what: of nothing that the next exchange would not send.

use sambung_domain::Timestamp;
use sambung_trust::decide::may_read;
use sambung_trust::{Grant, PublicKey, Standing};

use super::answer::stored;
use super::parcels::parcels_after;
use super::{RecordRow, Reject, Relay, RelayError, RelayStore};
use crate::chain::Entry;
use crate::frame::Frame;
use crate::message::{ExchangeRequest, ListenRequest};

/// A device that is told when something waits for it.
#[derive(Debug, Clone)]
pub struct Listener {
    grant: Grant,
}

impl Relay {
    /// The device behind `GET /sync/v1/events`, if its rights hold. What else must be said to it the exchange says.
    ///
    /// # Errors
    /// As [`exchange`](Relay::exchange).
    pub fn listen<S: RelayStore>(
        &self,
        store: &mut S,
        frame: &Frame,
        request: &ListenRequest,
        now: Timestamp,
    ) -> Result<Listener, RelayError<S::Error>> {
        let sender = ExchangeRequest { replica: request.replica, grant: request.grant, ..Default::default() };
        let known = self.recognise(store, frame, &sender, now)?.ok_or(Reject::GrantEnded)?;
        let mut passed_over = self.blank_response(&sender, now);
        let caller = self.stand(store, known, &sender, &mut passed_over, now)?;
        match caller.standing {
            // A relay that sends no records says of none that they wait.
            Standing::Live if !self.is_silent(store, &caller)? => Ok(Listener::of(caller.grant)),
            Standing::Live | Standing::Lapsed | Standing::Revoked | Standing::Ended | Standing::Expired => {
                Err(Reject::GrantEnded.into())
            }
        }
    }
}

impl Listener {
    /// A device with a grant that holds.
    #[must_use]
    pub fn of(grant: Grant) -> Self {
        Listener { grant }
    }

    /// Its device.
    #[must_use]
    pub fn device(&self) -> PublicKey {
        self.grant.device
    }

    /// Whether an entry about a record is news for it: a change of somebody else that it reads, a record that it reads
    /// from now on or no longer. `author` is who wrote the change.
    #[must_use]
    pub fn hears(
        &self,
        entry: &Entry,
        record: &RecordRow,
        author: Option<&PublicKey>,
        now: Timestamp,
    ) -> bool {
        let reads = may_read(&self.grant, &record.kind, &record.routing, now);
        match entry {
            Entry::Change { .. } => reads && author != Some(&self.grant.device),
            Entry::Joined { before, .. } | Entry::Left { before, .. } => {
                reads != may_read(&self.grant, &record.kind, before, now)
            }
        }
    }

    /// Looks at some sealed items after a number: the number of the last of them, and whether one waits for this device
    /// that it can open. `None` where there are none.
    ///
    /// # Errors
    /// [`RelayError::Store`].
    pub fn parcels_after<S: RelayStore>(
        &self,
        store: &mut S,
        number: u64,
    ) -> Result<Option<(u64, bool)>, RelayError<S::Error>> {
        parcels_after(store, &self.grant, number)
    }
}

/// The author of a change that a log names.
///
/// # Errors
/// [`RelayError::Store`].
pub fn author_of<S: RelayStore>(
    store: &mut S,
    entry: &Entry,
) -> Result<Option<PublicKey>, RelayError<S::Error>> {
    let Entry::Change { record, generation, hash } = entry else { return Ok(None) };
    match stored(store.change(*record, *generation, hash))? {
        Some(change) => Ok(Some(stored(store.batch(change.batch))?.device)),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use sambung_domain::{Access, OfficeCode, Pack, RecordId, Role, Routing};
    use sambung_trust::grant::GrantSubject;
    use sambung_trust::{RecipientKey, SecretKey};

    use super::*;

    const NOW: Timestamp = Timestamp(1_000);

    fn listener(role: Role) -> Listener {
        let device = SecretKey::from_seed(&[1; 32]).public();
        let office: Option<OfficeCode> = "P4MI-3513".parse().ok();
        let subject = GrantSubject {
            device,
            recipient: RecipientKey([2; 32]),
            role,
            office,
            staff: vec![RecordId([3; 16])],
            sets: vec!["a:35.13".parse().unwrap()],
        };
        Listener { grant: Grant::for_role(&Pack::builtin().unwrap(), subject, Timestamp(0)) }
    }

    fn at(area: &str, access: Access) -> Routing {
        let areas = [area.parse().unwrap()].into();
        Routing { areas, access: Some(access), ..Routing::default() }
    }

    fn change() -> Entry {
        Entry::Change { record: RecordId([5; 16]), generation: 1, hash: crate::ChangeHash([6; 32]) }
    }

    fn row(routing: Routing) -> RecordRow {
        RecordRow { kind: "worker".to_owned(), routing }
    }

    #[test]
    fn a_device_hears_of_what_it_reads_and_did_not_write() {
        let village = listener(Role::VillageOfficer);
        let hears = |routing: Routing, author: [u8; 32]| {
            village.hears(&change(), &row(routing), Some(&PublicKey(author)), NOW)
        };
        assert!(hears(at("35.13.02.2004", Access::Ordinary), [9; 32]));
        assert!(!hears(at("35.13.02.2004", Access::Ordinary), village.device().0), "its own");
        assert!(!hears(at("35.08.01.2001", Access::Ordinary), [9; 32]), "elsewhere");
        assert!(!hears(at("35.13.02.2004", Access::Restricted), [9; 32]), "above its ceiling");
        let late = Timestamp(i64::MAX);
        assert!(
            !village.hears(&change(), &row(at("35.13", Access::Ordinary)), None, late),
            "its lease is over"
        );
    }

    #[test]
    fn it_hears_when_a_record_comes_or_goes_and_not_when_it_stays() {
        let village = listener(Role::VillageOfficer);
        let (here, there) = (at("35.13.02", Access::Ordinary), at("35.08.01", Access::Ordinary));
        let moved = |before: &Routing, after: &Routing| {
            let (record, before) = (RecordId([5; 16]), Box::new(before.clone()));
            let set = "a:35.13".parse().unwrap();
            let entry = Entry::Joined { record, generation: 1, set, before };
            village.hears(&entry, &row(after.clone()), None, NOW)
        };
        assert!(moved(&there, &here) && moved(&here, &there));
        assert!(!moved(&here, &at("35.13.07", Access::Ordinary)));
        assert!(!moved(&there, &at("35.08.02", Access::Ordinary)));
    }
}
