//! What the server itself says it has done, by its own metrics. Only what it has: a peer that
//! counts nothing leaves these figures unknown.

use std::collections::BTreeMap;

use crate::figures::Percentiles;

/// What its counters have grown by.
#[derive(Clone, Debug, Default)]
pub struct ServerCounters {
    grown: BTreeMap<String, f64>,
}

impl ServerCounters {
    pub fn between(before: &BTreeMap<String, f64>, after: &BTreeMap<String, f64>) -> Self {
        let grown = after.iter().map(|(name, value)| {
            let earlier = before.get(name).copied().unwrap_or(0.0);
            (name.clone(), value - earlier)
        });
        Self {
            grown: grown.collect(),
        }
    }

    /// Over all labels; `None` if the server does not have it.
    fn sum(&self, name: &str) -> Option<f64> {
        let labelled = self
            .grown
            .iter()
            .filter(|(key, _)| key.split('{').next() == Some(name))
            .map(|(_, value)| *value);
        labelled.fold(None, |sum, value| Some(sum.unwrap_or(0.0) + value))
    }

    /// Packets for viewers that the server has let go: its send area or the kernel's was full, or
    /// the kernel refused them. `None` if it does not say.
    pub fn lost(&self) -> Option<f64> {
        let refused = self.sum("millrace_io_send_refused_total")?;
        let failed = self.sum("millrace_io_send_failed_total")?;
        let full = self
            .grown
            .get("millrace_dropped_total{reason=\"send_batch_full\"}");
        Some(refused + failed + full.copied().unwrap_or(0.0))
    }

    /// Datagrams that the kernel dropped before the server read them.
    pub fn unread(&self) -> Option<f64> {
        self.sum("millrace_io_kernel_dropped_total")
    }

    /// The share of packets that left in trains, and how many a train had.
    pub fn trains(&self) -> Option<(f64, f64)> {
        let sent = self.sum("millrace_io_sent_total")?;
        let in_trains = self.sum("millrace_io_sent_in_trains_total")?;
        let trains = self.sum("millrace_io_trains_total")?;
        (sent > 0.0).then(|| {
            (
                in_trains / sent,
                if trains > 0.0 {
                    in_trains / trains
                } else {
                    0.0
                },
            )
        })
    }

    /// Time inside the core, from its histogram: the upper bounds of its buckets are in microseconds,
    /// and between two of them values are taken as spread evenly.
    pub fn latency(&self) -> Option<Percentiles> {
        let mut buckets: Vec<(f64, f64)> = Vec::new();
        for (key, count) in &self.grown {
            let Some(bound) = key
                .strip_prefix("millrace_core_latency_us_bucket{")
                .and_then(upper_bound)
            else {
                continue;
            };
            match buckets.iter_mut().find(|(known, _)| *known == bound) {
                // Of several workers.
                Some((_, sum)) => *sum += count,
                None => buckets.push((bound, *count)),
            }
        }
        buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
        let total = buckets.last()?.1;
        (total > 0.0).then(|| Percentiles {
            p50: quantile(&buckets, 0.50 * total),
            p95: quantile(&buckets, 0.95 * total),
            p99: quantile(&buckets, 0.99 * total),
        })
    }
}

/// `…le="150"}`, infinity as Prometheus writes it.
fn upper_bound(labels: &str) -> Option<f64> {
    let (_, rest) = labels.split_once("le=\"")?;
    let (bound, _) = rest.split_once('"')?;
    match bound {
        "+Inf" => Some(f64::INFINITY),
        number => number.parse().ok(),
    }
}

/// Where the cumulative count reaches `rank`.
fn quantile(buckets: &[(f64, f64)], rank: f64) -> f64 {
    let (mut lower, mut below) = (0.0, 0.0);
    for (bound, cumulative) in buckets {
        if *cumulative >= rank {
            let share = (rank - below) / (cumulative - below).max(f64::MIN_POSITIVE);
            // Beyond the last finite bound only "more than that" is known.
            return if bound.is_finite() {
                lower + share * (bound - lower)
            } else {
                lower
            };
        }
        (lower, below) = (*bound, *cumulative);
    }
    lower
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(after: &[(&str, f64)]) -> ServerCounters {
        let map = |values: &[(&str, f64)]| {
            values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), *value))
                .collect()
        };
        ServerCounters::between(&map(&[("millrace_io_sent_total", 100.0)]), &map(after))
    }

    #[test]
    fn trains_are_of_what_was_sent_meanwhile() {
        let counters = counters(&[
            ("millrace_io_sent_total", 1_100.0),
            ("millrace_io_sent_in_trains_total{worker=\"0\"}", 600.0),
            ("millrace_io_sent_in_trains_total{worker=\"1\"}", 200.0),
            ("millrace_io_trains_total", 100.0),
        ]);
        assert_eq!(counters.trains(), Some((0.8, 8.0)));
        assert_eq!(ServerCounters::default().trains(), None);
    }

    #[test]
    fn only_what_the_server_lets_go_is_its_loss() {
        let counters = counters(&[
            ("millrace_io_send_refused_total", 3.0),
            ("millrace_io_send_failed_total", 4.0),
            ("millrace_dropped_total{reason=\"send_batch_full\"}", 5.0),
            ("millrace_dropped_total{reason=\"srtp_replayed\"}", 100.0),
            ("millrace_io_kernel_dropped_total", 9.0),
        ]);
        assert_eq!(counters.lost(), Some(12.0));
        assert_eq!(counters.unread(), Some(9.0));
        assert_eq!(ServerCounters::default().lost(), None);
    }

    #[test]
    fn percentiles_lie_within_their_bucket() {
        let counters = counters(&[
            ("millrace_core_latency_us_bucket{le=\"50\"}", 0.0),
            ("millrace_core_latency_us_bucket{le=\"100\"}", 80.0),
            ("millrace_core_latency_us_bucket{le=\"200\"}", 96.0),
            ("millrace_core_latency_us_bucket{le=\"+Inf\"}", 100.0),
            ("millrace_core_latency_us_sum", 12345.0),
        ]);
        let found = counters.latency().unwrap();
        assert!((found.p50 - 81.25).abs() < 0.01, "{found:?}");
        assert!((found.p95 - 193.75).abs() < 0.01, "{found:?}");
        assert!((found.p99 - 200.0).abs() < 0.01, "at least that: {found:?}");
    }
}
