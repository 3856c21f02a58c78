//! The places of the demo: a village, two offices, a complaint desk, the centre; and what each holds at the end.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::office::{Office, Seat};
use super::people::Cast;
use super::promise::Report;

/// Desa Krucil in Kecamatan Krucil, Kabupaten Probolinggo.
pub(super) const KRUCIL: &str = "35.13.08.2006";

/// The office whose desk opens what the village sends.
const DESK: &str = "P4MI-3513";

/// The five regions that are served at Kraksaan.
const FIVE: &str = "35.13,35.74,35.11,35.12,35.08";

/// What is counted at each place, with a heading.
const KINDS: &[(&str, &str)] = &[
    ("worker", "people"),
    ("placement", "placed"),
    ("worker_private", "private"),
    ("placement_private", "schemes"),
    ("complaint", "complaints"),
    ("case", "cases"),
];

/// Signs of a column with a number.
const COLUMN: usize = 11;

/// Signs of a time down to its minute.
const MINUTE: usize = 16;

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

    /// Everybody exchanges until nobody has news for anybody. Gives how many could, and proved in the last round that
    /// they hold what the relay holds.
    pub(super) fn exchange(&self) -> Result<usize> {
        let mut verified = 0;
        for round in 0..2 {
            for place in self.all() {
                verified += usize::from(place.sync_verified()? && round == 1);
            }
        }
        Ok(verified)
    }
}

/// What a place holds.
#[derive(Debug)]
pub(super) struct Holding {
    place: &'static str,
    role: String,
    area: String,
    records: u64,
    rows: Vec<(&'static str, Vec<Value>)>,
    unsent: u64,
    last_exchange: String,
}

impl Holding {
    /// Asks the place itself.
    pub(super) fn of(place: &Office, cast: &Cast) -> Result<Holding> {
        let status = place.status()?;
        let number = |key: &str| status[key].as_u64().with_context(|| format!("a status without {key}"));
        let rows = KINDS.iter().map(|(kind, _)| Ok((*kind, place.rows(kind)?)));
        let areas: Vec<&str> = place.areas.split(',').collect();
        let first = cast.place_name(areas[0]).replace("Kabupaten", "Kab.");
        Ok(Holding {
            place: place.name,
            role: place.role.clone(),
            area: if areas.len() > 1 { format!("{first} + {}", areas.len() - 1) } else { first },
            records: number("records")?,
            rows: rows.collect::<Result<_>>()?,
            unsent: number("waiting")?,
            last_exchange: status["last_exchange"].as_str().unwrap_or("never").to_owned(),
        })
    }

    pub(super) fn json(&self) -> Value {
        let kinds: serde_json::Map<String, Value> =
            self.rows.iter().map(|(kind, rows)| ((*kind).to_owned(), json!(rows.len()))).collect();
        json!({
            "place": self.place, "role": self.role, "area": self.area, "records": self.records,
            "kinds": kinds, "unsent": self.unsent, "last_exchange": self.last_exchange,
        })
    }

    fn row(&self) -> String {
        let mut row = format!("  {:<10}{:<18}{:<22}{:>8}", self.place, self.role, self.area, self.records);
        self.rows.iter().for_each(|(_, rows)| row.push_str(&format!("{:>COLUMN$}", rows.len())));
        let minute = self.last_exchange.get(..MINUTE).unwrap_or(&self.last_exchange).replace('T', " ");
        row.push_str(&format!("{:>8}  {minute}\n", self.unsent));
        row
    }
}

/// Compares every record that a place shows with the centre's; the centre comes last. `verified` places have proved
/// that they hold what the relay holds.
pub(super) fn agree(report: &mut Report, verified: usize) {
    let Some((centre, others)) = report.holdings.split_last() else { return };
    let at_centre: BTreeMap<&str, &Value> = rows_of(centre).collect();
    let (mut all, mut same) = (0_usize, 0_usize);
    for (id, fields) in others.iter().flat_map(rows_of) {
        all += 1;
        same += usize::from(at_centre.get(id) == Some(&fields));
    }
    let unsent: u64 = report.holdings.iter().map(|holding| holding.unsent).sum();
    let held = same == all && all > 0 && unsent == 0 && verified == report.holdings.len();
    let what = format!(
        "the centre shows {same} of {all} records of the other places as they do; {verified} of {} exchanges proved equality with the relay; {unsent} changes unsent",
        report.holdings.len()
    );
    report.show("places_agree", held, what);
}

fn rows_of(holding: &Holding) -> impl Iterator<Item = (&str, &Value)> {
    let rows = holding.rows.iter().flat_map(|(_, rows)| rows);
    rows.filter_map(|row| Some((row["id"].as_str()?, &row["fields"])))
}

/// The table of places.
pub(super) fn table(holdings: &[Holding]) -> String {
    let mut table =
        format!("\nwhat each place holds\n  {:<10}{:<18}{:<22}{:>8}", "place", "role", "area", "records");
    KINDS.iter().for_each(|(_, heading)| table.push_str(&format!("{heading:>COLUMN$}")));
    table.push_str("  unsent  last exchange\n");
    holdings.iter().for_each(|holding| table.push_str(&holding.row()));
    table
}
