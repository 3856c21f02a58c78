//! Who gets what: a village nothing of its neighbours, an office its guests.

use anyhow::{Context, Result};

use super::office::Office;
use super::people::Cast;
use super::places::{KRUCIL, Places};
use super::promise::Report;
use super::sealed_file;
use super::story::say;

/// People of each place.
const PEOPLE: usize = 3;

/// Kecamatan Krucil, in which the village lies.
const DISTRICT: &str = "35.13.08";

/// Most bytes that one body may have once decompressed.
const BODY_MAX: u64 = 64 * 1024 * 1024;

/// How a frame of zstd begins.
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Krucil works beside the villages around it and a neighbouring kabupaten; what it ever received, and what lies on its
/// disk, names nobody of them. The centre on the same relay has everybody: the search can find.
pub(super) fn neighbour_absent(report: &mut Report, cast: &mut Cast, places: &Places) -> Result<()> {
    let Places { kraksaan, krucil: village, centre, .. } = places;
    let mut here = cast.marked(DISTRICT, PEOPLE)?;
    here.extend(cast.marked("35.13", PEOPLE)?);
    here.retain(|(person, _)| person.village != KRUCIL);
    let elsewhere = cast.marked("35.08", PEOPLE)?;
    let own = cast.marked(KRUCIL, PEOPLE)?;
    let neighbours: Vec<_> = here.iter().chain(&elsewhere).collect();
    let mut ids = Vec::new();
    for (person, _) in neighbours.iter().copied().chain(&own) {
        ids.push(kraksaan.register(person)?);
    }
    for _ in 0..2 {
        for office in [kraksaan, village, centre] {
            office.sync()?;
        }
        for id in &ids {
            kraksaan.set(id, "dusun", "Krajan")?;
        }
    }
    say("Krucil beside the villages around it and a kabupaten beside another, and the centre");

    let (at_village, at_centre) = (Held::of(village)?, Held::of(centre)?);
    let count = |held: &Held, people: &mut dyn Iterator<Item = &String>| {
        people.fold((0, 0), |(line, disk), word| {
            (line + usize::from(held.received(word)), disk + usize::from(held.keeps(word)))
        })
    };
    let theirs = || neighbours.iter().map(|(_, word)| word);
    let seen = count(&at_village, &mut theirs());
    let home_seen = count(&at_village, &mut own.iter().map(|(_, word)| word));
    let control = count(&at_centre, &mut theirs());
    let all = neighbours.len();
    let held = seen == (0, 0) && home_seen == (own.len(), own.len()) && control == (all, all);
    let what = format!(
        "of {all} neighbours the village received {} and keeps {}, of its own {} people {} and {}; the centre received {} and keeps {} of the neighbours",
        seen.0,
        seen.1,
        own.len(),
        home_seen.0,
        home_seen.1,
        control.0,
        control.1
    );
    report.note("neighbour_absent", held, what);
    Ok(())
}

/// A woman who lives in Jember comes to the Probolinggo office.
pub(super) fn guest_stays(report: &mut Report, cast: &mut Cast, kraksaan: &Office) -> Result<()> {
    let guest = cast.one_of("35.09")?;
    let id = kraksaan.register(&guest)?;
    let mut shown = 0;
    for _ in 0..3 {
        kraksaan.sync()?;
        shown += usize::from(kraksaan.shows(&id)?);
    }
    let listed = kraksaan.workers()?.contains(&id);
    let waiting = kraksaan.status()?["waiting"].as_u64().context("a status without waiting")?;
    let what = format!(
        "shown after {shown} of 3 exchanges, {} among the office's people; {waiting} changes waiting",
        if listed { "listed" } else { "not listed" }
    );
    report.note("guest_stays", shown == 3 && listed && waiting == 0, what);
    Ok(())
}

/// What a node ever got, and what it has.
pub(super) struct Held {
    line: Vec<u8>,
    disk: Vec<u8>,
}

impl Held {
    pub(super) fn of(office: &Office) -> Result<Held> {
        let disk = sealed_file::opened(office.dir())?;
        Ok(Held { line: decompressed(&office.line.received()), disk })
    }

    pub(super) fn received(&self, word: &str) -> bool {
        contains(&self.line, word.as_bytes())
    }

    pub(super) fn keeps(&self, word: &str) -> bool {
        contains(&self.disk, word.as_bytes())
    }
}

pub(super) fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}

/// The bytes of a line as they are, and behind them what every frame in them says. It knows nothing of the protocol but
/// how zstd begins; a frame that is cut short gives what it has.
fn decompressed(line: &[u8]) -> Vec<u8> {
    use std::io::Read;
    let mut all = line.to_vec();
    for at in 0..line.len().saturating_sub(ZSTD.len()) {
        if line[at..].starts_with(&ZSTD)
            && let Ok(decoder) = zstd::stream::read::Decoder::new(&line[at..])
            && decoder.single_frame().take(BODY_MAX).read_to_end(&mut all).is_err()
        {
            // What came out before the cut is there.
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_frames_say_is_found_among_other_bytes() {
        let text = "Contoh Siti 1234567890abcdef ".repeat(50);
        let frame = zstd::bulk::compress(text.as_bytes(), 3).unwrap();
        let line =
            [b"HTTP/1.1 200 OK\r\n\r\n".as_slice(), &frame, b"HTTP/1.1", &frame[..frame.len() / 2]].concat();
        assert!(!contains(&line, b"ef Contoh Siti"));
        assert!(contains(&decompressed(&line), b"ef Contoh Siti"));
        assert!(!contains(&decompressed(&line), b"Contoh Budi"));
    }
}
