//! A home for each test with a tree in it, and the program run there, whose output is watched.

use std::ffi::{OsStr, OsString};
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Home, Run, has_tool, is_root, skip};

/// The user that has nothing.
pub const NOBODY: u32 = 65534;

/// A folder with everything of one test: the tree `source`, the configuration, repositories, targets.
pub struct World {
    home: Home,
    user: Option<u32>,
}

impl World {
    pub fn new() -> World {
        let home = Home::new();
        // For the sake of nobody, who has to come through.
        fs::set_permissions(home.path(""), Permissions::from_mode(0o755)).unwrap();
        let world = World { home, user: None };
        fs::create_dir(world.source()).unwrap();
        world
    }

    /// A path in this world.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.home.path(name)
    }

    /// The folder that is backed up.
    pub fn source(&self) -> PathBuf {
        self.path("source")
    }

    /// From here on the program runs as an ordinary user, to whom everything in this world is given.
    /// `false`: that is who runs the test anyway.
    pub fn become_ordinary(&mut self) -> bool {
        if !is_root() {
            return false;
        }
        give(&self.path(""), NOBODY);
        self.user = Some(NOBODY);
        true
    }

    /// The program, ready to run in this world with none of the tester's own settings.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let own = self.home.command(arguments);
        let Some(user) = self.user else { return own };
        // The built one may be where only its owner can go.
        let copy = self.path("gibus");
        if !copy.exists() {
            // By another process: a file that this one has open for writing cannot be run, and neither
            // while a child has it that another thread is just starting.
            let copied = Command::new("cp")
                .arg(own.get_program())
                .arg(&copy)
                .status();
            assert!(copied.unwrap().success());
            fs::set_permissions(&copy, Permissions::from_mode(0o755)).unwrap();
        }
        let mut command = Command::new(copy);
        let settings = own
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?)));
        command
            .args(own.get_args())
            .env_clear()
            .envs(settings)
            .current_dir(self.path(""))
            .stdin(Stdio::null())
            .uid(user)
            .gid(user);
        command
    }

    /// Runs the program; whatever it prints must be harmless on a terminal.
    #[track_caller]
    pub fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Run {
        let output = self.command(arguments).output().unwrap();
        assert_harmless(&output.stdout);
        assert_harmless(&output.stderr);
        Run::from(output)
    }

    /// Runs it with a line that is split at blanks.
    #[track_caller]
    pub fn gibus(&self, line: &str) -> Run {
        self.run(line.split_whitespace())
    }

    /// Runs it with `--json`; it must end with `code`, and print one JSON document.
    #[track_caller]
    pub fn json(&self, line: &str, code: i32) -> Value {
        let run = self.gibus(&format!("--json {line}"));
        let stdout = run.expect(code);
        serde_json::from_str(stdout).unwrap_or_else(|e| panic!("{line}: {e}: {stdout}"))
    }

    /// A repository `r` with these settings, and an archive `a` of the folder `source`.
    #[track_caller]
    pub fn set_up(&self, repository: &str, archive: &str) {
        self.gibus(&format!("repo create r --location store {repository}"))
            .expect(0);
        let source = self.source();
        let mut arguments: Vec<OsString> = "archive create a --repo r --location store --include"
            .split_whitespace()
            .map(OsString::from)
            .collect();
        arguments.push(source.into());
        arguments.extend(archive.split_whitespace().map(OsString::from));
        self.run(arguments).expect(0);
    }

    /// Backs up the archive `a`; nothing may go wrong.
    #[track_caller]
    pub fn back_up(&self) -> Value {
        let mut document = self.json("backup -A a", 0);
        document["backups"][0].take()
    }

    /// Extracts the folder `source` from a snapshot of the archive `a`, and says where it is now.
    #[track_caller]
    pub fn extract(&self, back: i32, into: &str) -> PathBuf {
        let run = self.run([
            OsStr::new("extract"),
            OsStr::new("-A"),
            OsStr::new("a"),
            OsStr::new("--back"),
            OsStr::new(&back.to_string()),
            self.source().as_os_str(),
            OsStr::new("--into"),
            self.path(into).as_os_str(),
        ]);
        run.expect(0);
        assert_eq!(run.stderr, "");
        self.path(into).join("source")
    }

    /// Restores everything of the archive `a`; nothing may go wrong.
    #[track_caller]
    pub fn restore(&self, options: &str) -> Value {
        let document = self.json(&format!("restore -A a --all {options}"), 0);
        assert_eq!(document["problems"].as_array().unwrap().len(), 0);
        document
    }
}

impl Drop for World {
    /// What these tests make is too deep for the usual way of removing it.
    fn drop(&mut self) {
        let path = self.path("");
        let _ = Command::new("chmod")
            .arg("-R")
            .arg("u+rwX")
            .arg(&path)
            .output();
        let _ = Command::new("rm").arg("-rf").arg(&path).output();
    }
}

/// Nothing in the text acts on a terminal: no control character but newlines, nothing that is
/// invisible or changes the direction.
#[track_caller]
fn assert_harmless(bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).unwrap();
    let harmful = text
        .chars()
        .find(|&c| c != '\n' && (c.is_control() || gibus::fs::is_deceptive(c)));
    assert_eq!(harmful, None, "{text:?}");
}

/// `rsync` finds no difference between two folders, neither in contents nor in any attribute. The folder
/// `deep` in them is left out: a thousand levels take it minutes.
#[track_caller]
pub fn assert_rsync_agrees(left: &Path, right: &Path) {
    if !has_tool("rsync") {
        return skip("rsync is not installed, which would be asked for its opinion");
    }
    let with_slash = |path: &Path| [path.as_os_str().as_bytes(), b"/"].concat();
    let output = Command::new("rsync")
        .args(["-anciHAX", "--delete", "--exclude=/deep"])
        .arg(OsStr::from_bytes(&with_slash(left)))
        .arg(OsStr::from_bytes(&with_slash(right)))
        .output()
        .unwrap();
    assert!(
        output.status.success() && output.stdout.is_empty() && output.stderr.is_empty(),
        "{output:#?}"
    );
}

/// Gives a tree to a user; what that takes away (set-id bits, capabilities) is not given back.
pub fn give(tree: &Path, user: u32) {
    let owner = format!("{user}:{user}");
    let status = Command::new("chown")
        .args(["-R", "--no-dereference", &owner])
        .arg(tree)
        .status();
    assert!(status.unwrap().success());
}
