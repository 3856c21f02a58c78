//! docs/performance.md: the figures of the last run, between two marks.

use anyhow::{Context, Result};

use super::Asked;
use super::figure::Figure;
use crate::{shell, workspace};

const BEGIN: &str = "<!-- figures: written by `cargo xtask bench` -->";
const END: &str = "<!-- end of figures -->";

/// Writes the figures of a run of full size into the document; other runs are only printed.
pub(super) fn write(asked: &Asked, figures: &[Figure], notes: &[Figure]) -> Result<()> {
    if asked.size != super::SIZE || !asked.ids.is_empty() && asked.ids.len() < super::IDS.len() {
        return Ok(());
    }
    let path = workspace::root().join("docs/performance.md");
    let text = std::fs::read_to_string(&path).context("docs/performance.md")?;
    std::fs::write(&path, replaced(&text, &table(figures, notes))?)?;
    Ok(())
}

/// The text with what stands between the marks replaced.
fn replaced(text: &str, table: &str) -> Result<String> {
    let (head, rest) = text.split_once(BEGIN).context("docs/performance.md has no mark to write at")?;
    let (_, tail) = rest.split_once(END).context("docs/performance.md has no second mark")?;
    Ok(format!("{head}{BEGIN}\n{table}{END}{tail}"))
}

fn table(figures: &[Figure], notes: &[Figure]) -> String {
    let commit = shell::output("git", &["rev-parse", "--short=12", "HEAD"]).unwrap_or_default();
    let mut text = format!("\nCommit {commit}, {}.\n\n", machine());
    text.push_str(
        "| id | what | records | value | SQLite alone | goal | met |\n|---|---|---|---|---|---|---|\n",
    );
    for figure in figures {
        let (id, goal) = figure.goal().unwrap_or_default();
        let floor = figure.floor.map_or_else(|| "–".to_owned(), |floor| format!("{floor:.2}"));
        let met = if figure.met() { "yes" } else { "no" };
        let Figure { what, n, value, unit, .. } = figure;
        text.push_str(&format!("| {id} | {what} | {n} | {value:.2} {unit} | {floor} | {goal} | {met} |\n"));
    }
    text.push_str("\nOrdinarily:\n\n");
    for Figure { what, value, unit, floor, .. } in notes {
        let floor = floor.map_or_else(String::new, |floor| format!(", of which SQLite alone {floor:.2}"));
        text.push_str(&format!("- {what}: {value:.2} {unit}{floor}\n"));
    }
    text.push('\n');
    text
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

    #[test]
    fn only_what_stands_between_the_marks_is_replaced() {
        let text = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
        assert_eq!(replaced(&text, "new\n").unwrap(), format!("before\n{BEGIN}\nnew\n{END}\nafter\n"));
        assert!(replaced("nothing", "new").is_err());
    }

    #[test]
    fn the_document_has_the_marks() {
        let text = std::fs::read_to_string(workspace::root().join("docs/performance.md")).unwrap();
        assert!(replaced(&text, "").is_ok());
    }
}
