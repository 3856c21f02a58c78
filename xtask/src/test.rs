//! `cargo xtask test`: everything CI checks, stage by stage.
//!
//! A stage that fails does not stop the others, except that nothing can run where the build failed. The last
//! line says how many tests passed and failed; a check such as clippy counts as one test.

mod report;
mod stages;
mod tally;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};

use report::{Outcome, Report};
use stages::{STAGES, Stage, Work};
use tally::Tally;

/// `cargo xtask test [STAGE…]`
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let chosen = choose(arguments)?;
    let report = run_stages(&chosen);
    print!("{report}");
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn choose(names: &[String]) -> Result<Vec<&'static Stage>> {
    if names.is_empty() {
        return Ok(STAGES.iter().collect());
    }
    if let Some(unknown) = names.iter().find(|name| !STAGES.iter().any(|stage| stage.name == *name)) {
        let known: Vec<&str> = STAGES.iter().map(|stage| stage.name).collect();
        bail!("`{unknown}` is not a stage; stages are {}", known.join(", "));
    }
    Ok(STAGES.iter().filter(|stage| names.iter().any(|name| name == stage.name)).collect())
}

fn run_stages(stages: &[&'static Stage]) -> Report {
    let mut report = Report::default();
    let mut shut = false;
    for stage in stages {
        if shut {
            report.add(Outcome::skipped(stage.name));
            continue;
        }
        eprintln!("\n== {}", stage.name);
        let start = Instant::now();
        let tally = stage.work.run().unwrap_or_else(|error| {
            eprintln!("{}: {error:#}", stage.name);
            Tally::one_failed()
        });
        shut = matches!(stage.work, Work::Gate(_)) && tally.failed > 0;
        report.add(Outcome { stage: stage.name, tally, took: start.elapsed() });
    }
    report
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    static GOOD: Stage = Stage { name: "good", work: Work::Check(|| Ok(())) };
    static BAD: Stage = Stage { name: "bad", work: Work::Check(|| Err(anyhow!("bad"))) };
    static STEP: Stage = Stage { name: "step", work: Work::Step(|| Ok(())) };
    static GATE: Stage = Stage { name: "gate", work: Work::Gate(|| Err(anyhow!("bad"))) };
    static COUNTED: Stage =
        Stage { name: "counted", work: Work::Tests(|| Ok(Tally { passed: 5, failed: 0, skipped: 1 })) };

    fn closing_line(stages: &[&'static Stage]) -> (String, bool) {
        let report = run_stages(stages);
        (report.to_string().lines().last().unwrap_or_default().to_owned(), report.is_good())
    }

    #[test]
    fn checks_count_as_one_test_and_steps_only_when_they_fail() {
        assert_eq!(closing_line(&[&STEP, &GOOD, &COUNTED]), ("6 passed, 0 failed, 1 skipped".into(), true));
        assert_eq!(closing_line(&[&GOOD]), ("1 passed, 0 failed".into(), true));
    }

    #[test]
    fn a_failed_check_does_not_stop_the_others() {
        assert_eq!(closing_line(&[&BAD, &COUNTED]), ("5 passed, 1 failed, 1 skipped".into(), false));
    }

    #[test]
    fn a_failed_gate_skips_what_follows() {
        assert_eq!(
            closing_line(&[&GOOD, &GATE, &COUNTED, &GOOD]),
            ("1 passed, 1 failed, 2 skipped".into(), false)
        );
    }

    #[test]
    fn nothing_run_is_not_good() {
        assert_eq!(closing_line(&[]), ("0 passed, 0 failed".into(), false));
        assert_eq!(closing_line(&[&STEP]), ("0 passed, 0 failed".into(), false));
    }

    #[test]
    fn stages_are_chosen_by_name_in_their_own_order() {
        let names = |arguments: &[&str]| {
            let arguments: Vec<String> = arguments.iter().map(|&name| name.to_owned()).collect();
            choose(&arguments).map(|stages| stages.iter().map(|stage| stage.name).collect::<Vec<_>>())
        };
        assert_eq!(names(&["clippy", "fmt"]).unwrap(), ["fmt", "clippy"]);
        assert_eq!(names(&[]).unwrap().len(), STAGES.len());
        assert!(names(&["nonsense"]).is_err());
    }
}
