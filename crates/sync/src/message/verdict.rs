//! What a relay says of each change of a push.

use minicbor::{Decode, Encode};
use sambung_trust::signed::encode;

/// What became of a change. `Stored` and `Duplicate` end sending; `Held` and `Later` keep it in the outbox;
/// `Refused` waits for its author.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Disposition {
    /// It is on the relay's disk now.
    #[n(0)]
    Stored,
    /// It was there already.
    #[n(1)]
    Duplicate,
    /// Something it needs is missing here, or it is none of the sender's business: the same word for both.
    #[n(2)]
    Held,
    /// Too much at once; try again.
    #[n(3)]
    Later,
    /// Bad form or over a limit.
    #[n(4)]
    Refused,
}

/// How a stored change is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Lane {
    /// Like any other.
    #[n(0)]
    Normal,
    /// Accepted after its author's right had ended; the new owner is told.
    #[n(1)]
    Late,
    /// Kept and not passed on until somebody decides.
    #[n(2)]
    Quarantined,
    /// Replaced by its author's own later work.
    #[n(3)]
    Replaced,
}

/// The verdict on one change.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Verdict {
    /// What became of it.
    #[n(0)]
    pub disposition: Disposition,
    /// How it is treated.
    #[n(1)]
    pub lane: Lane,
    /// Why, as a closed code, for `Refused` and quarantine.
    #[n(2)]
    pub code: Option<String>,
}

impl Verdict {
    /// A verdict in the normal lane without a reason.
    #[must_use]
    pub fn plain(disposition: Disposition) -> Self {
        Verdict { disposition, lane: Lane::Normal, code: None }
    }

    /// A refusal with its reason.
    #[must_use]
    pub fn refused(code: &str) -> Self {
        Verdict { disposition: Disposition::Refused, lane: Lane::Normal, code: Some(code.to_owned()) }
    }

    /// Whether the relay's receipt covers the change.
    #[must_use]
    pub fn is_at_relay(&self) -> bool {
        matches!(self.disposition, Disposition::Stored | Disposition::Duplicate)
    }
}

/// The same verdict on several changes in a row.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct VerdictRun {
    /// How many changes, in the order of the push.
    #[n(0)]
    pub count: u32,
    /// What is said of each.
    #[n(1)]
    pub verdict: Verdict,
}

impl VerdictRun {
    /// Adds one verdict to a list of runs.
    pub fn push(runs: &mut Vec<VerdictRun>, verdict: Verdict) {
        match runs.last_mut() {
            Some(last) if last.verdict == verdict => last.count += 1,
            _ => runs.push(VerdictRun { count: 1, verdict }),
        }
    }
}

/// The verdicts change by change; `None` if their number is not `expected`.
#[must_use]
pub fn expand(runs: &[VerdictRun], expected: usize) -> Option<Vec<Verdict>> {
    let total: u64 = runs.iter().map(|run| u64::from(run.count)).sum();
    if u64::try_from(expected) != Ok(total) {
        return None;
    }
    let repeated = |run: &VerdictRun| {
        std::iter::repeat_n(run.verdict.clone(), usize::try_from(run.count).unwrap_or(usize::MAX))
    };
    Some(runs.iter().flat_map(repeated).collect())
}

/// The hash of the verdicts that a receipt covers.
#[must_use]
pub fn verdicts_hash(runs: &[VerdictRun]) -> [u8; 32] {
    *blake3::hash(&encode(&runs.to_vec())).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_single_verdicts_say_the_same() {
        let stored = Verdict::plain(Disposition::Stored);
        let bad = Verdict::refused("form_hash");
        let mut runs = Vec::new();
        for verdict in [&stored, &stored, &bad, &stored] {
            VerdictRun::push(&mut runs, verdict.clone());
        }
        assert_eq!(runs.len(), 3);
        assert_eq!(expand(&runs, 4), Some(vec![stored.clone(), stored.clone(), bad, stored]));
        assert_eq!(expand(&runs, 3), None);
        let endless = [VerdictRun { count: u32::MAX, verdict: Verdict::plain(Disposition::Held) }];
        assert_eq!(expand(&endless, 4), None);
    }
}
