//! Silence: a relay that has come back with less than it had does not know whom it must not serve any more, nor what
//! has left a device's sets since. It takes pushes and orders and sends no records, until a node of the centre has
//! exchanged, or whoever runs it says so.

use sambung_domain::{Area, Role, Set, Shard, Timestamp};

use super::answer::stored;
use super::{Caller, Relay, RelayError, RelayStore};

impl Relay {
    /// Whether the caller is sent nothing now: some of its sets are heard of by no node of the centre yet.
    pub(super) fn is_silent<S: RelayStore>(
        &self,
        store: &mut S,
        caller: &Caller,
    ) -> Result<bool, RelayError<S::Error>> {
        let silence = stored(store.silence())?;
        if silence.is_none_or(|silence| silence.ended.is_some()) || is_centre(caller) {
            return Ok(false);
        }
        let heard = stored(store.heard())?;
        for set in &caller.grant.sets {
            let covered = match set {
                Set::Area(area) => covers(&heard, &area.shard()),
                Set::Office(_) | Set::Person(_) => {
                    self.shards_of(store, set)?.iter().all(|(shard, _)| covers(&heard, shard))
                }
            };
            if !covered {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Notes that a node of the centre has exchanged to the end of the logs.
    pub(super) fn hear<S: RelayStore>(
        &self,
        store: &mut S,
        caller: &Caller,
    ) -> Result<(), RelayError<S::Error>> {
        let silence = stored(store.silence())?;
        if silence.is_none_or(|silence| silence.ended.is_some()) || !is_centre(caller) {
            return Ok(());
        }
        let heard = stored(store.heard())?;
        for set in caller.grant.sets.iter().filter(|set| !heard.contains(set)) {
            stored(store.put_heard(set))?;
        }
        Ok(())
    }

    /// Falls silent on proof that something is gone which was here at a time. What is older than the last silence was
    /// gone then, and has been dealt with.
    pub(super) fn notice_loss<S: RelayStore>(
        &self,
        store: &mut S,
        was_here: Timestamp,
        now: Timestamp,
    ) -> Result<(), RelayError<S::Error>> {
        let known = stored(store.silence())?.is_some_and(|last| was_here <= last.since);
        if known { Ok(()) } else { stored(store.begin_silence(now, "an order came back that was not here")) }
    }
}

fn is_centre(caller: &Caller) -> bool {
    caller.grant.role == Role::Central
}

/// Whether a node of the centre with one of these sets is sent a shard. Reference data is any of them's.
fn covers(heard: &[Set], shard: &Shard) -> bool {
    let within = |area: &Area| {
        let (name, shard) = (area.as_str(), shard.as_str());
        shard == "00" || shard == name || shard.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
    };
    heard.iter().any(|set| matches!(set, Set::Area(area) if within(area)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_province_covers_its_shards_and_a_village_none() {
        let shard = |area: &str| area.parse::<Area>().unwrap().shard();
        let heard = |set: &str| vec![set.parse::<Set>().unwrap()];
        for inside in ["35", "35.13", "35.13.02.2004", "00"] {
            assert!(covers(&heard("a:35"), &shard(inside)), "{inside}");
        }
        assert!(!covers(&heard("a:35"), &shard("33.74")) && !covers(&[], &shard("00")));
        assert!(
            !covers(&heard("a:35.13.02"), &shard("35.13")) && !covers(&heard("o:P4MI-3513"), &shard("35.13"))
        );
    }
}
