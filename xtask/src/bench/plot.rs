//! Pictures of figures, as plain SVG: one bar a row, with its number.

use anyhow::Result;

use super::figure::{Figure, shown};
use crate::workspace;

/// A picture: its file, its title, and which figures it shows.
const PICTURES: [(&str, &str, &str, &str); 3] = [
    ("performance-first-sync.svg", "First sync, records a second (more is better)", "P1", "first sync"),
    (
        "performance-idle.svg",
        "Idle reconnect, bytes with headers (less is better)",
        "P3",
        "idle: with headers",
    ),
    (
        "performance-delta.svg",
        "100 edits up, 100 down after a time offline, bytes with headers (less is better)",
        "P3",
        "100 edits up, 100 down: with headers",
    ),
];

const WIDTH: f64 = 720.0;
const ROW: f64 = 24.0;
/// Where bars begin, and how long the longest is.
const LEFT: f64 = 230.0;
const LONGEST: f64 = 380.0;

/// One row: what it says, its value, and how it is painted.
struct Row {
    label: String,
    value: f64,
    colour: &'static str,
}

/// Writes the pictures whose figures were measured.
pub(super) fn write(figures: &[Figure]) -> Result<()> {
    for (file, title, id, what) in PICTURES {
        let rows: Vec<Row> =
            figures.iter().filter(|figure| figure.id == id && figure.what == what).flat_map(rows).collect();
        if !rows.is_empty() {
            std::fs::write(workspace::root().join("docs").join(file), picture(title, &rows))?;
        }
    }
    Ok(())
}

fn rows(figure: &Figure) -> Vec<Row> {
    let row = |name: &str, value, colour| {
        let label = format!("{name}, {} records", shown(figure.n as f64));
        Row { label, value, colour }
    };
    let mut rows = vec![row("Sambung", figure.value, "#1b6e53")];
    rows.extend(figure.floor.map(|floor| row("floor", floor, "#8a8a8a")));
    rows.extend(figure.peers.iter().map(|(peer, value)| row(peer, *value, "#b4632d")));
    rows
}

/// Bars on a logarithmic scale: the values lie orders of magnitude apart.
fn picture(title: &str, rows: &[Row]) -> String {
    let length = |value: f64| value.max(1.0).log10();
    let longest = rows.iter().map(|row| length(row.value)).fold(1.0, f64::max);
    let height = ROW * (rows.len() as f64 + 2.5);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" \
         font-family=\"sans-serif\" font-size=\"13\">\n<title>{title}</title>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n\
         <text x=\"12\" y=\"22\" font-weight=\"bold\" fill=\"#222222\">{title}</text>\n"
    );
    for (at, Row { label, value, colour }) in rows.iter().enumerate() {
        let top = ROW * (at as f64 + 1.5);
        let (base, width) = (top + 16.0, LONGEST * length(*value) / longest);
        svg.push_str(&format!(
            "<text x=\"{:.0}\" y=\"{base:.0}\" text-anchor=\"end\" fill=\"#222222\">{label}</text>\n\
             <rect x=\"{LEFT}\" y=\"{:.0}\" width=\"{width:.1}\" height=\"16\" fill=\"{colour}\"/>\n\
             <text x=\"{:.1}\" y=\"{base:.0}\" fill=\"#222222\">{}</text>\n",
            LEFT - 8.0,
            top + 3.0,
            LEFT + width + 6.0,
            shown(*value),
        ));
    }
    let foot = height - 8.0;
    svg.push_str(&format!(
        "<text x=\"{LEFT}\" y=\"{foot:.0}\" font-size=\"11\" fill=\"#555555\">logarithmic scale</text>\n</svg>\n"
    ));
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_a_bar_and_a_number_for_each_value() {
        let figure = Figure::new("P1", "first sync", 2_000, (1_000.0, "records/s"))
            .over(10_000.0)
            .beside("pouchdb", Some(100.0));
        let svg = picture("First sync", &rows(&figure));
        for (label, number, width) in
            [("Sambung", "1,000", "285.0"), ("floor", "10,000", "380.0"), ("pouchdb", "100", "190.0")]
        {
            assert!(svg.contains(&format!(">{label}, 2,000 records<")), "{svg}");
            assert!(
                svg.contains(&format!(">{number}<")) && svg.contains(&format!("width=\"{width}\"")),
                "{svg}"
            );
        }
        assert!(svg.ends_with("</svg>\n"));
    }
}
