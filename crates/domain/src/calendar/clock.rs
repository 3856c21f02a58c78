//! Deadlines: when they fall due, what is left, and what stops them.
//!
//! Two families, after the rule that no one may lose a right by what she could not help. A clock that may
//! close a case **against** the complainant starts when she was told, and pauses while her message waits
//! unsent, while another holds her papers, and while she cannot be reached. A clock that binds the **office**
//! starts when the first officer took the complaint; the days until it reached the office are shown apart and
//! count all the same. No clock closes anything: it only says where it stands.

use serde::{Deserialize, Serialize};

use super::Calendar;
use crate::date::Date;

/// The rule a clock runs under, kept with it: a later version does not move running clocks by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleRef {
    /// The rule's id.
    pub id: String,
    /// Its version when the clock started.
    pub version: u32,
}

/// Whom a clock binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// The office must act in time.
    Office,
    /// The complainant must, else the case may be closed by an officer.
    Complainant,
}

/// What a clock counts. The day it starts on never counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Hari kerja.
    WorkingDays,
    /// Hari.
    CalendarDays,
    /// Bulan: to the same day of the month, or its last. Pauses and what is left count in days.
    Months,
}

/// A time in which a clock stands still: from this day on, until the day on which it runs again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// The first day that does not count.
    pub from: Date,
    /// The first day that counts again; none while the pause lasts.
    pub to: Option<Date>,
    /// Why, as a code.
    pub reason: String,
}

/// A running deadline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// The rule and its version.
    pub rule: RuleRef,
    /// Whom it binds.
    pub family: Family,
    /// The day it started: when the complainant was told, or the first officer took the complaint.
    pub started: Date,
    /// For clocks of the office: the day the matter reached it.
    pub arrived: Option<Date>,
    /// What it counts.
    pub unit: Unit,
    /// How many of them.
    pub length: u16,
    /// When it stood still; in any order, overlaps count once.
    pub pauses: Vec<Pause>,
}

/// When a clock falls due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// On this day; it is kept until the day has ended.
    On {
        /// The last day in time.
        date: Date,
        /// Whether every working day counted is one by decree.
        certain: bool,
    },
    /// It stands still, and nobody knows until when.
    Standing,
}

/// Where a clock stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockState {
    /// When it falls due.
    pub due: Due,
    /// What is left, in working days for those and in days otherwise; negative by what it is overdue.
    pub remaining: i32,
    /// Whether the due day has passed.
    pub overdue: bool,
    /// Since when it stands still today, if it does.
    pub paused_since: Option<Date>,
    /// For clocks of the office: days from the first officer to the office, or to today while on the way.
    pub transit: Option<i32>,
}

impl Clock {
    /// When it falls due.
    #[must_use]
    pub fn due(&self, calendar: &Calendar) -> Due {
        let mut left = self.units();
        let mut cursor = self.started;
        for (from, to) in self.stops() {
            let stretch = self.count(calendar, cursor, from.plus_days(-1)).max(0);
            if left <= stretch {
                break;
            }
            left -= stretch;
            match to {
                Some(to) => cursor = cursor.max(to.plus_days(-1)),
                None => return Due::Standing,
            }
        }
        let date = self.add(calendar, cursor, left);
        let certain = self.unit != Unit::WorkingDays || calendar.is_certain(self.started, date);
        Due::On { date, certain }
    }

    /// Where it stands on a day.
    #[must_use]
    pub fn state(&self, calendar: &Calendar, today: Date) -> ClockState {
        let due = self.due(calendar);
        let overdue_since = match due {
            Due::On { date, .. } if today > date => Some(date),
            Due::On { .. } | Due::Standing => None,
        };
        let remaining = match overdue_since {
            Some(date) => -self.count(calendar, date, today),
            None => self.units() - self.used(calendar, today),
        };
        ClockState {
            due,
            remaining,
            overdue: overdue_since.is_some(),
            paused_since: self.paused_since(today),
            transit: self.transit(today),
        }
    }

    /// The length in the unit that is counted: working days, or days.
    fn units(&self) -> i32 {
        match self.unit {
            Unit::WorkingDays | Unit::CalendarDays => i32::from(self.length),
            Unit::Months => self.started.days_to(self.started.plus_months(self.length)),
        }
    }

    /// What has run by the end of a day.
    fn used(&self, calendar: &Calendar, today: Date) -> i32 {
        let mut used = 0;
        let mut cursor = self.started;
        for (from, to) in self.stops() {
            used += self.count(calendar, cursor, from.plus_days(-1).min(today)).max(0);
            match to {
                Some(to) => cursor = cursor.max(to.plus_days(-1)),
                None => return used,
            }
        }
        used + self.count(calendar, cursor, today).max(0)
    }

    /// Pauses that stop anything, by their beginnings.
    fn stops(&self) -> Vec<(Date, Option<Date>)> {
        let mut stops: Vec<(Date, Option<Date>)> = self
            .pauses
            .iter()
            .map(|pause| (pause.from, pause.to))
            .filter(|(from, to)| to.is_none_or(|to| to > *from))
            .collect();
        stops.sort();
        stops
    }

    fn paused_since(&self, today: Date) -> Option<Date> {
        let holds = |(from, to): &(Date, Option<Date>)| *from <= today && to.is_none_or(|to| today < to);
        self.stops().into_iter().find(holds).map(|(from, _)| from)
    }

    fn transit(&self, today: Date) -> Option<i32> {
        match self.family {
            Family::Office => Some(self.started.days_to(self.arrived.unwrap_or(today)).max(0)),
            Family::Complainant => None,
        }
    }

    /// Units after `from` up to `to`; negative where `to` is earlier.
    fn count(&self, calendar: &Calendar, from: Date, to: Date) -> i32 {
        match self.unit {
            Unit::WorkingDays => calendar.working_days_between(from, to),
            Unit::CalendarDays | Unit::Months => from.days_to(to),
        }
    }

    /// The day so many units after `from`.
    fn add(&self, calendar: &Calendar, from: Date, units: i32) -> Date {
        match self.unit {
            Unit::WorkingDays => calendar.add_working_days(from, u16::try_from(units).unwrap_or(0)),
            Unit::CalendarDays | Unit::Months => from.plus_days(units),
        }
    }
}

#[cfg(test)]
mod tests;
