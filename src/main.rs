//! The program `gibus`: hands its arguments to the command line and exits with its code.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(gibus::cli::run(std::env::args_os().collect()))
}
