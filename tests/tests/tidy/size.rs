//! Sizes: a function fits a screen, a file fits a head.

use crate::source::{self, Source};

pub(crate) const FUNCTION_LINES_MAX: usize = 70;
pub(crate) const FILE_LINES_MAX: usize = 600;

/// Something over its limit: a path, or `path::function`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Oversized {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) lines: usize,
    pub(crate) lines_max: usize,
}

const COUNTED: &[&str] = &[".rs", ".ts", ".tsx", ".mjs", ".js", ".css", ".sh", ".html"];

pub(crate) fn oversized_file(path: &str, text: &str) -> Option<Oversized> {
    let lines = text.lines().count();
    let counted = COUNTED.iter().any(|ending| path.ends_with(ending));
    (counted && lines > FILE_LINES_MAX).then(|| Oversized {
        name: path.to_owned(),
        path: path.to_owned(),
        line: FILE_LINES_MAX + 1,
        lines,
        lines_max: FILE_LINES_MAX,
    })
}

pub(crate) fn oversized_functions(source: &Source) -> Vec<Oversized> {
    let mut found = Vec::new();
    for (start, line) in source.lines.iter().enumerate() {
        let Some(name) = function_name(&line.code) else {
            continue;
        };
        let lines = source::end_of_item(&source.lines, start) - start + 1;
        if lines > FUNCTION_LINES_MAX {
            found.push(Oversized {
                name: format!("{}::{name}", source.path),
                path: source.path.clone(),
                line: start + 1,
                lines,
                lines_max: FUNCTION_LINES_MAX,
            });
        }
    }
    found
}

/// The name of the function that this line declares.
fn function_name(code: &str) -> Option<&str> {
    let mut words = code.split_whitespace();
    // What may stand before `fn`; anything else is a type (`impl Fn`) or an expression.
    while let Some(word) = words.next() {
        match word {
            "fn" => {
                let name = words.next()?;
                return name
                    .split(|c: char| !c.is_alphanumeric() && c != '_')
                    .next();
            }
            "async" | "const" | "unsafe" | "extern" | "\"C\"" | "default" => {}
            word if word.starts_with("pub") || word.ends_with(')') => {}
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_body(lines: usize) -> Vec<Oversized> {
        let text = format!(
            "//! A.\npub(in crate::a) async fn f(\n) {{\n{}}}\nfn g() {{}}",
            "x;\n".repeat(lines)
        );
        oversized_functions(&Source::new("a.rs", &text, false))
    }

    #[test]
    fn long_functions_are_found() {
        assert!(with_body(67).is_empty());
        let found = with_body(68);
        assert_eq!(
            (found[0].name.as_str(), found[0].line, found[0].lines),
            ("a.rs::f", 2, 71)
        );
    }

    #[test]
    fn long_files_are_found() {
        assert!(oversized_file("a.rs", &"\n".repeat(600)).is_none());
        assert_eq!(
            oversized_file("a.ts", &"\n".repeat(601)).map(|found| found.lines),
            Some(601)
        );
        assert!(oversized_file("package-lock.json", &"\n".repeat(601)).is_none());
    }

    #[test]
    fn only_declarations_are_functions() {
        assert_eq!(function_name("    pub fn a<T>(x: T)"), Some("a"));
        assert_eq!(function_name("let fn_name = 1;"), None);
        assert_eq!(function_name("type F = fn(u8);"), None);
    }
}
