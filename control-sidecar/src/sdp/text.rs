//! SDP under construction: lines that end in CRLF (RFC 8866 §5).

use core::fmt::{self, Write as _};

#[derive(Debug, Default)]
pub(super) struct Text(String);

impl Text {
    pub(super) fn line(&mut self, line: fmt::Arguments<'_>) {
        // `String`'s `write_fmt` has no error to give.
        let _ = self.0.write_fmt(line);
        self.0.push_str("\r\n");
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }
}
