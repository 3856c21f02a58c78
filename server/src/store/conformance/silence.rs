//! The rules for silence.

use sambung_sync::relay::{Silence, SilenceStore};

use super::*;

pub(super) fn a_silence_is_ended_and_begins_anew_unheard<B: Bench>(bench: &B) {
    let last = || bench.read(|store| store.silence().unwrap());
    let heard = || bench.read(|store| store.heard().unwrap());
    assert_eq!(last(), None);
    let set = "a:35".parse().unwrap();
    for since in [1, 5] {
        bench.commit(|store| store.begin_silence(Timestamp(since), "uji").unwrap());
        assert!(heard().is_empty(), "whoever was heard before says nothing now");
        for _ in 0..2 {
            bench.commit(|store| store.put_heard(&set).unwrap());
        }
        assert_eq!(heard(), std::slice::from_ref(&set));
        let silence = |ended| Silence { since: Timestamp(since), cause: "uji".to_owned(), ended };
        assert_eq!(last(), Some(silence(None)));
        for at in [since + 1, since + 2] {
            bench.commit(|store| store.end_silence(Timestamp(at), "sah").unwrap());
            assert_eq!(last(), Some(silence(Some(Timestamp(since + 1)))), "the first end stands");
        }
    }
}
