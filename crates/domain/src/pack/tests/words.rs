//! Labels keep to the words of the interface: what people in a village may safely see and what they understand.

use crate::pack::{Bilingual, CodeList, Field, Pack, Reach};
use crate::role::Action;
use crate::{Access, Role};

/// Words that mean something else to the people who read them: village officials, the law, the technician.
const NEVER: [&str; 7] = ["perangkat", "konflik", "karantina", "duplikat", "sinkron", "ilegal", "agama"];

/// Everything people read of a field in Indonesian, with its codes.
fn read_of<'a>(pack: &'a Pack, field: &'a Field, texts: &mut Vec<&'a str>) {
    texts.push(&field.label.id);
    texts.extend(field.help.iter().map(|help| help.id.as_str()));
    texts.extend(pack.code_list(field).into_iter().flat_map(labels));
    for part in &field.parts {
        read_of(pack, part, texts);
    }
}

fn labels(list: &CodeList) -> impl Iterator<Item = &str> {
    list.codes.iter().map(|code| code.label.id.as_str())
}

fn contains(texts: &[&str], word: &str) -> Option<String> {
    texts.iter().find(|text| text.to_lowercase().contains(word)).map(|text| (*text).to_owned())
}

#[test]
fn no_label_says_what_people_misunderstand() {
    let pack = Pack::builtin().unwrap();
    let mut texts: Vec<&str> = pack.kinds.values().map(|kind| kind.label.id.as_str()).collect();
    for field in pack.kinds.values().flat_map(|kind| &kind.fields) {
        read_of(&pack, field, &mut texts);
    }
    texts.extend(pack.messages.values().map(|message: &Bilingual| message.id.as_str()));
    for word in NEVER {
        assert_eq!(contains(&texts, word), None, "{word}");
    }
}

/// Nothing on a village phone says *pengaduan*: not what it holds, and not what it fills in and seals.
#[test]
fn nothing_a_village_phone_shows_says_complaint() {
    let pack = Pack::builtin().unwrap();
    let seals = |column| {
        let mut rules =
            pack.roles.iter().filter(|rule| rule.role == Role::VillageOfficer && rule.column == column);
        rules.any(|rule| rule.area.contains(&Action::Seal))
    };
    let held: Vec<&str> = Reach::ALL
        .into_iter()
        .flat_map(|reach| pack.readable(Role::VillageOfficer, reach))
        .map(|kind| kind.name.as_str())
        .collect();
    let filled = pack.kinds.values().filter(|kind| {
        // Cases and referrals are of the office; what a village seals are complaints and private parts.
        held.contains(&kind.name.as_str())
            || kind.name == "complaint"
            || (seals(kind.column) && kind.name.ends_with("_private"))
    });
    let mut texts = Vec::new();
    let mut kinds = 0;
    for kind in filled {
        kinds += 1;
        assert!(kind.access < Access::Secret);
        for field in &kind.fields {
            read_of(&pack, field, &mut texts);
        }
        for form in pack.forms_of(&kind.name) {
            texts.push(&form.label.id);
            texts.extend(form.sections.iter().map(|section| section.label.id.as_str()));
        }
    }
    assert_eq!(kinds, 17);
    assert_eq!(contains(&texts, "pengaduan"), None);
}
