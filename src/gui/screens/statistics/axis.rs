//! The axes of charts: round numbers on them, and times.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::data::Row;

/// The row that is nearest to a place on the axis of time.
pub fn nearest(rows: &[Row], at: f64) -> Option<usize> {
    let distance = |index: &usize| (rows[*index].at() - at).abs();
    (0..rows.len()).min_by(|one, other| distance(one).total_cmp(&distance(other)))
}

/// Marks on an axis of bytes from 0: few, and at round numbers of the units that sizes are told in.
pub fn byte_step(highest: f64) -> f64 {
    let wanted = (highest / 4.0).max(1.0);
    2_f64.powf(wanted.log2().ceil())
}

/// Days, or hours where there are few days, between marks on an axis of time, in seconds.
pub fn time_step(seconds: f64) -> f64 {
    const HOUR: f64 = 3600.0;
    const DAY: f64 = 24.0 * HOUR;
    let steps = [
        HOUR,
        3.0 * HOUR,
        6.0 * HOUR,
        12.0 * HOUR,
        DAY,
        2.0 * DAY,
        7.0 * DAY,
        14.0 * DAY,
        30.0 * DAY,
        91.0 * DAY,
        182.0 * DAY,
        365.0 * DAY,
    ];
    let most = steps.len() - 1;
    let fits = steps.iter().position(|step| seconds / step <= 7.0);
    match fits {
        Some(index) => steps[index],
        None => steps[most] * (seconds / steps[most] / 7.0).ceil(),
    }
}

/// What stands at a mark of an axis of time.
pub fn time_label(seconds: f64, step: f64) -> String {
    let Ok(time) = Timestamp::from_second(seconds as i64) else {
        return String::new();
    };
    let form = match step {
        step if step < 86_400.0 => "%-d %b %H:%M",
        step if step < 180.0 * 86_400.0 => "%-d %b",
        _ => "%b %Y",
    };
    time.to_zoned(TimeZone::UTC).strftime(form).to_string()
}

/// A local time as seconds, as if it were that of a place where clocks never change.
pub fn seconds_of(time: DateTime) -> f64 {
    let zoned = time.to_zoned(TimeZone::UTC);
    zoned.map_or(0.0, |zoned| zoned.timestamp().as_second() as f64)
}

#[cfg(test)]
mod tests {
    use super::super::data::tests::some_rows;
    use super::*;

    #[test]
    fn marks_are_few_and_round() {
        assert_eq!(byte_step(0.0), 1.0);
        assert_eq!(byte_step(10.0 * 1024.0), 4096.0);
        assert_eq!(time_step(3.0 * 86_400.0), 43_200.0);
        assert_eq!(time_step(60.0 * 86_400.0), 14.0 * 86_400.0);
        assert!(time_step(1e10) >= 1e10 / 7.0);
        assert_eq!(time_label(0.0, 86_400.0), "1 Jan");
    }

    #[test]
    fn the_nearest_snapshot_is_found_by_time() {
        let rows = some_rows();
        assert_eq!(nearest(&rows, rows[1].at() + 3600.0), Some(1));
        assert_eq!(nearest(&rows, 0.0), Some(0));
        assert_eq!(nearest(&[], 0.0), None);
    }
}
