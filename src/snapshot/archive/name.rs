//! The name of a snapshot: the local time at which it was taken, to the second.

use std::fmt;
use std::str::FromStr;

use jiff::ToSpan;
use jiff::civil::DateTime;

use crate::error::{Error, Result};
use crate::fs::escaped;

const EXTENSION: &str = ".snapshot";
/// Which characters of a name are digits (`0`), and what the others are.
const SHAPE: &[u8] = b"0000-00-00-00-00-00";

/// `YYYY-MM-DD-HH-MM-SS.snapshot`. Names sort by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SnapshotName(DateTime);

impl SnapshotName {
    /// The name for a new snapshot taken at `now`, local time, when `newest` is there.
    ///
    /// A new name is always later than all that are there: that order is what "the newest", "the one
    /// before" and "unchanged since" rest on, and it holds when two snapshots fall into one second, in the
    /// hour that happens twice in autumn, and after a clock that was ahead was put right. In those cases the
    /// name is the newest one's next second, and only the snapshot's header says the true time.
    ///
    /// Errors: [`crate::error::ErrorKind::Invalid`] outside the years 0 to 9999.
    pub fn for_new(now: DateTime, newest: Option<SnapshotName>) -> Result<SnapshotName> {
        let now = SnapshotName::of(now)?;
        match newest {
            Some(newest) if newest >= now => newest.next(),
            _ => Ok(now),
        }
    }

    /// The name one second later.
    pub fn next(self) -> Result<SnapshotName> {
        let later = self.0.checked_add(1.second());
        later
            .map_err(|_| {
                Error::invalid("name a snapshot", format!("none can be later than {self}"))
            })
            .and_then(SnapshotName::of)
    }

    fn of(time: DateTime) -> Result<SnapshotName> {
        if !(0..=9999).contains(&time.year()) {
            let why = format!("the clock says it is the year {}", time.year());
            return Err(Error::invalid("name a snapshot", why).advise("put the clock right"));
        }
        let whole = time.with().subsec_nanosecond(0).build();
        whole
            .map(SnapshotName)
            .map_err(|e| Error::invalid("name a snapshot", e.to_string()))
    }

    /// The local time in the name.
    pub fn time(self) -> DateTime {
        self.0
    }

    /// The name of a file, if it is one of a snapshot, exactly.
    pub fn of_file(name: &str) -> Option<SnapshotName> {
        parse(name.strip_suffix(EXTENSION)?)
    }

    /// The name without its extension.
    pub fn stem(self) -> String {
        let t = self.0;
        format!(
            "{:04}-{:02}-{:02}-{:02}-{:02}-{:02}",
            t.year(),
            t.month(),
            t.day(),
            t.hour(),
            t.minute(),
            t.second()
        )
    }
}

fn parse(stem: &str) -> Option<SnapshotName> {
    let bytes = stem.as_bytes();
    let fits = |(byte, shape): (&u8, &u8)| match shape {
        b'0' => byte.is_ascii_digit(),
        other => byte == other,
    };
    if bytes.len() != SHAPE.len() || !bytes.iter().zip(SHAPE).all(fits) {
        return None;
    }
    let mut parts = stem.split('-').map(str::parse::<i16>);
    let mut part = || parts.next()?.ok();
    let (year, month, day) = (part()?, part()?, part()?);
    let (hour, minute, second) = (part()?, part()?, part()?);
    let small = |part: i16| i8::try_from(part).ok();
    let time = DateTime::new(
        year,
        small(month)?,
        small(day)?,
        small(hour)?,
        small(minute)?,
        small(second)?,
        0,
    );
    time.ok().map(SnapshotName)
}

impl fmt::Display for SnapshotName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{EXTENSION}", self.stem())
    }
}

/// With or without the extension.
impl FromStr for SnapshotName {
    type Err = Error;

    fn from_str(text: &str) -> Result<SnapshotName> {
        parse(text.strip_suffix(EXTENSION).unwrap_or(text)).ok_or_else(|| {
            Error::invalid(
                format!(
                    "use '{}' as the name of a snapshot",
                    escaped(text.as_bytes())
                ),
                "it is not a date and time",
            )
            .advise("write it like 2026-11-23-01-02-03")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::datetime;

    fn name(text: &str) -> SnapshotName {
        text.parse().unwrap()
    }

    #[test]
    fn a_name_reads_back_as_it_was_written() {
        for text in [
            "2026-11-23-01-02-03.snapshot",
            "0000-01-01-00-00-00.snapshot",
            "9999-12-31-23-59-59.snapshot",
        ] {
            assert_eq!(SnapshotName::of_file(text).unwrap().to_string(), text);
            assert_eq!(name(text).stem() + ".snapshot", text);
        }
        let short = "2026-11-23-01-02-03";
        assert_eq!(name(short).to_string(), "2026-11-23-01-02-03.snapshot");
        assert!(SnapshotName::of_file(short).is_none());
    }

    #[test]
    fn what_is_no_time_is_no_name() {
        for bad in [
            "",
            ".snapshot",
            "2026-11-23",
            "2026-02-30-00-00-00.snapshot",
            "2026-13-01-00-00-00.snapshot",
            "2026-11-23-24-00-00.snapshot",
            "2026-11-23-01-02-60.snapshot",
            "2026-11-23-01-02-+3.snapshot",
            "2026-11-23-01-02-03.snapshot.snapshot",
            "2026-11-23-01-02-03 (copy).snapshot",
            "2026-11-23-01-02-03.SNAPSHOT",
            "２026-11-23-01-02-03.snapshot",
            "-026-11-23-01-02-03.snapshot",
        ] {
            assert!(SnapshotName::of_file(bad).is_none(), "{bad}");
            assert!(bad.parse::<SnapshotName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn names_sort_by_time() {
        let mut names = [
            "2026-11-23-01-02-03",
            "2025-12-31-23-59-59",
            "2026-02-01-00-00-00",
        ];
        names.sort();
        let mut parsed: Vec<_> = names.iter().rev().map(|text| name(text)).collect();
        parsed.sort();
        assert_eq!(parsed.iter().map(|n| n.stem()).collect::<Vec<_>>(), names);
    }

    #[test]
    fn a_new_name_is_always_the_latest() {
        let noon = datetime(2026, 11, 23, 12, 0, 0, 987_654_321);
        let new = |newest: &str| {
            SnapshotName::for_new(noon, Some(name(newest)))
                .unwrap()
                .stem()
        };
        assert_eq!(
            SnapshotName::for_new(noon, None).unwrap().stem(),
            "2026-11-23-12-00-00"
        );
        assert_eq!(new("2026-11-23-11-59-59"), "2026-11-23-12-00-00");
        // Two in one second, a clock that went back, and one that was years ahead.
        assert_eq!(new("2026-11-23-12-00-00"), "2026-11-23-12-00-01");
        assert_eq!(new("2026-11-23-12-59-59"), "2026-11-23-13-00-00");
        assert_eq!(new("2037-12-31-23-59-59"), "2038-01-01-00-00-00");
    }

    #[test]
    fn years_that_have_no_name_are_refused() {
        assert!(name("9999-12-31-23-59-59").next().is_err());
        let before = datetime(-1, 1, 1, 0, 0, 0, 0);
        assert!(SnapshotName::for_new(before, None).is_err());
    }
}
