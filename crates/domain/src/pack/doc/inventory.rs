//! The data-protection inventory: which personal data, where, and who may read them.

use super::Doc;
use crate::pack::{Field, Kind, Pack, PersonalData, Reach};
use crate::{Access, Role};

/// Writes the inventory.
pub(super) fn write(doc: &mut Doc, pack: &Pack) {
    doc.heading(2, "Data-protection inventory");
    doc.line(
        "The record of processing that UU 27/2022 article 31 asks for, as far as it follows from what is recorded. \
         Classes of article 4: *specific* are health, biometrics (pictures of faces among them), genetics, criminal \
         record, children and personal finance; free text in which such things are told counts as specific. Legal \
         basis (article 20): the public duty of recording and protecting migrant workers under UU 18/2017 and Permen \
         P2MI 33/2025, or consent, noted per person in `worker_private.dasar_pemrosesan` and `persetujuan`.",
    );
    doc.line("");
    summary(doc, pack);
    specific(doc, pack);
    low(doc, pack);
    village(doc, pack);
}

/// The fields of a kind with their paths, parts that differ in class from their field listed on their own.
fn personal_fields(kind: &Kind, class: PersonalData) -> Vec<(String, &Field)> {
    let mut found = Vec::new();
    for field in &kind.fields {
        if field.personal == class {
            found.push((field.key.clone(), field));
        }
        let parts = field.parts.iter().filter(|part| part.personal == class && field.personal != class);
        found.extend(parts.map(|part| (format!("{}.{}", field.key, part.key), part)));
    }
    found
}

fn summary(doc: &mut Doc, pack: &Pack) {
    doc.head(&[
        "kind",
        "access",
        "fields",
        "general",
        "specific",
        "read through areas and offices",
        "read by name",
    ]);
    for kind in pack.kinds.values() {
        let count = |class| kind.fields.iter().filter(|field| field.personal == class).count().to_string();
        doc.row(&[
            format!("`{}`", kind.name),
            kind.access.to_string(),
            kind.fields.len().to_string(),
            count(PersonalData::General),
            count(PersonalData::Specific),
            readers(pack, kind, &[Reach::Area, Reach::Office]),
            readers(pack, kind, &[Reach::Person]),
        ]);
    }
}

/// The roles that may read a kind through some kinds of set, in the order of the role table.
fn readers(pack: &Pack, kind: &Kind, through: &[Reach]) -> String {
    if kind.access == Access::Open {
        return "everybody".to_owned();
    }
    let reads = |role: Role| {
        through.iter().any(|reach| pack.readable(role, *reach).any(|readable| readable.name == kind.name))
    };
    let names: Vec<String> = pack.ceilings.keys().filter(|role| reads(**role)).map(Role::to_string).collect();
    if names.is_empty() { "–".to_owned() } else { names.join(", ") }
}

fn specific(doc: &mut Doc, pack: &Pack) {
    doc.heading(3, "Specific personal data");
    doc.head(&["kind", "access", "fields"]);
    for kind in pack.kinds.values() {
        let found = personal_fields(kind, PersonalData::Specific);
        if !found.is_empty() {
            doc.row(&[format!("`{}`", kind.name), kind.access.to_string(), keys(&found)]);
        }
    }
}

/// Specific data that more than named office staff may read: for the impact assessment.
fn low(doc: &mut Doc, pack: &Pack) {
    doc.heading(3, "Specific personal data below *restricted*");
    doc.line(
        "What the officer of an area needs at the door although it can tell of health, children or money. Each line \
         is a decision of the impact assessment (article 34).",
    );
    doc.line("");
    for kind in pack.kinds.values() {
        let mut found = personal_fields(kind, PersonalData::Specific);
        found.retain(|(_, field)| field.sensitivity < Access::Restricted);
        if !found.is_empty() {
            doc.line(&format!("- `{}`: {}", kind.name, keys(&found)));
        }
    }
}

fn village(doc: &mut Doc, pack: &Pack) {
    doc.heading(3, "What a village device may hold");
    doc.line(
        "Of its own area, and only of people who did not refuse (`boleh_diketahui_desa`). Besides this everything \
         that is open, and an OPP class to which the officer is named.",
    );
    doc.line("");
    let closed = |kind: &&Kind| kind.access > Access::Open;
    for kind in pack.readable(Role::VillageOfficer, Reach::Area).filter(closed) {
        let fields: Vec<String> = kind.fields.iter().map(|field| format!("`{}`", field.key)).collect();
        doc.line(&format!("- `{}`: {}", kind.name, fields.join(", ")));
    }
}

fn keys(found: &[(String, &Field)]) -> String {
    let keys: Vec<String> = found.iter().map(|(key, _)| format!("`{key}`")).collect();
    keys.join(", ")
}
