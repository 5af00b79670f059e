//! The sustained limit: the highest rate at which hardly anything is lost and nothing waits long.
//! Everybody stays in; only how often sources send changes.
//!
//! ```text
//!  × 1   2   4   8 ✗     doubled while it holds
//!            └ 6 ✗
//!            └5          then halved between what holds and what does not
//! ```

use super::run::{Measured, Running};

const LOST_MAX: f64 = 0.001;
const P99_MAX_US: f64 = 250_000.0;
/// A CPU with less idle time than this has none left.
const FULL: f64 = 0.9;
const DOUBLINGS_MAX: u32 = 10;
const HALVINGS: u32 = 4;

impl Running<'_> {
    /// The window at the highest rate that holds; the first one, if not even that does.
    pub fn search(&mut self, seconds: f64) -> anyhow::Result<Measured> {
        let mut rate = 1.0;
        let mut best = self.measure(rate, seconds)?;
        if !holds(&best) {
            best.figures
                .notes
                .push("this is above the sustained limit".to_owned());
            return Ok(best);
        }
        let mut too_much = None;
        for _ in 0..DOUBLINGS_MAX {
            let tried = self.attempt(2.0 * rate, seconds)?;
            if !holds(&tried) {
                too_much = Some((2.0 * rate, tried));
                break;
            }
            (rate, best) = (2.0 * rate, tried);
        }
        for _ in 0..HALVINGS {
            let Some((above, _)) = too_much else { break };
            let between = f64::midpoint(rate, above);
            let tried = self.attempt(between, seconds)?;
            match holds(&tried) {
                true => (rate, best) = (between, tried),
                false => too_much = Some((between, tried)),
            }
        }
        best.figures.notes.push(verdict(rate, too_much.as_ref()));
        Ok(best)
    }

    fn attempt(&mut self, rate: f64, seconds: f64) -> anyhow::Result<Measured> {
        let tried = self.measure(rate, seconds)?;
        self.say(&format!(
            "× {rate:.2}: {:.0} packets a second, {:.3} % lost, P99 {:.1} ms",
            tried.figures.forwarded_pps,
            100.0 * tried.lost_share,
            p99_ms(&tried)
        ));
        Ok(tried)
    }
}

fn holds(measured: &Measured) -> bool {
    let latency = measured.figures.latency_us;
    measured.lost_share <= LOST_MAX && latency.is_some_and(|latency| latency.p99 <= P99_MAX_US)
}

fn p99_ms(measured: &Measured) -> f64 {
    let latency = measured.figures.latency_us;
    latency.map_or(f64::NAN, |latency| latency.p99 / 1_000.0)
}

fn verdict(rate: f64, too_much: Option<&(f64, Measured)>) -> String {
    let Some((above, failed)) = too_much else {
        return format!("holds at {rate:.2} times the scenario's rate; more was not tried");
    };
    let p99 = p99_ms(failed);
    format!(
        "the sustained limit: holds at {rate:.2} times the scenario's rate; at {above:.2} times \
         {:.2} % were lost and P99 was {p99:.0} ms, and {}",
        100.0 * failed.lost_share,
        limit(failed)
    )
}

/// Who had no more to give when it was too much.
fn limit(failed: &Measured) -> String {
    let figures = &failed.figures;
    let is_generator = |note: &String| note.contains("the generator is the limit");
    if figures.notes.iter().any(is_generator) {
        return "the generator was the limit".to_owned();
    }
    match figures.core_busy {
        Some(busy) if busy >= FULL => {
            format!("the server's CPU was the limit, {:.0} % busy", 100.0 * busy)
        }
        Some(busy) => format!(
            "neither was the limit for long: the server's CPU was {:.0} % busy, bursts did not fit",
            100.0 * busy
        ),
        None => "the generator was not the limit".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::{Figures, Percentiles};
    use crate::report::Series;

    fn measured(lost_share: f64, p99: f64) -> Measured {
        Measured {
            figures: Figures {
                latency_us: Some(Percentiles {
                    p99,
                    ..Percentiles::default()
                }),
                ..Figures::default()
            },
            lost_share,
            series: Series::default(),
        }
    }

    #[test]
    fn loss_and_lateness_end_it() {
        assert!(holds(&measured(0.001, 250_000.0)));
        assert!(!holds(&measured(0.0011, 100.0)));
        assert!(!holds(&measured(0.0, 250_001.0)));
        let silent = Measured {
            figures: Figures::default(),
            ..measured(0.0, 0.0)
        };
        assert!(!holds(&silent), "nothing came");
    }

    #[test]
    fn the_verdict_names_a_full_server() {
        let mut failed = measured(0.05, 9_000.0);
        failed.figures.core_busy = Some(0.97);
        assert!(limit(&failed).contains("the server's CPU was the limit"));
        failed.figures.core_busy = Some(0.5);
        assert!(limit(&failed).starts_with("neither"));
    }

    #[test]
    fn the_verdict_names_the_generator() {
        let mut failed = measured(0.05, 9_000.0);
        failed
            .figures
            .notes
            .push("the generator is the limit: …".to_owned());
        let verdict = verdict(3.0, Some(&(4.0, failed)));
        assert!(verdict.contains("5.00 % were lost"), "{verdict}");
        assert!(
            verdict.ends_with("the generator was the limit"),
            "{verdict}"
        );
    }
}
