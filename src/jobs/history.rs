//! Jobs of earlier days: one line of JSON each in `history.jsonl`, in the configuration folder.
//!
//! Lines are only ever appended while the window is open; a file that has grown long is cut to the newest
//! entries when it is read. A line that cannot be read is passed over: this is for people to look back at, and
//! nothing depends on it.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::write::{Existing, make_folder, write};
use crate::format::id::Id;

/// At most this many are kept.
const MOST: usize = 500;
/// And beside these at most so many older ones that tell of a repository's health.
const MOST_HEALTH: usize = 50;
/// A file longer than this is not read; it is none of ours.
const MAX_LEN: u64 = 32 << 20;
/// Of the files that something went wrong with, at most this many are kept by name.
pub const MOST_PROBLEMS: usize = 100;

/// What there was, oldest first.
#[derive(Clone, Debug, Default)]
pub struct History {
    pub entries: Vec<HistoryEntry>,
}

/// A job that has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    pub started: Timestamp,
    pub took_milliseconds: u64,
    /// What it was, as the window words it.
    pub title: String,
    /// The archive that it was about, by name.
    pub archive: Option<String>,
    pub repository: Option<String>,
    /// The snapshot that it made, by name.
    pub snapshot: Option<String>,
    pub result: HistoryResult,
    /// What came of it, in a sentence.
    pub summary: String,
    /// Files that something went wrong with, in all.
    pub warnings: u64,
    /// The first of them, in words; after a check, what was found.
    pub problems: Vec<String>,
    /// What was learnt of a repository's health.
    #[serde(default)]
    pub health: Option<Health>,
}

/// What a check or a repair tells of the health of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Names are given anew; this is not.
    pub repository: Id,
    pub finding: HealthFinding,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthFinding {
    Checked {
        /// Every byte was read.
        read_data: bool,
        is_sound: bool,
    },
    Repaired {
        /// Contents that could not be saved.
        lost: u64,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HistoryResult {
    Done,
    WithWarnings,
    Failed,
    Cancelled,
}

impl History {
    /// What the configuration folder has; nothing where it cannot be read.
    pub fn load(config_dir: &Path) -> History {
        let path = path_in(config_dir);
        let is_short = fs::metadata(&path).is_ok_and(|metadata| metadata.len() <= MAX_LEN);
        let text = match is_short {
            true => fs::read(&path).unwrap_or_default(),
            false => Vec::new(),
        };
        let lines = text.split(|byte| *byte == b'\n');
        let mut entries: Vec<HistoryEntry> = lines
            .filter_map(|line| serde_json::from_slice(line).ok())
            .collect();
        let before = entries.len();
        let mut old = entries.split_off(before.saturating_sub(MOST));
        std::mem::swap(&mut old, &mut entries);
        // When a repository was last checked is worth knowing after any number of backups.
        old.retain(|entry| entry.health.is_some());
        old.drain(..old.len().saturating_sub(MOST_HEALTH));
        entries.splice(..0, old);
        if entries.len() < before {
            let mut kept = Vec::new();
            for line in entries.iter().filter_map(line) {
                kept.extend_from_slice(&line);
            }
            // Cutting it short can wait for another day.
            let _ = write(&path, &kept, Existing::Replace);
        }
        History { entries }
    }
}

impl HistoryEntry {
    /// Adds it to the file; quietly does nothing where that is not possible.
    pub fn append(&self, config_dir: &Path) {
        let Some(line) = line(self) else {
            return;
        };
        if make_folder(config_dir).is_ok() {
            let file = File::options()
                .append(true)
                .create(true)
                .mode(0o600)
                .open(path_in(config_dir));
            let _ = file.and_then(|mut file| file.write_all(&line));
        }
    }
}

fn line(entry: &HistoryEntry) -> Option<Vec<u8>> {
    let mut line = serde_json::to_vec(entry).ok()?;
    line.push(b'\n');
    Some(line)
}

fn path_in(config_dir: &Path) -> PathBuf {
    config_dir.join("history.jsonl")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: u64) -> HistoryEntry {
        HistoryEntry {
            started: Timestamp::UNIX_EPOCH,
            took_milliseconds: number,
            title: "Back up home".to_owned(),
            archive: Some("home".to_owned()),
            repository: None,
            snapshot: None,
            result: HistoryResult::WithWarnings,
            summary: "3 files\ncould not be read".to_owned(),
            warnings: 3,
            problems: vec!["/a: could not read it".to_owned()],
            health: None,
        }
    }

    #[test]
    fn what_is_appended_is_read_again_and_broken_lines_are_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        entry(1).append(dir.path());
        let mut file = File::options()
            .append(true)
            .open(path_in(dir.path()))
            .unwrap();
        file.write_all(b"{\"started\n\xff\n").unwrap();
        entry(2).append(dir.path());
        let history = History::load(dir.path());
        assert_eq!(history.entries, [entry(1), entry(2)]);
    }

    #[test]
    fn the_last_check_is_kept_however_many_backups_there_were_since() {
        let dir = tempfile::tempdir().unwrap();
        let mut check = entry(0);
        check.health = Some(Health {
            repository: Id::random().unwrap(),
            finding: HealthFinding::Repaired { lost: 0 },
        });
        check.append(dir.path());
        for number in 1..MOST as u64 + 3 {
            entry(number).append(dir.path());
        }
        for _ in 0..2 {
            let history = History::load(dir.path());
            assert_eq!(history.entries.len(), MOST + 1);
            assert_eq!(history.entries[0], check);
            assert_eq!(history.entries[1].took_milliseconds, 3);
        }
    }

    #[test]
    fn only_the_newest_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        for number in 0..MOST as u64 + 3 {
            entry(number).append(dir.path());
        }
        assert_eq!(History::load(dir.path()).entries.len(), MOST);
        let history = History::load(dir.path());
        assert_eq!(history.entries.len(), MOST);
        assert_eq!(history.entries[0].took_milliseconds, 3);
    }
}
