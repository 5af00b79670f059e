//! Rules about every text file: no marks of unfinished work, no places that exist on one machine
//! only, one title a document.

use crate::Finding;

/// Split so that this file does not find itself.
const MARKS: &[&str] = &[
    concat!("FIX", "ME"),
    concat!("TO", "DO"),
    concat!("XX", "X"),
];
const MACHINE_PATHS: &[&str] = &[concat!("/wo", "rk/"), concat!("/tmp/bash", "_jobs")];
const REGISTRY_HOSTS: &[&str] = &[
    concat!("registry.npm", "js.org"),
    concat!("registry.yarn", "pkg.com"),
    concat!("static.crates", ".io"),
    concat!("index.crates", ".io"),
    concat!("deb.debian", ".org"),
    concat!("files.python", "hosted.org"),
    concat!("proxy.go", "lang.org"),
];
const MARKED: &[&str] = &[
    ".rs", ".ts", ".tsx", ".mjs", ".css", ".sh", ".toml", ".html",
];

pub(crate) fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if MARKED.iter().any(|ending| path.ends_with(ending)) {
            for mark in MARKS.iter().filter(|mark| has_word(line, mark)) {
                let what = format!("{mark}: do it, or take it out and open an issue");
                findings.push(Finding::new(path, number, what));
            }
        }
        for place in MACHINE_PATHS.iter().filter(|place| line.contains(*place)) {
            let what = format!("{place} exists on one machine only: use a path from the root");
            findings.push(Finding::new(path, number, what));
        }
        for host in REGISTRY_HOSTS.iter().filter(|host| line.contains(*host)) {
            let what =
                format!("{host}: where packages come from is each machine's setting, leave it out");
            findings.push(Finding::new(path, number, what));
        }
    }
    if path.ends_with(".md") {
        findings.extend(one_title(path, text));
    }
    findings
}

fn has_word(line: &str, wanted: &str) -> bool {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
        .any(|word| word == wanted)
}

fn one_title(path: &str, text: &str) -> Option<Finding> {
    let mut fenced = false;
    let mut titles = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced && line.starts_with("# ") {
            titles.push(number);
        }
    }
    match titles[..] {
        [_] => None,
        [] => Some(Finding::new(
            path,
            1,
            "has no title: begin with one `# ` line",
        )),
        [_, second, ..] => Some(Finding::new(
            path,
            second,
            "a second title: make it `## ` or a file of its own",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails_at(path: &str, text: &str) -> Vec<usize> {
        check(path, text)
            .iter()
            .map(|finding| finding.line)
            .collect()
    }

    #[test]
    fn marks_of_unfinished_work_are_found() {
        for mark in MARKS {
            assert_eq!(fails_at("a.rs", &format!("\n// {mark}: later")), [2]);
        }
        assert!(fails_at("a.sh", "mktemp x.XXXXXX").is_empty());
    }

    #[test]
    fn places_of_one_machine_are_found() {
        for place in MACHINE_PATHS.iter().chain(REGISTRY_HOSTS) {
            assert_eq!(
                fails_at("a.json", &format!("{{\n\"x\": \"https:{place}\"")),
                [2]
            );
        }
        assert!(fails_at("a.md", "# T\nthe network/driver").is_empty());
    }

    #[test]
    fn documents_without_one_title_are_found() {
        assert_eq!(fails_at("a.md", "text"), [1]);
        assert_eq!(fails_at("a.md", "# One\n\n# Two"), [3]);
        assert!(fails_at("a.md", "# One\n```sh\n# a comment\n```\n## Two").is_empty());
    }
}
