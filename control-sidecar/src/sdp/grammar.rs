//! The grammar of lines and words: RFC 8866 §9, RFC 8839 §5 and RFC 8851 §10. Everything else in
//! this folder sees whole lines with a number, and never a control character.

use super::error::{Broken, SdpError};

/// Lines of one text. A page's offer has about 2,000.
const LINES_MAX: usize = 20_000;
/// Bytes of one line. The longest of browsers are about 200, of others about 1,000 (H.264
/// parameter sets); with it lists and parameters inside a line are bounded too.
const LINE_BYTES_MAX: usize = 4_096;

#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// Counted from 1.
    pub number: usize,
    pub text: &'a str,
    pub letter: char,
    pub value: &'a str,
}

impl Line<'_> {
    pub(super) fn error(&self, broken: Broken) -> SdpError {
        SdpError::new(self.number, self.text, broken)
    }

    /// `name:value` of an `a=` line; the value of a flag is empty.
    pub(super) fn attribute(&self) -> (&str, &str) {
        self.value.split_once(':').unwrap_or((self.value, ""))
    }
}

/// Walks the lines, which end in CRLF or, as §5 asks of parsers, LF alone.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Result<Line<'_>, SdpError>> {
    text.trim_end_matches(['\r', '\n'])
        .split('\n')
        .enumerate()
        .map(|(index, text)| line(index + 1, text.strip_suffix('\r').unwrap_or(text)))
}

fn line(number: usize, text: &str) -> Result<Line<'_>, SdpError> {
    for (what, count, max) in [
        ("lines", number, LINES_MAX),
        ("bytes in a line", text.len(), LINE_BYTES_MAX),
    ] {
        if count > max {
            return Err(SdpError::new(number, text, Broken::TooMany { what, max }));
        }
    }
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(letter), Some('=')) if letter.is_ascii_lowercase() && !has_control(text) => {
            Ok(Line {
                number,
                text,
                letter,
                value: chars.as_str(),
            })
        }
        _ => Err(SdpError::new(number, text, Broken::NotALine)),
    }
}

/// byte-string excludes NUL, CR and LF; a tab is the only other control seen in the wild.
fn has_control(text: &str) -> bool {
    text.chars().any(|c| c.is_control() && c != '\t')
}

/// `token` of RFC 8866 §9.
pub(super) fn is_token(word: &str) -> bool {
    !word.is_empty()
        && word
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]".contains(&b))
}

/// `rid-id` of RFC 8851 §10.
pub(super) fn is_rid(word: &str) -> bool {
    !word.is_empty()
        && word
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// `ice-char` of RFC 8839 §5.1, `min` to 256 of them.
pub(super) fn is_ice_word(word: &str, min: usize) -> bool {
    (min..=256).contains(&word.len())
        && word
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_in_crlf_or_lf() {
        let values: Vec<_> = lines("v=0\r\na=x:1:2\ns=\r\n\r\n")
            .map(|line| line.expect("a line"))
            .map(|line| (line.number, line.letter, line.value.to_owned()))
            .collect();
        assert_eq!(
            values,
            [
                (1, 'v', "0".to_owned()),
                (2, 'a', "x:1:2".to_owned()),
                (3, 's', String::new())
            ]
        );
    }

    #[test]
    fn what_is_no_line_is_named() {
        for bad in ["", "v", "=0", "V=0", "v 0", "a=x\0", "a=x\ry", "é=1"] {
            let text = format!("v=0\n{bad}\na=z");
            let error = lines(&text).find_map(Result::err).expect(bad);
            assert_eq!((error.line, error.is_broken()), (2, true), "{bad:?}");
        }
    }

    #[test]
    fn lines_are_counted() {
        let text = "a=x\n".repeat(LINES_MAX + 1);
        let error = lines(&text).find_map(Result::err).expect("too many");
        assert_eq!(error.line, LINES_MAX + 1);
    }

    #[test]
    fn bytes_of_a_line_are_counted() {
        let longest = format!("a={}", "x".repeat(LINE_BYTES_MAX - 2));
        assert!(lines(&longest).all(|line| line.is_ok()));
        assert!(lines(&(longest + "x")).any(|line| line.is_err()));
    }

    #[test]
    fn words() {
        assert!(is_token("audio-0{1}") && !is_token("a b") && !is_token("a;b") && !is_token(""));
        assert!(is_rid("q_1-") && !is_rid("~q") && !is_rid(""));
        assert!(is_ice_word("aB+/", 4) && !is_ice_word("aB+", 4) && !is_ice_word("aB+=", 4));
        assert!(is_ice_word(&"a".repeat(256), 22) && !is_ice_word(&"a".repeat(257), 22));
    }
}
