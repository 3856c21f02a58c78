use crate::Pack;

const PACK: &str = "version = 1\n[roles]\n";
const CODES: &str = "[sex]\nsource = \"test\"\n\
    codes = [{ code = \"L\", label = { id = \"a\", en = \"b\" } }]\n";
const KIND: &str = "name = \"thing\"\naccess = \"ordinary\"\ncolumn = \"person\"\nid = \"random\"\n\
    label = { id = \"Benda\", en = \"Thing\" }\nabout = { id = \"Contoh\", en = \"Example\" }\n";
const FIELD: &str =
    "key = \"a\"\ntype = \"text\"\nlabel = { id = \"A\", en = \"A\" }\npersonal = \"general\"\n";
const FORM: &str = "name = \"new_thing\"\nkind = \"thing\"\nlabel = { id = \"Baru\", en = \"New\" }\n\
    [[section]]\nkey = \"one\"\nlabel = { id = \"Satu\", en = \"One\" }\nfields = [\"a\"]\n";

/// Reads a pack of one kind; each argument is a text put in the place of the sound one.
fn read(codes: &str, kind: &str, form: &str) -> Result<Pack, String> {
    let sources = [("pack", PACK), ("codes/test", codes), ("kinds/thing", kind), ("forms/new_thing", form)];
    Pack::read(&sources).map_err(|error| error.to_string())
}

fn with_field(field: &str) -> Result<Pack, String> {
    read(CODES, &format!("{KIND}[[field]]\n{field}"), FORM)
}

fn with_kind(from: &str, to: &str) -> Result<Pack, String> {
    read(CODES, &format!("{}[[field]]\n{FIELD}", KIND.replace(from, to)), FORM)
}

fn with_form(from: &str, to: &str) -> Result<Pack, String> {
    assert!(FORM.contains(from), "{from}");
    read(CODES, &format!("{KIND}[[field]]\n{FIELD}"), &FORM.replace(from, to))
}

/// Asserts that an error names its source and the rule.
fn says(outcome: Result<Pack, String>, source: &str, rule: &str) {
    let error = outcome.expect_err(rule);
    assert!(error.contains(source), "{error} does not name {source}");
    assert!(error.contains(rule), "{error} does not say {rule}");
}

#[test]
fn a_sound_pack_is_accepted() {
    with_field(FIELD).unwrap();
}

#[test]
fn each_broken_rule_of_a_field_is_named() {
    let more = |line: &str| format!("{FIELD}{line}\n");
    let cases = [
        (more("sensitivity = \"restricted\""), "is restricted in a kind that is ordinary"),
        (FIELD.replace("personal = \"general\"\n", ""), "does not say which class of personal data"),
        (FIELD.replace("\"a\"\n", "\"area\"\n"), "has the name of a root key"),
        (FIELD.replace("\"a\"\n", "\"A b\"\n"), "lower-case letters"),
        (FIELD.replace("\"text\"", "\"code\""), "is a code without a list"),
        (FIELD.replace("\"text\"", "\"stage\""), "is a stage without a list"),
        (FIELD.replace("\"text\"", "\"country\""), "there is no list `negara`"),
        (FIELD.replace("\"text\"", "\"record\""), "must say which kind of record"),
        (FIELD.replace("\"text\"", "\"block\""), "must have parts if and only if"),
        (more("codes = \"none\""), "draws on the unknown list `none`"),
        (more("codes = \"sex\""), "draws on a list that its type does not use"),
        (more("target = \"thing\""), "must say which kind of record"),
        (FIELD.replace("\"text\"", "\"record\"\ntarget = \"ghost\""), "unknown kind `ghost`"),
        (more("of = \"date\""), "has entries of a type although it is no plain set"),
        (FIELD.replace("\"text\"", "\"set\"\nof = \"bool\""), "not one text"),
        (FIELD.replace("\"text\"", "\"int\"\nnumber = \"nik\""), "is a number although it is no text"),
        (more("merge = \"union\""), "must merge by union"),
        (FIELD.replace("\"text\"", "\"set\"\nmerge = \"register\""), "must merge by union"),
        (more("merge = \"stage\""), "merges in a way its type cannot"),
        (more("range = [1, 4]"), "has a range although it is no int"),
        (FIELD.replace("\"text\"", "\"int\"\nrange = [4, 1]"), "has a range without numbers"),
        (more("max = 0"), "allows no length"),
        (FIELD.replace("en = \"A\"", "en = \" \""), "lacks a label"),
        (more("help = { id = \"a\", en = \"\" }"), "lacks help"),
        (format!("{FIELD}[[field]]\n{FIELD}"), "stands twice"),
        (more("colour = \"red\""), "unknown field"),
        (FIELD.replace("\"text\"", "\"txt\""), "field `a`: unknown variant"),
        (FIELD.replace("label", "labl"), "field `a`: unknown field `labl`"),
        (String::from("type = \"text\""), "field `without key`"),
    ];
    for (field, rule) in cases {
        says(with_field(&field), "kinds/thing", rule);
    }
}

#[test]
fn each_broken_rule_of_parts_is_named() {
    let block = FIELD.replace("\"text\"", "\"block\"");
    let part = |kind: &str, rest: &str| {
        format!(
            "{block}[[field.part]]\nkey = \"b\"\ntype = \"{kind}\"\nlabel = {{ id = \"B\", en = \"B\" }}\n{rest}"
        )
    };
    with_field(&part("text", "")).unwrap();
    let twice = format!("{}{}", part("text", ""), part("text", "").trim_start_matches(&block));
    for (field, rule) in [
        (part("set", ""), "cannot be set inside block"),
        (
            part(
                "block",
                "[[field.part.part]]\nkey = \"c\"\ntype = \"text\"\nlabel = { id = \"C\", en = \"C\" }\n",
            ),
            "cannot be block inside block",
        ),
        (part("code", ""), "is a code without a list"),
        (part("text", "sensitivity = \"secret\"\n"), "is secret in a kind that is ordinary"),
        (twice, "has the part `b` twice"),
    ] {
        says(with_field(&field), "kinds/thing", rule);
    }
}

#[test]
fn parts_say_only_what_differs_from_their_field() {
    let field = format!(
        "{}harm = \"safety\"\n[[field.part]]\nkey = \"b\"\ntype = \"text\"\nlabel = {{ id = \"B\", en = \"B\" }}\n",
        FIELD.replace("\"text\"", "\"block\"").replace("general", "specific")
    );
    let pack = with_field(&field).unwrap();
    let field = pack.kind("thing").unwrap().field("a").unwrap();
    assert_eq!(field.parts[0].harm, field.harm);
    assert_eq!(field.parts[0].personal, field.personal);
    assert_eq!(field.parts[0].sensitivity, field.sensitivity);
}

#[test]
fn each_broken_rule_of_a_kind_is_named() {
    for (from, to, rule) in [
        ("id = \"random\"", "id = { sibling = \"ghost\" }", "unknown kind `ghost`"),
        ("id = \"random\"", "id = { keys = [\"ghost\"] }", "unknown field `ghost`"),
        ("id = \"random\"", "id = \"random\"\nfollows = \"ghost\"", "unknown kind `ghost`"),
        ("id = \"random\"", "id = \"random\"\nparent = \"ghost\"", "unknown kind `ghost`"),
        ("id = \"random\"", "id = \"random\"\nreach = []", "is reached through no set"),
        ("id = \"random\"", "id = \"random\"\norder = [[\"a\", \"a\"]]", "which is no date of it"),
        ("\"ordinary\"", "\"open\"", "is open, which only reference data are"),
        ("column = \"person\"", "column = \"people\"", "unknown variant"),
        ("en = \"Example\"", "en = \"\"", "lacks an explanation"),
        ("name = \"thing\"", "name = \"Thing\"", "lower-case letters"),
    ] {
        says(with_kind(from, to), "kinds/", rule);
    }
}

#[test]
fn specific_personal_data_are_never_open() {
    let kind = KIND.replace("access = \"ordinary\"", "access = \"open\"\nreference = true");
    let field = FIELD.replace("general", "specific");
    says(read(CODES, &format!("{kind}[[field]]\n{field}"), FORM), "thing", "that everybody may read");
}

#[test]
fn a_part_of_a_record_is_no_less_protected_than_the_record() {
    let part = KIND
        .replace("\"thing\"", "\"thing_part\"")
        .replace("access = \"ordinary\"", "access = \"open\"\nreference = true")
        .replace("id = \"random\"", "id = { sibling = \"thing\" }");
    let thing = format!("{KIND}[[field]]\n{FIELD}");
    let part = format!("{part}[[field]]\n{FIELD}");
    let sources = [("pack", PACK), ("kinds/thing", thing.as_str()), ("kinds/thing_part", part.as_str())];
    let error = Pack::read(&sources).unwrap_err().to_string();
    assert!(error.contains("is open and part of `thing`, which is ordinary"), "{error}");
}

#[test]
fn each_broken_rule_of_a_code_list_is_named() {
    for (from, to, rule) in [
        ("\"test\"", "\" \"", "names no source"),
        ("code = \"L\"", "code = \"l\"", "is not capital letters"),
        ("en = \"b\"", "en = \"\"", "lacks a label"),
        ("[sex]", "[Sex]", "lower-case letters"),
        ("}]", "}, { code = \"L\", label = { id = \"c\", en = \"d\" } }]", "code `L` stands twice"),
    ] {
        says(read(&CODES.replace(from, to), &format!("{KIND}[[field]]\n{FIELD}"), FORM), "codes/", rule);
    }
}

#[test]
fn a_list_that_shows_on_cards_shows_every_code_as_a_state_of_theirs() {
    let states = "[keadaan_kartu]\nsource = \"test\"\n\
        codes = [{ code = \"MASUK\", label = { id = \"a\", en = \"b\" } }]\n";
    let with = |first: &str, second: &str, states: &str| {
        let code = |code: &str, card: &str| {
            format!("{{ code = \"{code}\", {card}label = {{ id = \"a\", en = \"b\" }} }}")
        };
        let (first, second) = (code("L", first), code("P", second));
        let codes = format!("{states}[sex]\nsource = \"test\"\ncodes = [{first}, {second}]\n");
        read(&codes, &format!("{KIND}[[field]]\n{FIELD}"), FORM)
    };
    let shown = "card = \"MASUK\", ";
    with(shown, shown, states).unwrap();
    with("", "", "").unwrap();
    says(with(shown, "", states), "codes/sex", "code `P` shows on status cards as none");
    says(with("card = \"HILANG\", ", shown, states), "codes/sex", "code `L` shows on status cards as none");
    says(with(shown, shown, ""), "codes/sex", "none of `keadaan_kartu`");
}

#[test]
fn each_broken_rule_of_a_form_is_named() {
    let second = "[[section]]\nkey = \"two\"\nlabel = { id = \"Dua\", en = \"Two\" }\n";
    for (from, to, rule) in [
        ("kind = \"thing\"", "kind = \"ghost\"", "unknown kind `ghost`"),
        ("[\"a\"]", "[\"ghost\"]", "is no field of `thing`"),
        ("[\"a\"]", "[\"a\", \"a\"]", "asks `a` a second time"),
        ("[\"a\"]", "[{ key = \"a\", show = { empty = { field = \"ghost\" } } }]", "unknown field `ghost`"),
        ("[\"a\"]", "[{ key = \"a\", show = { empty = { field = \"a.part\" } } }]", "unknown field `a.part`"),
        ("[\"a\"]", "[{ key = \"a\", colour = \"red\" }]", "did not match"),
        ("en = \"One\"", "en = \"\"", "lacks a label"),
        ("key = \"one\"", "key = \"One\"", "lower-case letters"),
        ("fields = [\"a\"]", &format!("fields = []\n{second}short = true\nfields = []"), "comes after other"),
        (
            "fields = [\"a\"]",
            &format!("fields = []\n{}fields = []", second.replace("two", "one")),
            "stands twice",
        ),
    ] {
        says(with_form(from, to), "forms/new_thing", rule);
    }
}

#[test]
fn conditions_are_bounded() {
    let mut condition = "{ empty = { field = \"a\" } }".to_owned();
    for _ in 0..9 {
        condition = format!("{{ not = {condition} }}");
    }
    let ask = format!("[{{ key = \"a\", show = {condition} }}]");
    says(with_form("[\"a\"]", &ask), "forms/new_thing", "nested more than 8 deep");
}

#[test]
fn the_two_languages_of_a_message_leave_the_same_places() {
    let messages = "[required]\nid = \"{field} kosong\"\nen = \"{given} is empty\"\n";
    let error = Pack::read(&[("pack", PACK), ("messages", messages)]).unwrap_err().to_string();
    assert!(error.contains("leaves other places to fill"), "{error}");
}

#[test]
fn roles_know_only_the_columns_and_letters_of_the_table() {
    let roles = |cell: &str| format!("version = 1\n[roles.head]\nceiling = \"restricted\"\n{cell}\n");
    for (cell, rule) in [
        ("people = \"R\"", "unknown variant `people`"),
        ("person = \"X\"", "`X` is no action"),
        ("person = \"R x\"", "`x` is no kind of set"),
    ] {
        let error = Pack::read(&[("pack", roles(cell).as_str())]).unwrap_err().to_string();
        assert!(error.contains(rule), "{error} does not say {rule}");
    }
    let unknown = "version = 1\n[roles.boss]\nceiling = \"open\"\n";
    assert!(Pack::read(&[("pack", unknown)]).is_err());
}

#[test]
fn nothing_stands_in_two_texts() {
    let error = Pack::read(&[("pack", PACK), ("codes/a", CODES), ("codes/b", CODES)]).unwrap_err();
    assert_eq!(error.to_string(), "schema pack, codes/b: `sex` stands in two texts");
}

#[test]
fn texts_are_bounded_and_named() {
    let long = " ".repeat(crate::pack::SOURCE_MAX + 1);
    let error = Pack::read(&[("pack", PACK), ("codes/a", long.as_str())]).unwrap_err().to_string();
    assert!(error.contains("codes/a: is longer than"), "{error}");
    let error = Pack::read(&[("pack", PACK), ("extra", "")]).unwrap_err().to_string();
    assert!(error.contains("extra: is no text of a pack"), "{error}");
    let many = vec![("codes/a", ""); crate::pack::SOURCES_MAX + 1];
    assert!(Pack::read(&many).is_err());
}
