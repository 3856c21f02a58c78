use super::*;
use crate::date::tests::date;

/// One of each warning.
fn all_warnings() -> Vec<Warning> {
    let civil = [Civil::Nik, Civil::Kk].into_iter().flat_map(|civil| {
        [
            Warning::Civil(civil, CivilWarning::NotDigits),
            Warning::Civil(civil, CivilWarning::Rounded),
            Warning::Civil(civil, CivilWarning::Length(15)),
            Warning::Civil(civil, CivilWarning::RegionForm("35.00.01".to_owned())),
            Warning::Civil(civil, CivilWarning::RegionUnknown("35.13.99".to_owned())),
            Warning::Civil(civil, CivilWarning::Date),
            Warning::Civil(civil, CivilWarning::Serial),
        ]
    });
    let others = [
        MismatchWarning::NikSex.into(),
        MismatchWarning::NikBirth { in_nik: date("1984-05-17"), typed: date("1984-05-18").into() }.into(),
        MismatchWarning::KkLooksLikeNik.into(),
        MismatchWarning::KkEqualsNik.into(),
        PaperWarning::PassportLength.into(),
        PaperWarning::PassportForm.into(),
        PhoneWarning::Signs.into(),
        PhoneWarning::Prefix.into(),
        PhoneWarning::Length("Taiwan").into(),
        PhoneWarning::Country.into(),
        PhoneWarning::Assumed("Taiwan").into(),
        PhoneWarning::Ambiguous("Taiwan").into(),
        PaperWarning::CardForm.into(),
        PaperWarning::CardLetter.into(),
    ];
    civil.chain(others).collect()
}

#[test]
fn each_warning_has_its_own_code_and_its_own_sentence_in_both_languages() {
    let mut seen = std::collections::BTreeSet::new();
    for warning in all_warnings() {
        let text = warning.text();
        assert!(seen.insert(warning.code().to_owned()), "{}", warning.code());
        for sentence in [text.id, text.en] {
            assert!(sentence.ends_with('.') && sentence.len() < 140, "{sentence}");
            assert!(seen.insert(sentence.clone()), "{sentence}");
        }
    }
}

#[test]
fn each_warning_stands_in_the_table_of_rules() {
    let table = include_str!("../../../../docs/identifiers.md");
    for warning in all_warnings() {
        assert!(table.contains(&format!("`{}`", warning.code())), "{}", warning.code());
    }
}
