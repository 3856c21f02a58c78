//! The role table: lines of cells as people write them, and back.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::{Column, Kind, Pack, Reach, RoleRule};
use crate::role::{Action, RoutingRight};
use crate::{Access, Role};

/// One line of the role table. A cell reads `CRE ao` or, with rights that differ by set, `C a, RE p`; cells
/// without letters stand for every set.
#[derive(Serialize, Deserialize)]
pub(super) struct RoleSource {
    ceiling: Access,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    routing: Vec<RoutingRight>,
    #[serde(flatten)]
    cells: BTreeMap<Column, String>,
}

impl RoleRule {
    /// The actions allowed through one kind of set.
    #[must_use]
    pub fn through(&self, reach: Reach) -> &[Action] {
        match reach {
            Reach::Area => &self.area,
            Reach::Office => &self.office,
            Reach::Person => &self.person,
        }
    }
}

impl Pack {
    /// The kinds a role may read through one kind of set, by the role table and the role's ceiling. Everybody
    /// reads what is open; what a person is named for is not limited by the ceiling.
    pub fn readable(&self, role: Role, reach: Reach) -> impl Iterator<Item = &Kind> {
        let ceiling = self.ceilings.get(&role).copied().unwrap_or(Access::Open);
        let reads = move |kind: &Kind| {
            let rules = self.roles.iter().filter(|rule| rule.role == role && rule.column == kind.column);
            kind.reach.contains(&reach)
                && (reach == Reach::Person || kind.access <= ceiling)
                && rules.into_iter().any(|rule| rule.through(reach).contains(&Action::Read))
        };
        self.kinds.values().filter(move |kind| kind.access == Access::Open || reads(kind))
    }
}

/// Reads the lines of the role table into a pack.
pub(super) fn read(pack: &mut Pack, roles: BTreeMap<String, RoleSource>) -> Result<(), String> {
    for (name, source) in roles {
        let role: Role = name.parse().map_err(|error: crate::role::UnknownRole| error.to_string())?;
        pack.ceilings.insert(role, source.ceiling);
        pack.routing_rights.insert(role, source.routing.into_iter().collect());
        for (column, cell) in source.cells {
            pack.roles.push(read_cell(role, column, &cell)?);
        }
    }
    pack.roles.sort_by_key(|rule| (rule.role, rule.column));
    Ok(())
}

fn read_cell(role: Role, column: Column, cell: &str) -> Result<RoleRule, String> {
    let mut rule = RoleRule { role, column, area: Vec::new(), office: Vec::new(), person: Vec::new() };
    for part in cell.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (letters, sets) = part.split_once(' ').unwrap_or((part, "aop"));
        let actions: Vec<Action> = letters
            .chars()
            .map(|letter| {
                Action::from_letter(letter).ok_or_else(|| format!("role {role}: `{letter}` is no action"))
            })
            .collect::<Result<_, _>>()?;
        for set in sets.chars() {
            match set {
                'a' => rule.area.extend(&actions),
                'o' => rule.office.extend(&actions),
                'p' => rule.person.extend(&actions),
                _ => return Err(format!("role {role}: `{set}` is no kind of set; use a, o or p")),
            }
        }
    }
    Ok(rule)
}

/// The lines of a pack's role table.
pub(super) fn write(pack: &Pack) -> BTreeMap<String, RoleSource> {
    pack.ceilings
        .iter()
        .map(|(role, ceiling)| {
            let rules = pack.roles.iter().filter(|rule| rule.role == *role);
            let cells = rules.map(|rule| (rule.column, cell(rule))).collect();
            let routing = pack.routing_rights.get(role).into_iter().flatten().copied().collect();
            (role.to_string(), RoleSource { ceiling: *ceiling, routing, cells })
        })
        .collect()
}

/// The cell of a rule: sets with the same actions stand together.
pub(super) fn cell(rule: &RoleRule) -> String {
    let mut parts: Vec<(String, String)> = Vec::new();
    for (set, reach) in ['a', 'o', 'p'].into_iter().zip(Reach::ALL) {
        let letters: String = rule.through(reach).iter().filter_map(|action| action.letter()).collect();
        match parts.iter_mut().find(|(known, _)| *known == letters) {
            _ if letters.is_empty() => {}
            Some((_, sets)) => sets.push(set),
            None => parts.push((letters, set.to_string())),
        }
    }
    let mut text = String::new();
    for (letters, sets) in parts {
        let comma = if text.is_empty() { "" } else { ", " };
        // Writing to a string cannot fail.
        _ = write!(text, "{comma}{letters} {sets}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_read_back_as_they_were_written() {
        for text in ["CRE ao", "C a, RE p", "CRETO aop", ""] {
            let rule = read_cell(Role::Head, Column::Case, text).unwrap();
            assert_eq!(cell(&rule), text);
        }
        let everywhere = read_cell(Role::Head, Column::Case, "CRE").unwrap();
        assert_eq!(cell(&everywhere), "CRE aop");
    }

    #[test]
    fn unknown_letters_are_named() {
        let error = read_cell(Role::Head, Column::Case, "CX a").unwrap_err();
        assert_eq!(error, "role head: `X` is no action");
        let error = read_cell(Role::Head, Column::Case, "C x").unwrap_err();
        assert_eq!(error, "role head: `x` is no kind of set; use a, o or p");
    }
}
