//! A device's clock that is wrong: set to another time, too fast, standing, or running backwards.

use crate::Seed;

/// Most a clock is off, in milliseconds: somewhat more than a year.
const OFF_MAX_MS: i64 = 400 * 24 * 60 * 60 * 1000;
/// How fast clocks run, in thousandths of true time.
const PACES: [i64; 6] = [1_000, 1_000, 1_001, 3_000, 0, -1_000];

/// A clock in milliseconds since 1970.
#[derive(Debug, Clone)]
pub struct WrongClock {
    /// True time at which it was last set.
    set_at: i64,
    /// What it showed then.
    showed: i64,
    /// Thousandths of true time.
    pace: i64,
}

impl WrongClock {
    /// One that is right, from true time `now` on.
    #[must_use]
    pub fn right(now: i64) -> Self {
        WrongClock { set_at: now, showed: now, pace: 1_000 }
    }

    /// What it shows at true time `now`.
    #[must_use]
    pub fn at(&self, now: i64) -> i64 {
        self.showed + (now - self.set_at) * self.pace / 1_000
    }

    /// Somebody, or an empty battery, sets it to any time within a year or so, and from then on it runs at any pace.
    pub fn jump(&mut self, now: i64, seed: &mut Seed) {
        let span = usize::try_from(2 * OFF_MAX_MS).unwrap_or(usize::MAX);
        let off = i64::try_from(seed.below(span)).unwrap_or(0) - OFF_MAX_MS;
        *self = WrongClock { set_at: now, showed: now + off, pace: *seed.pick(&PACES) };
    }

    /// Whether it runs backwards.
    #[must_use]
    pub fn runs_backwards(&self) -> bool {
        self.pace < 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_wrong_in_every_way() {
        let mut seed = Seed::new(1);
        let mut clock = WrongClock::right(1_000);
        assert_eq!(clock.at(5_000), 5_000);
        let (mut backwards, mut behind, mut standing) = (0, 0, 0);
        for _ in 0..100 {
            clock.jump(1_000, &mut seed);
            assert!((clock.at(1_000) - 1_000).abs() <= OFF_MAX_MS);
            backwards += u32::from(clock.at(9_000) < clock.at(1_000));
            behind += u32::from(clock.at(1_000) < 1_000);
            standing += u32::from(clock.at(9_000) == clock.at(1_000));
            assert_eq!(clock.runs_backwards(), clock.at(9_000) < clock.at(1_000));
        }
        assert!(backwards > 5 && behind > 25 && standing > 5, "{backwards} {behind} {standing}");
    }
}
