//! What must hold of a form.

use std::collections::BTreeSet;

use super::text;
use crate::form::{Ask, Condition, Form};
use crate::pack::{Kind, Merge, Pack};

/// Greatest nesting of conditions.
const DEPTH_MAX: usize = 8;

/// Checks a form against its kind.
pub(super) fn check(pack: &Pack, form: &Form) -> Result<(), String> {
    text::name(&form.name)?;
    text::both(&form.label, "a label")?;
    let Some(kind) = pack.kind(&form.kind) else {
        return Err(format!("is for the unknown kind `{}`", form.kind));
    };
    let mut sections = BTreeSet::new();
    let mut asked = BTreeSet::new();
    let mut long_before = false;
    for section in &form.sections {
        let within = |why: String| format!("section `{}` {why}", section.key);
        text::name(&section.key).map_err(within)?;
        text::both(&section.label, "a label").map_err(within)?;
        if !sections.insert(section.key.as_str()) {
            return Err(within("stands twice".to_owned()));
        }
        if section.short && long_before {
            return Err(within("is of the short intake but comes after other sections".to_owned()));
        }
        long_before |= !section.short;
        section.show.iter().try_for_each(|show| condition(kind, show, 0)).map_err(within)?;
        for ask in &section.fields {
            check_ask(kind, ask).map_err(|why| within(format!("asks `{}`, which {why}", ask.key)))?;
            if !asked.insert(ask.key.as_str()) {
                return Err(within(format!("asks `{}` a second time", ask.key)));
            }
        }
    }
    Ok(())
}

fn check_ask(kind: &Kind, ask: &Ask) -> Result<(), String> {
    let Some(field) = kind.field(&ask.key) else {
        return Err(format!("is no field of `{}`", kind.name));
    };
    if field.merge == Merge::Derived {
        return Err("is computed and never asked".to_owned());
    }
    if ask.default.as_ref().is_some_and(serde_json::Value::is_null) {
        return Err("has no value as its default".to_owned());
    }
    ask.show.iter().try_for_each(|show| condition(kind, show, 0))
}

fn condition(kind: &Kind, of: &Condition, depth: usize) -> Result<(), String> {
    if depth > DEPTH_MAX {
        return Err(format!("has conditions nested more than {DEPTH_MAX} deep"));
    }
    match of {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().try_for_each(|part| condition(kind, part, depth + 1))
        }
        Condition::Not(part) => condition(kind, part, depth + 1),
        Condition::Equals { field, .. }
        | Condition::In { field, .. }
        | Condition::Has { field, .. }
        | Condition::Empty { field } => {
            let (key, part) = field.split_once('.').map_or((field.as_str(), None), |(k, p)| (k, Some(p)));
            match kind.field(key) {
                Some(known) if part.is_none_or(|part| known.part(part).is_some()) => Ok(()),
                _ => Err(format!("depends on the unknown field `{field}`")),
            }
        }
    }
}
