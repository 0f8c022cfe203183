//! What the cards say: worked out from the overview, the jobs and the history, as plain data.

use std::path::PathBuf;

use jiff::{Timestamp, Zoned};

use crate::error::{Error, ErrorKind};
use crate::format::compression::Codec;
use crate::format::id::Id;
use crate::gui::command::Tone;
use crate::gui::overview::{RepositoryOverview, RepositoryState};
use crate::gui::words::{ago, capitalized};
use crate::human::{counted, size};
use crate::jobs::history::{HealthFinding, History, HistoryEntry};
use crate::jobs::{JobId, Jobs};
use crate::repository::lock::{Holder, LockKind};
use crate::repository::settings::{Layout, Settings};
use crate::repository::stats::RepositoryStats;
use crate::snapshot::places::{ArchiveName, RepositoryName};

/// A repository, as its card shows it.
#[derive(Clone, Debug)]
pub struct Card {
    pub name: RepositoryName,
    pub place: Option<PathBuf>,
    pub tone: Tone,
    /// Its state in a word or two.
    pub state: String,
    /// When it was checked, and how that went.
    pub checked: String,
    /// Why it, or its entry in the configuration, cannot be read.
    pub error: Option<Error>,
    pub is_loading: bool,
    pub is_not_answering: bool,
    pub disk: Option<Disk>,
    /// What is in it and what that takes, in sentences.
    pub holds: Vec<String>,
    /// How it stores, and what it is made of.
    pub facts: Vec<(&'static str, String)>,
    pub archives: Vec<ArchiveName>,
    pub locks: Vec<String>,
    /// Some of the locks are of another computer.
    pub can_unlock: bool,
    pub damage: Option<Damage>,
    /// The job that is at work on it as a whole.
    pub job: Option<JobId>,
    pub settings: Option<Settings>,
}

/// Who takes what of the disk, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disk {
    pub own: u64,
    pub other: u64,
    pub free: u64,
}

/// What a check has found, or a repair has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    pub title: String,
    /// What to do.
    pub advice: String,
    /// What was found, a line each.
    pub lines: Vec<String>,
    /// Repairing comes next, rather than a backup.
    pub can_repair: bool,
}

/// What is known of the health of a repository.
#[derive(Clone, Copy, Debug)]
pub enum Health<'a> {
    NeverChecked,
    Sound {
        last: &'a HistoryEntry,
        /// When every byte was last read.
        every_byte: Option<Timestamp>,
    },
    Damaged(&'a HistoryEntry),
    Repaired {
        entry: &'a HistoryEntry,
        lost: u64,
    },
}

/// What the history says of the repository with this id.
///
/// A check of the structure does not see rotten bytes: damage that was found by reading every byte stands until
/// every byte is read again, or repaired.
pub fn health(history: &History, id: Id) -> Health<'_> {
    let mut sound_since = None;
    for entry in history.entries.iter().rev() {
        let finding = match &entry.health {
            Some(health) if health.repository == id => health.finding,
            _ => continue,
        };
        match finding {
            HealthFinding::Checked {
                read_data: true,
                is_sound: true,
            } => {
                return Health::Sound {
                    last: sound_since.unwrap_or(entry),
                    every_byte: Some(entry.started),
                };
            }
            HealthFinding::Checked {
                read_data: false,
                is_sound: true,
            } => sound_since = sound_since.or(Some(entry)),
            // What the structure lacked then, a later look at the structure has not missed.
            HealthFinding::Checked {
                read_data: false,
                is_sound: false,
            } if sound_since.is_some() => {}
            HealthFinding::Checked { .. } => return Health::Damaged(entry),
            HealthFinding::Repaired { lost } => {
                return match sound_since {
                    Some(last) => Health::Sound {
                        last,
                        every_byte: None,
                    },
                    None => Health::Repaired { entry, lost },
                };
            }
        }
    }
    match sound_since {
        Some(last) => Health::Sound {
            last,
            every_byte: None,
        },
        None => Health::NeverChecked,
    }
}

/// Everything that the card of a repository says.
pub fn card(repository: &RepositoryOverview, jobs: &Jobs, history: &History, now: &Zoned) -> Card {
    let entry = repository.entry.as_ref();
    let state = repository.state.value();
    let stats = repository.stats.value();
    let health = match entry {
        Ok(entry) => health(history, entry.id),
        Err(_) => Health::NeverChecked,
    };
    let error = entry
        .err()
        .or(repository.state.error())
        .or(state.and_then(|state| state.damaged_settings.as_ref()))
        .or(repository.stats.error());
    let is_not_answering = repository.state.is_not_answering();
    let (tone, word) = if is_not_answering {
        (Tone::Warning, "Not answering".to_owned())
    } else {
        state_word(error, state, &health)
    };
    let job = jobs
        .running()
        .find(|job| job.work.repository() == Some(&repository.name));
    let holders = state.map_or(&[][..], |state| &state.holders);
    Card {
        name: repository.name.clone(),
        place: entry.ok().map(|entry| entry.place.clone()),
        tone,
        state: word,
        checked: checked(&health, now),
        error: error.cloned(),
        is_loading: state.is_none() && repository.state.is_loading(),
        is_not_answering,
        disk: state.and_then(|state| disk(state, stats?)),
        holds: stats.map(holds).unwrap_or_default(),
        facts: facts(state, stats),
        archives: repository.archives.clone(),
        locks: holders
            .iter()
            .map(|holder| lock_words(holder, now))
            .collect(),
        can_unlock: holders.iter().any(|holder| !holder.is_of_this_machine),
        damage: damage(&health, error),
        job: job.map(|job| job.id),
        settings: state.map(|state| state.settings),
    }
}

fn state_word(
    error: Option<&Error>,
    state: Option<&RepositoryState>,
    health: &Health<'_>,
) -> (Tone, String) {
    let word = |tone, word: &str| (tone, word.to_owned());
    if let Some(error) = error {
        return match error.kind() {
            ErrorKind::NotFound | ErrorKind::Unavailable => word(Tone::Warning, "Not there"),
            ErrorKind::Damaged => word(Tone::Error, "Damaged"),
            _ => word(Tone::Error, "Cannot be read"),
        };
    }
    let Some(state) = state else {
        return word(Tone::Information, "Looking…");
    };
    if let Health::Damaged(_) = health {
        return word(Tone::Error, "Damaged");
    }
    let exclusive = state
        .holders
        .iter()
        .find(|holder| holder.kind == LockKind::Exclusive);
    if let Some(holder) = exclusive {
        return (Tone::Information, format!("Locked by {}", who(holder)));
    }
    if state.is_read_only {
        return word(Tone::Warning, "Read-only");
    }
    match health {
        Health::NeverChecked => word(Tone::Information, "Never checked"),
        Health::Sound { .. } => word(Tone::Good, "Healthy"),
        Health::Damaged(_) => word(Tone::Error, "Damaged"),
        Health::Repaired { lost: 0, .. } => word(Tone::Information, "Repaired"),
        Health::Repaired { .. } => word(Tone::Warning, "Some contents lost"),
    }
}

fn checked(health: &Health<'_>, now: &Zoned) -> String {
    let when = |entry: &HistoryEntry| ago(entry.started, now);
    match health {
        Health::NeverChecked => {
            "It was never checked. A check makes sure that every snapshot can be had back."
                .to_owned()
        }
        Health::Sound { last, every_byte } => {
            let bytes = match every_byte {
                Some(time) if *time == last.started => " Every byte was read.".to_owned(),
                Some(time) => format!(" Every byte was last read {}.", ago(*time, now)),
                None => " Its structure, that is: its bytes were not read.".to_owned(),
            };
            format!("Checked {}: everything was in order.{bytes}", when(last))
        }
        Health::Damaged(entry) => format!("Checked {}: damage was found.", when(entry)),
        Health::Repaired { entry, .. } => {
            format!("Repaired {}, and not checked since.", when(entry))
        }
    }
}

fn damage(health: &Health<'_>, error: Option<&Error>) -> Option<Damage> {
    match health {
        Health::Damaged(entry) => Some(Damage {
            title: entry.summary.clone(),
            advice: "Repair it: that makes anew what can be made anew, and finds out what is lost. Back up \
                     afterwards: files that are still on this computer are stored again, and the snapshots from \
                     before are whole again with them."
                .to_owned(),
            lines: entry.problems.clone(),
            can_repair: true,
        }),
        Health::Repaired { entry, lost } if *lost > 0 => Some(Damage {
            title: entry.summary.clone(),
            advice: "Back up now: files that are still on this computer are stored again, and the snapshots \
                     from before are whole again with them. A check then names the files that stay lost."
                .to_owned(),
            lines: entry.problems.clone(),
            can_repair: false,
        }),
        _ => error
            .filter(|error| error.kind() == ErrorKind::Damaged)
            .map(|error| Damage {
                title: "Something that Gibus needs here is damaged".to_owned(),
                advice: "Repair it: that makes anew what can be made anew.".to_owned(),
                lines: vec![error.to_string()],
                can_repair: true,
            }),
    }
}

fn disk(state: &RepositoryState, stats: &RepositoryStats) -> Option<Disk> {
    let space = state.space;
    if space.total == 0 {
        return None;
    }
    let used = space.total.saturating_sub(space.free);
    let own = stats.total_bytes().min(used);
    Some(Disk {
        own,
        other: used - own,
        free: space.free,
    })
}

impl Disk {
    pub fn total(&self) -> u64 {
        self.own + self.other + self.free
    }

    /// Its parts in words, for below the bar and for who cannot see it.
    pub fn words(&self) -> [String; 3] {
        [
            format!("{} this repository", size(self.own)),
            format!("{} other things", size(self.other)),
            format!("{} free of {}", size(self.free), size(self.total())),
        ]
    }
}

/// What is in it, what it takes, and why it takes less.
pub fn holds(stats: &RepositoryStats) -> Vec<String> {
    if stats.held_bytes == 0 && stats.unreferenced_contents == 0 {
        return vec!["Nothing is stored in it yet.".to_owned()];
    }
    let stored = size(stats.total_bytes());
    let mut sentences = vec![format!(
        "{} of files in {} are kept in {stored}.",
        size(stats.held_bytes),
        counted(stats.claims, "snapshot", "snapshots"),
    )];
    if stats.held_bytes > stats.referenced_content_bytes {
        sentences.push(format!(
            "What is the same is kept once: that leaves {} in {}; compressing does the rest.",
            size(stats.referenced_content_bytes),
            counted(
                stats.referenced_contents,
                "different file",
                "different files"
            ),
        ));
    }
    if stats.unreferenced_contents > 0 {
        let contents = counted(stats.unreferenced_contents, "file is", "files are");
        sentences.push(format!(
            "{contents} needed by no snapshot any more ({}): pruning gives their space back.",
            size(stats.unreferenced_content_bytes)
        ));
    }
    sentences
}

fn facts(
    state: Option<&RepositoryState>,
    stats: Option<&RepositoryStats>,
) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if let Some(stats) = stats {
        let contents = stats.referenced_contents + stats.unreferenced_contents;
        facts.push((
            "Contents",
            format!(
                "{}, {} stored",
                counted(contents, "different file", "different files"),
                size(stats.stored_bytes())
            ),
        ));
    }
    if let Some(state) = state {
        facts.push(("Stored as", settings_words(&state.settings)));
    }
    facts
}

/// `Packs, compressed with zstd (level 3)`.
pub fn settings_words(settings: &Settings) -> String {
    let layout = match settings.layout {
        Layout::Packed => "packs of many files",
        Layout::Loose => "one file for each content",
    };
    let codec = match settings.codec {
        Codec::None => "not compressed".to_owned(),
        codec => format!(
            "compressed with {} (level {})",
            codec.name(),
            settings.level
        ),
    };
    format!("{}, {codec}", capitalized(layout))
}

fn who(holder: &Holder) -> String {
    let or = |text: &str, otherwise: &str| -> String {
        let text = if text.is_empty() { otherwise } else { text };
        text.to_owned()
    };
    let user = or(&holder.user, "somebody");
    format!("{user} on {}", or(&holder.host, "another computer"))
}

/// `me on laptop (process 123): backing up home, begun 5 minutes ago`.
pub fn lock_words(holder: &Holder, now: &Zoned) -> String {
    let mut words = who(holder);
    if let Some(pid) = holder.pid {
        words.push_str(&format!(" (process {pid})"));
    }
    if !holder.purpose.is_empty() {
        words.push_str(&format!(": {}", holder.purpose));
    }
    match holder.since.parse::<Timestamp>() {
        Ok(since) => words.push_str(&format!(", begun {}", ago(since, now))),
        Err(_) if holder.since.is_empty() => {}
        Err(_) => words.push_str(&format!(", since {}", holder.since)),
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::history::{Health as HealthEntry, HistoryResult};

    fn history(findings: &[HealthFinding]) -> (History, Id) {
        let id = Id::random().unwrap();
        let entries = findings
            .iter()
            .enumerate()
            .map(|(day, finding)| HistoryEntry {
                started: Timestamp::from_second(1_700_000_000 + day as i64 * 86_400).unwrap(),
                took_milliseconds: 1,
                title: "Check main".to_owned(),
                archive: None,
                repository: Some("main".to_owned()),
                snapshot: None,
                result: HistoryResult::Done,
                summary: format!("day {day}"),
                warnings: 0,
                problems: vec![],
                health: Some(HealthEntry {
                    repository: id,
                    finding: *finding,
                }),
            });
        let entries = entries.collect();
        (History { entries }, id)
    }

    fn checked(read_data: bool, is_sound: bool) -> HealthFinding {
        HealthFinding::Checked {
            read_data,
            is_sound,
        }
    }

    #[test]
    fn rotten_bytes_are_not_forgotten_because_the_structure_is_in_order() {
        let (history, id) = history(&[checked(true, false), checked(false, true)]);
        assert!(matches!(health(&history, id), Health::Damaged(entry) if entry.summary == "day 0"));
    }

    #[test]
    fn a_later_look_at_the_same_thing_is_what_counts() {
        let sound = |findings: &[HealthFinding]| {
            let (history, id) = history(findings);
            matches!(health(&history, id), Health::Sound { .. })
        };
        assert!(sound(&[checked(true, false), checked(true, true)]));
        assert!(sound(&[checked(false, false), checked(false, true)]));
        assert!(!sound(&[checked(true, true), checked(false, false)]));
        let repaired = HealthFinding::Repaired { lost: 1 };
        assert!(!sound(&[checked(true, false), repaired]));
        assert!(sound(&[
            checked(true, false),
            repaired,
            checked(false, true)
        ]));
    }

    #[test]
    fn another_repository_of_the_same_name_was_never_checked() {
        let (history, _) = history(&[checked(true, true)]);
        let other = Id::random().unwrap();
        assert!(matches!(health(&history, other), Health::NeverChecked));
    }

    #[test]
    fn the_line_says_when_every_byte_was_last_read() {
        let now: Zoned = "2023-11-20T00:00:00[UTC]".parse().unwrap();
        let (one, id) = history(&[checked(true, true), checked(false, true)]);
        assert_eq!(
            super::checked(&health(&one, id), &now),
            "Checked 5 days ago: everything was in order. Every byte was last read 6 days ago."
        );
    }

    #[test]
    fn savings_are_told_in_a_sentence() {
        let stats = RepositoryStats {
            claims: 30,
            referenced_contents: 9,
            referenced_content_bytes: 20 << 30,
            held_bytes: 41 << 30,
            pack_bytes: 10 << 30,
            ..RepositoryStats::default()
        };
        assert_eq!(
            holds(&stats),
            [
                "41 GiB of files in 30 snapshots are kept in 10 GiB.",
                "What is the same is kept once: that leaves 20 GiB in 9 different files; compressing does the \
                 rest."
            ]
        );
        assert_eq!(
            holds(&RepositoryStats::default()),
            ["Nothing is stored in it yet."]
        );
    }
}
