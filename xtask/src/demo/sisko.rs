//! A list as SISKOP2MI gives it out comes to an office: its faults are told row by row, the others are taken in, the
//! corrected list makes only what is missing, and the centre has everybody.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::mix;
use super::office::Office;
use super::people::{Cast, Person};
use super::places::Places;
use super::promise::Report;
use super::story::say;

/// People of the list.
const PEOPLE: usize = 240;

/// Complaints in the desk's book of the year.
const BOOK: usize = 60;

/// A faulty row stands after so many good ones.
const GOOD_BETWEEN: usize = 30;

/// The column of a row that has more cells than there are headings.
const NO_COLUMN: &str = "";

/// Most signs of a reason that are shown.
const REASON: usize = 78;

/// Headings, as the mapping `siskop2mi` has them; behind them the village, which the office adds.
const HEADINGS: [&str; 9] =
    ["NIK", "NAMA", "JENIS KELAMIN", "TGL LAHIR", "NO HP", "NEGARA TUJUAN", "NO SK", "MULAI KONTRAK", "AREA"];

/// The cells that are spoilt, and how: the heading under which the fault is told, and what stands there.
const FAULTS: [(&str, &str); 5] = [
    ("NAMA", ""),
    ("TGL LAHIR", "31/02/1990"),
    ("NEGARA TUJUAN", "Negeri Seberang"),
    ("JENIS KELAMIN", "X"),
    (NO_COLUMN, "satu isian lagi"),
];

/// The whole scene.
pub(super) fn tell(report: &mut Report, cast: &mut Cast, places: &Places, dir: &Path) -> Result<()> {
    let people = cast.anywhere(PEOPLE)?;
    let list = List::of(&people);
    let file = dir.join("daftar-siskop2mi.csv");
    std::fs::write(&file, list.spoilt())?;
    let arguments = ["import", "worker", text_of(&file)?, "--map", "siskop2mi", "--json"];
    let office = &places.kraksaan;
    let (refused, told) = import(office, &arguments)?;
    let (partial, taken) = import(office, &[&arguments[..], &["--partial"]].concat())?;
    std::fs::write(&file, list.whole())?;
    let (corrected, rest) = import(office, &arguments)?;
    say(&format!(
        "a list of {PEOPLE} people with {} faulty rows is taken in at Kraksaan",
        list.faults().len()
    ));

    schemes(office, &people, dir)?;
    book(&places.desk, cast, dir)?;
    for place in [office, &places.desk, &places.centre] {
        place.sync()?;
    }
    let names: BTreeSet<&str> = people.iter().map(|person| person.name.as_str()).collect();
    let workers = places.centre.rows("worker")?;
    let at_centre = workers.iter().filter_map(|row| row["fields"]["nama_lengkap"].as_str());
    let seen = at_centre.filter(|name| names.contains(name)).count();
    report.mix = mix::at(&places.centre, &names, cast)?;

    let faults = list.faults();
    let found = places_of(&told["bad"]);
    let good = PEOPLE - faults.len();
    let counts = [&told["good_rows"], &taken["good_rows"], &rest["present_rows"]].map(as_count);
    let held = (refused, partial, corrected) == (Some(1), Some(4), Some(0))
        && found == faults
        && counts == [good; 3]
        && told["made"] == 0
        && seen == PEOPLE;
    let what = format!(
        "{} of {} faults named by row and column, and nothing taken in until asked; then {good} good rows, and the {} corrected ones from the whole list; {seen} of {PEOPLE} people at the centre",
        found.iter().filter(|fault| faults.contains(fault)).count(),
        faults.len(),
        PEOPLE - as_count(&rest["present_rows"]),
    );
    report.faults = faults_told(&told["bad"]);
    report.show("siskop2mi_list", held, what);
    Ok(())
}

/// A list and its faults.
struct List<'a> {
    people: &'a [Person],
}

impl<'a> List<'a> {
    fn of(people: &'a [Person]) -> Self {
        List { people }
    }

    /// Where a fault stands, by the number of the person.
    fn fault(at: usize) -> Option<(&'static str, &'static str)> {
        let number = (at + 1).is_multiple_of(GOOD_BETWEEN + 1).then_some((at + 1) / (GOOD_BETWEEN + 1))?;
        FAULTS.get(number - 1).copied()
    }

    /// Row and column of every fault, as they are told. Row 1 are the headings.
    fn faults(&self) -> Vec<(usize, &'static str)> {
        let fault = |at| Some((at + 2, Self::fault(at)?.0));
        let mut faults: Vec<_> = (0..self.people.len()).filter_map(fault).collect();
        // The last row has the NIK of the one before it.
        faults.push((self.people.len() + 1, HEADINGS[0]));
        faults
    }

    fn whole(&self) -> String {
        self.text(|_, cells| cells)
    }

    fn spoilt(&self) -> String {
        self.text(|at, mut cells| {
            if let Some((heading, said)) = Self::fault(at) {
                match HEADINGS.iter().position(|known| *known == heading) {
                    Some(column) => said.clone_into(&mut cells[column]),
                    None => cells.push(said.to_owned()),
                }
            }
            if at + 1 == self.people.len() && at > 0 {
                cells[0].clone_from(&self.people[at - 1].nik);
            }
            cells
        })
    }

    fn text(&self, spoil: impl Fn(usize, Vec<String>) -> Vec<String>) -> String {
        let mut text = format!("{}\r\n", HEADINGS.join(";"));
        for (at, person) in self.people.iter().enumerate() {
            text.push_str(&spoil(at, cells(person)).join(";"));
            text.push_str("\r\n");
        }
        text
    }
}

fn cells(person: &Person) -> Vec<String> {
    vec![
        person.nik.clone(),
        person.name.clone(),
        if person.sex == "P" { "Perempuan" } else { "Laki-laki" }.to_owned(),
        person.birth.sheet(),
        person.phone.clone(),
        person.placement.country.to_owned(),
        format!("SK-UJI-{}", person.number),
        person.placement.begins.sheet(),
        person.village.clone(),
    ]
}

/// The office adds the scheme and kind of employer of each placement, which the list does not have.
fn schemes(office: &Office, people: &[Person], dir: &Path) -> Result<()> {
    let works: BTreeMap<&str, &Person> = people.iter().map(|person| (person.name.as_str(), person)).collect();
    let workers = office.rows("worker")?;
    let named = |row: &Value| {
        let person = works.get(row["fields"]["nama_lengkap"].as_str()?)?;
        Some((row["id"].as_str()?.to_owned(), *person))
    };
    let workers: BTreeMap<String, &Person> = workers.iter().filter_map(named).collect();
    let mut text = String::from("placement;skema;jenis_pemberi_kerja\n");
    for row in office.rows("placement")? {
        let worker = row["fields"]["worker"].as_str().and_then(|id| workers.get(id));
        if let (Some(person), Some(id)) = (worker, row["id"].as_str()) {
            text.push_str(&format!("{id};{};{}\n", person.placement.scheme, person.placement.employer));
        }
    }
    let file = dir.join("skema.csv");
    std::fs::write(&file, text)?;
    let (code, told) = import(office, &["import", "placement_private", text_of(&file)?, "--json"])?;
    ensure!(code == Some(0), "the schemes were not taken in: {}", told["bad"]);
    Ok(())
}

/// The desk takes in its book of complaints.
fn book(desk: &Office, cast: &mut Cast, dir: &Path) -> Result<()> {
    let mut text =
        String::from("diterima_pada;kanal;pelapor_nama;tahap_kejadian;jenis_utama;negara_kejadian;area\n");
    for person in cast.of("35.13", BOOK)? {
        let told = cast.complaint();
        let (day, name, village) = (told.day.iso(), person.name, person.village);
        text.push_str(&format!(
            "{day}T09:00:00+07:00;LANGSUNG;{name};SELAMA;{};{};{village}\n",
            told.kind, told.country
        ));
    }
    let file = dir.join("buku-pengaduan.csv");
    std::fs::write(&file, text)?;
    let (code, told) = import(desk, &["import", "complaint", text_of(&file)?, "--json"])?;
    ensure!(code == Some(0), "the book of complaints was not taken in: {}", told["bad"]);
    Ok(())
}

fn import(office: &Office, arguments: &[&str]) -> Result<(Option<i32>, Value)> {
    let output = office.output(arguments)?;
    let told = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("an import said {}", String::from_utf8_lossy(&output.stderr)))?;
    Ok((output.status.code(), told))
}

/// Row and column of each fault.
fn places_of(bad: &Value) -> Vec<(usize, &str)> {
    let faults = bad.as_array().into_iter().flatten();
    faults.filter_map(|fault| Some((as_count(&fault["row"]), fault["column"].as_str()?))).collect()
}

/// The faults for people.
fn faults_told(bad: &Value) -> Vec<(u64, String, String)> {
    let told = |fault: &Value| {
        let reason = fault["message"]["en"].as_str()?;
        let shown: String = reason.chars().take(REASON).collect();
        let dots = if shown.len() < reason.len() { "…" } else { "" };
        Some((fault["row"].as_u64()?, fault["column"].as_str()?.to_owned(), format!("{shown}{dots}")))
    };
    bad.as_array().into_iter().flatten().filter_map(told).collect()
}

fn as_count(value: &Value) -> usize {
    value.as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(0)
}

fn text_of(path: &Path) -> Result<&str> {
    path.to_str().context("a path that is no text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_stands_where_it_is_said_to() {
        let people = Cast::new().unwrap().anywhere(PEOPLE).unwrap();
        let list = List::of(&people);
        let (whole, spoilt) = (list.whole(), list.spoilt());
        let differing =
            whole.lines().zip(spoilt.lines()).enumerate().filter(|(_, (one, other))| one != other);
        let rows: Vec<usize> = differing.map(|(at, _)| at + 1).collect();
        assert_eq!(rows, list.faults().iter().map(|(row, _)| *row).collect::<Vec<_>>());
        assert_eq!(rows.len(), FAULTS.len() + 1);
        assert_eq!(spoilt.lines().count(), PEOPLE + 1);
    }
}
