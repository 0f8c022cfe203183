//! Who holds a lock: what its name tells, and what its text tells people.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::fs::escaped;
use crate::repository::process::{Process, ProcessState};

const SUFFIX: &str = ".lock";

/// Whom a lock excludes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockKind {
    /// Those that hold an exclusive one.
    Shared,
    /// Everyone.
    Exclusive,
}

impl LockKind {
    fn name(self) -> &'static str {
        match self {
            LockKind::Shared => "shared",
            LockKind::Exclusive => "exclusive",
        }
    }
}

/// The name of a lock's file, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LockName {
    pub(super) text: String,
    pub(super) kind: LockKind,
    /// `None` if the name does not tell: it is not one that Gibus makes today.
    pub(super) process: Option<Process>,
}

impl LockName {
    /// A new one for this process.
    pub(super) fn for_this_process(kind: LockKind, random: u64) -> String {
        format!(
            "{}-{random:016x}.{}{SUFFIX}",
            Process::current(),
            kind.name()
        )
    }

    /// `None` if the file is not a lock. Of one whose kind is not known the worst is believed.
    pub(super) fn parse(text: &str) -> Option<LockName> {
        let stem = text.strip_suffix(SUFFIX)?;
        let (owner, kind) = match stem.rsplit_once('.') {
            Some((owner, "shared")) => (owner, LockKind::Shared),
            Some((owner, "exclusive")) => (owner, LockKind::Exclusive),
            _ => (stem, LockKind::Exclusive),
        };
        let mark = owner.rsplit_once('-').map(|(mark, _random)| mark);
        Some(LockName {
            text: text.to_owned(),
            kind,
            process: mark.and_then(Process::parse),
        })
    }

    /// True if it cannot be seen from here whether the holder runs.
    pub(super) fn is_unseen(&self) -> bool {
        let state = self.process.as_ref().map(Process::state);
        !matches!(state, Some(ProcessState::Running | ProcessState::Ended))
    }
}

/// The text of a lock's file. Only people believe it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct LockText {
    pub(super) user: String,
    pub(super) host: String,
    pub(super) pid: i64,
    /// RFC 3339.
    pub(super) since: String,
    pub(super) purpose: String,
}

impl LockText {
    /// Of a lock that this process takes now.
    pub(super) fn new(purpose: &str) -> LockText {
        let process = Process::current();
        let user_id = rustix::process::geteuid().as_raw();
        let user = uzers::get_user_by_uid(user_id);
        let user = user.map(|user| user.name().to_string_lossy().into_owned());
        let now = jiff::Timestamp::now();
        LockText {
            user: user.unwrap_or_else(|| format!("user {user_id}")),
            host: process.host.clone(),
            pid: i64::from(process.pid),
            since: now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            purpose: purpose.to_owned(),
        }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        // Five plain fields always make a table; without the text the lock is as good.
        toml::to_string(self).unwrap_or_default().into_bytes()
    }

    /// What can be read of it.
    pub(super) fn from_bytes(bytes: &[u8]) -> LockText {
        let text = std::str::from_utf8(bytes).unwrap_or_default();
        toml::from_str(text).unwrap_or_default()
    }
}

/// Who holds a lock, in words for people; unknown parts are empty. Shown escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The name of its lock's file, which no other lock ever has.
    pub lock_name: String,
    pub kind: LockKind,
    pub user: String,
    pub host: String,
    pub pid: Option<i32>,
    /// RFC 3339.
    pub since: String,
    /// What it is doing.
    pub purpose: String,
    /// True if it was made on this machine since it was started.
    pub is_of_this_machine: bool,
}

impl Holder {
    pub(super) fn new(name: &LockName, text: LockText) -> Holder {
        let process = name.process.as_ref();
        let escape = |text: &str| escaped(text.as_bytes()).to_string();
        Holder {
            lock_name: name.text.clone(),
            kind: name.kind,
            user: escape(&text.user),
            host: escape(process.map_or(text.host.as_str(), |process| &process.host)),
            pid: process.map(|process| process.pid),
            since: escape(&text.since),
            purpose: escape(&text.purpose),
            is_of_this_machine: process.is_some_and(Process::is_of_this_kernel),
        }
    }
}

/// `me@laptop (process 123), backing up home, since 2026-11-23T01:02:03Z`
impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |text: &str, otherwise: &str| -> String {
            let text = if text.is_empty() { otherwise } else { text };
            text.to_owned()
        };
        let user = or(&self.user, "somebody");
        write!(f, "{user}@{}", or(&self.host, "another machine"))?;
        if let Some(pid) = self.pid {
            write!(f, " (process {pid})")?;
        }
        if !self.purpose.is_empty() {
            write!(f, ", {}", self.purpose)?;
        }
        if !self.since.is_empty() {
            write!(f, ", since {}", self.since)?;
        }
        Ok(())
    }
}
