//! Classes of files by when they were modified, and by how big they are.

use crate::snapshot::tree::Timestamp;

const DAY: i64 = 24 * 60 * 60;

/// How long before the snapshot was taken a file was modified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Age {
    /// Within 24 hours; or later than the snapshot itself, where a clock was wrong.
    Day,
    /// Within 7 days.
    Week,
    /// Within 30 days.
    Month,
    /// Within 365 days.
    Year,
    /// Within five times 365 days.
    FiveYears,
    Older,
}

impl Age {
    pub const COUNT: usize = 6;

    pub const ALL: [Age; Age::COUNT] = [
        Age::Day,
        Age::Week,
        Age::Month,
        Age::Year,
        Age::FiveYears,
        Age::Older,
    ];

    /// The age, at `taken_at` (seconds since 1970), of what was modified then.
    pub fn of(modified: Timestamp, taken_at: i64) -> Age {
        match taken_at.saturating_sub(modified.seconds) / DAY {
            ..1 => Age::Day,
            1..7 => Age::Week,
            7..30 => Age::Month,
            30..365 => Age::Year,
            365..1825 => Age::FiveYears,
            1825.. => Age::Older,
        }
    }

    /// Its place in [`Age::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// In words that follow on "modified".
    pub fn name(self) -> &'static str {
        match self {
            Age::Day => "within a day",
            Age::Week => "within a week",
            Age::Month => "within a month",
            Age::Year => "within a year",
            Age::FiveYears => "within 5 years",
            Age::Older => "earlier",
        }
    }
}

/// How big a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SizeClass {
    Empty,
    /// Up to and with 4 KiB; the others likewise.
    To4KiB,
    To64KiB,
    To1MiB,
    To16MiB,
    To256MiB,
    To1GiB,
    Larger,
}

impl SizeClass {
    pub const COUNT: usize = 8;

    pub const ALL: [SizeClass; SizeClass::COUNT] = [
        SizeClass::Empty,
        SizeClass::To4KiB,
        SizeClass::To64KiB,
        SizeClass::To1MiB,
        SizeClass::To16MiB,
        SizeClass::To256MiB,
        SizeClass::To1GiB,
        SizeClass::Larger,
    ];

    /// The class of a file of so many bytes.
    pub fn of(bytes: u64) -> SizeClass {
        let class = SizeClass::ALL
            .into_iter()
            .find(|class| bytes <= class.limit());
        class.unwrap_or(SizeClass::Larger)
    }

    /// The biggest size that belongs to it, in bytes.
    pub fn limit(self) -> u64 {
        match self {
            SizeClass::Empty => 0,
            SizeClass::To4KiB => 4 << 10,
            SizeClass::To64KiB => 64 << 10,
            SizeClass::To1MiB => 1 << 20,
            SizeClass::To16MiB => 16 << 20,
            SizeClass::To256MiB => 256 << 20,
            SizeClass::To1GiB => 1 << 30,
            SizeClass::Larger => u64::MAX,
        }
    }

    /// Its place in [`SizeClass::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    pub fn name(self) -> &'static str {
        match self {
            SizeClass::Empty => "empty",
            SizeClass::To4KiB => "up to 4 KiB",
            SizeClass::To64KiB => "up to 64 KiB",
            SizeClass::To1MiB => "up to 1 MiB",
            SizeClass::To16MiB => "up to 16 MiB",
            SizeClass::To256MiB => "up to 256 MiB",
            SizeClass::To1GiB => "up to 1 GiB",
            SizeClass::Larger => "larger",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_reaches_up_to_its_last_second() {
        let now = 2_000_000_000;
        let age = |seconds: i64| {
            let modified = Timestamp {
                seconds: now - seconds,
                nanoseconds: 0,
            };
            Age::of(modified, now)
        };
        for (days, before, from) in [
            (1, Age::Day, Age::Week),
            (7, Age::Week, Age::Month),
            (30, Age::Month, Age::Year),
            (365, Age::Year, Age::FiveYears),
            (1825, Age::FiveYears, Age::Older),
        ] {
            assert_eq!(age(days * DAY - 1), before);
            assert_eq!(age(days * DAY), from);
        }
        assert_eq!(age(0), Age::Day);
        assert_eq!(age(-5 * DAY), Age::Day);
        let ever = Timestamp {
            seconds: i64::MIN,
            nanoseconds: 0,
        };
        assert_eq!(Age::of(ever, now), Age::Older);
    }

    #[test]
    fn a_size_class_ends_with_its_limit() {
        assert_eq!(SizeClass::of(0), SizeClass::Empty);
        assert_eq!(SizeClass::of(u64::MAX), SizeClass::Larger);
        for pair in SizeClass::ALL.windows(2) {
            assert_eq!(SizeClass::of(pair[0].limit()), pair[0]);
            assert_eq!(SizeClass::of(pair[0].limit() + 1), pair[1]);
        }
    }

    #[test]
    fn the_lists_are_in_the_order_of_their_places() {
        for (place, age) in Age::ALL.iter().enumerate() {
            assert_eq!(age.index(), place);
        }
        for (place, class) in SizeClass::ALL.iter().enumerate() {
            assert_eq!(class.index(), place);
        }
    }
}
