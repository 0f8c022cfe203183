//! The settings of a repository whose `repository.toml` is damaged or lost, from whatever else is there.
//!
//! A few bytes must not stand between a person and all of their files. The id is in the header of every
//! pack, table and claim; how contents were stored says each row of a table. So everything can be read
//! with settings that are guessed, and a repair writes them anew. Nothing is stored by them until then.

use std::collections::HashMap;

use super::settings::{Layout, REPOSITORY_FORMAT, RepositoryFile, Settings};
use super::storage::Storage;
use crate::format::id::Id;
use crate::format::sealed::{FileKind, Sealed};

/// So many files of each kind are asked for the id.
const ASKED: usize = 8;

/// What the repository is; `damaged` is its `repository.toml` as far as that can be read.
/// `None` where nothing is found of any repository.
pub fn guess_settings(storage: &dyn Storage, damaged: Option<&str>) -> Option<RepositoryFile> {
    let id = most_frequent_id(storage)?;
    // A changed byte may well leave the values as they were.
    let kept: Option<RepositoryFile> = damaged.and_then(|text| toml::from_str(text).ok());
    let kept = kept.map(|file| file.settings()).and_then(|settings| {
        Settings::new(settings.layout, settings.codec, Some(settings.level)).ok()
    });
    let settings = kept.unwrap_or_else(|| Settings {
        layout: layout_of(storage),
        ..Settings::default()
    });
    Some(RepositoryFile {
        format: REPOSITORY_FORMAT,
        id,
        layout: settings.layout,
        codec: settings.codec,
        level: settings.level,
    })
}

fn most_frequent_id(storage: &dyn Storage) -> Option<Id> {
    let mut votes: HashMap<Id, usize> = HashMap::new();
    for (folder, ending, kind) in [
        ("claims", ".claim", FileKind::Claim),
        ("contents", ".table", FileKind::Table),
        ("packs", ".pack", FileKind::Pack),
    ] {
        let listed = storage.list(folder).unwrap_or_default();
        let files = listed.iter().filter(|file| file.name.ends_with(ending));
        for file in files.take(ASKED) {
            let opened = storage.open(&format!("{folder}/{}", file.name));
            if let Ok(sealed) = opened.and_then(|file| Sealed::open(file, kind)) {
                *votes.entry(sealed.identity().owner_id).or_default() += 1;
            }
        }
    }
    let most = votes.into_iter().max_by_key(|(id, votes)| (*votes, id.0));
    most.map(|(id, _)| id)
}

fn layout_of(storage: &dyn Storage) -> Layout {
    let has_packs = storage.list("packs").is_ok_and(|packs| !packs.is_empty());
    let has_tables = storage
        .list("contents")
        .is_ok_and(|tables| !tables.is_empty());
    match !has_packs && has_tables {
        true => Layout::Loose,
        false => Layout::Packed,
    }
}
