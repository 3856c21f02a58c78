//! Looking at Rust code without its comments and texts.

/// The code with comments and the contents of string and character literals blanked, line by line the same.
pub(crate) fn code_only(text: &str) -> String {
    let mut scanner =
        Scanner { chars: text.chars().collect(), at: 0, out: String::with_capacity(text.len()) };
    while scanner.at < scanner.chars.len() {
        scanner.step();
    }
    scanner.out
}

/// Whether `word` stands in `code` as a whole word (or path: `std::fs`).
pub(crate) fn has_word(code: &str, word: &str) -> bool {
    positions(code, word).next().is_some()
}

/// Where `word` stands in `code` as a whole word, as byte offsets.
pub(crate) fn positions<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(word).map(|(at, _)| at).filter(move |&at| {
        let before = code[..at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

/// The number, from 1, of the line a byte offset is in.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

struct Scanner {
    chars: Vec<char>,
    at: usize,
    out: String,
}

impl Scanner {
    fn step(&mut self) {
        match (self.peek(0), self.peek(1)) {
            ('/', '/') => self.blank_until(|scanner| scanner.peek(0) == '\n'),
            ('/', '*') => self.block_comment(),
            ('"', _) => self.string(),
            ('r', '"' | '#') if self.starts_word() && self.raw_hashes().is_some() => self.raw_string(),
            ('\'', '\\') => {
                self.blank(3);
                self.blank_until(|scanner| scanner.peek(0) == '\'');
                self.blank(1);
            }
            ('\'', _) if self.peek(2) == '\'' => self.blank(3),
            _ => self.keep(),
        }
    }

    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.at + ahead).copied().unwrap_or('\0')
    }

    /// Whether what stands here does not continue a name; `b` and `c` may stand before a raw string.
    fn starts_word(&self) -> bool {
        let before = |back: usize| self.at.checked_sub(back).map_or(' ', |at| self.chars[at]);
        !is_word(before(1)) || (matches!(before(1), 'b' | 'c') && !is_word(before(2)))
    }

    fn keep(&mut self) {
        self.out.push(self.peek(0));
        self.at += 1;
    }

    fn blank(&mut self, count: usize) {
        for _ in 0..count.min(self.chars.len() - self.at) {
            self.out.push(if self.peek(0) == '\n' { '\n' } else { ' ' });
            self.at += 1;
        }
    }

    fn blank_until(&mut self, end: impl Fn(&Scanner) -> bool) {
        while self.at < self.chars.len() && !end(self) {
            self.blank(1);
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0_u32;
        while self.at < self.chars.len() {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                _ => {
                    self.blank(1);
                    continue;
                }
            }
            self.blank(2);
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        self.keep();
        while self.at < self.chars.len() && self.peek(0) != '"' {
            self.blank(if self.peek(0) == '\\' { 2 } else { 1 });
        }
        if self.at < self.chars.len() {
            self.keep();
        }
    }

    /// The number of `#` of the raw string that starts here, if one does.
    fn raw_hashes(&self) -> Option<usize> {
        let hashes = self.chars[self.at + 1..].iter().take_while(|&&character| character == '#').count();
        (self.peek(1 + hashes) == '"').then_some(hashes)
    }

    fn raw_string(&mut self) {
        let hashes = self.raw_hashes().unwrap_or(0);
        self.blank(hashes + 2);
        self.blank_until(|scanner| {
            scanner.peek(0) == '"' && (1..=hashes).all(|ahead| scanner.peek(ahead) == '#')
        });
        self.blank(hashes + 1);
    }
}

#[test]
fn comments_and_texts_are_blanked() {
    for (text, expected) in [
        ("a // unsafe\nb", "a          \nb"),
        ("a /* x /* y */ \n z */ b", "a              \n      b"),
        (r#"f("un\"safe", x)"#, r#"f("        ", x)"#),
        ("g(r#\"a\"b\"#, y)", "g(        , y)"),
        ("br\"x\" c", "b     c"),
        ("h('\"', '\\'', b'\\\\', 'ä') i", "h(   ,     , b    ,    ) i"),
        ("fn f<'a>(x: &'a str) -> r#type", "fn f<'a>(x: &'a str) -> r#type"),
        ("\"open", "\"    "),
    ] {
        assert_eq!(code_only(text), expected);
    }
}

#[test]
fn words_are_whole() {
    assert!(has_word("unsafe { }", "unsafe"));
    assert!(!has_word("unsafe_code", "unsafe") && !has_word("my_std::fs", "std::fs"));
    assert_eq!(positions("mod a; model mod", "mod").collect::<Vec<_>>(), [0, 13]);
    assert_eq!(line_of("a\nb\nc", 4), 3);
}
