//! Sizes, counts and times in the form that people read.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::snapshot::tree;

/// A size: `0 B`, `812 B`, `1.2 KiB`, `34 MiB`, `1.5 GiB`; three digits at most before the unit.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = UNITS[0];
    for next in &UNITS[1..] {
        // 1023.5 would be shown as 1024.
        if value < 1023.5 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    // 9.95 would be shown as 10.0.
    let decimals = if value < 9.95 { 1 } else { 0 };
    format!("{value:.decimals$} {unit}")
}

/// A size that may be below zero: `-12 B`.
pub fn signed_size(bytes: i64) -> String {
    let sign = if bytes < 0 { "-" } else { "" };
    format!("{sign}{}", size(bytes.unsigned_abs()))
}

/// A number with its thousands apart: `12 345 678`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// `1 file`, `2 files`, `12 345 files`.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// How long something took: `0.42 s`, `12.3 s`, `3 min 5 s`, `2 h 10 min`.
pub fn duration(microseconds: u64) -> String {
    let seconds = microseconds as f64 / 1e6;
    let whole = microseconds / 1_000_000;
    match whole {
        0..10 => format!("{seconds:.2} s"),
        10..60 => format!("{seconds:.1} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

/// How many times `part` fits into `whole`: `6.1 times`; `-` where that says nothing.
pub fn ratio(whole: u64, part: u64) -> String {
    if part == 0 {
        "-".to_owned()
    } else {
        format!("{:.1} times", whole as f64 / part as f64)
    }
}

/// A time of day here: `2026-11-23 01:02:03`.
pub fn local_time(time: tree::Timestamp) -> String {
    let nanoseconds = i32::try_from(time.nanoseconds).unwrap_or(0);
    match Timestamp::new(time.seconds, nanoseconds) {
        Ok(timestamp) => timestamp
            .to_zoned(TimeZone::system())
            .strftime("%Y-%m-%d %H:%M:%S")
            .to_string(),
        Err(_) => format!("{} s after 1970", time.seconds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_two_or_three_digits_and_a_unit() {
        assert_eq!(size(0), "0 B");
        assert_eq!(size(1023), "1023 B");
        assert_eq!(size(1024), "1.0 KiB");
        assert_eq!(size(1288490188), "1.2 GiB");
        assert_eq!(size(10 * 1024 * 1024 - 1), "10 MiB");
        assert_eq!(size(1024 * 1024 - 1), "1.0 MiB");
        assert_eq!(size(u64::MAX), "16 EiB");
    }

    #[test]
    fn counts_are_grouped_by_thousands() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1000), "1 000");
        assert_eq!(count(12_345_678), "12 345 678");
        assert_eq!(counted(1, "file", "files"), "1 file");
        assert_eq!(counted(0, "file", "files"), "0 files");
    }

    #[test]
    fn durations_grow_from_hundredths_to_hours() {
        assert_eq!(duration(420_000), "0.42 s");
        assert_eq!(duration(12_340_000), "12.3 s");
        assert_eq!(duration(185_000_000), "3 min 5 s");
        assert_eq!(duration(7_800_000_000), "2 h 10 min");
    }
}
