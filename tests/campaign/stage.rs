//! Where a campaign plays: the program in a home of its own, folders that are copied, compared and measured.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::measure::{Measured, measure};
use crate::support::Home;

/// A campaign that was asked for, in the folder that it plays in.
pub struct Stage {
    home: Home,
    /// Two at a time would measure each other.
    _alone: MutexGuard<'static, ()>,
}

/// The value of a variable, or `None`, having said that this campaign is skipped for want of it.
pub fn asked_for(variable: &str, campaign: &str) -> Option<PathBuf> {
    let value = env::var_os(variable).filter(|value| !value.is_empty());
    if value.is_none() {
        eprintln!("SKIPPED {campaign}: it needs {variable}; docs/testing.md says how it is run");
    }
    value.map(PathBuf::from)
}

impl Stage {
    pub fn new() -> Stage {
        static ALONE: Mutex<()> = Mutex::new(());
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        if cfg!(debug_assertions) {
            eprintln!("the figures are those of a program that is not optimised: use --release");
        }
        let home = match env::var_os("GIBUS_CAMPAIGN_DIR") {
            Some(dir) => Home::within(Path::new(&dir)),
            None => Home::new(),
        };
        Stage {
            home,
            _alone: alone,
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path(name)
    }

    /// Runs the program with a line that is split at blanks; it must succeed. It says what it does.
    #[track_caller]
    pub fn gibus(&self, line: &str) -> Measured {
        self.gibus_with(line, &[])
    }

    /// The same with paths after it, which may have blanks in them.
    #[track_caller]
    pub fn gibus_with(&self, line: &str, paths: &[&Path]) -> Measured {
        let mut arguments: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        arguments.extend(paths.iter().map(OsString::from));
        let measured = measure(&mut self.home.command(arguments));
        eprintln!("    {measured}   gibus {line}");
        measured.done()
    }

    /// Makes a repository and an archive of one folder in it.
    #[track_caller]
    pub fn set_up(&self, name: &str, settings: &str, tree: &Path) {
        self.gibus(&format!("repo create {name} --location {name} {settings}"));
        let line = format!(
            "archive create {name} --repo {name} --location {name} --keep-broken-links --include"
        );
        self.gibus_with(&line, &[tree]);
    }

    /// Backs up; also gives what the backup says of itself.
    #[track_caller]
    pub fn back_up(&self, name: &str) -> (Measured, Value) {
        let measured = self.gibus(&format!("--json backup -A {name}"));
        let mut document = measured.json();
        let backup = document["backups"][0].take();
        assert_eq!(backup["complete"], true);
        (measured, backup["build"].clone())
    }

    /// The bytes of all files of a repository and its archive.
    pub fn stored_bytes(&self, name: &str) -> u64 {
        let files = walkdir::WalkDir::new(self.path(name)).into_iter();
        let sizes = files.map(|entry| {
            let metadata = entry.unwrap().metadata().unwrap();
            if metadata.is_file() {
                metadata.len()
            } else {
                0
            }
        });
        sizes.sum()
    }

    /// Removes something of the stage.
    pub fn remove(&self, name: &str) {
        run(Command::new("rm").arg("-rf").arg(self.path(name)));
    }
}

impl Measured {
    /// The same, once it is clear that it ended well.
    #[track_caller]
    pub fn done(self) -> Measured {
        assert_eq!(self.code, Some(0), "{}", self.stdout);
        self
    }

    /// The one JSON document that it printed.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap()
    }
}

impl Drop for Stage {
    /// Quicker than the usual way.
    fn drop(&mut self) {
        let _ = Command::new("rm")
            .arg("-rf")
            .arg(self.home.path(""))
            .status();
    }
}

/// Runs a tool, which must succeed without a word.
#[track_caller]
fn run(command: &mut Command) -> Measured {
    let measured = measure(command).done();
    let said = &measured.stdout;
    assert!(said.is_empty(), "{command:?} says:\n{said}");
    measured
}

/// Copies a tree with everything that it has.
#[track_caller]
pub fn copy(from: &Path, to: &Path) -> Measured {
    let mut command = Command::new("cp");
    run(command
        .args(["-a", "--reflink=auto", "--no-target-directory"])
        .args([from, to]))
}

/// `rsync` finds no difference, reading both trees to the last byte.
#[track_caller]
pub fn assert_same(expected: &Path, found: &Path) {
    let slash = |path: &Path| {
        let mut path = path.as_os_str().to_owned();
        path.push(OsStr::new("/"));
        path
    };
    let mut command = Command::new("rsync");
    run(command
        .args(["-anciHAX", "--delete"])
        .args([slash(expected), slash(found)]));
}
