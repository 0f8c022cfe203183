//! A home of its own for a test, and the program run in it.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// An empty home folder: the configuration in `config`, repositories and archives in `data/gibus` unless
/// they are made elsewhere.
pub struct Home {
    /// Removes the folder in the end.
    _dir: TempDir,
    path: PathBuf,
}

/// What a run of the program printed, and how it ended.
#[derive(Debug)]
pub struct Run {
    /// `None` if a signal ended it.
    pub code: Option<i32>,
    pub signal: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Home {
    pub fn new() -> Home {
        Home::at(tempfile::tempdir().unwrap())
    }

    /// A home below the folder `place`.
    pub fn within(place: &Path) -> Home {
        Home::at(tempfile::tempdir_in(place).unwrap())
    }

    fn at(dir: TempDir) -> Home {
        let path = dir.path().canonicalize().unwrap();
        Home { _dir: dir, path }
    }

    /// A path in this home.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// The program, ready to run in this home with none of the tester's own settings.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        self.prepare(Command::new(env!("CARGO_BIN_EXE_gibus")), arguments)
    }

    /// The program run by another one, whose own arguments come first: strace, setpriv …
    pub fn command_under<S: AsRef<OsStr>>(
        &self,
        tool: &[&str],
        arguments: impl IntoIterator<Item = S>,
    ) -> Command {
        let mut command = Command::new(tool[0]);
        command.args(&tool[1..]).arg(env!("CARGO_BIN_EXE_gibus"));
        self.prepare(command, arguments)
    }

    fn prepare<S: AsRef<OsStr>>(
        &self,
        mut command: Command,
        arguments: impl IntoIterator<Item = S>,
    ) -> Command {
        command
            .args(arguments)
            .current_dir(&self.path)
            .env_clear()
            .env("HOME", &self.path)
            .env("GIBUS_CONFIG_DIR", self.path("config"))
            .env("XDG_DATA_HOME", self.path("data"))
            .env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin")
            .env("TZ", "UTC")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Run {
        Run::from(self.command(arguments).output().unwrap())
    }

    /// Runs it, split at blanks.
    pub fn gibus(&self, line: &str) -> Run {
        self.run(line.split_whitespace())
    }

    /// Runs it, split at blanks; it must succeed.
    #[track_caller]
    pub fn done(&self, line: &str) -> Run {
        let run = self.gibus(line);
        run.expect(0);
        run
    }

    /// Runs it with `--json`; it must end with `code`, and print one JSON document.
    #[track_caller]
    pub fn json_with(&self, line: &str, code: i32) -> Value {
        let run = self.gibus(&format!("--json {line}"));
        assert_eq!(run.code, Some(code), "{line}: {run:?}");
        serde_json::from_str(&run.stdout).unwrap()
    }

    #[track_caller]
    pub fn json(&self, line: &str) -> Value {
        self.json_with(line, 0)
    }

    /// The names of an archive's snapshots, oldest first.
    #[track_caller]
    pub fn snapshots(&self, archive: &str) -> Vec<String> {
        let listed = self.done(&format!("snapshots -A {archive}"));
        let names = listed.stdout.lines().map(|line| {
            let name = line.split_whitespace().next();
            name.unwrap().to_owned()
        });
        // A hint that there are none yet is not a name.
        names.filter(|name| name.ends_with(".snapshot")).collect()
    }
}

impl Run {
    /// The standard output of a run that must have ended with `code`.
    #[track_caller]
    pub fn expect(&self, code: i32) -> &str {
        assert_eq!(self.code, Some(code), "{self:?}");
        &self.stdout
    }

    /// Everything that it printed.
    pub fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Run {
        Run {
            code: output.status.code(),
            signal: output.status.signal(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
