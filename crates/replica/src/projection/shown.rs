//! What is shown of each field, and where values differ.
//!
//! Every live value stays in the document; which of them people see until somebody decides is said by the pack,
//! field by field ([`Clash`]), so that it is the same at every replica and the safer one where that is known.

use std::collections::{BTreeMap, BTreeSet};

use sambung_domain::Access;
use sambung_domain::pack::{
    Clash, Field, FieldType, Harm, Kind, PROVENANCE, Pack, ROUTING_TEXTS, TRANSFER, TRANSFER_TERMS, stage,
};
use sambung_domain::value::Value;
use sambung_sync::document::{Live, Node};
use serde_json::{Map, Value as Json};

use super::{json, value};
use crate::command::WITHDRAWN;
use crate::conflict::{Differing, SEPARATOR};

/// Reads a document by what the pack says of its kind.
pub(super) struct Reading<'a> {
    pack: &'a Pack,
    kind: Option<&'a Kind>,
    differing: BTreeMap<Vec<String>, Differing>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(pack: &'a Pack, kind: Option<&'a Kind>) -> Self {
        Reading { pack, kind, differing: BTreeMap::new() }
    }

    /// Everything that was found to be decided, by the path of the place.
    pub(super) fn questions(self) -> Vec<Differing> {
        self.differing.into_values().collect()
    }

    fn ask(&mut self, path: Vec<String>, reopened: bool) {
        let harm = harm(self.kind, &path);
        self.differing.entry(path.clone()).or_insert(Differing { path, harm, reopened });
    }

    /// A root key that says of a field whether a decision on it was taken back. One yes is enough.
    pub(super) fn marker(&mut self, field: &str, node: &Node) {
        let open = |live: &Live| value(live).is_some_and(|value| value != Value::from(""));
        if matches!(node, Node::Value(lives) if lives.iter().any(open)) {
            self.ask(field.split(SEPARATOR).map(str::to_owned).collect(), true);
        }
    }

    /// What is shown under a root key.
    pub(super) fn root(&mut self, key: &str, node: &Node) -> Json {
        let field = self.kind.and_then(|kind| kind.field(key));
        match field {
            Some(field) if field.kind.has_items() => self.items(field, node),
            Some(field) if field.kind == FieldType::Set => set(node),
            Some(_) | None => self.single(vec![key.to_owned()], field, node),
        }
    }

    /// A place with one value, or several that differ.
    fn single(&mut self, path: Vec<String>, field: Option<&Field>, node: &Node) -> Json {
        let Node::Value(lives) = node else { return plain(node) };
        let values: Vec<Value> = lives.iter().filter_map(value).collect();
        if distinct(lives) < 2 {
            return values.into_iter().next().map_or(Json::Null, json);
        }
        let shown = of_several(self.pack, &path, field, &values);
        // How it was made is no question; what goes with offers is none either: the offers are one.
        if path != [TRANSFER_TERMS] && !PROVENANCE.iter().any(|key| path == [*key]) {
            self.ask(path, false);
        }
        shown.map_or(Json::Null, json)
    }

    /// Things with parts: each part is a place of its own. A stage is in conflict where its steps part.
    fn items(&mut self, field: &Field, node: &Node) -> Json {
        let Node::Map(items) = node else { return plain(node) };
        let mut shown = Map::new();
        for (id, item) in items {
            let Node::Map(parts) = item else {
                shown.insert(id.clone(), plain(item));
                continue;
            };
            let parts = parts.iter().map(|(key, node)| {
                let path = vec![field.key.clone(), id.clone(), key.clone()];
                (key.clone(), self.single(path, field.part(key), node))
            });
            shown.insert(id.clone(), Json::Object(parts.collect()));
        }
        if field.kind == FieldType::Stage && stage::codes(&shown).len() > 1 {
            self.ask(vec![field.key.clone()], false);
        }
        Json::Object(shown)
    }
}

/// How much a wrong value at a place harms. What the pack does not know harms least.
fn harm(kind: Option<&Kind>, path: &[String]) -> Harm {
    let key = path.first().map(String::as_str).unwrap_or_default();
    match kind.and_then(|kind| kind.field(key)) {
        Some(field) => field.harm,
        None if key == "access" => Harm::Safety,
        None if ROUTING_TEXTS.contains(&key) => Harm::Contact,
        None if key == WITHDRAWN => Harm::Status,
        None => Harm::Other,
    }
}

/// Which of several live values at a place is shown, the winner of the merge coming first among them; `None` where
/// none is to be used before somebody has asked.
pub(crate) fn of_several(
    pack: &Pack,
    path: &[String],
    field: Option<&Field>,
    values: &[Value],
) -> Option<Value> {
    let winner = values.first().cloned();
    let any = |wanted: Value| values.contains(&wanted).then_some(wanted);
    let Some(field) = field else {
        return match path {
            // The strictest of the live values protects.
            [key] if key == "access" => strictest(values).or(winner),
            // A record that somebody still wants is not withdrawn.
            [key] if key == WITHDRAWN => any(Value::Bool(false)).or(winner),
            // An offer that stands is shown before one that was settled.
            [key] if key == TRANSFER => {
                values.iter().find(|value| **value != Value::from("")).cloned().or(winner)
            }
            _ => winner,
        };
    };
    match field.clash {
        Clash::One | Clash::Both => winner,
        Clash::Neither => None,
        Clash::Yes => any(Value::Bool(true)).or(winner),
        Clash::No => any(Value::Bool(false)).or(winner),
        Clash::First => values.iter().min_by_key(|value| rank(pack, field, value)).cloned(),
    }
}

fn strictest(values: &[Value]) -> Option<Value> {
    let access = values.iter().filter_map(|value| value.as_text()?.parse::<Access>().ok()).max()?;
    Some(Value::from(access.as_str()))
}

/// Where a value stands in its code list; a block by its first part with codes. What is in no list comes last.
fn rank(pack: &Pack, field: &Field, value: &Value) -> usize {
    let Some(text) = value.as_text() else { return usize::MAX };
    if field.kind.is_register_of_parts() {
        let parts: Map<String, Json> = serde_json::from_str(text).unwrap_or_default();
        let coded = field.parts.iter().find(|part| pack.code_list(part).is_some());
        let code = coded.and_then(|part| Some((part, parts.get(&part.key)?.as_str()?)));
        return code.map_or(usize::MAX, |(part, code)| position(pack, part, code));
    }
    position(pack, field, text)
}

fn position(pack: &Pack, field: &Field, code: &str) -> usize {
    let codes = pack.code_list(field).map(|list| list.codes.as_slice()).unwrap_or_default();
    codes.iter().position(|known| known.code == code).unwrap_or(usize::MAX)
}

/// How many different values stand at a place.
fn distinct(lives: &[Live]) -> usize {
    lives.iter().map(|live| value(live).map(|value| value.to_string())).collect::<BTreeSet<_>>().len()
}

/// A node of which the pack says nothing: the winner of each conflict.
fn plain(node: &Node) -> Json {
    match node {
        Node::Value(lives) => lives.first().and_then(value).map_or(Json::Null, json),
        Node::Map(entries) if is_set(entries) => set(node),
        Node::Map(entries) => {
            entries.iter().map(|(key, entry)| (key.clone(), plain(entry))).collect::<Map<_, _>>().into()
        }
        Node::List(items) => items.iter().map(plain).collect(),
        Node::Text(text) => Json::from(text.as_str()),
    }
}

/// Entries of both sides stay: one live yes is enough.
fn set(node: &Node) -> Json {
    let Node::Map(entries) = node else { return plain(node) };
    entries.iter().filter(|(_, entry)| says_yes(entry)).map(|(key, _)| Json::from(key.as_str())).collect()
}

fn says_yes(entry: &Node) -> bool {
    match entry {
        Node::Value(lives) => lives.iter().any(|live| value(live) == Some(Value::Bool(true))),
        Node::Map(_) | Node::List(_) | Node::Text(_) => false,
    }
}

/// A map whose entries all say yes or no is a set; so is an empty one.
fn is_set(entries: &BTreeMap<String, Node>) -> bool {
    entries.values().all(|entry| match entry {
        Node::Value(lives) => lives.iter().all(|live| matches!(value(live), Some(Value::Bool(_)))),
        Node::Map(_) | Node::List(_) | Node::Text(_) => false,
    })
}
