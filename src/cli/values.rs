//! Values on the command line that are not plain text or numbers: sizes, durations, names.

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

/// Names of repositories and archives become names of folders, on servers of every kind.
pub fn parse_name(text: &str) -> Result<String, String> {
    const RESERVED: [&str; 4] = ["con", "prn", "aux", "nul"];
    let allowed = |c: char| c.is_alphanumeric() || "-_.+@ ".contains(c);
    if text.is_empty() || text.len() > 100 {
        Err("a name has 1 to 100 characters".to_owned())
    } else if !text.chars().all(allowed) {
        Err("a name is made of letters, digits, spaces and - _ . + @".to_owned())
    } else if text.starts_with(['.', '-', ' ']) || text.ends_with(['.', ' ']) {
        Err("a name starts with a letter or digit, and ends with no dot or space".to_owned())
    } else if RESERVED.contains(&text.to_lowercase().as_str()) {
        Err("some file servers keep that name for themselves; choose another".to_owned())
    } else {
        Ok(text.to_owned())
    }
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

    #[test]
    fn a_name_is_one_harmless_folder() {
        for good in ["home", "NAS-2", "mes documents", "été", "a.b"] {
            assert!(parse_name(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            ".",
            "..",
            "a/b",
            "-x",
            "a\nb",
            "x.",
            "CON",
            " a",
            "a\u{202e}b",
        ] {
            assert!(parse_name(bad).is_err(), "{bad}");
        }
    }
}
