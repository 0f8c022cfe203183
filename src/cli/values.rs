//! Values on the command line that are not plain text or numbers: sizes, durations.

use std::time::Duration;

use jiff::SignedDuration;

use crate::snapshot::byte_size;

/// A size in bytes, as in the specification of an archive: `500K`, `100M`, `1.5GiB`, `2TB`.
pub fn parse_size(text: &str) -> Result<u64, String> {
    byte_size::parse_size(text).map_err(|error| match error.advice() {
        Some(advice) => format!("{}; {advice}", error.why()),
        None => error.why().to_owned(),
    })
}

/// How long to wait: `90s`, `5m`, `1h 30m`; a number alone is seconds.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.trim().parse::<u64>() {
        return Ok(Duration::from_secs(seconds));
    }
    text.trim()
        .parse::<SignedDuration>()
        .ok()
        .and_then(|duration| Duration::try_from(duration).ok())
        .ok_or_else(|| "write a duration like 30s, 5m or 1h30m".to_owned())
}

/// A number of snapshots to keep.
pub fn parse_count(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(0) | Err(_) => Err("write a number of at least 1".to_owned()),
        Ok(count) => Ok(count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_people_write_them() {
        assert_eq!(parse_duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_duration("5m"), Ok(Duration::from_secs(300)));
        assert_eq!(parse_duration("1h30m"), Ok(Duration::from_secs(5400)));
        for bad in ["", "soon", "-5s"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }
}
