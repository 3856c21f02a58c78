//! Regions by name.

use std::ops::Range;

use super::kind::RegionKind;
use super::name::{Wanted, search_key};
use super::{Level, Region, RegionCode, Regions};

/// Most regions one search lists.
pub const RESULTS_MAX: usize = 100;
/// Most characters of a typed text that are looked at.
const TYPED_MAX: usize = 200;
/// Most parts of a typed text: village, kecamatan, kabupaten, province.
const PARTS_MAX: usize = 4;

/// What a search found: the best of them, and how many there are in all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Matches<'a> {
    /// At most as many as asked for: whole names before beginnings of names, larger regions before smaller,
    /// then in the order of codes.
    pub regions: Vec<Region<'a>>,
    /// All that match, listed or not.
    pub total: usize,
}

impl<'a> Matches<'a> {
    /// The region, if exactly one matches.
    #[must_use]
    pub fn only(&self) -> Option<Region<'a>> {
        if self.total == 1 { self.regions.first().copied() } else { None }
    }
}

/// How typed parts are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// The whole name.
    Whole,
    /// Its beginning.
    Beginning,
}

/// The names one typed part may stand for: ranges of name numbers, each with the kinds it is good for.
struct Meaning(Vec<(Range<usize>, Option<&'static [RegionKind]>)>);

impl Meaning {
    fn fits(&self, name: usize, code: RegionCode) -> bool {
        self.0.iter().any(|(names, kinds)| {
            names.contains(&name) && kinds.is_none_or(|kinds| kinds.contains(&code.kind()))
        })
    }
}

impl Regions {
    /// Regions of exactly this name: `Krucil`, `Desa Krucil`, or with regions around it, nearest first and
    /// none obligatory: `Krucil, Probolinggo`. Case, punctuation, spaces and the words for the kind may be as
    /// they like. `within` keeps the search inside one region.
    #[must_use]
    pub fn find(&self, typed: &str, within: Option<RegionCode>, limit: usize) -> Matches<'_> {
        self.look_up(typed, within, limit, Mode::Whole)
    }

    /// Regions whose name begins so; for the list under an input field. Parents may be beginnings as well.
    /// A text without letters or digits finds nothing.
    #[must_use]
    pub fn search(&self, typed: &str, within: Option<RegionCode>, limit: usize) -> Matches<'_> {
        self.look_up(typed, within, limit, Mode::Beginning)
    }

    fn look_up(&self, typed: &str, within: Option<RegionCode>, limit: usize, mode: Mode) -> Matches<'_> {
        let bounded: String = typed.chars().take(TYPED_MAX).collect();
        let wanted: Vec<Wanted> = bounded.split(',').filter_map(Wanted::read).take(PARTS_MAX).collect();
        let Some((first, around)) = wanted.split_first() else { return Matches::default() };
        let target = self.meaning(first, mode);
        let around: Vec<Meaning> = around.iter().map(|part| self.meaning(part, mode)).collect();
        let whole = self.meaning(first, Mode::Whole);

        let limit = limit.min(RESULTS_MAX);
        let mut best: Vec<(bool, Level, usize)> = Vec::new();
        let mut total = 0;
        for at in within.map_or(0..self.codes.len(), |code| self.range(code)) {
            let (name, code) = (self.name_number(at), self.codes[at]);
            if target.fits(name, code) && self.lies_in(code, &around) {
                total += 1;
                best.push((!whole.fits(name, code), code.level(), at));
                if best.len() >= 2 * RESULTS_MAX {
                    keep_best(&mut best, limit);
                }
            }
        }
        keep_best(&mut best, limit);
        Matches { regions: best.into_iter().map(|(_, _, at)| self.region_at(at)).collect(), total }
    }

    /// Whether the parents fit, each a level above the one before.
    fn lies_in(&self, code: RegionCode, around: &[Meaning]) -> bool {
        let mut above = std::iter::successors(code.parent(), |code| code.parent());
        around.iter().all(|meaning| {
            above.any(|parent| {
                self.codes.binary_search(&parent).is_ok_and(|at| meaning.fits(self.name_number(at), parent))
            })
        })
    }

    fn meaning(&self, wanted: &Wanted, mode: Mode) -> Meaning {
        let mut ranges = vec![(self.names_like(&wanted.whole, mode), None)];
        if let Some((kinds, rest)) = &wanted.stripped {
            ranges.push((self.names_like(rest, mode), Some(*kinds)));
        }
        Meaning(ranges)
    }

    /// The numbers of the names with this key, or beginning with it.
    fn names_like(&self, key: &str, mode: Mode) -> Range<usize> {
        let start = self.first_name(|name_key| name_key < key);
        let end = match mode {
            Mode::Whole => self.first_name(|name_key| name_key <= key),
            Mode::Beginning => self.first_name(|name_key| name_key < key || name_key.starts_with(key)),
        };
        start..end.max(start)
    }

    /// Binary search over the names: the first whose key is not `before`.
    fn first_name(&self, before: impl Fn(&str) -> bool) -> usize {
        let (mut low, mut high) = (0, self.name_count());
        while low < high {
            let middle = low.midpoint(high);
            if before(&search_key(self.name(middle))) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    fn name_number(&self, at: usize) -> usize {
        usize::try_from(self.name_of[at]).unwrap_or(usize::MAX)
    }
}

fn keep_best(found: &mut Vec<(bool, Level, usize)>, limit: usize) {
    found.sort_unstable();
    found.truncate(limit);
}
