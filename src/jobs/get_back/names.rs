//! The names that extracted things get.
//!
//! Each keeps its own, unless two would have the same: files of one name from different folders, or one file as
//! it was on several days, which is what people pick when they look for the right version. Those from several
//! snapshots get the snapshot's date before the extension; what still agrees gets a number.

use std::collections::{HashMap, HashSet};

use crate::error::Result;
use crate::snapshot::archive::name::SnapshotName;
use crate::snapshot::restore::ExtractItem;
use crate::snapshot::tree::Name;

/// No file system takes longer names.
const LONGEST: usize = 255;
/// What is longer after the last dot is no extension.
const LONGEST_EXTENSION: usize = 12;

/// The items to extract of each snapshot, with new names where they need them.
pub(super) fn items(wanted: &[(SnapshotName, Vec<Vec<u8>>)]) -> Result<Vec<Vec<ExtractItem>>> {
    let is_only_one = wanted.iter().map(|(_, paths)| paths.len()).sum::<usize>() == 1;
    // Where each name is wanted: how often in all, and by which snapshots.
    let mut counts: HashMap<&[u8], (usize, HashSet<SnapshotName>)> = HashMap::new();
    for (snapshot, paths) in wanted {
        for path in paths {
            let (count, snapshots) = counts.entry(own_name(path)).or_default();
            *count += 1;
            snapshots.insert(*snapshot);
        }
    }
    let mut taken: HashSet<Vec<u8>> = counts
        .iter()
        .filter(|(_, (count, _))| *count == 1)
        .map(|(name, _)| name.to_vec())
        .collect();
    let mut all = Vec::with_capacity(wanted.len());
    for (snapshot, paths) in wanted {
        let mut items = Vec::with_capacity(paths.len());
        for path in paths {
            let own = own_name(path);
            // Of everything there is, what is in it comes alone; beside other things it is a folder.
            let new_name = if own.is_empty() {
                (!is_only_one).then(|| free_name(snapshot.stem().as_bytes(), None, &mut taken))
            } else {
                match counts.get(own) {
                    Some((2.., snapshots)) => {
                        let date = (snapshots.len() > 1).then(|| snapshot.stem());
                        let name = free_name(own, date.as_deref(), &mut taken);
                        (name != own).then_some(name)
                    }
                    _ => None,
                }
            };
            items.push(ExtractItem {
                path: path.clone(),
                new_name: new_name.map(|name| Name::new(&name)).transpose()?,
            });
        }
        all.push(items);
    }
    Ok(all)
}

/// The last part of a path; empty for `/`.
fn own_name(path: &[u8]) -> &[u8] {
    let end = path
        .iter()
        .rposition(|byte| *byte != b'/')
        .map_or(0, |at| at + 1);
    let path = path.get(..end).unwrap_or_default();
    let slash = path.iter().rposition(|byte| *byte == b'/');
    path.get(slash.map_or(0, |slash| slash + 1)..)
        .unwrap_or_default()
}

/// `name`, with the date and a number if need be, as nothing else is called; it is taken then.
fn free_name(name: &[u8], date: Option<&str>, taken: &mut HashSet<Vec<u8>>) -> Vec<u8> {
    let mut number = 1_u64;
    loop {
        let mut addition = date.map_or_else(String::new, |date| format!(" {date}"));
        if number > 1 {
            addition.push_str(&format!(" ({number})"));
        }
        let candidate = with_addition(name, &addition);
        if taken.insert(candidate.clone()) {
            return candidate;
        }
        number += 1;
    }
}

/// `letter.txt` and ` (2)` make `letter (2).txt`.
fn with_addition(name: &[u8], addition: &str) -> Vec<u8> {
    let dot = name
        .iter()
        .rposition(|byte| *byte == b'.')
        .filter(|dot| *dot > 0 && name.len() - dot <= LONGEST_EXTENSION);
    let (stem, extension) = name.split_at(dot.unwrap_or(name.len()));
    let mut keep = stem
        .len()
        .min(LONGEST.saturating_sub(addition.len() + extension.len()));
    // Not in the middle of a character.
    while keep > 0 && keep < stem.len() && stem.get(keep).is_some_and(|byte| byte & 0xc0 == 0x80) {
        keep -= 1;
    }
    [
        stem.get(..keep).unwrap_or_default(),
        addition.as_bytes(),
        extension,
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "2026-11-20-10-00-00";
    const TWO: &str = "2026-11-21-10-00-00";

    fn names(wanted: &[(&str, &[&str])]) -> Vec<Vec<Option<String>>> {
        let wanted: Vec<(SnapshotName, Vec<Vec<u8>>)> = wanted
            .iter()
            .map(|(name, paths)| {
                let paths = paths.iter().map(|path| path.as_bytes().to_vec());
                (name.parse().unwrap(), paths.collect())
            })
            .collect();
        let all = items(&wanted).unwrap();
        let name = |item: &ExtractItem| item.new_name.as_ref().map(ToString::to_string);
        all.iter()
            .map(|items| items.iter().map(name).collect())
            .collect()
    }

    #[test]
    fn names_that_differ_stay_as_they_are() {
        let all = names(&[(ONE, &["/a/x.txt", "/b/"]), (TWO, &["/a/y.txt"])]);
        assert_eq!(all, [vec![None, None], vec![None]]);
        assert_eq!(names(&[(ONE, &["/"])]), [[None]]);
    }

    #[test]
    fn one_file_as_it_was_on_two_days_gets_the_dates() {
        let all = names(&[(ONE, &["/a/x.txt"]), (TWO, &["/a/x.txt"])]);
        let dated = |date| Some(format!("x {date}.txt"));
        assert_eq!(all, [[dated(ONE)], [dated(TWO)]]);
        let all = names(&[(ONE, &["/"]), (TWO, &["/"])]);
        assert_eq!(all, [[Some(ONE.to_owned())], [Some(TWO.to_owned())]]);
    }

    #[test]
    fn files_of_one_name_from_different_folders_are_numbered() {
        let all = names(&[(ONE, &["/a/.x", "/b/.x", "/c/.x", "/.x (2)"])]);
        let named = |name: &str| Some(name.to_owned());
        assert_eq!(all, [[None, named(".x (3)"), named(".x (4)"), None]]);
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        let long = format!("{}.txt", "ä".repeat(125));
        let name = with_addition(long.as_bytes(), " (2)");
        assert!(name.len() <= LONGEST);
        assert!(std::str::from_utf8(&name).unwrap().ends_with("ä (2).txt"));
    }
}
