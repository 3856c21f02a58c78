//! Sealed items at the relay: kept until what they became is safe, given to those who may open them.
//!
//! The relay cannot read an item. It knows who sealed it, for which office, and which kind of record it becomes. An item
//! is taken from every key that was ever enrolled: what a person reported is not lost because its carrier's rights ended
//! on the way; whoever opens it is told.

use sambung_domain::role::Action;
use sambung_domain::{Access, OfficeCode, Role, Timestamp};
use sambung_trust::decide::may_read;
use sambung_trust::grant::KindRule;
use sambung_trust::{
    Grant, ItemId, Parcel, ParcelHeader, ParcelNote, Recipient, RecipientsSum, Signed, Standing,
};

use super::answer::stored;
use super::safety::Others;
use super::{
    Caller, Circumstances, NewParcel, ParcelStage, Reject, Relay, RelayError, RelayStore, StoredParcel,
};
use crate::frame::FrameError;
use crate::limits::{
    PARCEL_BYTES_MAX, PARCEL_MAX, PARCELS_MAX, PARCELS_WAITING_BYTES_MAX, PARCELS_WAITING_MAX, RECIPIENTS_MAX,
};
use crate::message::{Arrival, ExchangeRequest, ExchangeResponse, ParcelMark, ParcelState, ParcelsDown};

/// The kind of record whose id follows from the item alone.
const COMPLAINT: &str = "complaint";

impl Relay {
    /// Takes sealed items and answers what became of others.
    pub(super) fn take_parcels<S: RelayStore>(
        &self,
        store: &mut S,
        caller: &Caller,
        request: &ExchangeRequest,
        response: &mut ExchangeResponse,
        circumstances: &mut Circumstances<'_>,
    ) -> Result<(), RelayError<S::Error>> {
        let Some(up) = &request.parcels else { return Ok(()) };
        let bytes: usize = up.sent.iter().map(|parcel| parcel.content.len()).sum();
        if bytes > PARCEL_BYTES_MAX && up.sent.len() > 1 {
            return Err(Reject::Frame(FrameError::TooLarge).into());
        }
        let mut down = ParcelsDown::default();
        for parcel in &up.sent {
            down.states.push(take(store, caller, parcel, circumstances)?);
        }
        let mut others = Others::default();
        for item in &up.waiting {
            let mut stage = stored(store.parcel_stage(item))?;
            // Whoever opened it may have been told that all is safe, by a relay that has been lost since.
            if stage == Some(ParcelStage::Opened)
                && self.is_complaint_kept(store, caller, &mut others, item, circumstances.now)?
            {
                stored(store.forget_parcel(item))?;
                stage = Some(ParcelStage::Safe);
            }
            down.states.push(state(stage));
        }
        for note in &up.notes {
            down.noted.push(self.take_note(store, caller, &mut others, note, circumstances.now)?);
        }
        response.parcels = Some(down);
        Ok(())
    }

    /// Whether two devices hold the complaint that an item became: its record follows from the item.
    fn is_complaint_kept<S: RelayStore>(
        &self,
        store: &mut S,
        caller: &Caller,
        others: &mut Others,
        item: &ItemId,
        now: Timestamp,
    ) -> Result<bool, RelayError<S::Error>> {
        let name = (item.record(COMPLAINT), 1);
        match stored(store.record(name.0, name.1))? {
            Some(row) => self.are_keeping(store, caller, others, (name, &row), (2, now)),
            None => Ok(false),
        }
    }

    /// Takes the word of a device that holds what an item became. The item's content goes once another device holds
    /// the record as well.
    fn take_note<S: RelayStore>(
        &self,
        store: &mut S,
        caller: &Caller,
        others: &mut Others,
        signed: &Signed,
        now: Timestamp,
    ) -> Result<ParcelState, RelayError<S::Error>> {
        let Ok(note) = signed.open::<ParcelNote>(&caller.device.key) else { return Ok(ParcelState::Refused) };
        if stored(store.parcel_stage(&note.item))? == Some(ParcelStage::Safe) {
            return Ok(ParcelState::Safe);
        }
        let name = (note.record, note.generation);
        let Some(row) = stored(store.record(name.0, name.1))? else { return Ok(ParcelState::Refused) };
        let kind = stored(store.parcel_kind(&note.item))?.unwrap_or_else(|| row.kind.clone());
        let is_of_item = kind != COMPLAINT || note.record == note.item.record(COMPLAINT);
        let holds = may_read(&caller.grant, &row.kind, &row.routing, now);
        if caller.standing != Standing::Live
            || row.kind != kind
            || !is_of_item
            || !holds
            || !opens(&caller.grant, &kind)
        {
            return Ok(ParcelState::Refused);
        }
        stored(store.put_note(&note.item, note.record, signed))?;
        if !self.is_kept(store, caller, others, (name, &row), now)? {
            return Ok(ParcelState::Opened);
        }
        stored(store.forget_parcel(&note.item))?;
        Ok(ParcelState::Safe)
    }

    /// Gives the caller the items that are for him.
    pub(super) fn give_parcels<S: RelayStore>(
        &self,
        store: &mut S,
        caller: &Caller,
        request: &ExchangeRequest,
        response: &mut ExchangeResponse,
    ) -> Result<(), RelayError<S::Error>> {
        if !caller.grant.kinds.iter().any(|rule| opens(&caller.grant, &rule.kind)) {
            return Ok(());
        }
        let after = position(store, request.parcels_seen)?;
        let mut arrived = Vec::new();
        for to in destinations(&caller.grant) {
            arrived.extend(waiting(store, caller, to, after)?);
        }
        arrived.sort_by_key(|parcel| parcel.number);
        let (page, more) = page(arrived);
        if more {
            response.more = Some(true);
        }
        if !page.is_empty() {
            response.parcels.get_or_insert_default().arrived = page;
        }
        Ok(())
    }

    /// Gives the caller all recipients, if he knows others.
    pub(super) fn give_recipients<S: RelayStore>(
        &self,
        store: &mut S,
        known: RecipientsSum,
        response: &mut ExchangeResponse,
    ) -> Result<(), RelayError<S::Error>> {
        let mut recipients = stored(store.recipients())?;
        recipients.truncate(RECIPIENTS_MAX);
        if RecipientsSum::of(&recipients) != known {
            response.recipients = Some(recipients);
        }
        Ok(())
    }

    /// Lists a device among the recipients if it may open something and its rights hold.
    ///
    /// # Errors
    /// [`RelayError::Store`].
    pub fn list_recipient<S: RelayStore>(
        &self,
        store: &mut S,
        grant: &Grant,
        now: Timestamp,
    ) -> Result<(), RelayError<S::Error>> {
        let stands = matches!(self.standing_of(store, grant, now)?, Standing::Live | Standing::Lapsed);
        if !stands || !receives(grant) {
            return stored(store.drop_recipient(&grant.device));
        }
        stored(store.put_recipient(&Recipient {
            device: grant.device,
            key: grant.recipient,
            role: grant.role,
            office: grant.office.clone(),
            staff: grant.staff.clone(),
        }))
    }
}

/// Takes one parcel.
fn take<S: RelayStore>(
    store: &mut S,
    caller: &Caller,
    parcel: &Parcel,
    circumstances: &mut Circumstances<'_>,
) -> Result<ParcelState, RelayError<S::Error>> {
    let Ok(header) = parcel.open() else { return Ok(ParcelState::Refused) };
    if parcel.device != caller.device.key || parcel.content.len() > PARCEL_MAX {
        return Ok(ParcelState::Refused);
    }
    let stage = stored(store.parcel_stage(&header.item))?;
    if !may_send(&caller.grant, &header, stage) {
        return Ok(ParcelState::Refused);
    }
    if let Some(ParcelStage::Opened | ParcelStage::Safe) = stage {
        return Ok(state(stage));
    }
    let load = stored(store.parcel_load(&caller.device.key))?;
    if load.changes >= PARCELS_WAITING_MAX || load.bytes + parcel.content.len() > PARCELS_WAITING_BYTES_MAX {
        let known = stage.is_some() && header.is_original();
        return Ok(if known { ParcelState::Taken } else { ParcelState::Later });
    }
    let ended = !matches!(caller.standing, Standing::Live | Standing::Lapsed);
    let (item, to) = (header.item, header.to.as_ref());
    let [a, b, c, d, e, f, g, h, ..] = (circumstances.random)();
    let (came, mark) = (circumstances.now, [a, b, c, d, e, f, g, h]);
    stored(store.put_parcel(&NewParcel { item, kind: &header.kind, to, parcel, came, ended, mark }))?;
    Ok(ParcelState::Taken)
}

/// Whether a device may send an item: an original if it may seal or open its kind, one sealed anew if it may open it and
/// the item is known.
fn may_send(grant: &Grant, header: &ParcelHeader, stage: Option<ParcelStage>) -> bool {
    let original = header.is_original();
    let may_seal = original && grant.allows_somewhere(&header.kind, Action::Seal);
    may_seal || opens(grant, &header.kind) && (original || stage.is_some())
}

fn state(stage: Option<ParcelStage>) -> ParcelState {
    match stage {
        None => ParcelState::Unknown,
        Some(ParcelStage::Waiting) => ParcelState::Taken,
        Some(ParcelStage::Opened) => ParcelState::Opened,
        Some(ParcelStage::Safe) => ParcelState::Safe,
    }
}

/// Where to go on: from the start where the relay's numbers are others than when the mark was given.
fn position<S: RelayStore>(store: &mut S, mark: Option<ParcelMark>) -> Result<u64, RelayError<S::Error>> {
    let Some(mark) = mark else { return Ok(0) };
    let drawn = stored(store.parcel_at(mark.number))?;
    Ok(if drawn == Some(mark.mark) { mark.number } else { 0 })
}

/// For whom a device opens items: its office, and the centre if it is of it.
fn destinations(grant: &Grant) -> impl Iterator<Item = Option<&OfficeCode>> {
    let centre = (grant.role == Role::Central).then_some(None);
    grant.office.as_ref().map(Some).into_iter().chain(centre)
}

/// What waits for a destination and this device may open, as much as one response carries and one more.
fn waiting<S: RelayStore>(
    store: &mut S,
    caller: &Caller,
    to: Option<&OfficeCode>,
    mut after: u64,
) -> Result<Vec<StoredParcel>, RelayError<S::Error>> {
    let mut found = Vec::new();
    loop {
        let rows = stored(store.parcels_for(to, after, PARCELS_MAX + 1))?;
        let Some(last) = rows.last() else { return Ok(found) };
        after = last.number;
        let openable =
            |row: &StoredParcel| opens(&caller.grant, &row.kind) && is_sealed_to(&row.parcel, &caller.grant);
        found.extend(rows.into_iter().filter(openable));
        if found.len() > PARCELS_MAX {
            return Ok(found);
        }
    }
}

/// Looks at some items after a number that wait where a device opens items: the last of them, and whether it can open
/// one.
pub(super) fn parcels_after<S: RelayStore>(
    store: &mut S,
    grant: &Grant,
    number: u64,
) -> Result<Option<(u64, bool)>, RelayError<S::Error>> {
    if !grant.kinds.iter().any(|rule| opens(grant, &rule.kind)) {
        return Ok(None);
    }
    let mut rows = Vec::new();
    for to in destinations(grant) {
        rows.extend(stored(store.parcels_for(to, number, PARCELS_MAX))?);
    }
    rows.sort_by_key(|row| row.number);
    // Of two destinations the one may go on farther than the other was looked at.
    rows.truncate(PARCELS_MAX);
    let openable = rows.iter().any(|row| opens(grant, &row.kind) && is_sealed_to(&row.parcel, grant));
    Ok(rows.last().map(|last| (last.number, openable)))
}

/// Whether a device can open a parcel.
fn is_sealed_to(parcel: &Parcel, grant: &Grant) -> bool {
    let header = parcel.header.peek::<ParcelHeader>();
    header.is_ok_and(|header| header.sealed_to.contains(&grant.recipient.fingerprint()))
}

/// As much as one response carries, at least one item, and whether there is more.
fn page(parcels: Vec<StoredParcel>) -> (Vec<Arrival>, bool) {
    let (mut page, mut bytes) = (Vec::new(), 0);
    for StoredParcel { number, parcel, ended, mark, .. } in parcels {
        bytes += parcel.content.len();
        let full = page.len() == PARCELS_MAX || bytes > PARCEL_BYTES_MAX;
        if full && !page.is_empty() {
            return (page, true);
        }
        page.push(Arrival { number, parcel, ended, mark });
    }
    (page, false)
}

/// Whether a device may open items of a kind.
fn opens(grant: &Grant, kind: &str) -> bool {
    grant.allows_somewhere(kind, Action::Open)
}

/// Whether content is ever sealed to a device: it opens items, or reads what names its staff.
fn receives(grant: &Grant) -> bool {
    let named = |rule: &KindRule| rule.access == Access::Secret && rule.person.allow(Action::Read);
    grant.kinds.iter().any(|rule| opens(grant, &rule.kind) || named(rule))
}
