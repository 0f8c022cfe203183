//! Plain data of Browse: the series of snapshots, moments in it, paths, and how they are worded.

use std::path::PathBuf;

use jiff::civil::DateTime;

use crate::error::Error;
use crate::fs::escaped;
use crate::gui::overview::SnapshotsOverview;
use crate::gui::words;
use crate::human::counted;
use crate::snapshot::archive::name::SnapshotName;

/// A column of the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A snapshot, by its place in the series.
    Snapshot(usize),
    /// The disk as it is.
    Now,
}

/// A snapshot of the series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    pub name: SnapshotName,
    pub path: PathBuf,
    /// False: something that was asked for is not in it.
    pub is_complete: bool,
}

/// The snapshots that there are, oldest first.
#[derive(Clone, Debug, Default)]
pub struct SeriesView {
    pub points: Vec<Point>,
    /// Those that cannot be read.
    pub unreadable: Vec<Error>,
    /// What is wrong with the archive beside its snapshots.
    pub problem: Option<Error>,
}

impl SeriesView {
    pub fn of_overview(overview: &SnapshotsOverview) -> SeriesView {
        let point = |snapshot: &crate::gui::overview::SnapshotOverview| Point {
            name: snapshot.name,
            path: snapshot.path.clone(),
            is_complete: snapshot.complete,
        };
        SeriesView {
            points: overview.snapshots.iter().map(point).collect(),
            unreadable: overview
                .unreadable
                .iter()
                .map(|(_, error)| error.clone())
                .collect(),
            problem: overview.problem.clone(),
        }
    }

    pub fn get(&self, moment: Moment) -> Option<&Point> {
        match moment {
            Moment::Snapshot(index) => self.points.get(index),
            Moment::Now => None,
        }
    }

    pub fn newest(&self) -> Option<Moment> {
        let last = self.points.len().checked_sub(1)?;
        Some(Moment::Snapshot(last))
    }

    /// The next older moment.
    pub fn older(&self, moment: Moment) -> Option<Moment> {
        match moment {
            Moment::Now => self.newest(),
            Moment::Snapshot(index) => Some(Moment::Snapshot(index.checked_sub(1)?)),
        }
    }

    /// The next newer moment.
    pub fn newer(&self, moment: Moment) -> Option<Moment> {
        match moment {
            Moment::Now => None,
            Moment::Snapshot(index) if index + 1 < self.points.len() => {
                Some(Moment::Snapshot(index + 1))
            }
            Moment::Snapshot(_) => Some(Moment::Now),
        }
    }

    pub fn of_name(&self, name: SnapshotName) -> Option<Moment> {
        let place = self.points.iter().rposition(|point| point.name == name)?;
        Some(Moment::Snapshot(place))
    }

    pub fn of_path(&self, path: &std::path::Path) -> Option<Moment> {
        let place = self.points.iter().position(|point| point.path == path)?;
        Some(Moment::Snapshot(place))
    }

    pub fn paths(&self) -> Vec<PathBuf> {
        self.points.iter().map(|point| point.path.clone()).collect()
    }

    /// `Mon 23 Nov 2026, 10:43`, or `Now`.
    pub fn moment_title(&self, moment: Moment) -> String {
        match self.get(moment) {
            Some(point) => words::date_time(point.name.time()),
            None => "Now".to_owned(),
        }
    }

    /// From when to when something was there, in snapshots: `20 Nov – 25 Nov, 5 snapshots`.
    pub fn span(&self, first: usize, last: usize, count: usize) -> String {
        let (Some(from), Some(to)) = (self.points.get(first), self.points.get(last)) else {
            return counted(count as u64, "snapshot", "snapshots");
        };
        let (from, to) = (from.name.time(), to.name.time());
        let dates = match (from.date() == to.date(), from.year() == to.year()) {
            (true, _) => day_with_year(to),
            (false, true) => format!("{} – {}", day(from), day_with_year(to)),
            (false, false) => format!("{} – {}", day_with_year(from), day_with_year(to)),
        };
        format!(
            "{dates}, {}",
            counted(count as u64, "snapshot", "snapshots")
        )
    }
}

fn day(time: DateTime) -> String {
    time.strftime("%-d %b").to_string()
}

fn day_with_year(time: DateTime) -> String {
    time.strftime("%-d %b %Y").to_string()
}

/// The folder that a path is in; `None` for `/`.
pub fn parent(path: &[u8]) -> Option<&[u8]> {
    let slash = path.iter().rposition(|byte| *byte == b'/')?;
    match (path.len(), slash) {
        (1, _) => None,
        (_, 0) => Some(b"/"),
        (_, slash) => path.get(..slash),
    }
}

/// The path of a name in a folder.
pub fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    let mut path = folder.to_vec();
    if path.last() != Some(&b'/') {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}

/// The last name of a path; empty for `/`.
pub fn last_name(path: &[u8]) -> &[u8] {
    let slash = path.iter().rposition(|byte| *byte == b'/');
    path.get(slash.map_or(0, |slash| slash + 1)..)
        .unwrap_or_default()
}

/// A folder and all those that it is in, from `/` on.
pub fn ancestry(folder: &[u8]) -> Vec<Vec<u8>> {
    let mut found = vec![folder.to_vec()];
    let mut at = folder;
    while let Some(above) = parent(at) {
        found.push(above.to_vec());
        at = above;
    }
    found.reverse();
    found
}

/// Whether `path` is `folder` or below it.
pub fn is_at_or_below(path: &[u8], folder: &[u8]) -> bool {
    match path.strip_prefix(folder) {
        Some(rest) => rest.is_empty() || rest.first() == Some(&b'/') || folder == b"/",
        None => false,
    }
}

/// The folder that all of these are in, or the one that there is.
pub fn common_folder(paths: &[Vec<u8>]) -> Vec<u8> {
    let Some((first, rest)) = paths.split_first() else {
        return b"/".to_vec();
    };
    let mut common: &[u8] = first;
    while !rest.iter().all(|path| is_at_or_below(path, common)) {
        common = parent(common).unwrap_or(b"/");
    }
    common.to_vec()
}

/// A path as it is shown.
pub fn shown(path: &[u8]) -> String {
    escaped(path).to_string()
}

/// Permissions as `ls -l` writes them, without the type: `rwxr-sr-x`.
pub fn mode_text(mode: u16) -> String {
    let mut text = String::with_capacity(9);
    for (shift, special, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
        let bits = mode >> shift;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (bits & 1 != 0, mode & special != 0) {
            (true, true) => letter,
            (false, true) => letter.to_ascii_uppercase(),
            (true, false) => 'x',
            (false, false) => '-',
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(names: &[&str]) -> SeriesView {
        let point = |name: &&str| Point {
            name: name.parse().unwrap(),
            path: PathBuf::from(name),
            is_complete: true,
        };
        SeriesView {
            points: names.iter().map(point).collect(),
            ..SeriesView::default()
        }
    }

    #[test]
    fn one_goes_from_the_oldest_snapshot_to_now_and_back() {
        let series = series(&["2025-11-20-10-00-00", "2026-11-25-10-00-00"]);
        let mut at = Moment::Snapshot(0);
        let mut seen = vec![series.moment_title(at)];
        while let Some(newer) = series.newer(at) {
            assert_eq!(series.older(newer), Some(at));
            at = newer;
            seen.push(series.moment_title(at));
        }
        assert_eq!(
            seen,
            ["Thu 20 Nov 2025, 10:00", "Wed 25 Nov 2026, 10:00", "Now"]
        );
        assert_eq!(series.older(Moment::Snapshot(0)), None);
        assert_eq!(SeriesView::default().older(Moment::Now), None);
    }

    #[test]
    fn a_span_says_no_more_dates_than_it_needs() {
        let series = series(&[
            "2025-12-31-10-00-00",
            "2026-11-20-10-00-00",
            "2026-11-25-10-00-00",
            "2026-11-25-11-00-00",
        ]);
        assert_eq!(series.span(1, 2, 2), "20 Nov – 25 Nov 2026, 2 snapshots");
        assert_eq!(series.span(2, 3, 2), "25 Nov 2026, 2 snapshots");
        assert_eq!(
            series.span(0, 1, 1),
            "31 Dec 2025 – 20 Nov 2026, 1 snapshot"
        );
    }

    #[test]
    fn paths_are_taken_apart_and_put_together() {
        assert_eq!(parent(b"/"), None);
        assert_eq!(parent(b"/a"), Some(&b"/"[..]));
        assert_eq!(parent(b"/a/b"), Some(&b"/a"[..]));
        assert_eq!(join(b"/", b"a"), b"/a");
        assert_eq!(join(b"/a", b"b"), b"/a/b");
        assert_eq!(last_name(b"/a/b"), b"b");
        assert_eq!(last_name(b"/"), b"");
        let above: Vec<Vec<u8>> = vec![b"/".to_vec(), b"/a".to_vec(), b"/a/b".to_vec()];
        assert_eq!(ancestry(b"/a/b"), above);
        assert!(is_at_or_below(b"/a/b", b"/a") && is_at_or_below(b"/a", b"/"));
        assert!(!is_at_or_below(b"/ab", b"/a"));
        let common = |paths: &[&str]| {
            let paths: Vec<Vec<u8>> = paths.iter().map(|path| path.as_bytes().to_vec()).collect();
            String::from_utf8(common_folder(&paths)).unwrap()
        };
        assert_eq!(common(&["/home/me"]), "/home/me");
        assert_eq!(common(&["/home/me", "/home/you/x"]), "/home");
        assert_eq!(common(&["/a", "/b"]), "/");
        assert_eq!(common(&[]), "/");
    }

    #[test]
    fn permissions_are_written_as_ls_writes_them() {
        assert_eq!(mode_text(0o644), "rw-r--r--");
        assert_eq!(mode_text(0o4755), "rwsr-xr-x");
        assert_eq!(mode_text(0o1776), "rwxrwxrwT");
    }
}
