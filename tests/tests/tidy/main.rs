//! The rules that no compiler keeps: the fences between packages, sizes, and words. Every finding
//! names `file:line` and the cure; each rule has a unit test that shows it can fail.

mod dependencies;
mod mask;
mod ratchet;
mod rust_rules;
mod size;
mod source;
mod text_rules;
mod tree;

use source::Source;

/// One breach of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    path: String,
    line: usize,
    what: String,
}

impl Finding {
    fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            what: what.into(),
        }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

#[test]
fn the_tree_is_tidy() {
    let files = tree::read(&tree::root());
    assert!(
        files.len() > 20,
        "found only {} files: is the root right?",
        files.len()
    );
    let test_only = source::test_only_paths(&files);

    let mut findings = Vec::new();
    let mut sizes = Vec::new();
    for (path, text) in &files {
        findings.extend(text_rules::check(path, text));
        findings.extend(dependencies::check(path, text));
        sizes.extend(size::oversized_file(path, text));
        if path.ends_with(".rs") {
            let source = Source::new(path, text, source::is_test_path(path, &test_only));
            findings.extend(rust_rules::check(&source));
            sizes.extend(size::oversized_functions(&source));
        }
    }
    findings.extend(ratchet::compare(ratchet::LIST, &sizes));

    let report: Vec<_> = findings.iter().map(ToString::to_string).collect();
    assert!(
        report.is_empty(),
        "{} finding(s):\n{}",
        report.len(),
        report.join("\n")
    );
}
