//! What is wrong with one typed value, before there is a record to look at.

use super::finding::{code_of, expected_of, message};
use crate::pack::{Bilingual, Field, Pack, Problem, named};

/// What is wrong with a typed text as a value of a field, as an entry of it where it is a set, or as an item of it
/// where it has items; `None` where nothing is. The text itself is not repeated: it may be anybody's number.
#[must_use]
pub fn refusal(pack: &Pack, field: &Field, text: &str) -> Option<Bilingual> {
    let read = if field.kind.has_items() {
        field.read_parts(pack, text).map(drop)
    } else {
        field.read(pack, text).map(drop)
    };
    read.err().map(|problem| said(pack, field, &problem))
}

fn said(pack: &Pack, field: &Field, problem: &Problem) -> Bilingual {
    let Bilingual { id, en } = &field.label;
    let both = |indonesian: String, english: String| Bilingual { id: indonesian, en: english };
    if let Problem::Part(key, inner) = problem {
        return said(pack, field.part(key).unwrap_or(field), inner);
    }
    if let Problem::NotInList(codes) = problem {
        // A form keeps a code it does not know; what is typed here is refused, and the list helps.
        let named = named(codes);
        return both(
            format!("{id}: tidak ada di daftar. Pilihannya: {named}."),
            format!("{en}: not in the list. It can be {named}."),
        );
    }
    if matches!(problem, Problem::UnknownPart(_) | Problem::NotParts) {
        return both(
            format!("{id}: bukan objek JSON dari bagian-bagiannya."),
            format!("{en}: no JSON object of its parts."),
        );
    }
    let given = both("isian ini".to_owned(), "this".to_owned());
    message(pack, code_of(problem), &field.label, &given, &expected_of(problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(kind: &str, key: &str, text: &str) -> Option<Bilingual> {
        let pack = Pack::builtin().unwrap();
        refusal(&pack, pack.kind(kind).unwrap().field(key).unwrap(), text)
    }

    #[test]
    fn a_value_is_refused_in_both_languages_without_being_repeated() {
        let year = refused("worker", "tahun_lahir", "delapan").unwrap();
        assert_eq!(year.id, "Tahun lahir: isian ini tidak dapat disimpan di sini (angka bulat).");
        assert_eq!(year.en, "Year of birth: this cannot be stored here (a whole number).");
        let date = refused("worker_private", "tanggal_lahir", "kemarin").unwrap();
        assert!(
            date.id.contains("isian ini bukan tanggal") && date.en.contains("this is no date"),
            "{date:?}"
        );
        for said in [&year, &date] {
            assert!(!format!("{said:?}").contains("delapan") && !format!("{said:?}").contains("kemarin"));
        }
        assert_eq!(refused("worker", "tahun_lahir", "1984"), None);
    }

    #[test]
    fn a_code_outside_its_list_is_answered_with_the_list() {
        let sex = refused("worker", "jenis_kelamin", "X").unwrap();
        assert!(sex.id.ends_with("Pilihannya: L, P.") && sex.en.ends_with("It can be L, P."), "{sex:?}");
        let country = refused("placement", "negara", "Antah").unwrap();
        assert!(country.en.ends_with(", …."), "{country:?}");
    }

    #[test]
    fn items_are_refused_by_their_parts() {
        assert_eq!(refused("case", "klarifikasi", r#"{"ke":1}"#), None);
        let part = refused("case", "klarifikasi", r#"{"ke":"satu"}"#).unwrap();
        assert!(part.en.contains("a whole number"), "{part:?}");
        assert!(refused("case", "klarifikasi", "satu").unwrap().en.contains("JSON"));
    }
}
