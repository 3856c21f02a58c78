//! How work is measured: the same way for a node and for the floor under it.

#![expect(clippy::print_stdout, reason = "figures are printed for the program that asked for them")]

use std::time::Instant;

use anyhow::Result;

/// Runs of each measurement; the median of their percentiles is the figure.
const RUNS: usize = 5;
/// Repetitions of a measurement in one run.
const TIMES: usize = 200;

/// Measures a piece of work, which gives its own milliseconds and is told how often it was done in this run; prints
/// the median of the percentile of some runs, and of their medians.
///
/// # Errors
/// What the work says.
pub fn figures(what: &str, percentile: f64, mut once: impl FnMut(usize) -> Result<f64>) -> Result<()> {
    let (mut high, mut middle) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let mut run: Vec<f64> = (0..TIMES).map(&mut once).collect::<Result<_>>()?;
        high.push(share(&mut run, percentile));
        middle.push(share(&mut run, 0.5));
    }
    print(&format!("{what} p{}", (percentile * 100.0).round()), share(&mut high, 0.5), "ms");
    print(&format!("{what} p50"), share(&mut middle, 0.5), "ms");
    Ok(())
}

/// The value at a share of the values, which are sorted for it: 0.5 is the median. Not a number where there are none.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index from a share of a short list"
)]
#[must_use]
pub fn share(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let index = (share * values.len() as f64).ceil() as usize;
    values.get(index.clamp(1, values.len().max(1)) - 1).copied().unwrap_or(f64::NAN)
}

/// Milliseconds of a piece of work.
///
/// # Errors
/// What the work says.
pub fn timed(work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let begun = Instant::now();
    work()?;
    Ok(begun.elapsed().as_secs_f64() * 1000.0)
}

/// Prints a figure as one line of JSON.
pub fn print(what: &str, value: f64, unit: &str) {
    println!("{}", serde_json::json!({ "what": what, "value": value, "unit": unit }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_the_smallest_value_that_so_many_reach() {
        let mut values: Vec<f64> = (1..=200).rev().map(f64::from).collect();
        for (at, expected) in [(0.0, 1.0), (0.5, 100.0), (0.99, 198.0), (1.0, 200.0)] {
            assert_eq!(share(&mut values, at), expected);
        }
        assert_eq!(share(&mut [7.0], 0.99), 7.0);
        assert!(share(&mut [], 0.5).is_nan());
    }
}
