//! Files with several names: which names belong together.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::progress::lock;
use crate::snapshot::capture::{FileId, Stat};

/// Numbers the groups of hard links, from 1. A group whose names were all met is forgotten, so this
/// grows only with the files that have further names elsewhere.
#[derive(Default)]
pub struct LinkGroups(Mutex<Groups>);

#[derive(Default)]
struct Groups {
    met: HashMap<FileId, Group>,
    last_number: u64,
}

struct Group {
    number: u64,
    names_met: u32,
}

/// One name of a file with several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Met {
    pub group: u64,
    /// No name of this file was met before.
    pub is_first: bool,
}

impl LinkGroups {
    /// Counts one name; `None` for a file that has only one.
    pub fn meet(&self, stat: &Stat) -> Option<Met> {
        if stat.links < 2 {
            return None;
        }
        let groups = &mut *lock(&self.0);
        let last_number = &mut groups.last_number;
        let group = groups.met.entry(stat.id).or_insert_with(|| {
            *last_number += 1;
            Group {
                number: *last_number,
                names_met: 0,
            }
        });
        group.names_met += 1;
        let met = Met {
            group: group.number,
            is_first: group.names_met == 1,
        };
        if group.names_met >= stat.links {
            groups.met.remove(&stat.id);
        }
        Some(met)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_file_get_one_number_and_are_forgotten_after_the_last() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a", "b"] {
            std::fs::write(folder.path().join(name), "").unwrap();
            let other = folder.path().join(format!("{name}2"));
            std::fs::hard_link(folder.path().join(name), other).unwrap();
        }
        let handle = std::fs::File::open(folder.path()).unwrap();
        let groups = LinkGroups::default();
        let meet = |name| {
            let met = groups.meet(&Stat::at(&handle, name).unwrap()).unwrap();
            (met.group, met.is_first)
        };
        assert_eq!(meet(c"a"), (1, true));
        assert_eq!(meet(c"b"), (2, true));
        assert_eq!(meet(c"a2"), (1, false));
        assert_eq!(meet(c"b2"), (2, false));
        assert!(lock(&groups.0).met.is_empty());
    }
}
