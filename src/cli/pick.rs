//! `gibus pick`: asks for a path with the system's dialog and prints it. For the window, which must not show such
//! dialogs itself (see `gui/picker.rs`); `main` shows it.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Ask for a folder or a file with the desktop's dialog
#[derive(Args, Debug, Clone)]
pub struct Options {
    /// What to ask for
    #[arg(value_enum)]
    pub what: What,

    /// Title of the dialog
    #[arg(long, default_value = "Gibus")]
    pub title: String,

    /// The folder to begin in
    #[arg(long, value_name = "DIR")]
    pub start: Option<PathBuf>,
}

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum What {
    Folder,
    File,
    NewFile,
}
