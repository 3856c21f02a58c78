//! The mix of the made-up people, counted from records at the centre, beside the published figures.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use sambung_testkit::population::{Figure, figures};
use serde_json::{Value, json};

use super::office::Office;
use super::people::Cast;

/// Codes of a figure that the table names.
const NAMED: usize = 5;

/// What was counted of a figure.
#[derive(Debug)]
pub(super) struct Mix {
    figure: &'static Figure,
    counts: BTreeMap<String, u32>,
    /// What codes are called, where that is not plain.
    names: BTreeMap<String, String>,
}

impl Mix {
    fn of(figure: &'static Figure, codes: impl Iterator<Item = String>) -> Mix {
        let mut counts = BTreeMap::new();
        for code in codes {
            *counts.entry(code).or_default() += 1;
        }
        Mix { figure, counts, names: BTreeMap::new() }
    }

    fn drawn(&self) -> u32 {
        self.counts.values().sum()
    }

    pub(super) fn json(&self) -> Value {
        let shares: Vec<Value> = self
            .figure
            .shares
            .iter()
            .map(|share| {
                json!({
                    "code": share.code, "drawn": self.counts.get(share.code).copied().unwrap_or(0),
                    "published_percent": percent(self.figure.part(share.code)),
                })
            })
            .collect();
        json!({
            "figure": self.figure.id, "counted": self.figure.counted, "source": self.figure.source,
            "drawn": self.drawn(), "shares": shares,
        })
    }

    /// One line: the greatest shares, drawn and published.
    fn line(&self) -> String {
        let drawn = f64::from(self.drawn().max(1));
        let mut line = format!("  {:<18}{:>5}  ", self.figure.id, self.drawn());
        let shares: Vec<String> = self
            .figure
            .shares
            .iter()
            .take(NAMED)
            .map(|share| {
                let here = f64::from(self.counts.get(share.code).copied().unwrap_or(0)) / drawn;
                let name = self.names.get(share.code).map_or(share.code, String::as_str);
                format!("{name} {:.0} ({:.0})", 100.0 * here, 100.0 * self.figure.part(share.code))
            })
            .collect();
        line.push_str(&shares.join(", "));
        if self.figure.shares.len() > NAMED {
            line.push_str(", …");
        }
        line.push('\n');
        line
    }
}

/// Counts at the centre what came from a list of people, and all complaints.
pub(super) fn at(centre: &Office, names: &BTreeSet<&str>, cast: &Cast) -> Result<Vec<Mix>> {
    let workers = centre.rows("worker")?;
    let listed: Vec<&Value> = workers
        .iter()
        .filter(|row| text(row, "nama_lengkap").is_some_and(|name| names.contains(name)))
        .collect();
    let ids: BTreeSet<&str> = listed.iter().filter_map(|row| row["id"].as_str()).collect();
    let placements = centre.rows("placement")?;
    let theirs = placements.iter().filter(|row| text(row, "worker").is_some_and(|id| ids.contains(id)));
    let schemes = centre.rows("placement_private")?;
    let complaints = centre.rows("complaint")?;
    let codes = |rows: &[Value], key: &str| owned(rows.iter().filter_map(|row| text(row, key)));
    let regency = |row: &&Value| text(row, "area").and_then(|area| area.get(..5)).map(str::to_owned);
    let mut origin = Mix::of(&figures::ORIGIN, listed.iter().filter_map(regency));
    let name = |code: &str| (code.to_owned(), cast.place_name(code).replace("Kabupaten ", ""));
    origin.names = figures::ORIGIN.shares.iter().map(|share| name(share.code)).collect();
    Ok(vec![
        Mix::of(&figures::SEX, owned(listed.iter().filter_map(|row| text(row, "jenis_kelamin"))).into_iter()),
        origin,
        Mix::of(&figures::DESTINATION, owned(theirs.filter_map(|row| text(row, "negara"))).into_iter()),
        Mix::of(&figures::SCHEME, codes(&schemes, "skema").into_iter()),
        Mix::of(&figures::EMPLOYER, codes(&schemes, "jenis_pemberi_kerja").into_iter()),
        Mix::of(&figures::COMPLAINT, codes(&complaints, "jenis_utama").into_iter()),
        Mix::of(&figures::COMPLAINT_COUNTRY, codes(&complaints, "negara_kejadian").into_iter()),
    ])
}

/// The table of mixes.
pub(super) fn table(mixes: &[Mix]) -> String {
    let mut table = String::from(
        "\nthe mix of the made-up people at the centre, in per cent (and as published; sources with --json)\n",
    );
    mixes.iter().for_each(|mix| table.push_str(&mix.line()));
    table
}

fn text<'a>(row: &'a Value, key: &str) -> Option<&'a str> {
    row["fields"][key].as_str()
}

fn owned<'a>(codes: impl Iterator<Item = &'a str>) -> Vec<String> {
    codes.map(str::to_owned).collect()
}

/// A part in per cent, with one digit behind the point.
fn percent(part: f64) -> f64 {
    (1_000.0 * part).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_was_drawn_beside_what_was_published() {
        let mix = Mix::of(&figures::SEX, ["P", "P", "P", "L"].into_iter().map(str::to_owned));
        assert_eq!(mix.line(), "  sex                   4  P 75 (63), L 25 (37)\n");
        let told = mix.json();
        assert_eq!(told["shares"][0], json!({ "code": "P", "drawn": 3, "published_percent": 63.1 }));
        assert!(Mix::of(&figures::COMPLAINT, std::iter::empty()).line().ends_with("(5), …\n"));
    }
}
