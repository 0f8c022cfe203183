//! A home of its own for a test, and the program run in it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// An empty home folder, with the configuration in `config`.
pub struct Home {
    dir: TempDir,
}

/// What a run of the program printed, and how it ended.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Home {
    pub fn new() -> Home {
        Home {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    /// A path in this home.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// A repository `main` on `disk`, and an archive `home` of the folder `files`, which has one file.
    pub fn with_archive() -> Home {
        let home = Home::new();
        home.write("files/a.txt", b"one\n");
        home.gibus("repo create main --location disk").expect(0);
        home.gibus("archive create home --repo main --include files")
            .expect(0);
        home
    }

    /// [`Home::with_archive`] with two snapshots: `a.txt` changed and `sub/b.txt` is new in the second.
    pub fn with_snapshots() -> Home {
        let home = Home::with_archive();
        home.gibus("backup -A home").expect(0);
        home.write("files/a.txt", b"one and more\n");
        home.write("files/sub/b.txt", b"two\n");
        home.gibus("backup -A home").expect(0);
        home
    }

    /// The names of the snapshots of `home`, oldest first.
    pub fn snapshots(&self) -> Vec<String> {
        let run = self.gibus("snapshots -A home");
        let first = |line: &str| line.split_whitespace().next().unwrap().to_owned();
        run.expect(0).lines().map(first).collect()
    }

    /// The folder of the repository `main`.
    pub fn repository(&self) -> PathBuf {
        only_folder(&self.path("disk/gibus.d/repos")).join("main")
    }

    /// The folder of the archive `home`.
    pub fn archive(&self) -> PathBuf {
        only_folder(&only_folder(&self.path("disk/gibus.d/snapshots"))).join("home")
    }

    /// The program, ready to run in this home with none of the tester's own settings.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gibus"));
        command
            .args(arguments)
            .current_dir(self.path(""))
            .env_clear()
            .env("HOME", self.path(""))
            .env("GIBUS_CONFIG_DIR", self.path("config"))
            .env("PATH", "/usr/bin:/bin")
            .env("TZ", "UTC")
            .stdin(Stdio::null());
        command
    }

    pub fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Run {
        Run::from(self.command(arguments).output().unwrap())
    }

    /// Runs it, split at blanks.
    pub fn gibus(&self, line: &str) -> Run {
        self.run(line.split_whitespace())
    }

    /// Runs it with `--json`; it must succeed, and print one JSON document.
    pub fn json(&self, line: &str) -> Value {
        let run = self.gibus(&format!("--json {line}"));
        assert_eq!(run.code, Some(0), "{line}: {run:?}");
        assert_eq!(run.stderr, "", "{line}");
        serde_json::from_str(&run.stdout).unwrap()
    }
}

/// The one folder in a folder.
fn only_folder(folder: &Path) -> PathBuf {
    let mut entries = fs::read_dir(folder).unwrap();
    let only = entries.next().unwrap().unwrap().path();
    assert!(entries.next().is_none());
    only
}

/// Flips a bit in the middle of a file.
pub fn damage(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

impl Run {
    /// The standard output of a run that must have ended with `code`.
    #[track_caller]
    pub fn expect(&self, code: i32) -> &str {
        assert_eq!(self.code, Some(code), "{self:?}");
        &self.stdout
    }

    /// The message of a run that must have failed with `code`, in one line on the standard error.
    #[track_caller]
    pub fn failure(&self, code: i32) -> &str {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(self.stderr.starts_with("gibus: could not "), "{self:?}");
        &self.stderr
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Run {
        Run {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
