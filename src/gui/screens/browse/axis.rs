//! Where snapshots stand on the timeline: in proportion to time, those that would touch each other as one mark,
//! with the calendar below them.

use std::ops::Range;

use jiff::civil::{Date, DateTime};
use jiff::{Span, ToSpan};

/// Marks are at least this far apart, in points: as wide as what can be hit.
pub const MARK_WIDTH: f32 = 20.0;
/// Dates below the line are at least this far apart.
const TICK_WIDTH: f32 = 64.0;

/// The timeline.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Axis {
    /// From the oldest to the newest.
    pub marks: Vec<Mark>,
    pub ticks: Vec<Tick>,
}

/// A mark for one snapshot, or for several that are close to each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    pub x: f32,
    /// Places in the series.
    pub points: Range<usize>,
}

/// A date on the line.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    pub x: f32,
    pub label: String,
}

/// Lays out snapshots taken at these local times, which ascend, up to `now`, on a line of this width.
pub fn axis(times: &[DateTime], now: DateTime, width: f32) -> Axis {
    let (Some(first), Some(last)) = (times.first(), times.last()) else {
        return Axis::default();
    };
    let (begin, end) = (seconds(*first), seconds(*last).max(seconds(now)));
    let room = (f64::from(width) - f64::from(MARK_WIDTH)).max(1.0);
    let place = |time: DateTime| {
        let share = (seconds(time) - begin) as f64 / ((end - begin).max(1)) as f64;
        MARK_WIDTH / 2.0 + (share * room) as f32
    };
    let mut marks: Vec<Mark> = Vec::new();
    // From the newest: what is most looked for is least gathered up.
    for (index, time) in times.iter().enumerate().rev() {
        let x = place(*time);
        match marks.last_mut() {
            Some(mark) if mark.x - x < MARK_WIDTH => mark.points.start = index,
            _ => marks.push(Mark {
                x,
                points: index..index + 1,
            }),
        }
    }
    marks.reverse();
    let ticks = ticks(*first, (*last).max(now), width, place);
    Axis { marks, ticks }
}

/// Seconds on the local calendar; no time zone is needed to put them in proportion.
fn seconds(time: DateTime) -> i64 {
    let days = Date::ZERO
        .until(time.date())
        .map_or(0, |span| i64::from(span.get_days()));
    let of_day =
        i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    days * 86_400 + of_day
}

/// From one date on the line to the next.
struct Step {
    span: Span,
    seconds: i64,
    format: &'static str,
}

fn steps() -> [Step; 11] {
    let step = |span: Span, seconds: i64, format| Step {
        span,
        seconds,
        format,
    };
    const HOUR: i64 = 3600;
    const DAY: i64 = 86_400;
    [
        step(1.hours(), HOUR, "%H:%M"),
        step(6.hours(), 6 * HOUR, "%-d %b %H:%M"),
        step(1.days(), DAY, "%-d %b"),
        step(2.days(), 2 * DAY, "%-d %b"),
        step(7.days(), 7 * DAY, "%-d %b"),
        step(14.days(), 14 * DAY, "%-d %b"),
        step(1.months(), 30 * DAY, "%b %Y"),
        step(3.months(), 91 * DAY, "%b %Y"),
        step(1.years(), 365 * DAY, "%Y"),
        step(5.years(), 5 * 365 * DAY, "%Y"),
        step(50.years(), 50 * 365 * DAY, "%Y"),
    ]
}

fn ticks(
    first: DateTime,
    last: DateTime,
    width: f32,
    place: impl Fn(DateTime) -> f32,
) -> Vec<Tick> {
    let length = (seconds(last) - seconds(first)).max(1);
    let most = f64::from(width / TICK_WIDTH).max(1.0);
    let is_wide_enough = |step: &Step| {
        // Longer words need more room.
        let width = if step.format.len() > 6 { 1.6 } else { 1.0 };
        length as f64 / step.seconds as f64 * width <= most
    };
    let Some(step) = steps().into_iter().find(is_wide_enough) else {
        return Vec::new();
    };
    let mut ticks = Vec::new();
    let mut at = begin_of(first, step.seconds);
    // As many as there is room for; the bound is for calendars gone mad.
    for _ in 0..200 {
        if at > last {
            break;
        }
        if at >= first {
            let x = place(at);
            if x + TICK_WIDTH / 2.0 <= width + 8.0 {
                ticks.push(Tick {
                    x,
                    label: at.strftime(step.format).to_string(),
                });
            }
        }
        match at.checked_add(step.span) {
            Ok(next) => at = next,
            Err(_) => break,
        }
    }
    ticks
}

/// The last round date before a time.
fn begin_of(time: DateTime, step_seconds: i64) -> DateTime {
    const DAY: i64 = 86_400;
    let date = time.date();
    let midnight = date.to_datetime(jiff::civil::Time::midnight());
    let with = |year: i16, month: i8| {
        let date = Date::new(year, month, 1).unwrap_or(date);
        date.to_datetime(jiff::civil::Time::midnight())
    };
    if step_seconds < 6 * 3600 {
        date.at(time.hour(), 0, 0, 0)
    } else if step_seconds <= 2 * DAY {
        midnight
    } else if step_seconds <= 14 * DAY {
        // A Monday.
        let back = i64::from(date.weekday().to_monday_zero_offset());
        midnight.checked_sub(back.days()).unwrap_or(midnight)
    } else if step_seconds <= 30 * DAY {
        with(date.year(), date.month())
    } else if step_seconds <= 91 * DAY {
        with(date.year(), (date.month() - 1) / 3 * 3 + 1)
    } else {
        let years = (step_seconds / (365 * DAY)).max(1) as i16;
        with(date.year() - date.year().rem_euclid(years), 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime {
        text.parse().unwrap()
    }

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn marks_stand_in_proportion_to_time_and_now_is_the_end() {
        let times = [at("2026-11-01T00:00"), at("2026-11-06T00:00")];
        let axis = axis(&times, at("2026-11-11T00:00"), 220.0);
        let places: Vec<f32> = axis.marks.iter().map(|mark| mark.x).collect();
        assert_eq!(places, [10.0, 110.0]);
        assert_eq!(labels(&axis), ["2 Nov", "9 Nov"]);
    }

    #[test]
    fn marks_never_touch_and_none_is_lost() {
        let first = at("2026-01-01T03:00");
        for (count, hours) in [(1, 24), (200, 24), (200, 1), (5000, 24)] {
            let times: Vec<DateTime> = (0..count).map(|n| first + (n * hours).hours()).collect();
            let axis = axis(&times, *times.last().unwrap(), 800.0);
            let mut next = 0;
            let mut x = f32::MIN;
            for mark in &axis.marks {
                assert_eq!(mark.points.start, next);
                next = mark.points.end;
                assert!(mark.x - x >= MARK_WIDTH - 0.01);
                assert!((0.0..=800.0).contains(&mark.x));
                x = mark.x;
            }
            assert_eq!(next, count as usize);
            let mut ticks = axis.ticks.windows(2);
            assert!(
                ticks.all(|pair| pair[1].x - pair[0].x > 40.0),
                "{count} {hours}"
            );
        }
    }

    #[test]
    fn the_calendar_goes_from_hours_to_years() {
        let labels = |first: &str, last: &str| {
            let axis = axis(&[at(first), at(last)], at(last), 700.0);
            axis.ticks
                .first()
                .map_or(String::new(), |tick| tick.label.clone())
        };
        assert_eq!(labels("2026-11-23T08:30", "2026-11-23T14:00"), "09:00");
        assert_eq!(labels("2026-11-20T08:30", "2026-11-26T14:00"), "21 Nov");
        assert_eq!(labels("2026-10-02T08:30", "2026-11-26T14:00"), "5 Oct");
        assert_eq!(labels("2026-03-02T08:30", "2026-11-26T14:00"), "Apr 2026");
        assert_eq!(labels("2016-03-02T08:30", "2026-11-26T14:00"), "2017");
        assert_eq!(labels("0001-03-02T08:30", "9999-11-26T14:00"), "");
    }

    #[test]
    fn clocks_gone_mad_do_no_harm() {
        let axis = axis(
            &[at("2026-11-23T08:30"), at("2999-11-23T08:30")],
            at("2026-11-23T08:31"),
            0.0,
        );
        assert!(!axis.marks.is_empty());
    }
}
