//! The pack as a document for people: every kind, field and code with its source, and the data-protection
//! inventory that follows from them.

mod inventory;
mod rights;

use std::fmt::Write as _;

use super::{
    Clash, CodeList, Field, FieldType, IdRule, Kind, Merge, Pack, PersonalData, Reach, Required, roles,
};
use crate::Role;

/// Code lists longer than this are printed in running text.
const TABLE_CODES_MAX: usize = 60;

pub use rights::render_rights;

/// The pack as Markdown. The same pack always gives the same text.
#[must_use]
pub fn render(pack: &Pack) -> String {
    let mut doc = Doc::default();
    doc.line("# What is recorded");
    doc.line("");
    doc.line(
        "<!-- Written by `cargo xtask pack-doc` from crates/domain/schema; a test keeps both in step. -->",
    );
    doc.line("");
    doc.line(&format!(
        "Schema pack, release {}: {} kinds of record, {} code lists, {} settings, {} forms. Keys and codes are \
         Indonesian, as on the official forms; what people read on screen stands beside them.",
        pack.version,
        pack.kinds.len(),
        pack.codes.len(),
        pack.settings.len(),
        pack.forms.len()
    ));
    words(&mut doc);
    kinds(&mut doc, pack);
    for kind in pack.kinds.values() {
        fields(&mut doc, pack, kind);
    }
    role_table(&mut doc, pack);
    codes(&mut doc, pack);
    settings(&mut doc, pack);
    inventory::write(&mut doc, pack);
    doc.0
}

/// A Markdown text that grows line by line.
#[derive(Default)]
struct Doc(String);

impl Doc {
    fn line(&mut self, line: &str) {
        // Writing to a string cannot fail.
        _ = writeln!(self.0, "{line}");
    }

    fn heading(&mut self, level: usize, text: &str) {
        self.line("");
        self.line(&format!("{} {text}", "#".repeat(level)));
        self.line("");
    }

    fn head(&mut self, columns: &[&str]) {
        self.line(&format!("| {} |", columns.join(" | ")));
        self.line(&format!("|{}", "---|".repeat(columns.len())));
    }

    fn row(&mut self, cells: &[String]) {
        let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        self.line(&format!("| {} |", cells.join(" | ")));
    }
}

fn words(doc: &mut Doc) {
    doc.heading(2, "How to read the tables");
    for line in [
        "- **type**: `block` and `blob` are registers whose parts (`↳`) move together; `set`, `items`, `log` and \
         `stage` are maps in which the entries of both sides stay. A `stage` stands where no other step follows.",
        "- **needed**: *warn* is said, *hard* holds up the next step; neither ever stops a save.",
        "- **meets**: what two values mean when they meet, and after the comma what is shown until somebody \
         decides: *one*, *both*, the *first* in the code list, *yes*, *no*, *neither*.",
        "- **harm**: what a wrong value costs; the order of the review list.",
        "- **data**: the class of personal data under article 4 of UU 27/2022: *none*, *general*, *specific*.",
        "- **marks**: `i` lists sort and filter by it, `s` search looks into it.",
    ] {
        doc.line(line);
    }
}

fn kinds(doc: &mut Doc, pack: &Pack) {
    doc.heading(2, "Kinds of record");
    doc.head(&["kind", "shown", "English", "access", "id", "follows", "reached through", "shard"]);
    for kind in pack.kinds.values() {
        doc.row(&[
            format!("[`{0}`](#{0})", kind.name),
            kind.label.id.clone(),
            kind.label.en.clone(),
            kind.access.to_string(),
            id_rule(&kind.id),
            kind.follows.as_ref().map_or_else(String::new, |follows| format!("`{follows}`")),
            reach(kind),
            if kind.reference { "00" } else { "its area" }.to_owned(),
        ]);
    }
}

fn id_rule(rule: &IdRule) -> String {
    match rule {
        IdRule::Random => "random".to_owned(),
        IdRule::Sibling(of) => format!("from `{of}`"),
        IdRule::Keys(keys) => format!("from `{}`", keys.join("`, `")),
        IdRule::SealedItem => "from the sealed item, or random".to_owned(),
        IdRule::Card => "Argon2id of card number and code".to_owned(),
    }
}

fn reach(kind: &Kind) -> String {
    let names = kind.reach.iter().map(|reach| match reach {
        Reach::Area => "area",
        Reach::Office => "office",
        Reach::Person => "person",
    });
    names.collect::<Vec<_>>().join(", ")
}

fn fields(doc: &mut Doc, pack: &Pack, kind: &Kind) {
    doc.heading(2, &kind.name);
    doc.line(&format!("**{}** · {}", kind.label.id, kind.about.id));
    doc.line("");
    doc.line(&format!("*{}* · {}", kind.label.en, kind.about.en));
    doc.line("");
    doc.head(&["field", "shown", "English", "type", "needed", "access", "data", "meets", "harm", "marks"]);
    for field in &kind.fields {
        field_row(doc, field, "");
        for part in &field.parts {
            field_row(doc, part, "↳ ");
        }
    }
    let order: Vec<String> =
        kind.order.iter().map(|[first, second]| format!("`{first}` ≤ `{second}`")).collect();
    if !order.is_empty() {
        doc.line("");
        doc.line(&format!("Order of dates: {}.", order.join(", ")));
    }
    let forms: Vec<String> = pack
        .forms_of(&kind.name)
        .flat_map(|form| form.sections.iter())
        .map(
            |section| {
                if section.short { format!("**{}**", section.label.id) } else { section.label.id.clone() }
            },
        )
        .collect();
    if !forms.is_empty() {
        doc.line("");
        doc.line(&format!("Form, the short intake in bold: {}.", forms.join(" · ")));
    }
}

fn field_row(doc: &mut Doc, field: &Field, mark: &str) {
    let needed = match field.required {
        None => "",
        Some(Required::Warn) => "warn",
        Some(Required::Hard) => "hard",
    };
    let marks = [(field.indexed, "i"), (field.searchable, "s")];
    doc.row(&[
        format!("{mark}`{}`", field.key),
        field.label.id.clone(),
        field.label.en.clone(),
        type_of(field),
        needed.to_owned(),
        field.sensitivity.to_string(),
        class(field.personal).to_owned(),
        if mark.is_empty() { meets(field) } else { String::new() },
        word(&field.harm),
        marks.iter().filter(|(set, _)| *set).map(|(_, mark)| *mark).collect(),
    ]);
}

fn type_of(field: &Field) -> String {
    let name = field.kind.name();
    let list = field.codes.as_ref().map(|list| format!("[{list}](#list-{list})"));
    let mut text = match (field.kind, list, field.of) {
        (FieldType::Set, None, Some(of)) => format!("{name} of {}", of.name()),
        (FieldType::Set, None, None) => format!("{name} of text"),
        (_, Some(list), _) => format!("{name}: {list}"),
        (_, None, _) => name.to_owned(),
    };
    if let Some(target) = &field.target {
        _ = write!(text, " → [`{target}`](#{target})");
    }
    if let Some(number) = field.number {
        _ = write!(text, " ({})", word(&number));
    }
    if let Some(max) = field.max {
        _ = write!(text, " ≤ {max}");
    }
    if let Some([low, high]) = field.range {
        _ = write!(text, " {low}–{high}");
    }
    text
}

fn meets(field: &Field) -> String {
    let clash = if field.clash == Clash::One && field.merge != Merge::Register {
        String::new()
    } else {
        format!(", {}", word(&field.clash))
    };
    format!("{}{clash}", word(&field.merge))
}

/// The name of a unit variant as pack files write it.
fn word<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_value(value).ok().and_then(|json| json.as_str().map(str::to_owned)).unwrap_or_default()
}

fn class(personal: PersonalData) -> &'static str {
    match personal {
        PersonalData::None => "–",
        PersonalData::General => "general",
        PersonalData::Specific => "specific",
    }
}

fn role_table(doc: &mut Doc, pack: &Pack) {
    doc.heading(2, "Roles");
    doc.line(
        "C create, R read, E edit, T transition, A approve or reassign, S create sealed, O open sealed, G document \
         gate; through a area, o office, p person sets. Everybody reads what is open.",
    );
    doc.line("");
    let mut columns: Vec<_> = pack.kinds.values().map(|kind| kind.column).collect();
    columns.sort_unstable();
    columns.dedup();
    let names: Vec<String> = columns.iter().map(word).collect();
    let head: Vec<&str> = ["role", "ceiling"].into_iter().chain(names.iter().map(String::as_str)).collect();
    doc.head(&head);
    for (role, ceiling) in &pack.ceilings {
        let mut cells = vec![format!("`{role}` {}", official(*role)), ceiling.to_string()];
        cells.extend(columns.iter().map(|column| {
            let rule = pack.roles.iter().find(|rule| rule.role == *role && rule.column == *column);
            rule.map_or_else(|| "–".to_owned(), roles::cell)
        }));
        doc.row(&cells);
    }
    doc.line("");
    let mut kinds: Vec<String> = Vec::new();
    for (column, name) in columns.iter().zip(&names) {
        let of: Vec<&str> = pack
            .kinds
            .values()
            .filter(|kind| kind.column == *column)
            .map(|kind| kind.name.as_str())
            .collect();
        kinds.push(format!("*{name}*: `{}`", of.join("`, `")));
    }
    doc.line(&format!("Columns: {}.", kinds.join("; ")));
}

fn official(role: Role) -> &'static str {
    Role::ALL.iter().find(|(known, _, _)| *known == role).map_or("", |(_, _, official)| official)
}

fn codes(doc: &mut Doc, pack: &Pack) {
    doc.heading(2, "Code lists");
    doc.line(
        "Codes are stored as they stand here. A code that a list does not have is kept and shown as it is. Lists \
         marked *setting* could not be read at their source and are to be confirmed.",
    );
    for (name, list) in &pack.codes {
        doc.line("");
        doc.line(&format!("<a id=\"list-{name}\"></a>"));
        doc.heading(3, name);
        let setting = if list.setting { " *Setting.*" } else { "" };
        doc.line(&format!("Source: {}.{setting}", list.source));
        doc.line("");
        if list.codes.len() > TABLE_CODES_MAX {
            doc.line(&running(list));
            continue;
        }
        doc.head(&["code", "shown", "English"]);
        for code in &list.codes {
            doc.row(&[format!("`{}`", code.code), code.label.id.clone(), code.label.en.clone()]);
        }
    }
}

fn running(list: &CodeList) -> String {
    let codes: Vec<String> =
        list.codes.iter().map(|code| format!("`{}` {}", code.code, code.label.id)).collect();
    format!("{}.", codes.join(" · "))
}

fn settings(doc: &mut Doc, pack: &Pack) {
    doc.heading(2, "Settings");
    doc.line(
        "Numbers and rules the centre may change without a release. Without a value nothing is computed from \
         them; *not read* means that the value, if any, is to be confirmed at its source first.",
    );
    doc.line("");
    doc.head(&["setting", "shown", "English", "value", "unit", "source", ""]);
    for (name, setting) in &pack.settings {
        doc.row(&[
            format!("`{name}`"),
            setting.label.id.clone(),
            setting.label.en.clone(),
            setting.value.as_ref().map_or_else(|| "–".to_owned(), |value| format!("`{value}`")),
            setting.unit.clone(),
            setting.source.clone(),
            if setting.read { "" } else { "not read" }.to_owned(),
        ]);
    }
}
