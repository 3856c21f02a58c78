//! Everything there is to say about a record.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::condition::is_empty;
use super::finding::{code_of, expected_of, message};
use super::number::oddities;
use super::{Finding, FindingCode, Form, Record, Report, Severity, Surroundings};
use crate::pack::{
    Bilingual, Field, FieldType, Kind, Merge, Pack, Problem, RESERVED_KEYS, Required, is_item_id,
};
use crate::value::Value;

/// Most findings reported of one record.
pub const FINDINGS_MAX: usize = 500;
/// Most entries of a set, or items of a field: a change carries at most 4,096 operations.
pub const ENTRIES_MAX: usize = 4_000;

/// Checks a whole record against a form and the kind it fills in. All findings are reported at once, those of
/// shown questions first, in the order of the form. A kind the pack does not know yields no findings: nothing
/// can be said of it.
#[must_use]
pub fn check(pack: &Pack, form: &Form, record: &Record, around: Surroundings<'_>) -> Report {
    let Some(kind) = pack.kind(&form.kind) else { return Report::default() };
    let mut checker = Checker { pack, record, around, findings: Vec::new(), cut: false };
    let mut asked = BTreeSet::new();
    for (ask, shown) in form.asks(record) {
        let Some(field) = kind.field(&ask.key) else { continue };
        asked.insert(ask.key.as_str());
        let answer = record.get(&ask.key).unwrap_or(&Json::Null);
        checker.question(field, ask.required, shown, answer);
    }
    for (key, json) in record.iter().filter(|(key, _)| !asked.contains(key.as_str())) {
        match kind.field(key) {
            Some(field) => checker.field(field, json),
            None if RESERVED_KEYS.contains(&key.as_str()) => {}
            None => checker.unknown(vec![key.clone()], key, json),
        }
    }
    checker.order(kind, record);
    checker.finished()
}

struct Checker<'a> {
    pack: &'a Pack,
    record: &'a Record,
    around: Surroundings<'a>,
    findings: Vec<Finding>,
    cut: bool,
}

impl Checker<'_> {
    fn question(&mut self, field: &Field, stricter: Option<Required>, shown: bool, answer: &Json) {
        let empty = is_empty(answer);
        if !shown && !empty {
            self.say(vec![field.key.clone()], FindingCode::Hidden, &field.label, "");
        }
        if shown && empty && field.merge != Merge::Derived {
            self.missing(vec![field.key.clone()], field, stricter.or(field.required));
        }
        self.field(field, answer);
    }

    fn missing(&mut self, path: Vec<String>, field: &Field, required: Option<Required>) {
        let severity = match required {
            None => return,
            Some(Required::Warn) => Severity::Warn,
            Some(Required::Hard) => Severity::Hard,
        };
        self.push(path, severity, FindingCode::Required, &field.label, "", &nothing());
    }

    fn field(&mut self, field: &Field, json: &Json) {
        let path = vec![field.key.clone()];
        if field.merge == Merge::Derived && !json.is_null() {
            self.say(path, FindingCode::Computed, &field.label, "");
        } else {
            self.value(path, field, json);
        }
    }

    /// A value of a field or part, whatever its type.
    fn value(&mut self, path: Vec<String>, field: &Field, json: &Json) {
        match (field.kind, json) {
            (_, Json::Null) => {}
            (FieldType::Set, Json::Array(entries)) => self.set(&path, field, entries),
            (kind, Json::Object(items)) if kind.has_items() => self.items(&path, field, items),
            (kind, Json::Object(parts)) if kind.is_register_of_parts() => self.parts(&path, field, parts),
            (kind, _) if kind.is_map() => self.wrong_type(path, field),
            (_, Json::String(text)) if text.is_empty() => {}
            (kind, _) if kind.is_register_of_parts() => self.wrong_type(path, field),
            (FieldType::Bool, Json::Bool(_)) => {}
            (FieldType::Int, Json::Number(number)) => match number.as_i64() {
                Some(whole) => self.problem(path, field, &whole.to_string(), field.check_range(whole)),
                None => self.problem(path, field, &number.to_string(), Err(Problem::NotWhole)),
            },
            (FieldType::Bool | FieldType::Int, _) => self.wrong_type(path, field),
            (_, Json::String(text)) => self.text(&path, field, text),
            (_, Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_)) => {
                self.wrong_type(path, field);
            }
        }
    }

    fn text(&mut self, path: &[String], field: &Field, text: &str) {
        let outcome = match field.read(self.pack, text) {
            // A record holds amounts in their one form, or equal amounts would look different.
            Ok(Value::Text(stored)) if field.kind == FieldType::Money && stored != text => {
                Err(Problem::NotMoney)
            }
            Ok(_) => Ok(()),
            Err(problem) => Err(problem),
        };
        self.problem(path.to_vec(), field, text, outcome);
        let Some(number) = field.number() else { return };
        for oddity in oddities(number, text, self.record, self.around) {
            let code = FindingCode::OddNumber;
            self.push(path.to_vec(), code.severity(), code, &field.label, "", &oddity);
        }
    }

    fn set(&mut self, path: &[String], field: &Field, entries: &[Json]) {
        if self.too_many(path, field, entries.len()) {
            return;
        }
        let mut seen = BTreeSet::new();
        for entry in entries {
            match entry {
                Json::String(text) if !seen.insert(text) => {
                    self.say(path.to_vec(), FindingCode::RepeatedEntry, &field.label, text);
                }
                Json::String(text) => self.text(path, field, text),
                Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
                    self.wrong_type(path.to_vec(), field);
                }
            }
        }
    }

    fn items(&mut self, path: &[String], field: &Field, items: &Record) {
        if self.too_many(path, field, items.len()) {
            return;
        }
        for (id, item) in items {
            let path = joined(path, id);
            if !is_item_id(id) {
                self.problem(path, field, id, Err(Problem::NotItemId));
                continue;
            }
            match item {
                Json::Object(parts) if parts.is_empty() => {
                    self.say(path, FindingCode::EmptyEntry, &field.label, id);
                }
                Json::Object(parts) => self.parts(&path, field, parts),
                Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::String(_) => {
                    self.wrong_type(path, field);
                }
            }
        }
    }

    /// The parts of a block or of one item: known ones are checked, unknown ones must be storable.
    fn parts(&mut self, path: &[String], field: &Field, parts: &Record) {
        for part in &field.parts {
            let json = parts.get(&part.key).unwrap_or(&Json::Null);
            if is_empty(json) {
                self.missing(joined(path, &part.key), part, part.required);
            }
            self.value(joined(path, &part.key), part, json);
        }
        for (key, json) in parts.iter().filter(|(key, _)| field.part(key).is_none()) {
            let path = joined(path, key);
            if field.kind.has_items() && !is_scalar(json) {
                self.wrong_type(path.clone(), field);
            }
            self.unknown(path, key, json);
        }
    }

    fn order(&mut self, kind: &Kind, record: &Record) {
        for [first, second] in &kind.order {
            let date = |key: &String| record.get(key).and_then(Json::as_str).filter(|text| !text.is_empty());
            let (Some(earlier), Some(later)) = (date(first), date(second)) else { continue };
            let label = |key: &String| kind.field(key).map_or_else(nothing, |field| field.label.clone());
            if is_later(earlier, later) {
                let severity = FindingCode::Order.severity();
                self.push(
                    vec![second.clone()],
                    severity,
                    FindingCode::Order,
                    &label(second),
                    later,
                    &label(first),
                );
            }
        }
    }

    fn too_many(&mut self, path: &[String], field: &Field, count: usize) -> bool {
        let over = count > ENTRIES_MAX;
        if over {
            self.problem(path.to_vec(), field, "", Err(Problem::TooMany(ENTRIES_MAX)));
        }
        over
    }

    fn wrong_type(&mut self, path: Vec<String>, field: &Field) {
        self.problem(path, field, "", Err(Problem::WrongType(field.kind.name())));
    }

    /// A key or part of another pack is kept, if a record can hold it at all: records hold no fractions.
    fn unknown(&mut self, path: Vec<String>, key: &str, json: &Json) {
        let label = Bilingual { id: key.to_owned(), en: key.to_owned() };
        let code = if has_fraction(json) { FindingCode::WrongType } else { FindingCode::UnknownKey };
        self.say(path, code, &label, "");
    }

    fn problem(&mut self, path: Vec<String>, field: &Field, given: &str, outcome: Result<(), Problem>) {
        if let Err(problem) = outcome {
            let code = code_of(&problem);
            self.push(path, code.severity(), code, &field.label, given, &expected_of(&problem));
        }
    }

    fn say(&mut self, path: Vec<String>, code: FindingCode, label: &Bilingual, given: &str) {
        self.push(path, code.severity(), code, label, given, &nothing());
    }

    fn push(
        &mut self,
        path: Vec<String>,
        severity: Severity,
        code: FindingCode,
        label: &Bilingual,
        given: &str,
        expected: &Bilingual,
    ) {
        // What stops a save is never lost behind hints: one such finding is kept whatever came before.
        let decides = code.stops_save() && !self.findings.iter().any(|found| found.code.stops_save());
        if self.findings.len() >= FINDINGS_MAX && !decides {
            self.cut = true;
            return;
        }
        let given = Bilingual { id: given.to_owned(), en: given.to_owned() };
        let message = message(self.pack, code, label, &given, expected);
        self.findings.push(Finding { path, severity, code, message });
    }

    fn finished(mut self) -> Report {
        if self.cut {
            let code = FindingCode::More;
            let message = message(self.pack, code, &nothing(), &nothing(), &nothing());
            self.findings.push(Finding { path: Vec::new(), severity: code.severity(), code, message });
        }
        Report { findings: self.findings }
    }
}

fn nothing() -> Bilingual {
    Bilingual { id: String::new(), en: String::new() }
}

fn joined(path: &[String], key: &str) -> Vec<String> {
    path.iter().cloned().chain([key.to_owned()]).collect()
}

fn is_scalar(json: &Json) -> bool {
    match json {
        Json::Null | Json::Bool(_) | Json::String(_) => true,
        Json::Number(number) => number.is_i64(),
        Json::Array(_) | Json::Object(_) => false,
    }
}

/// Whether a number that is not whole, or too large for a record, stands anywhere in a value.
fn has_fraction(json: &Json) -> bool {
    match json {
        Json::Number(number) => !number.is_i64(),
        Json::Array(entries) => entries.iter().any(has_fraction),
        Json::Object(parts) => parts.values().any(has_fraction),
        Json::Null | Json::Bool(_) | Json::String(_) => false,
    }
}

/// Whether one partial date is surely later than another: later in the part that both know.
fn is_later(first: &str, second: &str) -> bool {
    let day = |text: &str| text.split('T').next().unwrap_or_default().to_owned();
    let (first, second) = (day(first), day(second));
    let known = first.len().min(second.len());
    match (first.get(..known), second.get(..known)) {
        (Some(first), Some(second)) => first > second,
        _ => false,
    }
}
