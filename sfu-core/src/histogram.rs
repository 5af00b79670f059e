//! How often something took how long, in buckets that add up over workers: each counts what took
//! at most its bound, so sums of them are buckets again (the way Prometheus has it).

use std::time::Duration;

/// Upper bounds, in microseconds; what is longer counts under `+Inf` alone.
const BOUNDS_US: [u64; 20] = [
    25, 50, 100, 150, 200, 300, 500, 750, 1_000, 1_500, 2_000, 2_500, 3_000, 4_000, 5_000, 7_000,
    10_000, 15_000, 20_000, 50_000,
];

#[derive(Debug, Default)]
pub(crate) struct Histogram {
    /// Not cumulative: one addition for each event. The last holds what is above all bounds.
    counts: [u64; BOUNDS_US.len() + 1],
    sum_nanos: u64,
}

impl Histogram {
    /// `times` events that took `duration` each.
    pub(crate) fn add(&mut self, duration: Duration, times: u64) {
        // 2^64 nanoseconds are 584 years.
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let bucket = BOUNDS_US.partition_point(|bound| bound * 1_000 < nanos);
        self.counts[bucket] += times;
        self.sum_nanos = self.sum_nanos.saturating_add(nanos.saturating_mul(times));
    }

    /// `name_bucket{le="…"}`, cumulative, then `name_sum` (microseconds) and `name_count`.
    pub(crate) fn named(&self, name: &str) -> Vec<(String, u64)> {
        let mut named = Vec::with_capacity(self.counts.len() + 2);
        let mut total = 0;
        for (at, count) in self.counts.iter().enumerate() {
            total += count;
            let bound = BOUNDS_US
                .get(at)
                .map_or_else(|| "+Inf".to_owned(), u64::to_string);
            named.push((format!("{name}_bucket{{le=\"{bound}\"}}"), total));
        }
        named.push((format!("{name}_sum"), self.sum_nanos / 1_000));
        named.push((format!("{name}_count"), total));
        named
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(named: &[(String, u64)], name: &str) -> u64 {
        let found = named.iter().find(|(known, _)| known == name);
        found.unwrap_or_else(|| panic!("no {name}")).1
    }

    #[test]
    fn buckets_are_cumulative_and_include_their_bound() {
        let mut histogram = Histogram::default();
        histogram.add(Duration::from_micros(25), 2);
        histogram.add(Duration::from_nanos(25_001), 1);
        histogram.add(Duration::from_millis(50), 1);
        histogram.add(Duration::from_secs(1), 3);
        let named = histogram.named("x");
        assert_eq!(value(&named, "x_bucket{le=\"25\"}"), 2);
        assert_eq!(value(&named, "x_bucket{le=\"50\"}"), 3);
        assert_eq!(value(&named, "x_bucket{le=\"20000\"}"), 3);
        assert_eq!(value(&named, "x_bucket{le=\"50000\"}"), 4);
        assert_eq!(value(&named, "x_bucket{le=\"+Inf\"}"), 7);
        assert_eq!(value(&named, "x_count"), 7);
        assert_eq!(value(&named, "x_sum"), 50 + 25 + 50_000 + 3_000_000);
    }

    #[test]
    fn bounds_rise() {
        assert!(BOUNDS_US.is_sorted_by(|a, b| a < b));
    }
}
