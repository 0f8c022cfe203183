//! The system's own dialogs for folders and files.
//!
//! They run in a child process, `gibus pick`: where the desktop's portal dies while a dialog is open, the call
//! hangs, and where the session's bus dies, the library ends the process. Neither may happen to a process that
//! writes backups. Beside each dialog there is a field to type a path into, which always works.

use std::ffi::OsString;
use std::io::Read;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::{Context, Error, ErrorKind, Result};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PickRequest {
    pub what: PickWhat,
    pub title: String,
    /// The folder that the dialog begins in.
    pub start: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PickWhat {
    Folder,
    File,
    /// A name for a new file.
    NewFile,
}

/// Asks a person for a path. Waits for the answer, so it is called on a thread of its own.
pub trait Picker: Send + Sync {
    /// The answer; `None` when the dialog was closed without one.
    ///
    /// Errors: there are no dialogs on this system.
    fn pick(&self, request: &PickRequest) -> Result<Option<PathBuf>>;
}

impl PickWhat {
    pub fn name(self) -> &'static str {
        match self {
            PickWhat::Folder => "folder",
            PickWhat::File => "file",
            PickWhat::NewFile => "new-file",
        }
    }
}

/// Asks in a child process.
pub struct ChildPicker {
    program: PathBuf,
}

impl ChildPicker {
    /// Asks with this program, which is Gibus itself.
    pub fn new(program: PathBuf) -> ChildPicker {
        ChildPicker { program }
    }
}

impl Picker for ChildPicker {
    fn pick(&self, request: &PickRequest) -> Result<Option<PathBuf>> {
        let mut command = Command::new(&self.program);
        command.arg("pick").arg(request.what.name());
        command.arg("--title").arg(&request.title);
        if let Some(start) = &request.start {
            command.arg("--start").arg(start);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command
            .spawn()
            .context("open a file dialog with", &self.program)?;
        let mut answer = Vec::new();
        if let Some(out) = child.stdout.as_mut() {
            out.read_to_end(&mut answer)
                .context("hear from the file dialog", &self.program)?;
        }
        let status = child
            .wait()
            .context("wait for the file dialog", &self.program)?;
        // Names may end in anything but a NUL, so that is what ends the answer.
        match answer.strip_suffix(b"\0") {
            Some(path) => Ok(Some(PathBuf::from(OsString::from_vec(path.to_vec())))),
            None if status.success() => Ok(None),
            None => Err(Error::new(ErrorKind::Unavailable, "open a file dialog")
                .because("the desktop has none for programs to use")
                .advise("type the path instead")),
        }
    }
}

/// The child's side: shows the dialog and waits. What it returns goes to the standard output, with a NUL.
pub fn show_dialog(what: PickWhat, title: &str, start: Option<&Path>) -> Option<PathBuf> {
    let mut dialog = rfd::FileDialog::new().set_title(title);
    if let Some(start) = start {
        dialog = dialog.set_directory(start);
    }
    match what {
        PickWhat::Folder => dialog.pick_folder(),
        PickWhat::File => dialog.pick_file(),
        PickWhat::NewFile => dialog.save_file(),
    }
}
