//! docs/performance.md: the figures of the last run of each measurement, between two marks.

use anyhow::{Context, Result};

use super::figure::{Figure, shown};
use super::plot;
use crate::{shell, workspace};

const BEGIN: &str = "<!-- figures: written by `cargo xtask bench` -->";
const END: &str = "<!-- end of figures -->";

/// What stands before each measurement's figures.
const HEAD: &str = "### ";

/// Writes the figures of some measurements into the document; what it holds of others stays.
pub(super) fn write(ids: &[&str], figures: &[Figure]) -> Result<()> {
    let path = workspace::root().join("docs/performance.md");
    let mut text = std::fs::read_to_string(&path).context("docs/performance.md")?;
    let run = format!("Commit {}, {}.", commit(), machine());
    for id in ids {
        let of: Vec<&Figure> = figures.iter().filter(|figure| figure.id == *id).collect();
        if !of.is_empty() {
            text = replaced(&text, id, &section(id, &run, &of))?;
        }
    }
    std::fs::write(&path, text)?;
    plot::write(figures)
}

/// The text with the section of one measurement replaced, or put where it belongs by its name.
fn replaced(text: &str, id: &str, section: &str) -> Result<String> {
    let (head, rest) = text.split_once(BEGIN).context("docs/performance.md has no mark to write at")?;
    let (inside, tail) = rest.split_once(END).context("docs/performance.md has no second mark")?;
    let mut sections: Vec<(String, String)> = inside
        .split(&format!("\n{HEAD}"))
        .skip(1)
        .map(|text| {
            (text.lines().next().unwrap_or_default().to_owned(), format!("{HEAD}{}\n\n", text.trim()))
        })
        .filter(|(name, _)| name != id)
        .collect();
    sections.push((id.to_owned(), format!("{}\n\n", section.trim())));
    sections.sort();
    let inside: String = sections.into_iter().map(|(_, text)| text).collect();
    Ok(format!("{head}{BEGIN}\n\n{inside}{END}{tail}"))
}

fn section(id: &str, run: &str, figures: &[&Figure]) -> String {
    let mut peers: Vec<&str> = figures.iter().flat_map(|figure| figure.peers.keys().copied()).collect();
    peers.sort_unstable();
    peers.dedup();
    let names: String = peers.iter().map(|peer| format!(" {peer} |")).collect();
    let rule = "---|".repeat(4 + peers.len());
    let mut text = format!(
        "{HEAD}{id}\n\n{run}\n\n| what | records | value | floor |{names} goal | met |\n|{rule}---|---|\n"
    );
    for figure in figures {
        let floor = figure.floor.map_or_else(|| "–".to_owned(), shown);
        let beside: String = peers
            .iter()
            .map(|peer| {
                figure
                    .peers
                    .get(peer)
                    .map_or_else(|| " – |".to_owned(), |value| format!(" {} |", shown(*value)))
            })
            .collect();
        let (goal, met) = match figure.goal() {
            goal if goal.is_empty() => ("–".to_owned(), "–"),
            goal => (goal, if figure.met() { "yes" } else { "no" }),
        };
        let Figure { what, n, value, unit, .. } = figure;
        let value = format!("{} {unit}", shown(*value));
        let (n, value) = (shown(*n as f64), value.trim_end());
        text.push_str(&format!("| {what} | {n} | {value} | {floor} |{beside} {goal} | {met} |\n"));
    }
    text
}

fn commit() -> String {
    let commit = shell::output("git", &["rev-parse", "--short=12", "HEAD"]).unwrap_or_default();
    let changed = shell::output(
        "git",
        &["status", "--porcelain", "--untracked-files=no", "crates", "client", "server"],
    );
    if changed.is_some_and(|changed| changed.is_empty()) { commit } else { format!("{commit} with changes") }
}

/// What the run was made on.
fn machine() -> String {
    let cpus = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        cpuinfo.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split(": ").nth(1));
    let kernel = shell::output("uname", &["-sr"]).unwrap_or_default();
    format!("{cpus} processors ({}), {kernel}", model.unwrap_or("unknown"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::figure::Goal;

    #[test]
    fn one_measurement_is_replaced_and_the_others_stay() {
        let text = format!("before\n{BEGIN}\n\n### P1\n\nold\n\n### P7\n\nseven\n\n{END}\nafter\n");
        let written = replaced(&text, "P1", "### P1\n\nnew\n").unwrap();
        assert_eq!(written, format!("before\n{BEGIN}\n\n### P1\n\nnew\n\n### P7\n\nseven\n\n{END}\nafter\n"));
        let more = replaced(&written, "P4", "### P4\n\nfour\n").unwrap();
        assert!(more.contains("new\n\n### P4\n\nfour\n\n### P7\n\nseven\n"), "{more}");
        assert!(replaced("nothing", "P1", "new").is_err());
    }

    #[test]
    fn a_section_has_a_column_for_each_peer() {
        let alone =
            Figure::new("P2", "bodies", 20_000, (1_234_567.0, "B")).over(5.0).with(Goal::FloorTimes(1.1));
        let beside = Figure::new("P2", "all", 2_000, (7.5, "MB")).beside("pouchdb", Some(8.0));
        let text = section("P2", "Commit 0.", &[&alone, &beside]);
        let expected = "### P2\n\nCommit 0.\n\n| what | records | value | floor | pouchdb | goal | met |\n\
                        |---|---|---|---|---|---|---|\n\
                        | bodies | 20,000 | 1,234,567 B | 5 | – | ≤ 1.1 × floor | no |\n\
                        | all | 2,000 | 7.50 MB | – | 8 | – | – |\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn the_document_has_the_marks() {
        let text = std::fs::read_to_string(workspace::root().join("docs/performance.md")).unwrap();
        assert!(replaced(&text, "P1", "").is_ok());
    }
}
