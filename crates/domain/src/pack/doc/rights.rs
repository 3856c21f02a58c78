//! The role table as a document of its own: who may see and write what, kind by kind.

use super::{Doc, official, role_table, word};
use crate::Role;
use crate::pack::{Kind, Pack, Reach, RoleRule};
use crate::role::{Action, RoutingRight};

/// Who may see and write what, as Markdown. The same pack always gives the same text.
#[must_use]
pub fn render_rights(pack: &Pack) -> String {
    let mut doc = Doc::default();
    doc.line("# Who may see and write what");
    doc.line("");
    doc.line(
        "<!-- Written by `cargo xtask pack-doc` from crates/domain/schema; a test keeps both in step. -->",
    );
    doc.line("");
    doc.line(
        "The relay and every device decide by this table and nothing else (`trust::decide`, \
         [protocol.md](protocol.md#rights)). A device is sent what its role reads through one of its sets: the areas \
         it was invited for, its office, the staff who unlock it, and for every device area 00. Reference data \
         (kinds that lie in 00) lies there and nowhere else, and nothing else ever does. A record is in the sets of every area and office it \
         names, under the strictest access somebody gave it; *secret* ones only in those of the persons named. Whom a \
         record excludes gets it through no set.",
    );
    role_table(&mut doc, pack);
    routing(&mut doc, pack);
    kinds(&mut doc, pack);
    doc.0
}

fn routing(doc: &mut Doc, pack: &Pack) {
    doc.heading(2, "Where a record belongs");
    doc.line(
        "Editing a record does not move or hide it: these are rights of their own, and they hold only where the role \
         may edit the record at its place, not where it was merely shared.",
    );
    doc.line("");
    doc.head(&["role", "move: area, office, offers", "lower access", "hide: exclude, make secret"]);
    for (role, rights) in &pack.routing_rights {
        let has = |right: &RoutingRight| if rights.contains(right) { "yes" } else { "–" }.to_owned();
        let mut row = vec![format!("`{role}` {}", official(*role))];
        row.extend(RoutingRight::ALL.iter().map(has));
        doc.row(&row);
    }
    doc.line("");
    for line in [
        "- **Sharing** with a partner office or a reader takes authority at the place the record is at; a partner \
         edits and shares no further. Everybody may take his own name off.",
        "- **Moving** takes authority where it was and where it comes to. Somebody who lives elsewhere is within an \
         office's reach as its guest. Without authority there the record is offered, and the receiver accepts.",
        "- **Raising** access takes no more than editing. A secret keeps at least one reader.",
    ] {
        doc.line(line);
    }
}

/// Every role's letters for every kind, by the kind of set.
fn kinds(doc: &mut Doc, pack: &Pack) {
    doc.heading(2, "Kind by kind");
    doc.line(
        "What the table above comes to: only sets through which the kind is reached, and through others births alone.",
    );
    doc.line("");
    doc.head(&["kind", "access at birth", "role", "area", "office", "person"]);
    for kind in pack.kinds.values() {
        for (role, _, _) in Role::ALL {
            let Some(rule) = pack.rule(role, kind.column) else { continue };
            let through = Reach::ALL.map(|reach| letters(kind, rule, reach));
            if through.iter().all(|letters| letters == "–") {
                continue;
            }
            let mut row = vec![format!("`{}`", kind.name), word(&kind.access), format!("`{role}`")];
            row.extend(through);
            doc.row(&row);
        }
    }
}

fn letters(kind: &Kind, rule: &RoleRule, reach: Reach) -> String {
    let reached = |action: &Action| kind.reach.contains(&reach) || *action == Action::Create;
    let held = rule.through(reach).iter().filter(|action| reached(action));
    let letters: String = held.filter_map(|action| action.letter()).collect();
    if letters.is_empty() { "–".to_owned() } else { letters }
}
