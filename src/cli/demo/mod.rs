//! `gibus demo`: shows Gibus at work on real files, in places of its own.
//!
//! Every step is the real program, run with the command line that is shown, and a configuration that
//! is the demo's own; so what a new user sees is what they can type. Nothing of theirs is changed or
//! removed: files are copied into the demo's folder first, and all that happens, happens there.

mod compare;
mod copy;
mod window;

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use clap::{Args, ValueHint};
use serde::Serialize;

use super::context::Context;
use super::failure::{Exit, Failure, Outcome};
use super::{human, paths};
use crate::error::{Context as _, Error, ErrorKind, Result};
use crate::format::id::Id;
use crate::fs::escaped_path;

/// More than this is not copied: a demo is not to fill a disk.
const MOST_BYTES: u64 = 300_000_000;

/// Show Gibus at work: a throw-away backup from beginning to end
///
/// Copies up to 300 MB into a folder of its own, backs that up, changes some of it, backs up again, gets
/// the older version back, and compares it byte for byte. It says where everything is and how to
/// remove it.
#[derive(Args, Debug)]
pub struct Options {
    /// What to back up; this program's sources and /usr/share/doc if left out
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: Option<PathBuf>,
}

pub fn run(options: &Options, context: &mut Context) -> Outcome {
    let sources = sources(options)?;
    let mut stage = Stage::new(context)?;
    stage.introduce()?;
    let copies = stage.copy(&sources)?;

    stage.say(
        "A repository keeps the contents of files, each once. An archive says what to back up.",
    )?;
    let place = stage.place.clone();
    let files = stage.files();
    stage.gibus(&[&"repo", &"create", &"demo", &"--location", &place])?;
    stage.gibus(&[
        &"archive",
        &"create",
        &"demo",
        &"--repo",
        &"demo",
        &"--include",
        &files,
        &"--keep-broken-links",
    ])?;
    stage.gibus(&[&"backup", &"-A", &"demo", &"--stats"])?;

    stage.say("Now some files change.")?;
    let changes = copy::change(&files)?;
    for line in changes.lines() {
        stage.say(&line)?;
    }
    stage.say(
        "A second backup looks at every file, reads what is new or in another place, and stores what is new.",
    )?;
    stage.gibus(&[&"backup", &"-A", &"demo", &"--stats"])?;
    stage.gibus(&[&"snapshots", &"-A", &"demo"])?;
    stage.gibus(&[&"snapshots", &"-A", &"demo", &"--storage-stats"])?;
    stage.gibus(&[&"repo", &"stats", &"demo"])?;

    stage.say("And this gets everything back as it was before the change, in another folder:")?;
    let older = stage.place.join("older");
    stage.gibus(&[
        &"extract", &"-A", &"demo", &"--back", &"1", &files, &"--into", &older,
    ])?;
    let is_same = stage.compare(&copies, &older)?;
    stage.gibus(&[&"repo", &"check", &"demo", &"--read-data"])?;
    stage.conclude(is_same)
}

fn sources(options: &Options) -> std::result::Result<Vec<PathBuf>, Failure> {
    if let Some(dir) = &options.dir {
        let dir = paths::absolute(dir)?;
        if !dir.is_dir() {
            let error = Error::new(ErrorKind::NotFound, "show anything with").at(&dir);
            return Err(error.because("it is no folder").into());
        }
        return Ok(vec![dir]);
    }
    // Where the program was built, if that is still there: a distribution's package has only the other.
    let candidates = [env!("CARGO_MANIFEST_DIR"), "/usr/share/doc"];
    let sources: Vec<PathBuf> = candidates
        .iter()
        .map(PathBuf::from)
        .filter(|dir| dir.is_dir())
        .collect();
    if sources.is_empty() {
        return Err(Failure::usage(
            "show anything",
            "there is nothing in /usr/share/doc; name a folder: gibus demo DIR",
        ));
    }
    Ok(sources)
}

/// The demo's folder, and the output that tells what happens in it.
struct Stage<'a> {
    context: &'a mut Context,
    place: PathBuf,
    program: PathBuf,
    started: Instant,
}

impl Stage<'_> {
    fn new(context: &mut Context) -> Result<Stage<'_>> {
        let name = format!("gibus-demo-{}", &Id::random()?.to_string()[..8]);
        let place = std::env::temp_dir().join(name);
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&place)
            .context("make the folder", &place)?;
        let place = fs::canonicalize(&place).context("find the folder", &place)?;
        let program = std::env::current_exe().context("find the program", "gibus")?;
        Ok(Stage {
            context,
            place,
            program,
            started: Instant::now(),
        })
    }

    fn files(&self) -> PathBuf {
        self.place.join("files")
    }

    fn config(&self) -> PathBuf {
        self.place.join("config")
    }

    fn say(&mut self, text: &str) -> std::result::Result<(), Failure> {
        if !self.context.out.is_json() {
            self.context.out.line(text)?;
        }
        // A step's own output must come after what announced it.
        self.context.out.flush()
    }

    fn introduce(&mut self) -> std::result::Result<(), Failure> {
        let place = escaped_path(&self.place).to_string();
        self.say(&format!("This demo keeps to a folder of its own: {place}"))?;
        self.say(&format!("Remove it whenever you like:  rm -r {place}"))?;
        self.say("None of your own files, archives and settings is touched.\n")
    }

    fn copy(&mut self, sources: &[PathBuf]) -> std::result::Result<copy::Copies, Failure> {
        let started = Instant::now();
        let copies = copy::copy(sources, &self.files(), MOST_BYTES)?;
        let from: Vec<String> = sources
            .iter()
            .map(|dir| escaped_path(dir).to_string())
            .collect();
        self.say(&format!(
            "Copied {} ({}) from {} in {}{}\n",
            human::counted(copies.files.len() as u64, "file", "files"),
            human::size(copies.bytes),
            from.join(" and "),
            human::duration(micros(started)),
            if copies.is_cut {
                "; there is more, but this is enough for a demo"
            } else {
                ""
            },
        ))?;
        if copies.files.is_empty() {
            let why = "no file there can be read; name another folder: gibus demo DIR";
            return Err(Failure::usage("show anything", why));
        }
        Ok(copies)
    }

    /// Runs a command as a user would, and shows how it is typed and how long it takes.
    fn gibus(&mut self, words: &[&dyn Word]) -> std::result::Result<(), Failure> {
        let typed: Vec<String> = words.iter().map(|word| quoted(word.word())).collect();
        self.say(&format!("$ gibus {}", typed.join(" ")))?;
        let started = Instant::now();
        let mut command = Command::new(&self.program);
        command
            .args(words.iter().map(|word| word.word()))
            .env("GIBUS_CONFIG_DIR", self.config())
            .stdin(Stdio::null());
        if self.context.out.is_json() {
            command.stdout(Stdio::null());
        }
        let status = command.status().context("run", &self.program)?;
        if !status.success() {
            let why = match status.code() {
                Some(code) => format!("it ended with exit code {code}"),
                None => "it was killed".to_owned(),
            };
            let error = Error::new(ErrorKind::Io, format!("run 'gibus {}'", typed.join(" ")));
            return Err(error.because(why).into());
        }
        self.say(&format!("[{}]\n", human::duration(micros(started))))
    }

    fn compare(
        &mut self,
        copies: &copy::Copies,
        older: &Path,
    ) -> std::result::Result<bool, Failure> {
        let result = compare::with_originals(copies, &older.join("files"))?;
        let same = human::counted(result.same, "file is", "files are");
        self.say(&format!(
            "Compared with the originals: {same} the same, byte for byte."
        ))?;
        for path in result.different.iter().take(20) {
            self.say(&format!("DIFFERENT: {}", escaped_path(path)))?;
        }
        if result.changed_meanwhile > 0 {
            let changed =
                human::counted(result.changed_meanwhile, "original has", "originals have");
            self.say(&format!(
                "{changed} been changed by somebody else meanwhile."
            ))?;
        }
        self.say("")?;
        Ok(result.different.is_empty())
    }

    fn conclude(mut self, is_same: bool) -> Outcome {
        let seconds = human::duration(micros(self.started));
        let place = escaped_path(&self.place).to_string();
        let config = quoted(self.config().as_os_str().to_owned());
        if is_same {
            self.say(&format!(
                "That was all, in {seconds}: the older version came back exactly."
            ))?;
        }
        self.say("To look around in what is there:")?;
        self.say(&format!("  export GIBUS_CONFIG_DIR={config}"))?;
        self.say("  gibus snapshots -A demo")?;
        self.say(&format!("To remove it:  rm -r {place}"))?;
        if self.context.out.is_json() {
            self.context.out.document(&Document {
                message_type: "demo",
                place,
                is_same,
            })?;
        }
        if !is_same {
            let error = Error::damaged(
                "get the older version back",
                "it differs from the originals",
            );
            return Err(error.into());
        }
        let config = self.config();
        window::offer(self.context, &config)?;
        Ok(Exit::Done)
    }
}

#[derive(Serialize)]
struct Document {
    message_type: &'static str,
    place: String,
    is_same: bool,
}

/// A word of a command line.
trait Word {
    fn word(&self) -> OsString;
}

impl Word for &str {
    fn word(&self) -> OsString {
        OsString::from(self)
    }
}

impl Word for PathBuf {
    fn word(&self) -> OsString {
        self.as_os_str().to_owned()
    }
}

/// A word as a shell takes it.
fn quoted(word: OsString) -> String {
    let text = word.to_string_lossy();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./+=:@".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.into_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_shown_as_a_shell_takes_them() {
        assert_eq!(quoted("--stats".into()), "--stats");
        assert_eq!(quoted("/tmp/a b".into()), "'/tmp/a b'");
        assert_eq!(quoted("it's".into()), "'it'\\''s'");
    }
}
