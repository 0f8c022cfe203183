//! In which order the rows of a folder are shown, and which of them: worked out on a thread, as a list of
//! numbers.

use std::cmp::Ordering;
use std::sync::Arc;

use super::kinds::word;
use super::rows::{Mark, Marks, Row, Rows};
use crate::gui::settings::{Sort, SortBy};

/// How to show a folder.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OrderBy {
    pub sort: Sort,
    /// Only names that have this in them, whatever the case; empty for all.
    pub filter: String,
    /// Also what was removed since the snapshot before.
    pub is_removed_shown: bool,
}

/// The rows of a folder, those that were removed behind the others. Numbers of rows mean this order.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    pub rows: Arc<Rows>,
    /// `None` until they are known.
    pub marks: Option<Arc<Marks>>,
}

impl Contents {
    pub fn get(&self, index: u32) -> Option<Row<'_>> {
        let index = index as usize;
        match index.checked_sub(self.rows.len()) {
            None => self.rows.get(index),
            Some(index) => self.marks.as_ref()?.removed.get(index),
        }
    }

    pub fn mark(&self, index: u32) -> Option<Mark> {
        let marks = self.marks.as_ref()?;
        match (index as usize).checked_sub(self.rows.len()) {
            None => marks.of_rows.get(index as usize).copied(),
            Some(_) => Some(Mark::Removed),
        }
    }

    pub fn is_removed(&self, index: u32) -> bool {
        index as usize >= self.rows.len()
    }

    /// The number of a name, in what is there or, failing that, in what was removed.
    pub fn find(&self, name: &[u8]) -> Option<u32> {
        let removed = || {
            let index = self.marks.as_ref()?.removed.find(name)?;
            Some(index + self.rows.len())
        };
        self.rows.find(name).or_else(removed).map(|at| at as u32)
    }
}

/// The numbers of the rows that are shown, in order. Folders come before files where the order is by name or
/// kind; by size or time they stand among them, for there the question is which is the biggest or newest.
pub fn order(contents: &Contents, by: &OrderBy) -> Vec<u32> {
    let removed = match (&contents.marks, by.is_removed_shown) {
        (Some(marks), true) => marks.removed.len(),
        _ => 0,
    };
    let all = contents.rows.len() + removed;
    let wanted = Wanted::new(&by.filter);
    let is_wanted = |index: &u32| {
        contents
            .get(*index)
            .is_some_and(|row| wanted.is_in(row.name))
    };
    let mut order: Vec<u32> = (0..all as u32).filter(is_wanted).collect();
    let compare = |a: &u32, b: &u32| {
        let (Some(a), Some(b)) = (contents.get(*a), contents.get(*b)) else {
            return Ordering::Equal;
        };
        let ordering = match by.sort.by {
            SortBy::Name => {
                return folders_first(&a, &b).then(turned(by_name(&a, &b), by.sort.descending));
            }
            SortBy::Kind => {
                let kinds = word(&a).cmp(word(&b));
                return folders_first(&a, &b)
                    .then(turned(kinds, by.sort.descending))
                    .then(by_name(&a, &b));
            }
            SortBy::Size => a.size.cmp(&b.size),
            SortBy::Modified => a.modified.cmp(&b.modified),
        };
        turned(ordering, by.sort.descending).then_with(|| by_name(&a, &b))
    };
    order.sort_by(compare);
    order
}

fn turned(ordering: Ordering, is_turned: bool) -> Ordering {
    match is_turned {
        true => ordering.reverse(),
        false => ordering,
    }
}

fn folders_first(a: &Row<'_>, b: &Row<'_>) -> Ordering {
    b.is_folder().cmp(&a.is_folder())
}

/// As people look names up: upper and lower case beside each other, numbers by their value.
fn by_name(a: &Row<'_>, b: &Row<'_>) -> Ordering {
    natural(a.name, b.name).then_with(|| a.name.cmp(b.name))
}

fn natural(a: &[u8], b: &[u8]) -> Ordering {
    let (mut at, mut bt) = (0, 0);
    loop {
        let (Some(x), Some(y)) = (a.get(at), b.get(bt)) else {
            return (a.len() - at).cmp(&(b.len() - bt));
        };
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let (one, other) = (digits(&a[at..]), digits(&b[bt..]));
            let (short, long) = (significant(one), significant(other));
            let ordering = short.len().cmp(&long.len()).then_with(|| short.cmp(long));
            if ordering != Ordering::Equal {
                return ordering;
            }
            at += one.len();
            bt += other.len();
            continue;
        }
        let ordering = x.to_ascii_lowercase().cmp(&y.to_ascii_lowercase());
        if ordering != Ordering::Equal {
            return ordering;
        }
        at += 1;
        bt += 1;
    }
}

fn digits(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| !byte.is_ascii_digit());
    &bytes[..end.unwrap_or(bytes.len())]
}

fn significant(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    &digits[zeros..]
}

/// Text looked for in names, whatever the case.
pub struct Wanted(String);

impl Wanted {
    pub fn new(text: &str) -> Wanted {
        Wanted(text.trim().to_lowercase())
    }

    pub fn is_in(&self, name: &[u8]) -> bool {
        if self.0.is_empty() {
            return true;
        }
        match (
            self.0.is_ascii() && name.is_ascii(),
            std::str::from_utf8(name),
        ) {
            (true, _) => {
                let wanted = self.0.as_bytes();
                let mut windows = name.windows(wanted.len());
                windows.any(|window| window.eq_ignore_ascii_case(wanted))
            }
            (false, Ok(name)) => name.to_lowercase().contains(&self.0),
            (false, Err(_)) => String::from_utf8_lossy(name)
                .to_lowercase()
                .contains(&self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows::RowKind;
    use super::*;

    /// Name, size, time; a name that ends in a slash is a folder's. In any order.
    fn contents(rows: &[(&str, u64, i64)], removed: &[&str]) -> Contents {
        let listed = |list: &mut Vec<(String, u64, i64)>| {
            list.sort();
            let mut rows = Rows::default();
            for (name, size, modified) in list.iter() {
                rows.add(Row {
                    name: name.trim_end_matches('/').as_bytes(),
                    kind: match name.ends_with('/') {
                        true => RowKind::Folder,
                        false => RowKind::File,
                    },
                    size: *size,
                    files: 1,
                    modified: *modified,
                    has_subfolders: false,
                    is_incomplete: false,
                });
            }
            rows
        };
        let owned = |(name, size, at): &(&str, u64, i64)| (name.to_string(), *size, *at);
        let rows = listed(&mut rows.iter().map(owned).collect());
        let mut removed = removed
            .iter()
            .map(|name| (name.to_string(), 0, 0))
            .collect();
        let marks = Marks {
            of_rows: vec![Mark::Kept; rows.len()],
            removed: listed(&mut removed),
            ..Marks::default()
        };
        Contents {
            rows: Arc::new(rows),
            marks: Some(Arc::new(marks)),
        }
    }

    fn names(contents: &Contents, by: &OrderBy) -> Vec<String> {
        let order = order(contents, by);
        let name = |index: u32| contents.get(index).unwrap().shown_name();
        order.into_iter().map(name).collect()
    }

    fn sorted(by: SortBy, descending: bool) -> OrderBy {
        OrderBy {
            sort: Sort { by, descending },
            ..OrderBy::default()
        }
    }

    #[test]
    fn names_are_in_the_order_of_people_and_folders_before_files() {
        let contents = contents(
            &[
                ("b10", 0, 0),
                ("B9", 0, 0),
                ("a", 0, 0),
                ("z/", 0, 0),
                ("b09x", 0, 0),
            ],
            &[],
        );
        let by = sorted(SortBy::Name, false);
        assert_eq!(names(&contents, &by), ["z", "a", "B9", "b09x", "b10"]);
        let by = sorted(SortBy::Name, true);
        assert_eq!(names(&contents, &by), ["z", "b10", "b09x", "B9", "a"]);
    }

    #[test]
    fn by_size_and_time_folders_stand_among_files() {
        let contents = contents(&[("a", 5, 3), ("d/", 9, 1), ("b", 7, 2)], &[]);
        assert_eq!(
            names(&contents, &sorted(SortBy::Size, true)),
            ["d", "b", "a"]
        );
        assert_eq!(
            names(&contents, &sorted(SortBy::Modified, false)),
            ["d", "b", "a"]
        );
    }

    #[test]
    fn a_filter_looks_for_a_part_of_the_name_whatever_the_case() {
        let contents = contents(
            &[("Été.txt", 0, 0), ("letter", 0, 0), ("LETTERS", 0, 0)],
            &[],
        );
        let filtered = |filter: &str| {
            let by = OrderBy {
                filter: filter.to_owned(),
                ..OrderBy::default()
            };
            names(&contents, &by)
        };
        assert_eq!(filtered(" letter "), ["letter", "LETTERS"]);
        assert_eq!(filtered("été"), ["Été.txt"]);
        assert!(filtered("nosuch").is_empty());
    }

    #[test]
    fn what_was_removed_stands_among_the_others_when_it_is_wanted() {
        let contents = contents(&[("a", 0, 0), ("c", 0, 0)], &["b"]);
        assert_eq!(names(&contents, &OrderBy::default()), ["a", "c"]);
        let by = OrderBy {
            is_removed_shown: true,
            ..OrderBy::default()
        };
        assert_eq!(names(&contents, &by), ["a", "b", "c"]);
        assert_eq!(contents.find(b"b"), Some(2));
        assert_eq!(contents.mark(2), Some(Mark::Removed));
    }
}
