//! Names near a mistyped one.

use sambung_domain::pack::Kind;

use crate::UsageError;

/// Most letters of a mistyped name that are compared.
const COMPARED_MAX: usize = 64;

/// The error for a key that a kind does not have, with the nearest names.
pub(crate) fn unknown_field(kind: &Kind, given: &str) -> UsageError {
    let mut near: Vec<(usize, &str)> = kind
        .fields
        .iter()
        .map(|field| (distance(given, &field.key), field.key.as_str()))
        .filter(|(distance, key)| *distance <= 3 || (given.len() >= 3 && key.contains(given)))
        .collect();
    near.sort_unstable();
    let names: Vec<&str> = near.into_iter().take(3).map(|(_, key)| key).collect();
    let nearest =
        if names.is_empty() { String::new() } else { format!("; did you mean {}?", names.join(", ")) };
    UsageError::Field { kind: kind.name.clone(), given: given.to_owned(), nearest }
}

/// Levenshtein distance, for texts as short as field names.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, left) in a.chars().take(COMPARED_MAX).enumerate() {
        let mut diagonal = at;
        row[0] = at + 1;
        for (column, right) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(left != *right);
            diagonal = row[column + 1];
            row[column + 1] = substituted.min(row[column] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
