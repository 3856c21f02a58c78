//! Links between the repository's documents lead somewhere.

use std::collections::BTreeMap;

use crate::tidy::{Repository, hold};

#[test]
fn links_in_documents_resolve() {
    hold(
        "Correct these links (file from the linking document, `#anchor` of a heading):",
        &broken(&Repository::open()),
    );
}

fn broken(repository: &Repository) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in repository.with_extension("md") {
        let dead = links(text).into_iter().filter(|(_, target)| !leads_somewhere(repository, path, target));
        found.extend(dead.map(|(line, target)| format!("{path}:{line}: {target}")));
    }
    found
}

fn leads_somewhere(repository: &Repository, from: &str, target: &str) -> bool {
    if ["http://", "https://", "mailto:"].iter().any(|scheme| target.starts_with(scheme)) {
        return true;
    }
    let (file, anchor) = target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor)));
    let Some(path) = (if file.is_empty() { Some(from.to_owned()) } else { resolve(from, file) }) else {
        return false;
    };
    match anchor {
        None => repository.has(&path) || repository.has_folder(&path),
        Some(anchor) => {
            repository.has(&path) && anchors(repository.text(&path)).iter().any(|known| known == anchor)
        }
    }
}

/// The path from the root of what a document links to; nothing if it lies outside.
fn resolve(from: &str, target: &str) -> Option<String> {
    let target = target.replace("%20", " ");
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The targets of a document's links with their lines, outside of code.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        let line = without_code(line);
        for (at, _) in line.match_indices("](") {
            let target = line[at + 2..].split([')', ' ']).next().unwrap_or_default();
            found.push((number, target.trim_matches(['<', '>']).to_owned()));
        }
        if let Some((_, target)) = line.strip_prefix('[').and_then(|rest| rest.split_once("]: ")) {
            found.push((number, target.split(' ').next().unwrap_or_default().to_owned()));
        }
    }
    found
}

/// The anchors of a document: its headings as code hosts name them, and explicit ids.
fn anchors(text: &str) -> Vec<String> {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let mut found = Vec::new();
    for (_, line) in prose(text) {
        if let Some((_, heading)) = line.split_once(' ').filter(|(marks, _)| marks.chars().all(|c| c == '#'))
        {
            let slug = slug(heading);
            let count = seen.entry(slug.clone()).or_default();
            found.push(if *count == 0 { slug } else { format!("{slug}-{count}") });
            *count += 1;
        }
        found
            .extend(line.split("id=\"").skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned));
    }
    found
}

fn slug(heading: &str) -> String {
    let mut text = heading.trim().to_lowercase();
    while let Some((before, after)) = text.split_once("](") {
        let rest = after.split_once(')').map_or("", |(_, rest)| rest);
        text = format!("{before}{rest}");
    }
    let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The numbered lines outside of fenced code.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        (!fence && !fenced).then_some((index + 1, line))
    })
}

/// The line with what stands between backticks left out.
fn without_code(line: &str) -> String {
    let parts: Vec<&str> = line.split('`').collect();
    let odd_is_code = parts.len() % 2 == 1;
    parts
        .iter()
        .enumerate()
        .filter(|(index, _)| !odd_is_code || index % 2 == 0)
        .map(|(_, part)| *part)
        .collect()
}

#[test]
fn broken_links_are_found() {
    let readme = "# Read me\n[a](docs/a.md) [b](docs/b.md) ![p](docs/p.png \"title\") `[c](none.md)`\n\
                  [web](https://example.org/x) [self](#read-me) [no](#nothing)\n\
                  ```\n[d](none.md)\n```\n[e]: docs/a.md#two-words\n[docs](docs/) [f](docs/a.md#two)\n";
    let a = "# Two `words`!\n## Two words\n<a id=\"own\"></a>\n[up](../README.md#read-me) [id](#own) [again](#two-words-1)\n\
             [out](../../etc) [code](../crates/x.rs) [here](./p.png)\n";
    let repository =
        Repository::of(&[("README.md", readme), ("docs/a.md", a), ("docs/p.png", ""), ("crates/x.rs", "")]);
    let expected = [
        "README.md:2: docs/b.md",
        "README.md:3: #nothing",
        "README.md:8: docs/a.md#two",
        "docs/a.md:5: ../../etc",
    ];
    assert_eq!(broken(&repository), expected);
}

#[test]
fn headings_become_anchors() {
    let text = "# A — title, (with) `code`\n```\n# not one\n```\n## [Link](x.md) and more\n## Dua_kata\n";
    assert_eq!(anchors(text), ["a--title-with-code", "link-and-more", "dua_kata"]);
}
