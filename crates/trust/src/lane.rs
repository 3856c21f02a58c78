//! In which lane a change travels: like any other, late, or into quarantine.
//!
//! Work that was done while a right held is not lost because the right has ended meanwhile. Whether it held *then* is
//! the author's word; so the word counts only for half a year by the relay's clock, only if the author says that he had
//! not yet seen the end, and never for what decides where a record belongs. A restriction of rights goes through grants.

use sambung_domain::time::DAY_MS;
use sambung_domain::{Routing, StaffId, Timestamp};

use crate::decide::{Decision, Question, allows, decide, touches};
use crate::grant::Grant;

/// Days for which work from before the end of a right is still accepted, by the relay's clock.
pub const LATE_DAYS: i64 = 180;

/// Who wrote a change, in the judge's eyes.
#[derive(Debug, Clone, Copy)]
pub struct Author<'a> {
    /// The device's grant as it is today, whether it holds or not.
    pub grant: &'a Grant,
    /// Whether that grant holds: it has begun, is not over, and no order has ended it.
    pub live: bool,
    /// Whether the device was revoked.
    pub revoked: bool,
    /// The grant that the batch names.
    pub named: &'a Grant,
    /// When that one ended; `None` while it holds.
    pub ended: Option<End>,
    /// The staff member that the batch names.
    pub staff: StaffId,
}

/// The end of a right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// When, in relay time.
    pub at: Timestamp,
    /// Whether the batch says that its author had not seen it.
    pub unseen: bool,
}

/// What a change does, beyond the question that [`decide`] is asked.
#[derive(Debug, Clone, Copy)]
pub struct Matter<'a> {
    /// The kind of its record.
    pub kind: &'a str,
    /// The action.
    pub action: sambung_domain::role::Action,
    /// Where the record lies; unborn for a new one.
    pub here: &'a Routing,
    /// Where it lay in the author's eyes; unborn for a birth.
    pub before: &'a Routing,
    /// Where it lies once the change stands.
    pub after: &'a Routing,
    /// When the record left the reach of the grant that the batch names; `None` if it did not.
    pub left: Option<End>,
    /// Whether it writes what decides where a record belongs, or a reserved key.
    pub reserved: bool,
    /// Whether it says of itself something that its batch does not: another author, or who made the record.
    pub forged: Option<Reason>,
}

/// Why a change is quarantined: the closed list of codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The device was revoked.
    Revoked,
    /// The staff member is not in the grant.
    Staff,
    /// A key that says who made the record does not name the author, or is written again.
    Creation,
    /// The right ended longer ago than [`LATE_DAYS`].
    TooLate,
    /// The batch had seen the end of the right.
    SeenEnd,
    /// It decides where a record belongs, and its author has no right to that any more.
    Routing,
    /// The grant reaches the record and does not allow this.
    NotAllowed,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Reason; 7] = [
        Reason::Revoked,
        Reason::Staff,
        Reason::Creation,
        Reason::TooLate,
        Reason::SeenEnd,
        Reason::Routing,
        Reason::NotAllowed,
    ];

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Reason::Revoked => "quarantine_revoked",
            Reason::Staff => "quarantine_staff",
            Reason::Creation => "quarantine_creation",
            Reason::TooLate => "quarantine_too_late",
            Reason::SeenEnd => "quarantine_seen_end",
            Reason::Routing => "quarantine_routing",
            Reason::NotAllowed => "quarantine_not_allowed",
        }
    }
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// It may.
    Allow,
    /// It might, when it was done: accepted, and shown as late.
    Late,
    /// Kept apart until somebody decides.
    Quarantine(Reason),
    /// Nothing is said, not even whether the record exists.
    Foreign,
}

/// Judges a change. Pure: the same answer wherever the same is known.
#[must_use]
pub fn judge(author: &Author<'_>, matter: &Matter<'_>, now: Timestamp) -> Judgement {
    // First, because a birth may lie higher than its author reads.
    if author.live && !author.revoked && allowed_today(author, matter, now) {
        return matter.forged.map_or(Judgement::Allow, Judgement::Quarantine);
    }
    if !covers(author, matter) {
        return Judgement::Foreign;
    }
    if author.revoked {
        return Judgement::Quarantine(Reason::Revoked);
    }
    // A second birth is nobody's right and nobody's fault: two made the same record, and the other came first.
    if matter.here.is_born() && !matter.before.is_born() {
        return Judgement::Foreign;
    }
    match late(author, matter, now) {
        Ok(()) => Judgement::Late,
        Err(reason) => Judgement::Quarantine(reason),
    }
}

/// Whether the grant named or today's covers the record or once did: where it lies, where its author saw it, or where
/// it is born.
fn covers(author: &Author<'_>, matter: &Matter<'_>) -> bool {
    let born = if matter.here.is_born() { matter.here } else { matter.after };
    let places = [born, matter.before];
    places
        .into_iter()
        .any(|place| [author.named, author.grant].into_iter().any(|grant| touches(grant, matter.kind, place)))
}

fn allowed_today(author: &Author<'_>, matter: &Matter<'_>, now: Timestamp) -> bool {
    let Matter { kind, action, here, before, after, .. } = *matter;
    let question = Question { grant: author.grant, kind, action, here, before, after, now };
    author.grant.staff.contains(&author.staff) && decide(&question) == Decision::Allow
}

/// Whether the grant named allowed it in the author's eyes, and ended only afterwards and not long ago.
fn late(author: &Author<'_>, matter: &Matter<'_>, now: Timestamp) -> Result<(), Reason> {
    if !author.named.staff.contains(&author.staff) {
        return Err(Reason::Staff);
    }
    if let Some(forged) = matter.forged {
        return Err(forged);
    }
    let birth = !matter.here.is_born();
    if matter.reserved && !birth {
        return Err(Reason::Routing);
    }
    let then = if birth { matter.after } else { matter.before };
    let Matter { kind, action, before, .. } = *matter;
    let question = Question { grant: author.named, kind, action, here: before, before, after: then, now };
    if !allows(&question) {
        return Err(Reason::NotAllowed);
    }
    let ends: Vec<End> = author.ended.into_iter().chain(matter.left).collect();
    if ends.is_empty() {
        return Err(Reason::NotAllowed);
    }
    for end in ends {
        if now > end.at.plus_ms(LATE_DAYS * DAY_MS) {
            return Err(Reason::TooLate);
        }
        if !end.unseen {
            return Err(Reason::SeenEnd);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
