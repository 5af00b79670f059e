//! The layers on a terminal.

use std::fmt;

use super::layers::{HONEST_RATIO, Honesty, Layers, Row};

impl fmt::Display for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} viewers; {} rounds; ns of CPU for each packet that arrived, the receive half of lo \
             included",
            self.viewers, self.rounds
        )?;
        writeln!(
            f,
            "{:<36} {:<17} {:>8} {:>8} {:>8} {:>6} {:>6}",
            "layer", "receiver", "min", "median", "busy", "lost", "train"
        )?;
        for row in &self.rows {
            writeln!(f, "{row}")?;
        }
        for honesty in &self.honesty {
            writeln!(f, "{honesty}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let receiver = self.receiver.as_deref().unwrap_or("none");
        let busy = self
            .busy_ns
            .map_or(String::new(), |busy| format!("{:.0}", busy.median));
        let train = self
            .train_mean
            .map_or(String::new(), |train| format!("{train:.1}"));
        write!(
            f,
            "{:<36} {receiver:<17} {:>8.0} {:>8.0} {busy:>8} {:>6} {train:>6}",
            self.layer, self.thread_ns.min, self.thread_ns.median, self.lost
        )
    }
}

impl fmt::Display for Honesty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: the ideal forwarder ({}, {}) costs {:.3} of crypto and send (best round {:.3}, \
             allowed {HONEST_RATIO})",
            if self.passes { "pass" } else { "FAIL" },
            self.driver,
            self.receiver,
            self.ratio.median,
            self.ratio.min,
        )
    }
}
