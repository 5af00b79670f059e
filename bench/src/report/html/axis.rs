//! An axis from zero to a round number: where its marks stand.

use crate::report::Unit;

/// Marks that are round in the unit they are written in.
pub(super) fn marks(unit: Unit, longest: f64, at_most: u32) -> Vec<f64> {
    let mut base = 1.0;
    while unit == Unit::Bytes && longest >= base * 1_024.0 {
        base *= 1_024.0;
    }
    decimal(longest / base, at_most)
        .into_iter()
        .map(|mark| mark * base)
        .collect()
}

/// Steps of 1, 2 or 5 times a power of ten, the last at or above `longest`.
fn decimal(longest: f64, at_most: u32) -> Vec<f64> {
    let rough = (longest / f64::from(at_most.max(1))).max(f64::MIN_POSITIVE);
    let power = 10_f64.powf(rough.log10().floor());
    // A hair of tolerance, so that 0.3 / 3 needs no step of 0.2.
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= rough * 0.999_999)
        .unwrap_or(rough);
    let mut marks = vec![0.0];
    let mut at = 0.0;
    while at < longest * 0.999_999 {
        at += step;
        marks.push(at);
    }
    if marks.len() == 1 {
        marks.push(1.0);
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_begin_at_zero_and_cover_the_longest() {
        assert_eq!(marks(Unit::Count, 19.3, 4), [0.0, 5.0, 10.0, 15.0, 20.0]);
        assert_eq!(marks(Unit::Count, 100.0, 4), [0.0, 50.0, 100.0]);
        assert_eq!(
            marks(Unit::Count, 1_234_567.0, 3),
            [0.0, 500_000.0, 1_000_000.0, 1_500_000.0]
        );
        assert_eq!(
            marks(Unit::Bytes, 5_000.0, 3),
            [0.0, 2_048.0, 4_096.0, 6_144.0]
        );
        // Nothing measured still has an axis.
        assert_eq!(marks(Unit::Count, 0.0, 4), [0.0, 1.0]);
    }
}
