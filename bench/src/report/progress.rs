//! The line that shows a run going on: rewritten in place on a terminal; elsewhere a plain line,
//! at most one each second, so that a log stays readable.

use std::io::Write;
use std::time::{Duration, Instant};

use super::{Sample, Unit};

/// On a terminal the line may move this often.
const TERMINAL_INTERVAL: Duration = Duration::from_millis(100);
const LOG_INTERVAL: Duration = Duration::from_secs(1);

/// How far it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Status<'a> {
    /// Whom it runs against.
    pub target: &'a str,
    pub joined: usize,
    pub wanted: usize,
    /// The newest, once media flows.
    pub sample: Option<Sample>,
}

#[derive(Debug)]
pub struct Progress<W: Write> {
    out: W,
    interactive: bool,
    last: Option<Instant>,
    /// A line stands on the terminal that the next one replaces.
    open: bool,
}

impl<W: Write> Progress<W> {
    pub fn new(out: W, interactive: bool) -> Self {
        Self {
            out,
            interactive,
            last: None,
            open: false,
        }
    }

    /// Shows where the run is. Progress that cannot be written is no reason to end a run.
    pub fn show(&mut self, now: Instant, status: &Status<'_>) {
        let interval = if self.interactive {
            TERMINAL_INTERVAL
        } else {
            LOG_INTERVAL
        };
        if self
            .last
            .is_some_and(|last| now.duration_since(last) < interval)
        {
            return;
        }
        self.last = Some(now);
        let line = line(status);
        let _ = if self.interactive {
            self.open = true;
            write!(self.out, "\r\x1b[K{line}")
        } else {
            writeln!(self.out, "{line}")
        };
        let _ = self.out.flush();
    }

    /// A line that stays: a new round, a warning.
    pub fn say(&mut self, text: &str) {
        self.finish();
        let _ = writeln!(self.out, "{text}");
    }

    /// Ends the line, so that what follows starts at the left.
    pub fn finish(&mut self) {
        if std::mem::take(&mut self.open) {
            let _ = write!(self.out, "\r\x1b[K");
            let _ = self.out.flush();
        }
        self.last = None;
    }
}

fn line(status: &Status<'_>) -> String {
    let Status {
        target,
        joined,
        wanted,
        sample,
    } = *status;
    let Some(sample) = sample else {
        return format!("{target}: {joined} of {wanted} joined");
    };
    let mut line = format!(
        "{target}: {:.0} s, {joined} joined, {}, lost {}",
        sample.at_s,
        Unit::PerSecond.show(sample.forwarded_pps),
        sample.lost
    );
    if let Some(p99) = sample.latency_p99_us {
        line += &format!(", P99 {}", Unit::Microseconds.show(p99));
    }
    if let Some(busy) = sample.core_busy {
        line += &format!(", CPU {:.0} %", busy * 100.0);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(progress: &Progress<Vec<u8>>) -> &str {
        std::str::from_utf8(&progress.out).unwrap()
    }

    #[test]
    fn a_log_gets_at_most_one_line_each_second() {
        let start = Instant::now();
        let mut progress = Progress::new(Vec::new(), false);
        for tenth in 0..25 {
            let status = Status {
                target: "millrace",
                joined: tenth,
                wanted: 25,
                sample: None,
            };
            progress.show(
                start + Duration::from_millis(100) * u32::try_from(tenth).unwrap(),
                &status,
            );
        }
        progress.finish();
        assert_eq!(
            text(&progress),
            "millrace: 0 of 25 joined\nmillrace: 10 of 25 joined\nmillrace: 20 of 25 joined\n"
        );
    }

    #[test]
    fn a_terminal_has_one_line_that_is_wiped_in_the_end() {
        let mut progress = Progress::new(Vec::new(), true);
        let sample = Sample {
            at_s: 3.0,
            forwarded_pps: 60_000.0,
            lost: 2,
            latency_p99_us: Some(310.0),
            core_busy: Some(0.42),
        };
        let status = Status {
            target: "janus",
            joined: 51,
            wanted: 51,
            sample: Some(sample),
        };
        progress.show(Instant::now(), &status);
        progress.say("round 2");
        assert_eq!(
            text(&progress),
            "\r\x1b[Kjanus: 3 s, 51 joined, 60,000/s, lost 2, P99 310 µs, CPU 42 %\r\x1b[Kround 2\n"
        );
    }
}
