use proptest::prelude::*;

use super::*;
use crate::calendar::tests::builtin as calendar;
use crate::date::tests::date;

fn clock(unit: Unit, length: u16, started: &str) -> Clock {
    Clock {
        rule: RuleRef { id: "jawab_pertanyaan".to_owned(), version: 3 },
        family: Family::Complainant,
        started: date(started),
        arrived: None,
        unit,
        length,
        pauses: Vec::new(),
    }
}

fn pause(from: &str, to: Option<&str>) -> Pause {
    Pause { from: date(from), to: to.map(date), reason: "BELUM_TERKIRIM".to_owned() }
}

fn due_date(clock: &Clock) -> Option<Date> {
    match clock.due(calendar()) {
        Due::On { date, .. } => Some(date),
        Due::Standing => None,
    }
}

#[test]
fn the_deadlines_of_the_rules_fall_where_the_calendar_says() {
    for (unit, length, started, due) in [
        // Perban 6/2024 Ps 30: 15 working days to answer, over Nyepi and Idul Fitri 2026.
        (Unit::WorkingDays, 15, "2026-03-09", "2026-04-07"),
        // 30 days to complete papers; 60 days without contact.
        (Unit::CalendarDays, 30, "2026-03-09", "2026-04-08"),
        (Unit::CalendarDays, 60, "2026-01-15", "2026-03-16"),
        // Six months after "cannot be solved".
        (Unit::Months, 6, "2025-08-31", "2026-02-28"),
        // One working day for a place in an orientation.
        (Unit::WorkingDays, 1, "2026-07-03", "2026-07-06"),
        (Unit::WorkingDays, 0, "2026-07-04", "2026-07-04"),
    ] {
        assert_eq!(
            due_date(&clock(unit, length, started)),
            Some(date(due)),
            "{length} {unit:?} from {started}"
        );
    }
}

#[test]
fn a_pause_gives_back_the_days_it_took() {
    let mut clock = clock(Unit::CalendarDays, 30, "2026-06-01");
    clock.pauses = vec![pause("2026-06-10", Some("2026-06-15")), pause("2026-06-12", Some("2026-06-17"))];
    assert_eq!(due_date(&clock), Some(date("2026-07-08")));
    let state = clock.state(calendar(), date("2026-06-13"));
    assert_eq!((state.remaining, state.paused_since), (22, Some(date("2026-06-10"))));
    let state = clock.state(calendar(), date("2026-06-17"));
    assert_eq!((state.remaining, state.paused_since), (21, None));
}

#[test]
fn an_open_pause_leaves_the_due_day_open_unless_it_came_too_late() {
    let mut clock = clock(Unit::WorkingDays, 5, "2026-07-03");
    clock.pauses = vec![pause("2026-07-08", None)];
    let state = clock.state(calendar(), date("2027-07-08"));
    assert_eq!((state.due, state.remaining, state.overdue), (Due::Standing, 3, false));
    assert_eq!(state.paused_since, Some(date("2026-07-08")));
    clock.pauses = vec![pause("2026-07-11", None)];
    assert_eq!(due_date(&clock), Some(date("2026-07-10")));
}

#[test]
fn overdue_is_told_in_the_clocks_unit() {
    let clock = clock(Unit::WorkingDays, 5, "2026-07-03");
    let on = |day: &str| clock.state(calendar(), date(day));
    assert_eq!((on("2026-07-10").remaining, on("2026-07-10").overdue), (0, false));
    assert_eq!((on("2026-07-11").remaining, on("2026-07-11").overdue), (0, true));
    assert_eq!((on("2026-07-14").remaining, on("2026-07-14").overdue), (-2, true));
    assert_eq!(on("2026-07-01").remaining, 5);
}

#[test]
fn days_on_the_way_are_shown_apart_for_the_office_only() {
    let mut clock = clock(Unit::WorkingDays, 3, "2026-07-03");
    assert_eq!(clock.state(calendar(), date("2026-07-09")).transit, None);
    clock.family = Family::Office;
    assert_eq!(clock.state(calendar(), date("2026-07-09")).transit, Some(6));
    clock.arrived = Some(date("2026-07-07"));
    let state = clock.state(calendar(), date("2026-07-09"));
    assert_eq!((state.transit, state.overdue), (Some(4), true));
}

#[test]
fn a_due_day_beyond_the_decreed_calendar_is_not_certain() {
    let certain = |unit, started| match clock(unit, 10, started).due(calendar()) {
        Due::On { certain, .. } => certain,
        Due::Standing => unreachable!("no pause"),
    };
    assert!(certain(Unit::WorkingDays, "2026-07-03"));
    assert!(!certain(Unit::WorkingDays, "2027-03-01"));
    assert!(!certain(Unit::WorkingDays, "2027-12-27"));
    assert!(certain(Unit::CalendarDays, "2027-12-27"));
}

#[test]
fn a_clock_keeps_its_rule_through_json() {
    let mut clock = clock(Unit::Months, 6, "2026-07-03");
    clock.pauses = vec![pause("2026-07-08", None)];
    let json = serde_json::to_string(&clock).unwrap();
    assert!(json.contains(r#""rule":{"id":"jawab_pertanyaan","version":3}"#));
    assert_eq!(serde_json::from_str::<Clock>(&json).unwrap(), clock);
}

fn any_unit() -> impl Strategy<Value = Unit> {
    prop_oneof![Just(Unit::WorkingDays), Just(Unit::CalendarDays)]
}

fn any_day() -> impl Strategy<Value = Date> {
    (date("2024-01-01").days()..=date("2027-06-30").days()).prop_map(Date::from_days)
}

prop_compose! {
    fn any_pause(after: Date)(from in -20i32..120, length in 0i32..40) -> Pause {
        let from = after.plus_days(from);
        Pause { from, to: Some(from.plus_days(length)), reason: String::new() }
    }
}

prop_compose! {
    fn any_clock()(started in any_day())(
        started in Just(started),
        unit in prop_oneof![any_unit(), Just(Unit::Months)],
        length in 1u16..70,
        pauses in proptest::collection::vec(any_pause(started), 0..4),
    ) -> Clock {
        Clock { started, length: if unit == Unit::Months { 1 + length % 8 } else { length }, pauses,
            ..clock(unit, 0, "2026-01-01") }
    }
}

/// The definition, day by day: the due day is the first by whose end the length has run.
fn due_by_walking(clock: &Clock, calendar: &Calendar) -> Date {
    let (mut day, mut run) = (clock.started, 0);
    while run < clock.units() {
        day = day.plus_days(1);
        let paused = clock.pauses.iter().any(|p| p.from <= day && p.to.is_none_or(|to| day < to));
        let counts = clock.unit != Unit::WorkingDays || calendar.is_working_day(day);
        run += i32::from(counts && !paused);
    }
    day
}

proptest! {
    #[test]
    fn the_due_day_is_what_walking_day_by_day_gives(clock in any_clock()) {
        prop_assert_eq!(due_date(&clock), Some(due_by_walking(&clock, calendar())));
    }

    #[test]
    fn a_longer_clock_is_never_due_earlier(clock in any_clock(), more in 1u16..20) {
        let longer = Clock { length: clock.length + more, ..clock.clone() };
        prop_assert!(due_date(&longer) > due_date(&clock));
    }

    #[test]
    fn a_pause_moves_the_due_day_by_exactly_its_length(
        started in any_day(), unit in any_unit(), length in 1u16..60, into in 1i32..60, lasts in 0i32..40
    ) {
        let calendar = calendar();
        let clock = Clock { started, ..clock(unit, length, "2026-01-01") };
        let before = due_date(&clock).unwrap();
        let from = started.plus_days(into);
        prop_assume!(from <= before);
        let to = from.plus_days(lasts);
        let paused = Clock {
            pauses: vec![Pause { from, to: Some(to), reason: String::new() }],
            ..clock.clone()
        };
        let stood = clock.count(calendar, from.plus_days(-1), to.plus_days(-1)).max(0);
        let after = due_date(&paused).unwrap();
        prop_assert_eq!(clock.count(calendar, before, after), stood);
    }

    #[test]
    fn a_pause_after_the_due_day_changes_nothing(clock in any_clock(), later in 1i32..30, open: bool) {
        let due = due_date(&clock).unwrap();
        let mut paused = clock.clone();
        let from = due.plus_days(later);
        paused.pauses.push(Pause { from, to: (!open).then(|| from.plus_days(9)), reason: String::new() });
        prop_assert_eq!(due_date(&paused), Some(due));
    }

    #[test]
    fn the_order_of_pauses_and_their_overlaps_do_not_matter(clock in any_clock()) {
        let mut other = clock.clone();
        other.pauses.reverse();
        other.pauses.extend(clock.pauses.clone());
        prop_assert_eq!(due_date(&other), due_date(&clock));
    }

    #[test]
    fn what_is_left_never_grows_and_ends_on_the_due_day(clock in any_clock(), days in 0i32..150) {
        let calendar = calendar();
        let today = clock.started.plus_days(days);
        let (now, next) = (clock.state(calendar, today), clock.state(calendar, today.plus_days(1)));
        prop_assert!(next.remaining <= now.remaining && now.remaining - next.remaining <= 1);
        prop_assert!(now.paused_since.is_none() || next.paused_since.is_none() || now.overdue
            || next.remaining == now.remaining);
        let due = due_date(&clock).unwrap();
        prop_assert_eq!(clock.state(calendar, due).remaining, 0);
        prop_assert_eq!(now.overdue, today > due);
        prop_assert!(now.overdue || now.remaining >= 0);
    }
}
