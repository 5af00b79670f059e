//! The name of a meeting that people type: ten letters, `abc-defg-hij`.
//!
//! 26^10 codes are about 2^47: enough that nobody finds a meeting by trying.

use core::fmt;
use core::str::FromStr;

use super::random;

#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct MeetingCode(String);

/// Letters in each of the three groups.
const GROUPS: [usize; 3] = [3, 4, 3];

impl MeetingCode {
    pub fn fresh() -> Self {
        let mut number = u128::from_be_bytes(random::bytes());
        let groups = GROUPS.map(|length| {
            let mut group = String::with_capacity(length);
            for _ in 0..length {
                // 2^128 / 26^10 is so large that the remainder's bias cannot be seen.
                let letter = u8::try_from(number % 26).unwrap_or(0);
                group.push(char::from(b'a' + letter));
                number /= 26;
            }
            group
        });
        Self(groups.join("-"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text is not of the form `abc-defg-hij`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a meeting id reads like abc-defg-hij")]
pub struct NotACode;

impl FromStr for MeetingCode {
    type Err = NotACode;

    /// Upper case is taken too: people copy codes by hand.
    fn from_str(text: &str) -> Result<Self, NotACode> {
        let mut groups = text.split('-');
        for length in GROUPS {
            let group = groups.next().ok_or(NotACode)?;
            if group.len() != length || !group.bytes().all(|b| b.is_ascii_alphabetic()) {
                return Err(NotACode);
            }
        }
        match groups.next() {
            Some(_) => Err(NotACode),
            None => Ok(Self(text.to_ascii_lowercase())),
        }
    }
}

impl fmt::Display for MeetingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_code_reads_back() {
        let code = MeetingCode::fresh();
        assert_eq!(code.as_str().parse(), Ok(code.clone()));
        assert_ne!(code, MeetingCode::fresh());
    }

    #[test]
    fn what_is_not_a_code_is_refused() {
        for text in [
            "",
            "abc",
            "abc-defg",
            "abc-defg-hi1",
            "abc-defg-hij-",
            "abcd-efg-hij",
            "ab\u{e9}-defg-hij",
        ] {
            assert_eq!(text.parse::<MeetingCode>(), Err(NotACode), "{text}");
        }
        assert_eq!(
            "ABC-DEFG-HIJ".parse::<MeetingCode>().unwrap().as_str(),
            "abc-defg-hij"
        );
    }
}
