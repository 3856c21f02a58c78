//! The places of the demo: a village, two offices, a complaint desk, the centre; and what each holds at the end.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::office::{Office, Seat};
use super::people::Cast;

/// Desa Krucil in Kecamatan Krucil, Kabupaten Probolinggo.
pub(super) const KRUCIL: &str = "35.13.08.2006";

/// The office whose desk opens what the village sends.
const DESK: &str = "P4MI-3513";

/// The five regions that are served at Kraksaan.
const FIVE: &str = "35.13,35.74,35.11,35.12,35.08";

/// What is counted at each place, with a heading.
const KINDS: &[(&str, &str)] = &[
    ("worker", "workers"),
    ("placement", "placements"),
    ("worker_private", "office parts"),
    ("placement_private", "schemes"),
    ("complaint", "complaints"),
    ("case", "cases"),
];

/// The nodes, each a process of its own whenever it does something.
pub(super) struct Places {
    /// The village.
    pub(super) krucil: Office,
    /// The service point for the five regions.
    pub(super) kraksaan: Office,
    /// The manpower office of Lumajang.
    pub(super) lumajang: Office,
    /// The desk that opens complaints.
    pub(super) desk: Office,
    /// The centre.
    pub(super) centre: Office,
}

impl Places {
    /// Enrols all of them; the desk before the village, which seals to it.
    pub(super) fn enrol(enrol: &impl Fn(&'static str, &Seat<'_>) -> Result<Office>) -> Result<Places> {
        let seat = |role, areas, office| Seat { role, areas, office };
        Ok(Places {
            kraksaan: enrol("Kraksaan", &seat("front_office", FIVE, Some("MPP-3513")))?,
            lumajang: enrol("Lumajang", &seat("front_office", "35.08,35.13", Some("DISNAKER-3508")))?,
            desk: enrol("Pengaduan", &seat("complaint_officer", "35.13", Some(DESK)))?,
            krucil: enrol("Krucil", &seat("village_officer", KRUCIL, Some(DESK)))?,
            centre: enrol("Pusat", &seat("central", "35", None))?,
        })
    }

    pub(super) fn all(&self) -> [&Office; 5] {
        [&self.krucil, &self.kraksaan, &self.lumajang, &self.desk, &self.centre]
    }

    /// Puts all clocks at the day of the one that is furthest.
    pub(super) fn meet_in_time(&mut self) {
        let furthest = self.all().map(Office::day).into_iter().max().unwrap_or(0);
        for place in
            [&mut self.krucil, &mut self.kraksaan, &mut self.lumajang, &mut self.desk, &mut self.centre]
        {
            place.wait_days(furthest - place.day());
        }
    }

    /// Everybody exchanges until nobody has news for anybody. Whoever cannot is seen in the table.
    pub(super) fn exchange(&self) -> Result<()> {
        for _ in 0..2 {
            for place in self.all() {
                place.try_sync()?;
            }
        }
        Ok(())
    }
}

/// What a place holds.
#[derive(Debug)]
pub(super) struct Holding {
    place: &'static str,
    role: String,
    area: String,
    records: u64,
    kinds: Vec<(&'static str, usize)>,
    unsent: u64,
    last_exchange: String,
}

impl Holding {
    /// Asks the place itself.
    pub(super) fn of(place: &Office, cast: &Cast) -> Result<Holding> {
        let status = place.status()?;
        let number = |key: &str| status[key].as_u64().with_context(|| format!("a status without {key}"));
        let kinds = KINDS.iter().map(|(kind, _)| Ok((*kind, place.rows(kind)?.len())));
        let areas: Vec<String> = place.areas.split(',').map(|code| cast.place_name(code)).collect();
        Ok(Holding {
            place: place.name,
            role: place.role.clone(),
            area: match &areas[..] {
                [one] => one.clone(),
                [first, rest @ ..] => format!("{first} and {} more", rest.len()),
                [] => String::new(),
            },
            records: number("records")?,
            kinds: kinds.collect::<Result<_>>()?,
            unsent: number("waiting")?,
            last_exchange: status["last_exchange"].as_str().unwrap_or("never").to_owned(),
        })
    }

    pub(super) fn json(&self) -> Value {
        let kinds: serde_json::Map<String, Value> =
            self.kinds.iter().map(|(kind, count)| ((*kind).to_owned(), json!(count))).collect();
        json!({
            "place": self.place, "role": self.role, "area": self.area, "records": self.records,
            "kinds": kinds, "unsent": self.unsent, "last_exchange": self.last_exchange,
        })
    }

    fn row(&self) -> String {
        let mut row = format!("  {:<10}{:<18}{:<36}{:>7}", self.place, self.role, self.area, self.records);
        for ((_, count), (_, heading)) in self.kinds.iter().zip(KINDS) {
            row.push_str(&format!("{count:>width$}", width = heading.len() + 2));
        }
        row.push_str(&format!("{:>8}  {}\n", self.unsent, self.last_exchange.replace('T', " ")));
        row
    }
}

/// The table of places.
pub(super) fn table(holdings: &[Holding]) -> String {
    let mut table =
        format!("\nwhat each place holds\n  {:<10}{:<18}{:<36}{:>7}", "place", "role", "area", "records");
    for (_, heading) in KINDS {
        table.push_str(&format!("  {heading}"));
    }
    table.push_str("  unsent  last exchange\n");
    holdings.iter().for_each(|holding| table.push_str(&holding.row()));
    table
}
