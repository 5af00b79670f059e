//! An axis from zero to a round number: where its marks stand.

/// Marks at steps of 1, 2 or 5 times a power of ten, the last at or above `longest`.
pub(super) fn marks(longest: f64, at_most: u32) -> Vec<f64> {
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
        assert_eq!(marks(19.3, 4), [0.0, 5.0, 10.0, 15.0, 20.0]);
        assert_eq!(marks(100.0, 4), [0.0, 50.0, 100.0]);
        assert_eq!(
            marks(1_234_567.0, 3),
            [0.0, 500_000.0, 1_000_000.0, 1_500_000.0]
        );
        // Nothing measured still has an axis.
        assert_eq!(marks(0.0, 4), [0.0, 1.0]);
    }
}
