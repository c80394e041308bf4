//! The axis of amounts: round numbers from zero, both ways.

/// From a multiple of the step at or below the least value to one at or above the greatest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scale {
    low: i128,
    high: i128,
    step: i128,
}

impl Scale {
    /// For values from `low` (zero or less) to `high` (zero or more), in at most `most` steps: the step is 1, 2 or 5
    /// times a power of ten, the smallest that suffices.
    pub(super) fn new(low: i128, high: i128, most: i128) -> Scale {
        let ceil = |value: i128, step: i128| (value + step - 1) / step;
        let mut step = 1_i128;
        for digit in [1, 2, 5].into_iter().cycle() {
            let candidate = step * digit;
            if ceil(high, candidate) + ceil(-low, candidate) <= most || candidate > i128::MAX / 1_000 {
                return Scale {
                    low: -ceil(-low, candidate) * candidate,
                    high: ceil(high, candidate) * candidate,
                    step: candidate,
                };
            }
            if digit == 5 {
                step *= 10;
            }
        }
        Scale { low, high, step }
    }

    /// Every multiple of the step, from below.
    pub(super) fn ticks(self) -> impl Iterator<Item = i128> {
        let count = (self.high - self.low) / self.step;
        (0..=count).map(move |tick| self.low + tick * self.step)
    }

    /// Where a value stands between `bottom` and `top`, in tenths that grow downwards.
    pub(super) fn place(self, value: i128, top: i64, bottom: i64) -> i64 {
        let (height, span) = (i128::from(bottom - top), self.high - self.low);
        let above = if span == 0 { 0 } else { (value - self.low) * height / span };
        bottom - i64::try_from(above).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round() {
        // low, high, most steps, ticks
        let table: [(i128, i128, i128, &[i128]); 9] = [
            (0, 0, 4, &[0]),
            (0, 1, 4, &[0, 1]),
            (0, 4, 4, &[0, 1, 2, 3, 4]),
            (0, 5, 4, &[0, 2, 4, 6]),
            (0, 9, 4, &[0, 5, 10]),
            (0, 1_234, 4, &[0, 500, 1_000, 1_500]),
            (0, 10_000_000, 5, &[0, 2_000_000, 4_000_000, 6_000_000, 8_000_000, 10_000_000]),
            (-3, 9, 4, &[-5, 0, 5, 10]),
            (-7, 0, 4, &[-8, -6, -4, -2, 0]),
        ];
        for (low, high, most, ticks) in table {
            assert_eq!(Scale::new(low, high, most).ticks().collect::<Vec<_>>(), ticks, "{low} to {high}");
        }
        let huge = i128::from(i64::MAX) * 1_000_000;
        assert!(Scale::new(-huge, huge, 4).ticks().count() <= 5);
    }

    #[test]
    fn values_stand_between_the_ends() {
        let scale = Scale::new(-5, 9, 4);
        let places = [-5, 0, 5, 10].map(|value| scale.place(value, 100, 1_600));
        assert_eq!(places, [1_600, 1_100, 600, 100]);
        assert_eq!(Scale::new(0, 0, 4).place(0, 100, 1_600), 1_600);
    }
}
