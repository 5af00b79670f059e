//! Rules about Rust code: fences that are words (`unsafe`, `sled`, JSON), unfinished work, and
//! the comments that reviewers want to find.

use crate::Finding;
use crate::source::Source;

const UNSAFE_HOME: &str = "sfu-core/uring/";
const STORE_HOME: &str = "control-sidecar/src/store/";
const PROTOCOL_FOLDERS: &[&str] = &["stun", "ice", "dtls", "srtp", "rtp", "rtcp"];
const FIRST_LINES: usize = 12;
const FRONT_PAGE_LINES_MAX: usize = 60;

pub(crate) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, what) in [
        unsafe_stays_home(source),
        store_engine_stays_home(source),
        core_reads_no_text(source),
        no_unfinished_code(source),
        unwraps_say_why(source),
        exceptions_say_why(source),
        files_open_with_what_they_are(source),
        protocol_files_name_their_rfc(source),
        front_pages_are_short(source),
    ]
    .concat()
    {
        findings.push(Finding::new(&source.path, line, what));
    }
    findings
}

type Found = Vec<(usize, String)>;

fn unsafe_stays_home(source: &Source) -> Found {
    if source.path.starts_with(UNSAFE_HOME) {
        return Vec::new();
    }
    lines_with(
        source,
        |code| has_word(code, "unsafe"),
        || format!("`unsafe` outside {UNSAFE_HOME}: move it there, behind a safe function"),
    )
}

fn store_engine_stays_home(source: &Source) -> Found {
    if source.path.starts_with(STORE_HOME) {
        return Vec::new();
    }
    lines_with(
        source,
        |code| has_word(code, "sled"),
        || {
            format!(
                "names the store's engine outside {STORE_HOME}: go through the store's interface"
            )
        },
    )
}

fn core_reads_no_text(source: &Source) -> Found {
    if !source.path.starts_with("sfu-core/") {
        return Vec::new();
    }
    let speaks_text = |code: &str| {
        words(code).any(|word| {
            word.to_lowercase()
                .split('_')
                .any(|part| part == "sdp" || part == "json")
        })
    };
    lines_with(source, speaks_text, || {
        "the core knows neither SDP nor JSON: parse in control-sidecar, send a command".to_owned()
    })
}

fn no_unfinished_code(source: &Source) -> Found {
    let unfinished = |code: &str| {
        ["todo", "unimplemented", "dbg"]
            .iter()
            .any(|name| has_word(code, name) && code.contains(&format!("{name}!")))
    };
    lines_with(source, unfinished, || {
        "unfinished: write it, or take it out and open an issue".to_owned()
    })
}

/// `unwrap()` and `expect("…")` outside tests have a comment on their line or above their
/// statement.
fn unwraps_say_why(source: &Source) -> Found {
    source
        .product_lines()
        .filter(|(number, line)| {
            let next = source
                .lines
                .get(*number)
                .map_or("", |line| line.code.trim_start());
            unwraps(&line.code, next) && !explained(source, number - 1)
        })
        .map(|(number, _)| {
            let cure = "say in a comment on or above it why it cannot fail, or return an error";
            (number, format!("unwrap or expect outside tests: {cure}"))
        })
        .collect()
}

fn unwraps(code: &str, next: &str) -> bool {
    // A parser's own `expect(b'=')` takes no message.
    let message = |after: &str| after.starts_with('"') || after.starts_with("&format!");
    code.contains(".unwrap()")
        || code
            .split(".expect(")
            .skip(1)
            .any(|after| message(after) || (after.trim().is_empty() && message(next)))
}

fn explained(source: &Source, at: usize) -> bool {
    let is_comment = |at: usize| !source.lines[at].comment.trim().is_empty();
    if is_comment(at) {
        return true;
    }
    for above in (0..at).rev() {
        let code = source.lines[above].code.trim();
        if code.is_empty() {
            return is_comment(above);
        }
        if code.ends_with([';', '{', '}', ',']) {
            return false;
        }
        if is_comment(above) {
            return true;
        }
    }
    false
}

fn exceptions_say_why(source: &Source) -> Found {
    let mut found = Vec::new();
    for (at, line) in source.lines.iter().enumerate() {
        for lint in ["allow", "expect"] {
            let open = [format!("#[{lint}("), format!("#![{lint}(")];
            if !open
                .iter()
                .any(|open| line.code.trim_start().starts_with(open))
            {
                continue;
            }
            let rest = source.lines[at..].iter().map(|line| line.code.as_str());
            let attribute: String = rest.collect::<Vec<_>>().join(" ");
            let attribute = attribute.split(")]").next().unwrap_or("");
            if !has_word(attribute, "reason") {
                found.push((
                    at + 1,
                    format!("`{lint}` without a reason: add `reason = \"…\"`"),
                ));
            }
        }
    }
    found
}

fn files_open_with_what_they_are(source: &Source) -> Found {
    // A tests.rs beside its file is that file's foot.
    if source.path.ends_with("/tests.rs") || source.path.contains("/fixtures/") {
        return Vec::new();
    }
    let opens = source
        .lines
        .first()
        .is_some_and(|line| line.comment.starts_with("//!"));
    let what = "does not open with `//!`: say what the file is and the one thing to know";
    if opens {
        Vec::new()
    } else {
        vec![(1, what.to_owned())]
    }
}

fn protocol_files_name_their_rfc(source: &Source) -> Found {
    let protocol = PROTOCOL_FOLDERS.iter().any(|folder| {
        source
            .path
            .starts_with(&format!("sfu-core/proto/src/{folder}/"))
    });
    if !protocol || source.path.ends_with("/tests.rs") {
        return Vec::new();
    }
    let named = source.lines.iter().take(FIRST_LINES).any(|line| {
        let after = |mark: &str| {
            line.comment
                .split(mark)
                .nth(1)
                .and_then(|rest| rest.chars().next())
        };
        after("RFC ").is_some_and(|c| c.is_ascii_digit()) || after("draft-").is_some()
    });
    let what = format!("names no RFC in its first {FIRST_LINES} lines: say which it implements");
    if named { Vec::new() } else { vec![(1, what)] }
}

fn front_pages_are_short(source: &Source) -> Found {
    let lines = source.lines.len();
    if !source.path.ends_with("/mod.rs") || lines <= FRONT_PAGE_LINES_MAX {
        return Vec::new();
    }
    vec![(
        FRONT_PAGE_LINES_MAX + 1,
        format!(
            "mod.rs has {lines} lines: it is a front page (at most {FRONT_PAGE_LINES_MAX}), \
                 move the logic to a file of its own"
        ),
    )]
}

fn lines_with(source: &Source, is: impl Fn(&str) -> bool, what: impl Fn() -> String) -> Found {
    (1..)
        .zip(&source.lines)
        .filter(|(_, line)| is(&line.code))
        .map(|(n, _)| (n, what()))
        .collect()
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
}

fn has_word(code: &str, wanted: &str) -> bool {
    words(code).any(|word| word == wanted)
}

#[cfg(test)]
mod tests;
