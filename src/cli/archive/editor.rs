//! A text in the person's editor.

use std::env;
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cli::failure::Failure;
use crate::error::{Context, Error, ErrorKind};
use crate::format::id::Id;

/// A text that is being edited: a file that only this user can read, deleted with this value.
pub struct Draft {
    path: PathBuf,
}

impl Draft {
    /// Writes `text` into a new file of the folder `dir`.
    pub fn new(dir: &Path, text: &str) -> Result<Draft, Failure> {
        let path = dir.join(format!("edit-{}.toml", &Id::random()?.to_string()[..8]));
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .context("write the file", &path)?;
        let draft = Draft { path };
        file.write_all(text.as_bytes())
            .context("write the file", &draft.path)?;
        Ok(draft)
    }

    /// Opens it in the editor that VISUAL or EDITOR names, and gives what the person made of it.
    ///
    /// Errors: [`ErrorKind::Invalid`] when no editor is named; any other when it failed, which is how
    /// editors say "leave everything as it was".
    pub fn edit(&self) -> Result<String, Failure> {
        let editor = editor()?;
        let mut command = Command::new("sh");
        // The variable may hold options, so a shell takes it apart; the path is never seen by it.
        command
            .arg("-c")
            .arg("eval \"$GIBUS_EDITOR\" '\"$1\"'")
            .arg("sh");
        let status = command
            .arg(&self.path)
            .env("GIBUS_EDITOR", &editor)
            .status()
            .context("start the editor", Path::new(&editor))?;
        if !status.success() {
            let error = Error::new(ErrorKind::Io, "edit the rules")
                .because("the editor ended with an error; nothing was changed");
            return Err(error.into());
        }
        Ok(fs::read_to_string(&self.path).context("read the file", &self.path)?)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // It is in the configuration's folder and does no harm there.
        let _ = fs::remove_file(&self.path);
    }
}

fn editor() -> Result<OsString, Failure> {
    ["VISUAL", "EDITOR"]
        .iter()
        .find_map(|name| env::var_os(name).filter(|value| !value.is_empty()))
        .ok_or_else(|| {
            Failure::usage(
                "edit the rules",
                "no editor is named; set EDITOR, or change them with options (see --help)",
            )
        })
}
