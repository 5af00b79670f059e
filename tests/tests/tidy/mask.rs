//! Splits Rust text into code and comments, line by line, so that rules about code do not trip
//! over words in comments and strings. Quotes stay, what is between them becomes blanks.

/// One line of a file, both halves as long as the line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) code: String,
    pub(crate) comment: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Code,
    LineComment,
    /// Depth: Rust's block comments nest.
    BlockComment(usize),
    Text,
    /// Number of `#` that close it.
    RawText(usize),
    Character,
}

pub(crate) fn mask(text: &str) -> Vec<Line> {
    let chars: Vec<char> = text.chars().collect();
    let mut lines = vec![Line::default()];
    let mut place = Place::Code;
    let mut at = 0;
    while at < chars.len() {
        let (next, length, shown) = step(place, &chars, at);
        for &c in &chars[at..at + length] {
            if c == '\n' {
                lines.push(Line::default());
                continue;
            }
            let in_comment = is_comment(place) || is_comment(next);
            let Some(line) = lines.last_mut() else { break };
            line.comment.push(if in_comment { c } else { ' ' });
            line.code.push(if in_comment || !shown { ' ' } else { c });
        }
        place = next;
        at += length;
    }
    lines
}

fn is_comment(place: Place) -> bool {
    matches!(place, Place::LineComment | Place::BlockComment(_))
}

/// Where the text goes on, how many characters this step takes, and whether they are code.
fn step(place: Place, chars: &[char], at: usize) -> (Place, usize, bool) {
    let starts = |what: &str| {
        what.chars()
            .enumerate()
            .all(|(i, c)| chars.get(at + i) == Some(&c))
    };
    match place {
        Place::Code => step_in_code(chars, at),
        Place::LineComment if starts("\n") => (Place::Code, 1, true),
        Place::BlockComment(depth) if starts("/*") => (Place::BlockComment(depth + 1), 2, false),
        Place::BlockComment(1) if starts("*/") => (Place::Code, 2, false),
        Place::BlockComment(depth) if starts("*/") => (Place::BlockComment(depth - 1), 2, false),
        Place::Text | Place::Character if starts("\\") => (place, 2.min(chars.len() - at), false),
        Place::Text if starts("\"") => (Place::Code, 1, true),
        Place::Character if starts("'") => (Place::Code, 1, true),
        Place::RawText(hashes) if starts(&format!("\"{}", "#".repeat(hashes))) => {
            (Place::Code, 1 + hashes, true)
        }
        _ => (place, 1, false),
    }
}

fn step_in_code(chars: &[char], at: usize) -> (Place, usize, bool) {
    let starts = |what: &str| {
        what.chars()
            .enumerate()
            .all(|(i, c)| chars.get(at + i) == Some(&c))
    };
    let in_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    if starts("//") {
        return (Place::LineComment, 2, false);
    }
    if starts("/*") {
        return (Place::BlockComment(1), 2, false);
    }
    if starts("\"") {
        return (Place::Text, 1, true);
    }
    // r"…", r#"…"#, br"…", cr"…"; but not the raw identifier r#fn.
    let raw_at = usize::from(starts("br") || starts("cr"));
    if !in_word && chars.get(at + raw_at) == Some(&'r') {
        let hashes = chars[at + raw_at + 1..]
            .iter()
            .take_while(|c| **c == '#')
            .count();
        if chars.get(at + raw_at + 1 + hashes) == Some(&'"') {
            return (Place::RawText(hashes), raw_at + 2 + hashes, true);
        }
    }
    // 'x' and '\n' are characters, 'name is a lifetime.
    let closes = chars.get(at + 2) == Some(&'\'');
    if starts("'") && (closes || chars.get(at + 1) == Some(&'\\')) {
        return (Place::Character, 1, true);
    }
    (Place::Code, 1, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Vec<String> {
        mask(text)
            .into_iter()
            .map(|line| line.code.trim_end().to_owned())
            .collect()
    }

    #[test]
    fn comments_leave_the_code() {
        assert_eq!(
            code("a // unsafe\nb /* x /* y */ z */ c"),
            ["a", "b                   c"]
        );
        assert_eq!(mask("a // why")[0].comment.trim(), "// why");
        assert_eq!(code("/* one\ntwo */ f"), ["", "       f"]);
    }

    #[test]
    fn strings_become_blanks_between_quotes() {
        assert_eq!(code(r#"f("a\"{ //b")"#), [r#"f("        ")"#]);
        assert_eq!(code("r#\"a\"{\"# + b"), ["r#\"   \"# + b"]);
        assert_eq!(code("br\"}\""), ["br\" \""]);
    }

    #[test]
    fn characters_are_not_lifetimes() {
        assert_eq!(code("'{' '\\'' '\"' &'a b"), ["' ' '  ' ' ' &'a b"]);
        assert_eq!(code("r#fn"), ["r#fn"]);
    }
}
