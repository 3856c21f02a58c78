//! People made up in the proportions that published figures have.
//!
//! They are recognisable as made up and can be nobody: a word in front of every name, telephone numbers of a block
//! that is never given out, and NIKs whose form is right but whose kecamatan exists nowhere. The same seed and the
//! same villages give the same people; there is no clock and no other randomness. Which figures, and from where:
//! [`figures`].

mod figure;
pub mod figures;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::Seed;
pub use figure::{Figure, Share};

/// The word in front of every name.
pub const MARK: &str = "Uji";

/// The part of a NIK that says the kecamatan. None has this number.
const NO_DISTRICT: &str = "99";

/// How many serial numbers a NIK has room for, from 1.
const SERIALS: usize = 9_999;

/// Added to the day of birth in a woman's NIK (PP 37/2007 Ps 37).
const FEMALE_DAY: u32 = 40;

/// The earliest year of birth and how many years follow. Nothing is published about age; these are grown up in
/// every year the figures are of, as UU 18/2017 Ps 5 asks.
const BORN_FROM: u32 = 1975;
const BORN_YEARS: usize = 30;

/// The year in which contracts begin and complaints come in: that of the youngest figures.
const YEAR: u32 = 2025;

/// Signs of a code of a kabupaten or kota: `35.13`.
const REGENCY: usize = 5;

const WOMEN: &[&str] = &["Siti", "Sri", "Nur", "Endang", "Dewi", "Umi", "Lilik", "Yuli", "Titik", "Misnati"];
const MEN: &[&str] =
    &["Moch.", "Ahmad", "Slamet", "Bambang", "Agus", "Sugeng", "Hadi", "Abdul", "Imam", "Rudi"];
const WOMEN_LAST: &[&str] =
    &["Aminah", "Rahayu", "Hasanah", "Lestari", "Fatimah", "Wati", "Mulyani", "Astutik"];
const MEN_LAST: &[&str] =
    &["Saleh", "Riyadi", "Fauzi", "Sutrisno", "Hidayat", "Kurniawan", "Santoso", "Anwar"];

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day {
    /// Four digits.
    pub year: u32,
    /// 1 to 12.
    pub month: u32,
    /// 1 to 28: every month has them.
    pub day: u32,
}

impl Day {
    /// As programs write it: `1984-05-17`.
    #[must_use]
    pub fn iso(&self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }

    /// As Indonesian spreadsheets write it: `17/05/1984`.
    #[must_use]
    pub fn sheet(&self) -> String {
        format!("{:02}/{:02}/{:04}", self.day, self.month, self.year)
    }

    fn draw(seed: &mut Seed, year: u32) -> Day {
        Day { year, month: 1 + small(seed.below(12)), day: 1 + small(seed.below(28)) }
    }
}

/// A made-up person, and where she works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Which of a population, from 1; it ends the name, so that no two are called alike.
    pub number: usize,
    /// Name with [`MARK`] in front.
    pub name: String,
    /// `P` or `L`.
    pub sex: &'static str,
    /// Day of birth.
    pub birth: Day,
    /// Sixteen digits: form, sex and day of birth are right, the kecamatan exists nowhere.
    pub nik: String,
    /// Code of the village.
    pub village: String,
    /// A number that is never given out: it has too few digits after 0800.
    pub phone: String,
    /// Her work abroad.
    pub placement: Placement,
}

/// Work abroad.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// Code of the country.
    pub country: &'static str,
    /// Code of the scheme.
    pub scheme: &'static str,
    /// Code of the kind of employer.
    pub employer: &'static str,
    /// The sector in the older words, which follow from the kind of employer: `informal` or `formal`.
    pub sector: &'static str,
    /// The position, in BP2MI's words.
    pub position: &'static str,
    /// When the contract begins.
    pub begins: Day,
}

/// What somebody complains of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// Code of the main type.
    pub kind: &'static str,
    /// Code of the country where it happened.
    pub country: &'static str,
    /// When it came in.
    pub day: Day,
}

/// A stream of made-up people.
#[derive(Debug, Clone)]
pub struct Population {
    seed: Seed,
    /// The villages of each kabupaten or kota.
    villages: BTreeMap<String, Vec<String>>,
    drawn: usize,
}

impl Population {
    /// The stream of a seed, over villages given by their official codes (`35.13.08.2006`).
    #[must_use]
    pub fn new(seed: Seed, codes: impl IntoIterator<Item = String>) -> Self {
        let mut villages = BTreeMap::<String, Vec<String>>::new();
        for code in codes {
            if let Some(regency) = code.get(..REGENCY) {
                villages.entry(regency.to_owned()).or_default().push(code);
            }
        }
        Population { seed, villages, drawn: 0 }
    }

    /// The next person, from one of the kabupaten that [`figures::ORIGIN`] counts. Nobody if no village of
    /// them is known.
    pub fn person(&mut self) -> Option<Person> {
        let known = |share: &&Share| self.villages.contains_key(share.code);
        let shares: Vec<Share> = figures::ORIGIN.shares.iter().filter(known).copied().collect();
        let regency = figure::draw(&shares, &mut self.seed);
        self.person_of(regency)
    }

    /// The next person, from an area: a kabupaten, a kecamatan or one village. Nobody if no village of it is
    /// known.
    pub fn person_of(&mut self, area: &str) -> Option<Person> {
        let inside = |village: &&String| {
            village.strip_prefix(area).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let villages: Vec<&String> = self.villages.get(area.get(..REGENCY)?)?.iter().filter(inside).collect();
        if villages.is_empty() {
            return None;
        }
        let village = (*self.seed.pick(&villages)).clone();
        Some(self.born_in(village))
    }

    /// The next complaint.
    pub fn complaint(&mut self) -> Complaint {
        let seed = &mut self.seed;
        Complaint {
            kind: figures::COMPLAINT.draw(seed),
            country: figures::COMPLAINT_COUNTRY.draw(seed),
            day: Day::draw(seed, YEAR),
        }
    }

    fn born_in(&mut self, village: String) -> Person {
        self.drawn += 1;
        let (number, seed) = (self.drawn, &mut self.seed);
        let sex = figures::SEX.draw(seed);
        let (first, last) = if sex == "P" { (WOMEN, WOMEN_LAST) } else { (MEN, MEN_LAST) };
        let year = BORN_FROM + small(seed.below(BORN_YEARS));
        let birth = Day::draw(seed, year);
        Person {
            number,
            name: format!("{MARK} {} {} {number}", seed.pick(first), seed.pick(last)),
            sex,
            birth,
            nik: nik(&village, sex, birth, number),
            village,
            phone: format!("0800{number:06}"),
            placement: placement(seed),
        }
    }
}

fn placement(seed: &mut Seed) -> Placement {
    let employer = figures::EMPLOYER.draw(seed);
    Placement {
        country: figures::DESTINATION.draw(seed),
        scheme: figures::SCHEME.draw(seed),
        employer,
        sector: if employer == "PERSEORANGAN" { "informal" } else { "formal" },
        position: figures::POSITION.draw(seed),
        begins: Day::draw(seed, YEAR),
    }
}

/// `PPKK`, the kecamatan that does not exist, day of birth, serial.
fn nik(village: &str, sex: &str, birth: Day, number: usize) -> String {
    let regency: String = village.chars().take(REGENCY).filter(char::is_ascii_digit).collect();
    let day = if sex == "P" { birth.day + FEMALE_DAY } else { birth.day };
    let serial = 1 + (number - 1) % SERIALS;
    format!("{regency}{NO_DISTRICT}{day:02}{:02}{:02}{serial:04}", birth.month, birth.year % 100)
}

/// A number of a calendar or a year; they are small.
fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(0)
}
