//! What a command finds around it: who runs it, where the configuration is, where output goes.
//!
//! This is the one place that asks the system and the environment. The engine is handed values.

use std::env;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::args::Global;
use super::failure::Failure;
use super::output::{Output, Style};
use super::progress::Progress;
use super::signals::Stoppable;
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::progress::{Monitor, Problems};

pub struct Context {
    pub out: Output,
    /// Where the configuration is.
    pub config_dir: PathBuf,
    /// Where repositories and archives are made unless told otherwise.
    pub data_dir: PathBuf,
    /// This user's and this computer's name.
    pub user: String,
    pub host: String,
    wait: Duration,
}

impl Context {
    /// Errors: [`ErrorKind::NotFound`] when there is no home folder to have a configuration in.
    pub fn new(global: &Global) -> Result<Context> {
        let style = Style {
            json: global.json,
            quiet: global.quiet,
            no_progress: global.no_progress,
            verbose: global.verbose,
        };
        let config_dir = global
            .config_dir
            .clone()
            .or_else(|| set("GIBUS_CONFIG_DIR"));
        let config_dir = match config_dir {
            Some(dir) => absolute(dir)?,
            None => base_dir("XDG_CONFIG_HOME", ".config")?.join("gibus"),
        };
        Ok(Context {
            out: Output::new(style),
            config_dir,
            data_dir: base_dir("XDG_DATA_HOME", ".local/share")?.join("gibus"),
            user: user_name(),
            host: host_name(),
            wait: global.wait,
        })
    }

    /// The configuration; nothing is read by this.
    pub fn config(&self) -> Config {
        Config::new(&self.config_dir)
    }

    /// Does a piece of work under a monitor: with progress, stopped by Ctrl-C, and tried again while a
    /// lock stands in its way and there is time left to wait.
    pub fn work<T>(
        &self,
        job: impl Fn(&Arc<Monitor>) -> Result<T>,
    ) -> std::result::Result<(T, Problems), Failure> {
        let deadline = Instant::now() + self.wait;
        loop {
            let monitor = Arc::new(Monitor::new());
            let stoppable = Stoppable::new(&monitor);
            let progress = Progress::start(&monitor, self.out.shows_progress());
            let result = job(&monitor);
            drop(progress);
            drop(stoppable);
            match result {
                Err(error) if error.kind() == ErrorKind::Locked && Instant::now() < deadline => {
                    // Any signal ends the program while it sleeps: nothing is going on.
                    thread::sleep(Duration::from_millis(250));
                }
                Err(error) => return Err(Failure::from(error)),
                Ok(value) => return Ok((value, monitor.problems())),
            }
        }
    }
}

/// A folder of the XDG base directory specification: the variable if it is an absolute path, else the
/// folder `below` the home folder.
fn base_dir(variable: &str, below: &str) -> Result<PathBuf> {
    match set(variable) {
        Some(dir) if dir.is_absolute() => Ok(dir),
        _ => Ok(home_dir()?.join(below)),
    }
}

/// A variable of the environment; an empty one is not set.
fn set(variable: &str) -> Option<PathBuf> {
    env::var_os(variable)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

fn home_dir() -> Result<PathBuf> {
    env::home_dir()
        .filter(|home| home.is_absolute())
        .ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "find your home folder")
                .because("HOME is not set")
                .advise("say where the configuration is with --config-dir")
        })
}

fn absolute(dir: PathBuf) -> Result<PathBuf> {
    use crate::error::Context as _;
    std::path::absolute(&dir).context("find the folder", &dir)
}

fn user_name() -> String {
    let name = uzers::get_current_username();
    let uid = || uzers::get_current_uid().to_string();
    name.map_or_else(uid, |name| name.to_string_lossy().into_owned())
}

fn host_name() -> String {
    let name = rustix::system::uname();
    // "laptop.example.org" and "laptop" are one computer, with and without a network.
    let name = name.nodename().to_string_lossy().into_owned();
    name.split('.').next().unwrap_or_default().to_owned()
}
