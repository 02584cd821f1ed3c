//! The page, and the examples in it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The whole page.
pub(crate) fn text() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/format.md")).unwrap()
}

/// A chapter, without the ones that follow it.
pub(crate) fn chapter(title: &str) -> String {
    let page = text();
    let (_, chapter) = page.split_once(&format!("\n## {title}\n")).unwrap();
    chapter.split("\n## ").next().unwrap().into()
}

/// Checks that a chapter has these lines, one after the other.
pub(crate) fn check_lines(title: &str, lines: &[String]) {
    let lines = lines.join("\n");
    assert!(chapter(title).contains(&format!("\n{lines}\n")), "{title} lacks:\n{lines}\n");
}

/// Bytes with spaces between.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        write!(text, "{byte:02x} ").unwrap();
    }
    text.trim_end().into()
}

/// The cells of the rows of the table that starts with `header`.
pub(crate) fn table<'a>(chapter: &'a str, header: &str) -> BTreeSet<Vec<&'a str>> {
    let (_, rows) = chapter.split_once(&format!("\n{header}\n")).unwrap();
    rows.lines()
        .skip(1)
        .map_while(|row| row.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|row| row.split(" | ").map(|cell| cell.trim_matches('`')).collect())
        .collect()
}

/// Checks that a table's rows are these, no fewer and no more.
pub(crate) fn check(chapter: &str, header: &str, expected: &[Vec<String>]) {
    let expected = expected.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
    let found = table(chapter, header);
    let (missing, unchecked) = (&expected - &found, &found - &expected);
    assert!(missing.is_empty() && unchecked.is_empty(), "missing: {missing:#?}, unchecked: {unchecked:#?}");
}
