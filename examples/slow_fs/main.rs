//! Runs a command on a folder as if that were on a share: counts what it asks of the file system, and slows it down.
//!
//! ```sh
//! cargo run --release --example slow_fs -- FOLDER MOUNT [--delay-ms N] [--remember-ms N] [--json FILE] -- COMMAND …
//! ```
//!
//! FOLDER is shown at the empty folder MOUNT while COMMAND runs, which uses MOUNT. The kernel remembers names and
//! attributes for a second, or N milliseconds. Afterwards the operations are
//! printed by kind on the standard error output, and written to FILE as JSON. Without a command it stays until it
//! gets a line, or the end, on its standard input. What is counted: see `tests/support/slow_fs/mod.rs`.
//! The exit code is that of COMMAND.

use std::io;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

#[path = "../../tests/support/slow_fs/mod.rs"]
mod slow_fs;

use slow_fs::{Manner, SlowFs};

const USAGE: &str =
    "slow_fs FOLDER MOUNT [--delay-ms N] [--remember-ms N] [--json FILE] [-- COMMAND …]";

struct Options {
    folders: Vec<PathBuf>,
    delay: Duration,
    remembered: Duration,
    json: Option<PathBuf>,
    command: Vec<String>,
}

fn main() -> ExitCode {
    match options().and_then(|options| run(&options)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("slow_fs: {error}");
            ExitCode::from(125)
        }
    }
}

fn options() -> io::Result<Options> {
    let wrong = || io::Error::new(io::ErrorKind::InvalidInput, USAGE);
    let mut options = Options {
        folders: Vec::new(),
        delay: Duration::ZERO,
        // As CIFS unless told otherwise.
        remembered: Duration::from_secs(1),
        json: None,
        command: Vec::new(),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--delay-ms" | "--remember-ms" => {
                let text = arguments.next().ok_or_else(wrong)?;
                let time = text.parse().map(Duration::from_millis);
                let time = time.map_err(|_| wrong())?;
                match argument.as_str() {
                    "--delay-ms" => options.delay = time,
                    _ => options.remembered = time,
                }
            }
            "--json" => options.json = Some(arguments.next().ok_or_else(wrong)?.into()),
            "--" => options.command.extend(arguments.by_ref()),
            _ => options.folders.push(argument.into()),
        }
    }
    if options.folders.len() == 2 {
        Ok(options)
    } else {
        Err(wrong())
    }
}

fn run(options: &Options) -> io::Result<ExitCode> {
    let (backing, mount_point) = (&options.folders[0], &options.folders[1]);
    let manner = Manner {
        delay: options.delay,
        remembered: options.remembered,
        ..Manner::default()
    };
    let file_system = SlowFs::mount(backing, mount_point, manner)?;
    let started = Instant::now();
    let code = match options.command.split_first() {
        Some((program, arguments)) => Command::new(program).args(arguments).status()?.code(),
        None => io::stdin().read_line(&mut String::new()).map(|_| Some(0))?,
    };
    let seconds = started.elapsed().as_secs_f64();
    let counts = file_system.counts();
    eprintln!("{seconds:.2} s, operations {counts}");
    if let Some(path) = &options.json {
        let mut json = counts.to_json();
        json["seconds"] = seconds.into();
        std::fs::write(path, format!("{json:#}\n"))?;
    }
    file_system.unmount()?;
    // A signal that ended the command has no number of its own here.
    Ok(ExitCode::from(
        code.and_then(|code| u8::try_from(code).ok()).unwrap_or(124),
    ))
}
