//! What the database says of itself: pages, indexes, references.

use rusqlite::Connection;

use super::Finding;

/// Most findings of each kind: a damaged file has one for every page.
const FINDINGS_MAX: usize = 100;

/// Checks every page's authentication code, every index, and that every row refers to something. What cannot even
/// be asked is a finding too.
pub(crate) fn findings(connection: &Connection) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (code, pragma) in
        [("page", "PRAGMA cipher_integrity_check"), ("index", "PRAGMA integrity_check(100)")]
    {
        let said = texts(connection, pragma).unwrap_or_else(|error| vec![error.to_string()]);
        let bad = said.into_iter().filter(|text| text != "ok");
        findings.extend(bad.map(|detail| Finding { code, record: None, detail }));
    }
    let orphans = orphans(connection)
        .unwrap_or_else(|error| vec![Finding { code: "reference", record: None, detail: error.to_string() }]);
    findings.extend(orphans);
    findings
}

fn texts(connection: &Connection, pragma: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(pragma)?;
    statement.query_map([], |row| row.get(0))?.take(FINDINGS_MAX).collect()
}

fn orphans(connection: &Connection) -> rusqlite::Result<Vec<Finding>> {
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    let rows = statement.query_map([], |row| {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        let detail = format!("a row of {table} refers to no {parent}");
        Ok(Finding { code: "reference", record: None, detail })
    })?;
    rows.take(FINDINGS_MAX).collect()
}
