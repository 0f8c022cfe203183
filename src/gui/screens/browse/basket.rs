//! What is picked: kept while one moves between folders and snapshots.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::data::{is_at_or_below, parent, shown};
use crate::human::{counted, size};
use crate::jobs::get_back::{Picked, Picks, Request, Target};
use crate::jobs::source::SeriesSource;
use crate::snapshot::archive::name::SnapshotName;

/// No more than this are picked one by one: the folder that they are in can be picked as a whole.
pub const MOST_PICKED: usize = 10_000;

/// Something that is picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pick {
    /// With what is below it.
    pub bytes: u64,
    pub is_folder: bool,
}

/// What is picked from one snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The snapshot's file.
    pub file: PathBuf,
    pub name: SnapshotName,
    /// By path, which is absolute.
    pub picks: BTreeMap<Vec<u8>, Pick>,
}

/// Everything that is picked, the oldest snapshot first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Basket {
    parts: Vec<Part>,
}

impl Basket {
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    pub fn len(&self) -> usize {
        self.parts.iter().map(|part| part.picks.len()).sum()
    }

    /// Adds something; false if there is too much already.
    pub fn add(&mut self, file: &Path, name: SnapshotName, path: Vec<u8>, pick: Pick) -> bool {
        if self.len() >= MOST_PICKED && !self.contains(file, &path) {
            return false;
        }
        let place = match self.parts.iter().position(|part| part.file == file) {
            Some(place) => place,
            None => {
                let place = self.parts.partition_point(|part| part.name <= name);
                let part = Part {
                    file: file.to_owned(),
                    name,
                    picks: BTreeMap::new(),
                };
                self.parts.insert(place, part);
                place
            }
        };
        if let Some(part) = self.parts.get_mut(place) {
            part.picks.insert(path, pick);
        }
        true
    }

    pub fn remove(&mut self, file: &Path, path: &[u8]) {
        if let Some(part) = self.parts.iter_mut().find(|part| part.file == file) {
            part.picks.remove(path);
        }
        self.parts.retain(|part| !part.picks.is_empty());
    }

    pub fn clear(&mut self) {
        self.parts.clear();
    }

    pub fn contains(&self, file: &Path, path: &[u8]) -> bool {
        self.of(file).is_some_and(|picks| picks.contains_key(path))
    }

    /// What is picked from a snapshot.
    pub fn of(&self, file: &Path) -> Option<&BTreeMap<Vec<u8>, Pick>> {
        let part = self.parts.iter().find(|part| part.file == file)?;
        Some(&part.picks)
    }

    /// The folder, if there is one, that is picked as a whole and has `path` in it.
    pub fn folder_around(&self, file: &Path, path: &[u8]) -> Option<&[u8]> {
        let mut picks = self.of(file)?.iter();
        let around = picks.find(|(folder, pick)| {
            pick.is_folder && folder.as_slice() != path && is_at_or_below(path, folder)
        });
        around.map(|(folder, _)| folder.as_slice())
    }

    /// `7 picked from 2 snapshots, 34 MiB`.
    pub fn summary(&self) -> String {
        let bytes = self
            .parts
            .iter()
            .flat_map(roots)
            .fold(0_u64, |sum, (_, pick)| sum.saturating_add(pick.bytes));
        let from = match self.parts.len() {
            0 | 1 => String::new(),
            many => format!(" from {}", counted(many as u64, "snapshot", "snapshots")),
        };
        format!(
            "{} picked{from}, {}",
            crate::human::count(self.len() as u64),
            size(bytes)
        )
    }

    /// What to ask for to get it all back; `None` if nothing is picked.
    pub fn request(&self, source: &SeriesSource, target: Target) -> Option<Request> {
        if self.is_empty() {
            return None;
        }
        let picks = self.parts.iter().map(|part| Picks {
            file: part.file.clone(),
            name: part.name,
            what: Picked::Paths(
                roots(part)
                    .into_iter()
                    .map(|(path, _)| path.clone())
                    .collect(),
            ),
        });
        Some(Request {
            source: source.clone(),
            picks: picks.collect(),
            target,
            overwrite: false,
        })
    }

    /// All of it, as lines to show: snapshot's file, path, and the path as text.
    pub fn lines(&self) -> Vec<(&Part, &[u8], String)> {
        let lines = self.parts.iter().flat_map(|part| {
            let line = move |path: &'_ Vec<u8>| shown(path);
            part.picks
                .keys()
                .map(move |path| (part, path.as_slice(), line(path)))
        });
        lines.collect()
    }
}

/// What is picked without what is in a folder that is picked as well.
fn roots(part: &Part) -> Vec<(&Vec<u8>, Pick)> {
    let is_picked = |folder: &[u8]| part.picks.get(folder).is_some_and(|pick| pick.is_folder);
    let is_inside = |path: &[u8]| {
        let mut at = path;
        while let Some(above) = parent(at) {
            if is_picked(above) {
                return true;
            }
            at = above;
        }
        false
    };
    let picks = part.picks.iter().filter(|(path, _)| !is_inside(path));
    picks.map(|(path, pick)| (path, *pick)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(day: u8) -> SnapshotName {
        format!("2026-11-{day:02}-10-00-00").parse().unwrap()
    }

    fn add(basket: &mut Basket, day: u8, path: &str, bytes: u64, is_folder: bool) -> bool {
        let file = PathBuf::from(format!("{day}"));
        let pick = Pick { bytes, is_folder };
        basket.add(&file, name(day), path.as_bytes().to_vec(), pick)
    }

    #[test]
    fn it_sums_up_what_is_picked_from_all_snapshots() {
        let mut basket = Basket::default();
        add(&mut basket, 2, "/a", 1024, false);
        assert_eq!(basket.summary(), "1 picked, 1.0 KiB");
        add(&mut basket, 1, "/b", 1024, false);
        add(&mut basket, 1, "/b", 1024, false);
        assert_eq!(basket.summary(), "2 picked from 2 snapshots, 2.0 KiB");
        assert_eq!(basket.parts()[0].name, name(1));
        basket.remove(Path::new("2"), b"/a");
        assert_eq!(basket.parts().len(), 1);
    }

    #[test]
    fn what_is_in_a_picked_folder_is_asked_for_once() {
        let mut basket = Basket::default();
        add(&mut basket, 1, "/a", 100, true);
        add(&mut basket, 1, "/a.b", 10, false);
        add(&mut basket, 1, "/a/b", 50, false);
        assert_eq!(basket.summary(), "3 picked, 110 B");
        let source = SeriesSource::Exigency {
            path: PathBuf::from("/x"),
            repository: None,
        };
        let request = basket.request(&source, Target::Origin).unwrap();
        let wanted = Picked::Paths(vec![b"/a".to_vec(), b"/a.b".to_vec()]);
        assert_eq!(request.picks[0].what, wanted);
        let around = basket.folder_around(Path::new("1"), b"/a/b");
        assert_eq!(around, Some(&b"/a"[..]));
        assert_eq!(basket.folder_around(Path::new("1"), b"/a"), None);
    }

    #[test]
    fn it_has_an_end() {
        let mut basket = Basket::default();
        for number in 0..MOST_PICKED {
            assert!(add(&mut basket, 1, &format!("/{number}"), 1, false));
        }
        assert!(!add(&mut basket, 1, "/more", 1, false));
        assert!(add(&mut basket, 1, "/1", 2, false));
    }
}
