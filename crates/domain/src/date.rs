//! Days of the Gregorian calendar, and dates of which only a part is known.
//!
//! A type of its own rather than a crate: the rules here need whole days, their order and month arithmetic,
//! nothing of zones, clocks or formats, and a phone loads every byte of this crate.

mod partial;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::time::DAY_MS;

pub use partial::{BadPartialDate, PartialDate};

/// Western Indonesian Time is UTC+7 all year (Keppres 41/1987).
const WIB_OFFSET_MS: i64 = 7 * 3600 * 1000;

/// One day between 01-01-0001 and 31-12-9999. Stored as `yyyy-mm-dd`, shown as `dd-mm-yyyy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Weekday {
    /// Senin.
    Monday,
    /// Selasa.
    Tuesday,
    /// Rabu.
    Wednesday,
    /// Kamis.
    Thursday,
    /// Jumat.
    Friday,
    /// Sabtu.
    Saturday,
    /// Minggu.
    Sunday,
}

impl Weekday {
    /// Monday to Sunday.
    pub const ALL: [Weekday; 7] = [
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
        Weekday::Saturday,
        Weekday::Sunday,
    ];
}

impl Date {
    /// The first day there is.
    pub const MIN: Date = Date { year: 1, month: 1, day: 1 };
    /// The last day there is; arithmetic stops here.
    pub const MAX: Date = Date { year: 9999, month: 12, day: 31 };

    /// The day, if the calendar has it.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8) -> Option<Date> {
        let exists = (1..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_in_month(year, month)).contains(&day);
        exists.then_some(Date { year, month, day })
    }

    /// Year, 1 to 9999.
    #[must_use]
    pub fn year(self) -> u16 {
        self.year
    }

    /// Month, 1 to 12.
    #[must_use]
    pub fn month(self) -> u8 {
        self.month
    }

    /// Day of the month, 1 to 31.
    #[must_use]
    pub fn day(self) -> u8 {
        self.day
    }

    /// Days since 01-01-1970; negative before.
    ///
    /// Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
    #[must_use]
    pub fn days(self) -> i32 {
        let month = i32::from(self.month);
        let year = i32::from(self.year) - i32::from(month <= 2);
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + i32::from(self.day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }

    /// The day so many days after 01-01-1970, at most [`Date::MAX`] and at least [`Date::MIN`].
    ///
    /// Source: as [`Date::days`], `civil_from_days`.
    #[must_use]
    pub fn from_days(days: i32) -> Date {
        let days = days.clamp(Date::MIN.days(), Date::MAX.days()) + 719_468;
        let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = era * 400 + year_of_era + i32::from(month <= 2);
        match (u16::try_from(year), u8::try_from(month), u8::try_from(day)) {
            (Ok(year), Ok(month), Ok(day)) => Date { year, month, day },
            _ => Date::MAX,
        }
    }

    /// The day on which an instant falls in Western Indonesian Time (WIB, UTC+7).
    #[must_use]
    pub fn in_wib(unix_ms: i64) -> Date {
        let days = unix_ms.saturating_add(WIB_OFFSET_MS).div_euclid(DAY_MS);
        Date::from_days(i32::try_from(days).unwrap_or(if days < 0 { i32::MIN } else { i32::MAX }))
    }

    /// So many days later, or earlier where negative; stops at the ends of the calendar.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Date {
        Date::from_days(self.days().saturating_add(days))
    }

    /// So many months later, on the same day of the month or the month's last day where it is shorter;
    /// stops at the end of the calendar.
    #[must_use]
    pub fn plus_months(self, months: u16) -> Date {
        let total = u32::from(self.year) * 12 + u32::from(self.month) - 1 + u32::from(months);
        match (u16::try_from(total / 12), u8::try_from(total % 12 + 1)) {
            (Ok(year), Ok(month)) if year <= 9999 => {
                Date { year, month, day: self.day.min(days_in_month(year, month)) }
            }
            _ => Date::MAX,
        }
    }

    /// Days from this day to another; negative where that one is earlier.
    #[must_use]
    pub fn days_to(self, other: Date) -> i32 {
        other.days() - self.days()
    }

    /// The day of the week.
    #[must_use]
    pub fn weekday(self) -> Weekday {
        // 01-01-1970 was a Thursday.
        let at = usize::try_from((self.days() + 3).rem_euclid(7)).unwrap_or(0);
        Weekday::ALL[at]
    }

    /// Completed years of life on `today` of a person born on this day.
    #[must_use]
    pub fn age_on(self, today: Date) -> u16 {
        let years = today.year.saturating_sub(self.year);
        years.saturating_sub(u16::from((today.month, today.day) < (self.month, self.day)))
    }

    /// The stored form, `yyyy-mm-dd`.
    #[must_use]
    pub fn to_iso(self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// Days of a month of 1 to 12; 0 for any other.
fn days_in_month(year: u16, month: u8) -> u8 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => 28 + u8::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

/// A text that is not a day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no day; write yyyy-mm-dd, for example 1984-05-17")]
pub struct BadDate(pub String);

impl FromStr for Date {
    type Err = BadDate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(PartialDate::Day(date)) => Ok(date),
            Ok(PartialDate::Year(_) | PartialDate::Month(..)) | Err(_) => Err(BadDate(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Date {
    type Error = BadDate;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Date> for String {
    fn from(date: Date) -> String {
        date.to_iso()
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}-{:02}-{:04}", self.day, self.month, self.year)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    pub(crate) fn any_date() -> impl Strategy<Value = Date> {
        (Date::MIN.days()..=Date::MAX.days()).prop_map(Date::from_days)
    }

    #[test]
    fn known_days_have_their_numbers_and_weekdays() {
        for (text, days, weekday) in [
            ("1970-01-01", 0, Weekday::Thursday),
            ("1969-12-31", -1, Weekday::Wednesday),
            ("2000-02-29", 11_016, Weekday::Tuesday),
            ("2024-02-14", 19_767, Weekday::Wednesday),
            ("1945-08-17", -8903, Weekday::Friday),
        ] {
            assert_eq!((date(text).days(), date(text).weekday()), (days, weekday), "{text}");
        }
    }

    #[test]
    fn a_new_day_begins_in_wib_at_five_in_the_afternoon_utc() {
        let midnight_utc = i64::from(date("2026-07-03").days()) * DAY_MS;
        assert_eq!(Date::in_wib(midnight_utc + 17 * 3_600_000 - 1), date("2026-07-03"));
        assert_eq!(Date::in_wib(midnight_utc + 17 * 3_600_000), date("2026-07-04"));
        assert_eq!(Date::in_wib(i64::MIN), Date::MIN);
        assert_eq!(Date::in_wib(i64::MAX), Date::MAX);
    }

    #[test]
    fn months_end_where_the_calendar_ends_them() {
        assert_eq!(date("2024-01-31").plus_months(1), date("2024-02-29"));
        assert_eq!(date("2023-08-31").plus_months(6), date("2024-02-29"));
        assert_eq!(date("2023-12-15").plus_months(12), date("2024-12-15"));
        assert_eq!(date("9999-12-01").plus_months(1), Date::MAX);
    }

    #[test]
    fn age_counts_completed_years() {
        assert_eq!(date("2000-02-29").age_on(date("2018-02-28")), 17);
        assert_eq!(date("2000-02-29").age_on(date("2018-03-01")), 18);
        assert_eq!(date("2030-01-01").age_on(date("2026-01-01")), 0);
    }

    proptest! {
        #[test]
        fn numbers_and_texts_name_the_same_day(day in any_date()) {
            prop_assert_eq!(Date::from_days(day.days()), day);
            prop_assert_eq!(day.to_iso().parse::<Date>(), Ok(day));
            prop_assert_eq!(Date::new(day.year(), day.month(), day.day()), Some(day));
        }

        #[test]
        fn the_order_of_days_is_the_order_of_their_numbers(a in any_date(), b in any_date()) {
            prop_assert_eq!(a.cmp(&b), a.days().cmp(&b.days()));
            prop_assert_eq!(a.cmp(&b), a.to_iso().cmp(&b.to_iso()));
        }

        #[test]
        fn weekdays_follow_each_other(day in any_date()) {
            let next = day.plus_days(1);
            prop_assume!(next > day);
            let at = |weekday| Weekday::ALL.iter().position(|&known| known == weekday).unwrap();
            prop_assert_eq!(at(next.weekday()), (at(day.weekday()) + 1) % 7);
        }
    }
}
