//! The program `gibus`: the command line, or the window; and the exit code.

use std::io::Write;
use std::process::ExitCode;

use gibus::cli::{self, After};
use gibus::fs::path_bytes;
use gibus::gui::picker::{PickWhat, show_dialog};
use gibus::{environment, gui};

fn main() -> ExitCode {
    let code = match cli::run(std::env::args_os().collect()) {
        After::Exit(code) => code,
        After::OpenWindow { config_dir, json } => {
            let opened = environment::catalog(config_dir)
                .and_then(|catalog| gui::open_window(catalog, environment::desktop()?));
            opened.map_or_else(|error| cli::fail(error, json), |()| 0)
        }
        After::Pick(options) => pick(&options),
    };
    ExitCode::from(code)
}

/// Prints what is chosen, with a NUL behind it; nothing when nothing is.
fn pick(options: &cli::pick::Options) -> u8 {
    let what = match options.what {
        cli::pick::What::Folder => PickWhat::Folder,
        cli::pick::What::File => PickWhat::File,
        cli::pick::What::NewFile => PickWhat::NewFile,
    };
    if let Some(path) = show_dialog(what, &options.title, options.start.as_deref()) {
        let mut out = std::io::stdout().lock();
        let written = out
            .write_all(path_bytes(&path))
            .and_then(|()| out.write_all(b"\0"))
            .and_then(|()| out.flush());
        return u8::from(written.is_err());
    }
    0
}
