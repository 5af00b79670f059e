//! Latencies in buckets that grow with the value: 32 to each doubling, so that every percentile is
//! right within 3 %, whatever its size, in 15 KiB.

use crate::figures::Percentiles;

const FINE_BITS: u32 = 5;
const FINE: usize = 1 << FINE_BITS;
/// Up to 2^60 ns.
const BUCKETS: usize = 60 * FINE;

#[derive(Clone, Debug)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            counts: vec![0; BUCKETS],
            total: 0,
        }
    }
}

impl Histogram {
    pub fn add(&mut self, nanos: u64) {
        self.counts[bucket(nanos)] += 1;
        self.total += 1;
    }

    pub fn clear(&mut self) {
        self.counts.fill(0);
        self.total = 0;
    }

    /// The middle of the bucket below which `share` of all values lie.
    fn quantile(&self, share: f64) -> f64 {
        let mut below = 0;
        for (index, count) in self.counts.iter().enumerate() {
            below += count;
            if as_float(below) >= share * as_float(self.total) && below > 0 {
                return f64::midpoint(lower_bound(index), lower_bound(index + 1));
            }
        }
        0.0
    }

    /// In microseconds; `None` of nothing.
    pub fn percentiles(&self) -> Option<Percentiles> {
        let at = |share| self.quantile(share) / 1_000.0;
        (self.total > 0).then(|| Percentiles {
            p50: at(0.50),
            p95: at(0.95),
            p99: at(0.99),
        })
    }
}

/// Values below 32 have a bucket each; above, the five bits behind the highest one choose.
fn bucket(value: u64) -> usize {
    let octave = (u64::BITS - value.leading_zeros()).saturating_sub(FINE_BITS + 1);
    // The shifted value is below 64 and the octave below 59.
    let fine = usize::try_from(value >> octave).unwrap_or(0);
    (octave as usize * FINE + fine).min(BUCKETS - 1)
}

fn lower_bound(bucket: usize) -> f64 {
    if bucket < 2 * FINE {
        return as_float(bucket as u64);
    }
    let octave = i32::try_from(bucket / FINE - 1).unwrap_or(i32::MAX);
    as_float((bucket % FINE + FINE) as u64) * 2_f64.powi(octave)
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn as_float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_lies_in_its_bucket() {
        for shift in 0..51 {
            for value in [
                1_u64 << shift,
                (1 << shift) + (1 << shift) / 3,
                (2 << shift) - 1,
            ] {
                let bucket = bucket(value);
                assert!(lower_bound(bucket) <= as_float(value), "{value}");
                assert!(as_float(value) < lower_bound(bucket + 1), "{value}");
            }
        }
    }

    #[test]
    fn percentiles_are_right_within_three_percent() {
        let mut histogram = Histogram::default();
        (1..=100_000).for_each(|micros| histogram.add(micros * 1_000));
        let found = histogram.percentiles().unwrap();
        for (found, expected) in [
            (found.p50, 50_000.0),
            (found.p95, 95_000.0),
            (found.p99, 99_000.0),
        ] {
            assert!((found / expected - 1.0).abs() < 0.03, "{found}");
        }
    }

    #[test]
    fn nothing_has_no_percentiles_and_the_largest_value_a_bucket() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.percentiles(), None);
        histogram.add(u64::MAX);
        assert!(histogram.percentiles().is_some());
        histogram.clear();
        assert_eq!(histogram.percentiles(), None);
    }
}
