//! A complaint taken in a village: nobody on the way can read it, and at the office nothing of it is missing.

use anyhow::Result;
use sambung_domain::identifier::CardNumber;
use serde_json::{Value, json};

use super::apart::{Held, contains};
use super::people::Cast;
use super::places::{KRUCIL, Places};
use super::promise::Report;
use super::relay::Relay;
use super::story::say;

/// Complaints taken.
const COMPLAINTS: usize = 3;

/// A village takes complaints without a network and sends them; the office opens them.
pub(super) fn tell(report: &mut Report, cast: &mut Cast, relay: &Relay, places: &Places) -> Result<()> {
    let Places { krucil: village, desk: office, .. } = places;
    let people = cast.marked(KRUCIL, COMPLAINTS)?;
    let mut sent = Vec::new();
    for ((person, word), number) in people.iter().zip(1_u8..) {
        let card = CardNumber::from_random([number; 8]);
        let of = cast.complaint();
        let told = [
            ("nomor_kartu", json!(card.to_string())),
            ("kanal", json!("KUNJUNGAN_DESA")),
            ("jenis_utama", json!(of.kind)),
            ("negara_kejadian", json!(of.country)),
            ("pelapor_nama", json!(person.name)),
            ("kontak_aman", json!({ "cara": "LEWAT_ORANG", "nomor": format!("lewat {word}") })),
        ];
        let item = village.seal(&told, &format!("Uji {word} menceritakan kejadiannya"))?;
        sent.push((item, told, word.as_str()));
    }
    let waiting = village.status()?["sealed"].as_u64();
    village.sync()?;
    office.sync()?;
    say("a village sends complaints that only the office can open");

    let (at_village, at_office) = (Held::of(village)?, Held::of(office)?);
    let on_relay = relay.files()?;
    let count = |holds: &dyn Fn(&str) -> bool| sent.iter().filter(|(_, _, word)| holds(word)).count();
    let left = count(&|word| at_village.keeps(word));
    let carried = count(&|word| contains(&on_relay, word.as_bytes()));
    let early = count(&|word| at_office.keeps(word));

    let mut whole = 0;
    for (item, told, word) in &sent {
        let complaint = office.open(item)?;
        let shown = office.show(&complaint)?;
        whole += usize::from(is_whole(&shown["fields"], told, word));
    }
    office.sync()?;
    village.sync()?;
    let (at_office, at_village) = (Held::of(office)?, Held::of(village)?);
    let control = count(&|word| at_office.keeps(word));
    let after = count(&|word| at_village.keeps(word) || at_village.received(word));
    let all = sent.len();
    let unread = (left, carried, early, after) == (0, 0, 0, 0);
    let what = format!(
        "of {all} complaints readable in the village {left}, at the relay on the way {carried}, at the office before it opened them {early}, in the village afterwards {after}; at the office once opened {control}"
    );
    report.note("complaint_sealed", unread && control == all && waiting == u64::try_from(all).ok(), what);
    let what =
        format!("{whole} of {all} complaints say at the office everything that was told in the village");
    report.note("complaint_whole_at_office", whole == all, what);
    Ok(())
}

/// Whether a complaint says what was told.
fn is_whole(fields: &Value, told: &[(&str, Value)], word: &str) -> bool {
    let story = |entry: &Value| entry["isi"].as_str().is_some_and(|text| text.contains(word));
    // A block is one value: its text.
    let same = |(key, value): &(&str, Value)| fields[*key] == *value || parsed(&fields[*key]) == *value;
    told.iter().all(same)
        && fields["kronologi"].as_object().is_some_and(|entries| entries.values().any(story))
}

fn parsed(value: &Value) -> Value {
    let text = value.as_str().and_then(|text| serde_json::from_str(text).ok());
    text.unwrap_or_else(|| value.clone())
}
