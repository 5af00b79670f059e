//! One Rust file as the rules see it: masked lines, and which of them are tests.

use crate::mask::{self, Line};

#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) lines: Vec<Line>,
    /// For each line: it is compiled for tests only.
    pub(crate) in_test: Vec<bool>,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str, is_test: bool) -> Self {
        let lines = mask::mask(text);
        let mut in_test = vec![is_test; lines.len()];
        for start in 0..lines.len() {
            if is_test_attribute(&lines[start].code) {
                let end = end_of_item(&lines, start);
                in_test[start..=end].fill(true);
            }
        }
        Self {
            path: path.to_owned(),
            lines,
            in_test,
        }
    }

    /// Lines outside tests, counted from one.
    pub(crate) fn product_lines(&self) -> impl Iterator<Item = (usize, &Line)> {
        (1..)
            .zip(&self.lines)
            .filter(|(number, _)| !self.in_test[number - 1])
    }
}

fn is_test_attribute(code: &str) -> bool {
    let code = code.trim_start();
    code.starts_with("#[cfg(test)]") || code.starts_with("#[cfg(any(test")
}

/// The line on which the item that starts at `start` ends: its closing brace, or a semicolon
/// before any brace.
pub(crate) fn end_of_item(lines: &[Line], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut brackets = 0_usize;
    for (number, line) in lines.iter().enumerate().skip(start) {
        for c in line.code.chars() {
            match c {
                '(' | '[' => brackets += 1,
                ')' | ']' => brackets = brackets.saturating_sub(1),
                '{' => depth += 1,
                '}' if depth <= 1 => return number,
                '}' => depth -= 1,
                ';' if depth == 0 && brackets == 0 => return number,
                _ => {}
            }
        }
    }
    lines.len().saturating_sub(1)
}

/// Paths of the modules that some file declares as `#[cfg(test)] mod name;`.
pub(crate) fn test_only_paths(files: &[(String, String)]) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in files.iter().filter(|(path, _)| path.ends_with(".rs")) {
        let lines = mask::mask(text);
        for start in (0..lines.len()).filter(|&at| is_test_attribute(&lines[at].code)) {
            let end = end_of_item(&lines, start);
            let item = lines[start..=end].iter();
            let words: Vec<_> = item.flat_map(|line| line.code.split_whitespace()).collect();
            if let Some(name) = words
                .windows(2)
                .find_map(|two| two[1].strip_suffix(';').filter(|_| two[0] == "mod"))
            {
                found.push(format!("{}/{name}", folder_of_children(path)));
            }
        }
    }
    found
}

/// Where a file's child modules live: beside a front page, else in a folder of the file's name.
fn folder_of_children(path: &str) -> &str {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    match file {
        "mod.rs" | "lib.rs" | "main.rs" => folder,
        _ => path.strip_suffix(".rs").unwrap_or(path),
    }
}

pub(crate) fn is_test_path(path: &str, test_only: &[String]) -> bool {
    path.starts_with("tests/")
        || path.contains("/tests/")
        || path.ends_with("/tests.rs")
        || path.contains("/benches/")
        || path.contains("/fuzz/")
        || test_only.iter().any(|module| {
            path.strip_prefix(module.as_str())
                .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_modules_are_known() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\nfn c() {}";
        let source = Source::new("x.rs", text, false);
        assert_eq!(source.in_test, [false, true, true, true, true, false]);
        let numbers: Vec<_> = source.product_lines().map(|(number, _)| number).collect();
        assert_eq!(numbers, [1, 6]);
    }

    #[test]
    fn an_item_ends_at_its_brace_or_semicolon() {
        let lines = mask::mask("fn f(a: [u8; 4]) {\n  if x { y; }\n}\nuse z;\n");
        assert_eq!(end_of_item(&lines, 0), 2);
        assert_eq!(end_of_item(&lines, 3), 3);
    }

    #[test]
    fn modules_for_tests_in_files_of_their_own_are_known() {
        let files = [
            ("a/foo.rs".to_owned(), "#[cfg(test)]\nmod world;".to_owned()),
            (
                "b/mod.rs".to_owned(),
                "#[cfg(test)] mod fixtures;\nmod real;".to_owned(),
            ),
        ];
        let paths = test_only_paths(&files);
        assert_eq!(paths, ["a/foo/world", "b/fixtures"]);
        assert!(is_test_path("a/foo/world.rs", &paths));
        assert!(is_test_path("b/fixtures/one.rs", &paths));
        assert!(!is_test_path("b/real.rs", &paths));
        assert!(is_test_path("a/foo/tests.rs", &[]));
    }
}
