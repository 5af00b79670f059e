//! The list of what is over its size limit and known. It may only shrink: an entry that could be
//! lower, or is no longer needed, is a finding like any other.

use crate::Finding;
use crate::size::Oversized;

/// `path` or `path::function`, and its lines now.
pub(crate) const LIST: &[(&str, usize)] = &[];

const HOME: &str = "tests/tests/tidy/ratchet.rs";

pub(crate) fn compare(list: &[(&str, usize)], sizes: &[Oversized]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for size in sizes {
        let known = list
            .iter()
            .find(|(name, _)| *name == size.name)
            .map_or(0, |known| known.1);
        if size.lines > known {
            let what = format!(
                "{} has {} lines, at most {} are allowed: split it where it says two things",
                size.name,
                size.lines,
                known.max(size.lines_max),
            );
            findings.push(Finding::new(&size.path, size.line, what));
        }
    }
    for (name, lines) in list {
        let now = sizes
            .iter()
            .find(|size| size.name == *name)
            .map_or(0, |size| size.lines);
        if now == 0 {
            let what = format!("{name} is within its limit: remove it from the list");
            findings.push(Finding::new(HOME, 1, what));
        } else if now < *lines {
            let what = format!("{name} has only {now} lines: lower its entry from {lines}");
            findings.push(Finding::new(HOME, 1, what));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(lines: usize) -> Oversized {
        Oversized {
            name: "a.rs::f".to_owned(),
            path: "a.rs".to_owned(),
            line: 3,
            lines,
            lines_max: 70,
        }
    }

    #[test]
    fn what_is_not_listed_is_found() {
        assert!(
            compare(&[], &[size(71)])[0]
                .to_string()
                .starts_with("a.rs:3: ")
        );
    }

    #[test]
    fn the_list_may_only_shrink() {
        assert!(compare(&[("a.rs::f", 90)], &[size(90)]).is_empty());
        assert!(
            compare(&[("a.rs::f", 90)], &[size(91)])[0]
                .what
                .contains("at most 90")
        );
        assert!(
            compare(&[("a.rs::f", 90)], &[size(89)])[0]
                .what
                .contains("lower")
        );
        assert!(compare(&[("a.rs::f", 90)], &[])[0].what.contains("remove"));
    }
}
