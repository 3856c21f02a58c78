//! Dates as a family remembers them: a year, a month of a year, or a day.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Date, days_in_month};

/// A year, a month of a year, or a day. Stored as `1984`, `1984-05` or `1984-05-17`; shown as `1984`,
/// `05-1984` or `17-05-1984`.
///
/// Ordered by the first day it can mean; of two that begin together, the vaguer comes first. That is also
/// the order of the stored texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum PartialDate {
    /// Only the year is known.
    Year(u16),
    /// Year and month.
    Month(u16, u8),
    /// The day.
    Day(Date),
}

impl PartialDate {
    /// The year, which is always known.
    #[must_use]
    pub fn year(self) -> u16 {
        self.parts().0
    }

    /// The first day it can mean.
    #[must_use]
    pub fn earliest(self) -> Date {
        let (year, month, day) = self.parts();
        Date { year, month: month.max(1), day: day.max(1) }
    }

    /// The last day it can mean.
    #[must_use]
    pub fn latest(self) -> Date {
        match self {
            PartialDate::Year(year) => Date { year, month: 12, day: 31 },
            PartialDate::Month(year, month) => Date { year, month, day: days_in_month(year, month).max(1) },
            PartialDate::Day(date) => date,
        }
    }

    /// Whether the day is one of those this can mean.
    #[must_use]
    pub fn allows(self, day: Date) -> bool {
        (self.earliest()..=self.latest()).contains(&day)
    }

    /// Reads what a person types: the stored form, or day first with `-`, `/`, `.` or spaces (`17-5-1984`,
    /// `05/1984`). A year always has four digits.
    ///
    /// # Errors
    /// [`BadPartialDate`] where the text is no date of these forms.
    pub fn from_typed(text: &str) -> Result<Self, BadPartialDate> {
        let bad = || BadPartialDate(text.chars().take(40).collect());
        let parts: Vec<&str> =
            text.trim().split(['-', '/', '.', ' ']).filter(|part| !part.is_empty()).take(4).collect();
        let year_last = parts.last().is_some_and(|part| part.len() == 4);
        let ordered: Vec<&str> = if year_last { parts.into_iter().rev().collect() } else { parts };
        let widths_fit = ordered.iter().enumerate().all(|(at, part)| match at {
            0 => part.len() == 4,
            _ => part.len() <= 2,
        });
        if !widths_fit {
            return Err(bad());
        }
        let padded: Vec<String> = ordered.iter().map(|part| format!("{part:0>2}")).collect();
        padded.join("-").parse().map_err(|_| bad())
    }

    /// The stored form: `1984`, `1984-05` or `1984-05-17`.
    #[must_use]
    pub fn to_iso(self) -> String {
        match self {
            PartialDate::Year(year) => format!("{year:04}"),
            PartialDate::Month(year, month) => format!("{year:04}-{month:02}"),
            PartialDate::Day(date) => date.to_iso(),
        }
    }

    /// Year, month, day, with 0 for what is not known.
    fn parts(self) -> (u16, u8, u8) {
        match self {
            PartialDate::Year(year) => (year, 0, 0),
            PartialDate::Month(year, month) => (year, month, 0),
            PartialDate::Day(date) => (date.year, date.month, date.day),
        }
    }
}

impl PartialOrd for PartialDate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PartialDate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.parts().cmp(&other.parts())
    }
}

impl From<Date> for PartialDate {
    fn from(date: Date) -> Self {
        PartialDate::Day(date)
    }
}

/// A text that is no date, not even a partial one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no date; write 1984, 1984-05 or 1984-05-17")]
pub struct BadPartialDate(pub String);

impl FromStr for PartialDate {
    type Err = BadPartialDate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.splitn(4, '-').collect();
        let number = |at: usize, width: usize| -> Option<u16> {
            let part = parts.get(at)?;
            let digits = part.len() == width && part.bytes().all(|byte| byte.is_ascii_digit());
            if digits { part.parse().ok() } else { None }
        };
        let small = |at: usize| number(at, 2).and_then(|number| u8::try_from(number).ok());
        let year = number(0, 4).filter(|&year| year > 0);
        let read = match (parts.len(), year) {
            (1, Some(year)) => Some(PartialDate::Year(year)),
            (2, Some(year)) => {
                small(1).filter(|month| (1..=12).contains(month)).map(|month| PartialDate::Month(year, month))
            }
            (3, Some(year)) => small(1)
                .zip(small(2))
                .and_then(|(month, day)| Date::new(year, month, day))
                .map(PartialDate::Day),
            _ => None,
        };
        read.ok_or_else(|| BadPartialDate(text.chars().take(40).collect()))
    }
}

impl TryFrom<String> for PartialDate {
    type Error = BadPartialDate;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<PartialDate> for String {
    fn from(date: PartialDate) -> String {
        date.to_iso()
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PartialDate::Year(year) => write!(f, "{year:04}"),
            PartialDate::Month(year, month) => write!(f, "{month:02}-{year:04}"),
            PartialDate::Day(date) => date.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{any_date, date};
    use super::*;

    fn any_partial() -> impl Strategy<Value = PartialDate> {
        (any_date(), 0..3).prop_map(|(day, precision)| match precision {
            0 => PartialDate::Year(day.year()),
            1 => PartialDate::Month(day.year(), day.month()),
            _ => PartialDate::Day(day),
        })
    }

    #[test]
    fn stored_texts_are_years_months_and_days_that_exist() {
        for good in ["1984", "1984-05", "1984-05-17", "2024-02-29"] {
            assert_eq!(good.parse::<PartialDate>().unwrap().to_iso(), good);
        }
        for bad in [
            "84",
            "1984-13",
            "1984-5",
            "2023-02-29",
            "1984-00-01",
            "1984-05-17-1",
            "",
            "0000",
            "+984",
            "198٤",
        ] {
            assert_eq!(bad.parse::<PartialDate>(), Err(BadPartialDate(bad.to_owned())));
        }
    }

    #[test]
    fn people_write_the_day_first() {
        for (typed, stored) in [
            ("17-05-1984", "1984-05-17"),
            ("17/5/1984", "1984-05-17"),
            (" 7.5.1984 ", "1984-05-07"),
            ("05-1984", "1984-05"),
            ("5 1984", "1984-05"),
            ("1984", "1984"),
            ("1984-05-17", "1984-05-17"),
        ] {
            assert_eq!(PartialDate::from_typed(typed).unwrap().to_iso(), stored, "{typed}");
        }
        for bad in ["17-05-84", "31-02-1984", "05-17-1984", "kemarin", "", "1-2-3-1984", "1984-1984"] {
            assert!(PartialDate::from_typed(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn people_read_the_day_first() {
        let shown = |text: &str| text.parse::<PartialDate>().unwrap().to_string();
        assert_eq!([shown("1984"), shown("1984-05"), shown("1984-05-17")], ["1984", "05-1984", "17-05-1984"]);
    }

    #[test]
    fn a_vague_date_allows_the_days_it_can_mean() {
        let month: PartialDate = "2024-02".parse().unwrap();
        assert!(month.allows(date("2024-02-29")));
        assert!(!month.allows(date("2024-03-01")));
        assert_eq!(PartialDate::Year(1984).latest(), date("1984-12-31"));
    }

    proptest! {
        #[test]
        fn both_written_forms_come_back(partial in any_partial()) {
            prop_assert_eq!(partial.to_iso().parse::<PartialDate>(), Ok(partial));
            prop_assert_eq!(PartialDate::from_typed(&partial.to_string()), Ok(partial));
            prop_assert!(partial.allows(partial.earliest()) && partial.allows(partial.latest()));
        }

        #[test]
        fn the_order_is_that_of_the_stored_texts(a in any_partial(), b in any_partial()) {
            prop_assert_eq!(a.cmp(&b), a.to_iso().cmp(&b.to_iso()));
            if a < b {
                prop_assert!(a.earliest() <= b.earliest());
            }
        }

        #[test]
        fn no_text_breaks_the_reader(text in "\\PC{0,20}") {
            if let Ok(read) = PartialDate::from_typed(&text) {
                prop_assert_eq!(PartialDate::from_typed(&read.to_string()), Ok(read));
            }
            if let Ok(read) = text.parse::<PartialDate>() {
                prop_assert_eq!(read.to_iso(), text);
            }
        }
    }
}
