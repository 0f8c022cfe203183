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

    #[allow(dead_code)]
    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
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

impl Run {
    /// The standard output of a run that must have ended with `code`.
    #[track_caller]
    pub fn expect(&self, code: i32) -> &str {
        assert_eq!(self.code, Some(code), "{self:?}");
        &self.stdout
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
