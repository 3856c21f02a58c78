//! Working days of Indonesian offices, as data, and the clocks that count them.
//!
//! The calendar is a TOML text that people may edit (`data/calendar.toml`): the weekend, public holidays, and
//! joint leave (*cuti bersama*), on which offices are closed as well. Outside the years it lists, every day
//! that is no weekend counts as working; what depends on such days is marked as not certain.

mod clock;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use clock::{Clock, ClockState, Due, Family, Pause, RuleRef, Unit};

use crate::date::{Date, Weekday};

/// Greatest size of a calendar's text in bytes.
pub const CALENDAR_MAX: usize = 256 * 1024;
/// The calendar this release ships.
const BUILTIN: &str = include_str!("../data/calendar.toml");

/// Which days offices work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    source: String,
    years: std::ops::RangeInclusive<u16>,
    weekend: BTreeSet<Weekday>,
    days_off: BTreeMap<Date, DayOff>,
}

/// A day on which offices are closed besides the weekend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayOff {
    /// Public holiday or joint leave.
    pub kind: DayOffKind,
    /// Its name in Indonesian.
    pub name: String,
    /// Whether the day is computed and not yet decreed.
    pub estimated: bool,
}

/// Why offices are closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayOffKind {
    /// Hari libur nasional.
    Holiday,
    /// Cuti bersama.
    JointLeave,
}

/// Why a text is no calendar.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// Not of the calendar's form.
    #[error("calendar: {0}")]
    Form(String),
    /// More than [`CALENDAR_MAX`] bytes.
    #[error("calendar: the text is longer than {CALENDAR_MAX} bytes")]
    TooLarge,
    /// The years are reversed.
    #[error("calendar: first_year is after last_year")]
    Years,
    /// No day of the week is left to work.
    #[error("calendar: the weekend leaves no working day")]
    NoWorkingDay,
    /// A day stands twice.
    #[error("calendar: {0} stands twice")]
    Twice(Date),
    /// A day lies outside the years.
    #[error("calendar: {0} is outside first_year to last_year")]
    Outside(Date),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    source: String,
    first_year: u16,
    last_year: u16,
    weekend: BTreeSet<Weekday>,
    days: Vec<SourceDay>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceDay {
    date: Date,
    kind: DayOffKind,
    name: String,
    #[serde(default)]
    estimated: bool,
}

impl Calendar {
    /// The calendar this release ships.
    ///
    /// # Errors
    /// None in a released build: a test reads it.
    pub fn builtin() -> Result<Calendar, CalendarError> {
        Calendar::read(BUILTIN)
    }

    /// Reads a calendar from its TOML text.
    ///
    /// # Errors
    /// [`CalendarError`] says what is wrong.
    pub fn read(text: &str) -> Result<Calendar, CalendarError> {
        if text.len() > CALENDAR_MAX {
            return Err(CalendarError::TooLarge);
        }
        let source: Source = toml::from_str(text).map_err(|error| CalendarError::Form(error.to_string()))?;
        if source.first_year > source.last_year {
            return Err(CalendarError::Years);
        }
        if source.weekend.len() >= Weekday::ALL.len() {
            return Err(CalendarError::NoWorkingDay);
        }
        let years = source.first_year..=source.last_year;
        let mut days_off = BTreeMap::new();
        for SourceDay { date, kind, name, estimated } in source.days {
            if !years.contains(&date.year()) {
                return Err(CalendarError::Outside(date));
            }
            if days_off.insert(date, DayOff { kind, name, estimated }).is_some() {
                return Err(CalendarError::Twice(date));
            }
        }
        Ok(Calendar { source: source.source, years, weekend: source.weekend, days_off })
    }

    /// Where the days are from, in words.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The days off besides weekends, in order.
    pub fn days_off(&self) -> impl Iterator<Item = (Date, &DayOff)> {
        self.days_off.iter().map(|(date, day)| (*date, day))
    }

    /// Why a day is off besides being a weekend, if it is.
    #[must_use]
    pub fn day_off(&self, date: Date) -> Option<&DayOff> {
        self.days_off.get(&date)
    }

    /// Whether offices work on a day.
    #[must_use]
    pub fn is_working_day(&self, date: Date) -> bool {
        !self.weekend.contains(&date.weekday()) && !self.days_off.contains_key(&date)
    }

    /// The day so many working days after `date`, which itself does not count; `date` for none.
    #[must_use]
    pub fn add_working_days(&self, date: Date, count: u16) -> Date {
        let (mut day, mut left) = (date, count);
        while left > 0 && day < Date::MAX {
            day = day.plus_days(1);
            left -= u16::from(self.is_working_day(day));
        }
        day
    }

    /// Working days after `from` up to and including `to`; negative, of the same days, where `to` is earlier.
    #[must_use]
    pub fn working_days_between(&self, from: Date, to: Date) -> i32 {
        if to < from {
            return -self.working_days_between(to, from);
        }
        let span = from.days_to(to);
        let weekdays = Weekday::ALL.iter().filter(|day| !self.weekend.contains(day)).count();
        let in_weeks = span / 7 * i32::try_from(weekdays).unwrap_or(0);
        let rest = (0..span % 7).filter(|back| self.is_weekday(to.plus_days(-back)));
        let off = self
            .days_off
            .range((std::ops::Bound::Excluded(from), std::ops::Bound::Included(to)))
            .filter(|(date, _)| self.is_weekday(**date));
        let count = |days: usize| i32::try_from(days).unwrap_or(i32::MAX);
        if from == to { 0 } else { in_weeks + count(rest.count()) - count(off.count()) }
    }

    /// Whether every day from one to another is listed and decreed, so that counting them is certain.
    #[must_use]
    pub fn is_certain(&self, from: Date, to: Date) -> bool {
        let listed = self.years.contains(&from.year()) && self.years.contains(&to.year());
        listed && from <= to && !self.days_off.range(from..=to).any(|(_, day)| day.estimated)
    }

    fn is_weekday(&self, date: Date) -> bool {
        !self.weekend.contains(&date.weekday())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::date::tests::date;

    pub(crate) fn builtin() -> &'static Calendar {
        static CALENDAR: std::sync::OnceLock<Calendar> = std::sync::OnceLock::new();
        CALENDAR.get_or_init(|| Calendar::builtin().unwrap())
    }

    fn near() -> impl Strategy<Value = Date> {
        (date("2023-06-01").days()..=date("2028-06-01").days()).prop_map(Date::from_days)
    }

    #[test]
    fn the_shipped_calendar_knows_holidays_and_joint_leave() {
        let calendar = builtin();
        for (day, kind) in [
            ("2024-02-14", DayOffKind::Holiday),
            ("2024-04-12", DayOffKind::JointLeave),
            ("2025-08-18", DayOffKind::JointLeave),
            ("2026-03-19", DayOffKind::Holiday),
            ("2027-12-24", DayOffKind::JointLeave),
        ] {
            assert_eq!(calendar.day_off(date(day)).map(|off| off.kind), Some(kind), "{day}");
            assert!(!calendar.is_working_day(date(day)));
        }
        assert!(calendar.day_off(date("2027-03-10")).unwrap().estimated);
        assert!(calendar.is_working_day(date("2026-03-25")));
        assert!(!calendar.is_working_day(date("2026-03-28")));
        for year in 2024..=2027 {
            let of = |kind| {
                calendar.days_off().filter(|(day, off)| day.year() == year && off.kind == kind).count()
            };
            // Sixteen or seventeen holidays by decree, elections and a second Isra Mikraj in one solar year more.
            assert!((16..=19).contains(&of(DayOffKind::Holiday)), "{year}");
            assert!((8..=11).contains(&of(DayOffKind::JointLeave)), "{year}");
        }
    }

    #[test]
    fn working_days_leap_over_lebaran() {
        // In 2026 Nyepi, Idul Fitri and joint leave close offices from 18 to 24 March.
        let calendar = builtin();
        assert_eq!(calendar.add_working_days(date("2026-03-17"), 1), date("2026-03-25"));
        assert_eq!(calendar.working_days_between(date("2026-03-17"), date("2026-03-25")), 1);
        assert_eq!(calendar.working_days_between(date("2026-03-25"), date("2026-03-17")), -1);
        assert_eq!(calendar.add_working_days(date("2026-03-21"), 0), date("2026-03-21"));
        assert_eq!(calendar.add_working_days(Date::MAX, 5), Date::MAX);
    }

    #[test]
    fn counting_is_certain_only_over_decreed_days() {
        let calendar = builtin();
        assert!(calendar.is_certain(date("2026-01-01"), date("2027-03-09")));
        assert!(!calendar.is_certain(date("2026-01-01"), date("2027-03-10")));
        assert!(!calendar.is_certain(date("2027-12-27"), date("2028-01-03")));
    }

    #[test]
    fn a_faulty_calendar_is_refused_with_the_reason() {
        let text = |weekend: &str, years: (u16, u16), days: &str| {
            format!(
                "source = \"test\"\nfirst_year = {}\nlast_year = {}\nweekend = [{weekend}]\ndays = [{days}]",
                years.0, years.1
            )
        };
        let day = |date: &str| format!("{{ date = \"{date}\", kind = \"holiday\", name = \"x\" }}, ");
        let week = r#""monday","tuesday","wednesday","thursday","friday","saturday","sunday""#;
        let twice = day("2026-01-01").repeat(2);
        for (text, expected) in [
            (text("", (2026, 2026), &twice), "calendar: 01-01-2026 stands twice"),
            (text("", (2026, 2026), &day("2027-01-01")), "calendar: 01-01-2027 is outside"),
            (text(week, (2026, 2026), ""), "calendar: the weekend leaves no working day"),
            (text("", (2027, 2026), ""), "calendar: first_year is after last_year"),
            (text("\"holiday\"", (2026, 2026), ""), "calendar: TOML parse error"),
            (text("", (2026, 2026), &day("2026-02-30")), "calendar: TOML parse error"),
            (" ".repeat(CALENDAR_MAX + 1), "calendar: the text is longer"),
        ] {
            let error = Calendar::read(&text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    proptest! {
        #[test]
        fn counting_and_adding_agree(start in near(), count in 0u16..600) {
            let calendar = builtin();
            let end = calendar.add_working_days(start, count);
            prop_assert_eq!(calendar.working_days_between(start, end), i32::from(count));
            prop_assert!(count == 0 || calendar.is_working_day(end));
        }

        #[test]
        fn counting_is_what_looking_at_each_day_gives(a in near(), b in near()) {
            let calendar = builtin();
            let (from, to) = (a.min(b), a.max(b));
            let each = (from.days() + 1..=to.days()).filter(|&day| calendar.is_working_day(Date::from_days(day)));
            let count = i32::try_from(each.count()).unwrap();
            prop_assert_eq!(calendar.working_days_between(from, to), count);
            prop_assert_eq!(calendar.working_days_between(to, from), -count);
        }

        #[test]
        fn stretches_add_up(a in near(), b in near(), c in near()) {
            let calendar = builtin();
            let between = |from, to| calendar.working_days_between(from, to);
            prop_assert_eq!(between(a, b) + between(b, c), between(a, c));
        }
    }
}
