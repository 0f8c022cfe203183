//! Values on the command line that are not plain text or numbers: sizes, durations, names.

use std::time::Duration;

use jiff::SignedDuration;

/// A size in bytes: a number with an optional unit. `K`, `M`, `G`, `T` (and `KiB` …) are powers of 1024,
/// `kB`, `MB`, `GB`, `TB` powers of 1000.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits_end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits_end);
    let unit = unit.trim();
    let factor = unit_factor(unit).ok_or_else(|| {
        format!("'{unit}' is not a unit of size; write it like 500K, 100M, 2.5G or 1T")
    })?;
    let problem = || "write a size like 500K, 100M, 2.5G or 1T".to_owned();
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || fraction.len() > 6 {
        return Err(problem());
    }
    let whole: u128 = whole.parse().map_err(|_| problem())?;
    let mut bytes = whole.checked_mul(factor).ok_or_else(problem)?;
    if !fraction.is_empty() {
        let part: u128 = fraction.parse().map_err(|_| problem())?;
        // At most six digits and factors up to 2^40: far from the end of u128.
        bytes += part * factor / 10u128.pow(fraction.len() as u32);
    }
    u64::try_from(bytes).map_err(|_| "it is larger than any file can be".to_owned())
}

fn unit_factor(unit: &str) -> Option<u128> {
    const UNITS: &str = "kmgt";
    let lower = unit.to_ascii_lowercase();
    if lower.is_empty() || lower == "b" {
        return Some(1);
    }
    let letter = lower.chars().next()?;
    let power = UNITS.find(letter)? as u32 + 1;
    match &lower[letter.len_utf8()..] {
        "" | "i" | "ib" => Some(1024u128.pow(power)),
        "b" => Some(1000u128.pow(power)),
        _ => None,
    }
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

/// The level of a codec.
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
    fn sizes_have_units_of_1024_and_of_1000() {
        assert_eq!(parse_size("0"), Ok(0));
        assert_eq!(parse_size("512"), Ok(512));
        assert_eq!(parse_size("512B"), Ok(512));
        assert_eq!(parse_size("1k"), Ok(1024));
        assert_eq!(parse_size("100M"), Ok(100 << 20));
        assert_eq!(parse_size("2.5 GiB"), Ok(5 << 29));
        assert_eq!(parse_size("3MB"), Ok(3_000_000));
        for bad in [
            "",
            "M",
            "-1",
            "1X",
            "1.2.3M",
            "99999999999T",
            "1e6",
            ".5G",
            "1é",
        ] {
            assert!(parse_size(bad).is_err(), "{bad}");
        }
    }

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
