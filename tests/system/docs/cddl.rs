//! As much of CDDL (RFC 8610) as docs/protocol.cddl uses: reading rules, and comparing CBOR with one.
//!
//! A comparison also notes which alternatives and optional members it has met, so that a test can ask whether
//! its samples have met all of them.

use std::collections::{BTreeMap, BTreeSet};

use minicbor::Decoder;
use minicbor::data::Type as CborType;

/// The rules of a text.
pub(super) struct Cddl {
    rules: BTreeMap<String, Type>,
}

/// What a rule or a member allows: one of several.
struct Type(Vec<Form>);

enum Form {
    Rule(String),
    Int,
    Uint(Option<u32>),
    Bytes(Option<usize>),
    /// Bytes that hold the CBOR of a rule.
    Embedded(String),
    Text,
    Bool,
    Null,
    Literal(u64),
    Array(Vec<Member>),
    Map(Vec<Member>),
}

struct Member {
    occurs: Occurs,
    key: String,
    kind: Type,
}

#[derive(Clone, Copy, PartialEq)]
enum Occurs {
    Once,
    Optional,
    Any,
    Times(usize),
}

/// CBOR of the few kinds there are.
#[derive(Debug, PartialEq)]
enum Cbor {
    Int(i128),
    Bytes(Vec<u8>),
    Text,
    Array(Vec<Cbor>),
    Map(Vec<(u64, Cbor)>),
    Bool,
    Null,
}

/// What comparisons have met: rule, place in it, and what was there.
pub(super) type Met = BTreeSet<(String, &'static str)>;

impl Cddl {
    pub(super) fn read(text: &str) -> Cddl {
        let mut reader = Reader { tokens: tokens(text), at: 0 };
        let mut rules = BTreeMap::new();
        while reader.at < reader.tokens.len() {
            let name = reader.next();
            reader.expect("=");
            let kind = reader.kind();
            assert!(rules.insert(name.clone(), kind).is_none(), "the rule `{name}` stands twice");
        }
        Cddl { rules }
    }

    /// Compares bytes with a rule.
    pub(super) fn compare(&self, rule: &str, bytes: &[u8], met: &mut Met) -> Result<(), String> {
        let value = whole(bytes)?;
        let mut comparison = Comparison { cddl: self, met: Vec::new() };
        comparison.rule(rule, &value)?;
        met.extend(comparison.met);
        Ok(())
    }

    /// What comparisons can meet: every rule, every alternative, every optional member present and absent.
    pub(super) fn all(&self) -> Met {
        let mut all = Met::new();
        for (name, kind) in &self.rules {
            all.insert((name.clone(), "met"));
            places(name, kind, &mut all);
        }
        all
    }
}

fn places(path: &str, kind: &Type, all: &mut Met) {
    for (number, form) in kind.0.iter().enumerate() {
        if kind.0.len() > 1 {
            all.insert((format!("{path}/{number}"), "met"));
        }
        let (Form::Array(members) | Form::Map(members)) = form else { continue };
        for member in members {
            let path = format!("{path}/{number}.{}", member.key);
            if matches!(member.occurs, Occurs::Optional | Occurs::Any) {
                all.insert((path.clone(), "present"));
                all.insert((path.clone(), "absent"));
            }
            places(&path, &member.kind, all);
        }
    }
}

struct Comparison<'a> {
    cddl: &'a Cddl,
    met: Vec<(String, &'static str)>,
}

impl Comparison<'_> {
    fn rule(&mut self, name: &str, value: &Cbor) -> Result<(), String> {
        let kind = self.cddl.rules.get(name).ok_or_else(|| format!("there is no rule `{name}`"))?;
        self.met.push((name.to_owned(), "met"));
        self.kind(name, kind, value)
    }

    fn kind(&mut self, path: &str, kind: &Type, value: &Cbor) -> Result<(), String> {
        let mut last = String::new();
        for (number, form) in kind.0.iter().enumerate() {
            let before = self.met.len();
            match self.form(&format!("{path}/{number}"), form, value) {
                Ok(()) => {
                    if kind.0.len() > 1 {
                        self.met.push((format!("{path}/{number}"), "met"));
                    }
                    return Ok(());
                }
                Err(why) => last = why,
            }
            self.met.truncate(before);
        }
        Err(last)
    }

    fn form(&mut self, path: &str, form: &Form, value: &Cbor) -> Result<(), String> {
        let fits = match (form, value) {
            (Form::Rule(name), value) => return self.rule(name, value),
            (Form::Embedded(name), Cbor::Bytes(bytes)) => return self.rule(name, &whole(bytes)?),
            (Form::Array(members), Cbor::Array(items)) => return self.array(path, members, items),
            (Form::Map(members), Cbor::Map(entries)) => return self.map(path, members, entries),
            (Form::Int, Cbor::Int(_)) | (Form::Text, Cbor::Text) => true,
            (Form::Bool, Cbor::Bool) | (Form::Null, Cbor::Null) => true,
            (Form::Uint(size), Cbor::Int(number)) => {
                *number >= 0 && size.is_none_or(|bytes| *number < 1 << (8 * bytes))
            }
            (Form::Bytes(size), Cbor::Bytes(bytes)) => size.is_none_or(|size| bytes.len() == size),
            (Form::Literal(wanted), Cbor::Int(number)) => i128::from(*wanted) == *number,
            _ => false,
        };
        if fits { Ok(()) } else { Err(format!("{path} does not allow {value:?}")) }
    }

    fn array(&mut self, path: &str, members: &[Member], items: &[Cbor]) -> Result<(), String> {
        let mut rest = items;
        for member in members {
            let path = format!("{path}.{}", member.key);
            let (least, most) = match member.occurs {
                Occurs::Once => (1, 1),
                Occurs::Optional => (0, 1),
                Occurs::Any => (0, usize::MAX),
                Occurs::Times(times) => (times, times),
            };
            let mut count = 0;
            while let (true, Some((first, behind))) = (count < most, rest.split_first()) {
                self.kind(&path, &member.kind, first)?;
                rest = behind;
                count += 1;
            }
            if count < least {
                return Err(format!("{path} is missing"));
            }
            self.met.push((path, if count > 0 { "present" } else { "absent" }));
        }
        if rest.is_empty() { Ok(()) } else { Err(format!("{path} does not know {:?}", rest[0])) }
    }

    fn map(&mut self, path: &str, members: &[Member], entries: &[(u64, Cbor)]) -> Result<(), String> {
        for member in members {
            let path = format!("{path}.{}", member.key);
            match entries.iter().find(|(key, _)| key.to_string() == member.key) {
                Some((_, value)) => {
                    self.kind(&path, &member.kind, value)?;
                    self.met.push((path, "present"));
                }
                None if member.occurs == Occurs::Optional => self.met.push((path, "absent")),
                None => return Err(format!("{path} is missing")),
            }
        }
        let unknown =
            entries.iter().find(|(key, _)| members.iter().all(|known| known.key != key.to_string()));
        unknown.map_or(Ok(()), |(key, _)| Err(format!("{path} does not know the key {key}")))
    }
}

/// The one value that some bytes hold.
fn whole(bytes: &[u8]) -> Result<Cbor, String> {
    let mut decoder = Decoder::new(bytes);
    let value = value(&mut decoder).map_err(|error| error.to_string())?;
    if decoder.position() == bytes.len() { Ok(value) } else { Err("bytes behind the value".to_owned()) }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "what is not a number here either, the decoder refuses")]
fn value(decoder: &mut Decoder<'_>) -> Result<Cbor, minicbor::decode::Error> {
    Ok(match decoder.datatype()? {
        CborType::Bool => decoder.bool().map(|_| Cbor::Bool)?,
        CborType::Null => decoder.null().map(|()| Cbor::Null)?,
        CborType::Bytes => Cbor::Bytes(decoder.bytes()?.to_vec()),
        CborType::String => decoder.str().map(|_| Cbor::Text)?,
        CborType::Array => {
            let length = decoder.array()?.unwrap_or(0);
            Cbor::Array((0..length).map(|_| value(decoder)).collect::<Result<_, _>>()?)
        }
        CborType::Map => {
            let length = decoder.map()?.unwrap_or(0);
            let entry = |_| Ok((decoder.u64()?, value(decoder)?));
            Cbor::Map((0..length).map(entry).collect::<Result<_, minicbor::decode::Error>>()?)
        }
        _ => Cbor::Int(i128::from(decoder.int()?)),
    })
}

fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    for line in text.lines() {
        let code = line.split(';').next().unwrap_or_default();
        let mut word = String::new();
        for character in code.chars().chain([' ']) {
            if character.is_ascii_alphanumeric() || "-_.".contains(character) {
                word.push(character);
                continue;
            }
            if !word.is_empty() {
                tokens.push(std::mem::take(&mut word));
            }
            if !character.is_whitespace() {
                tokens.push(character.to_string());
            }
        }
    }
    tokens
}

struct Reader {
    tokens: Vec<String>,
    at: usize,
}

impl Reader {
    fn peek(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", String::as_str)
    }

    fn next(&mut self) -> String {
        let token = self.peek(0).to_owned();
        self.at += 1;
        token
    }

    fn take(&mut self, wanted: &str) -> bool {
        let found = self.peek(0) == wanted;
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, wanted: &str) {
        let found = self.next();
        assert_eq!(
            found,
            wanted,
            "at token {}: {:?}",
            self.at,
            self.tokens.get(self.at.saturating_sub(8)..self.at)
        );
    }

    fn kind(&mut self) -> Type {
        let mut forms = Vec::new();
        loop {
            if self.take("&") {
                self.expect("(");
                forms.extend(self.members(")").into_iter().flat_map(|member| member.kind.0));
            } else {
                forms.push(self.form());
            }
            if !self.take("/") {
                return Type(forms);
            }
        }
    }

    fn form(&mut self) -> Form {
        let word = self.next();
        match word.as_str() {
            "[" => Form::Array(self.members("]")),
            "{" => Form::Map(self.members("}")),
            "int" => Form::Int,
            "tstr" => Form::Text,
            "bool" => Form::Bool,
            "null" => Form::Null,
            "uint" => Form::Uint(self.take(".size").then(|| self.number())),
            "bstr" if self.take(".cbor") => Form::Embedded(self.next()),
            "bstr" => Form::Bytes(self.take(".size").then(|| self.number())),
            name => name.parse().map_or_else(|_| Form::Rule(word.clone()), Form::Literal),
        }
    }

    fn members(&mut self, end: &str) -> Vec<Member> {
        let mut members = Vec::new();
        while !self.take(end) {
            let occurs = self.occurs();
            let key = if self.peek(1) == ":" {
                let key = self.next();
                self.expect(":");
                key
            } else {
                members.len().to_string()
            };
            members.push(Member { occurs, key, kind: self.kind() });
            let ended = self.peek(0) == end;
            assert!(self.take(",") || ended, "`,` or `{end}` expected, not `{}`", self.peek(0));
        }
        members
    }

    fn occurs(&mut self) -> Occurs {
        if self.take("?") {
            Occurs::Optional
        } else if self.take("*") {
            Occurs::Any
        } else if self.peek(1) == "*" {
            let least: usize = self.number();
            self.expect("*");
            let most: usize = self.number();
            assert_eq!(least, most, "only a fixed number of times is understood");
            Occurs::Times(least)
        } else {
            Occurs::Once
        }
    }

    fn number<T: std::str::FromStr>(&mut self) -> T {
        let word = self.next();
        word.parse().unwrap_or_else(|_| panic!("`{word}` is no number"))
    }
}

#[test]
fn what_differs_from_a_rule_is_found() {
    let cddl = Cddl::read(
        "pair = [first: uint .size 1, ? second: tstr / null] ; comment\n\
         message = {0: bstr .size 2, ? 1: [* pair], 2: bstr .cbor pair, 3: &(no: 0, yes: 1)}\n\
         twice = [2*2 int]\n",
    );
    let fits = |rule: &str, hex: &str| {
        let bytes: Vec<u8> = (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap_or_else(|_| panic!("{hex}")))
            .collect();
        cddl.compare(rule, &bytes, &mut Met::new())
    };
    for (rule, hex) in [
        ("pair", "8101"),
        ("pair", "82016161"),
        ("pair", "8218fff6"),
        ("message", "a3004200000242810103 01".replace(' ', "").as_str()),
        ("message", "a40042000001818101024281010300"),
        ("twice", "820120"),
    ] {
        assert_eq!(fits(rule, hex), Ok(()), "{rule} {hex}");
    }
    for (rule, hex) in [
        ("pair", "80"),
        ("pair", "8120"),
        ("pair", "81190100"),
        ("pair", "820101"),
        ("pair", "83016161f6"),
        ("pair", "810100"),
        ("message", "a300410002428101 0301".replace(' ', "").as_str()),
        ("message", "a3004200000242810103 02".replace(' ', "").as_str()),
        ("message", "a30042000002428120 0301".replace(' ', "").as_str()),
        ("message", "a200420000024281 01".replace(' ', "").as_str()),
        ("message", "a4004200000242810103010400"),
        ("twice", "8101"),
        ("twice", "83010203"),
        ("nothing", "01"),
    ] {
        assert!(fits(rule, hex).is_err(), "{rule} {hex}");
    }
}

#[test]
fn what_no_sample_has_met_is_known() {
    let cddl = Cddl::read("a = [? one: b, c]\nb = 1 / 2\nc = tstr\n");
    let mut met = Met::new();
    assert_eq!(cddl.compare("a", &[0x82, 1, 0x60], &mut met), Ok(()));
    let left: Vec<String> =
        cddl.all().difference(&met).map(|(path, what)| format!("{path} {what}")).collect();
    assert_eq!(left, ["a/0.one absent", "b/1 met"]);
}
