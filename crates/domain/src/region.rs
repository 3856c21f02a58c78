//! The regions of Indonesia: codes, names, kinds and parents, from a compact table.
//!
//! The table is data the host hands over as bytes ([`Regions::read`]). Two are kept under `data/`, each a
//! zstd frame with a checksum: `regions-id.zst` (all Indonesia down to the village) and `regions-35.zst`
//! (East Java down to the village, elsewhere provinces and kabupaten/kota). A host embeds or ships one of
//! them, decompresses it and passes the result on; this crate carries neither the data nor a decompressor.
//!
//! Names are not keys: East Java alone has 38 villages called Sukorejo. Every lookup by name therefore
//! answers with a list and says how many regions it found in all.

mod code;
mod grid;
mod kind;
mod name;
mod search;
mod table;

pub use code::{BadRegionCode, RegionCode};
pub use grid::{BadGrid, TileGrid, east_java_grid};
pub use kind::{Level, RegionKind};
pub use search::{Matches, RESULTS_MAX};
pub use table::{EncodeError, RegionError, TABLE_MAX, encode};

use crate::Area;

/// The regions of one table, sorted by code. Costs about 13 bytes a region plus its names, and no index.
#[derive(Debug, Clone)]
pub struct Regions {
    /// Where the data is from, in words.
    edition: String,
    /// Codes in ascending order.
    codes: Vec<RegionCode>,
    /// For each code, which name it bears.
    name_of: Vec<u32>,
    /// The distinct names, sorted by search key, one after the other.
    names: String,
    /// Where each name begins, and the end of the last.
    name_at: Vec<u32>,
}

/// One region as it stands in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region<'a> {
    /// Its code.
    pub code: RegionCode,
    /// Its bare name: `Probolinggo`, not `Kabupaten Probolinggo`.
    pub name: &'a str,
}

impl Region<'_> {
    /// What it is: province, kabupaten, kota, kecamatan…
    #[must_use]
    pub fn kind(&self) -> RegionKind {
        self.code.kind()
    }

    /// Its code as an area.
    #[must_use]
    pub fn area(&self) -> Area {
        self.code.to_area()
    }

    /// The name with its kind, as in official writing: `Kabupaten Probolinggo`, `Desa Krucil`.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{} {}", self.kind().title(), self.name)
    }
}

impl Regions {
    /// Where the data is from, in words.
    #[must_use]
    pub fn edition(&self) -> &str {
        &self.edition
    }

    /// How many regions of a level the table holds.
    #[must_use]
    pub fn count(&self, level: Level) -> usize {
        self.codes.iter().filter(|code| code.level() == level).count()
    }

    /// The region of a code.
    #[must_use]
    pub fn get(&self, code: RegionCode) -> Option<Region<'_>> {
        self.codes.binary_search(&code).ok().map(|at| self.region_at(at))
    }

    /// The region an area names.
    #[must_use]
    pub fn of_area(&self, area: &Area) -> Option<Region<'_>> {
        RegionCode::from_area(area).and_then(|code| self.get(code))
    }

    /// The regions above one, nearest first: kecamatan, kabupaten, province.
    pub fn parents(&self, code: RegionCode) -> impl Iterator<Item = Region<'_>> {
        std::iter::successors(code.parent(), |above| above.parent()).filter_map(|above| self.get(above))
    }

    /// The regions directly below one, in the order of their codes.
    pub fn children(&self, code: RegionCode) -> impl Iterator<Item = Region<'_>> {
        let below = code.level().below();
        self.range(code).filter(move |&at| Some(self.codes[at].level()) == below).map(|at| self.region_at(at))
    }

    /// The provinces.
    pub fn provinces(&self) -> impl Iterator<Item = Region<'_>> {
        (0..self.codes.len())
            .filter(|&at| self.codes[at].level() == Level::Province)
            .map(|at| self.region_at(at))
    }

    /// Whether the table goes on below a region. Where it does not, a code it lacks may still be right.
    #[must_use]
    pub fn reaches_below(&self, code: RegionCode) -> bool {
        self.range(code).len() > 1
    }

    /// A region with its parents, for people: `Desa Krucil, Kecamatan Krucil, Kabupaten Probolinggo, Jawa
    /// Timur`. Unknown codes have no such text.
    #[must_use]
    pub fn path(&self, code: RegionCode) -> Option<String> {
        let region = self.get(code)?;
        let mut path = region.full_name();
        for parent in self.parents(code) {
            path.push_str(", ");
            match parent.code.level() {
                Level::Province => path.push_str(parent.name),
                Level::Regency | Level::District | Level::Village => path.push_str(&parent.full_name()),
            }
        }
        Some(path)
    }

    /// The positions of a region and all below it; empty if the table lacks it.
    fn range(&self, code: RegionCode) -> std::ops::Range<usize> {
        let start = self.codes.partition_point(|&known| known < code);
        let end = self.codes.partition_point(|&known| known <= code.last_below());
        if self.codes.get(start) == Some(&code) { start..end } else { start..start }
    }

    fn region_at(&self, at: usize) -> Region<'_> {
        let name = usize::try_from(self.name_of[at]).unwrap_or(0);
        Region { code: self.codes[at], name: self.name(name) }
    }

    /// The name of a number below the count of names; the reader checked that all are.
    fn name(&self, number: usize) -> &str {
        let at = |index: usize| usize::try_from(self.name_at[index]).unwrap_or(0);
        &self.names[at(number)..at(number + 1)]
    }

    fn name_count(&self) -> usize {
        self.name_at.len() - 1
    }
}

#[cfg(test)]
pub(crate) mod tests;
