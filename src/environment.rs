//! What the system and the environment say of whoever runs the program: who it is, on which computer, and
//! where the configuration and the data are.
//!
//! This is the one place that asks, for the command line and for the window, so that both have the same
//! things under the same names. Everything below is handed values.

use std::env;
use std::path::PathBuf;

use crate::catalog::Catalog;
use crate::error::{Context, Error, ErrorKind, Result};

/// The catalog of this user, with the configuration in `config_dir`, else where GIBUS_CONFIG_DIR says, else in
/// its usual place. Nothing of it is read by this.
///
/// Errors: [`ErrorKind::NotFound`] when there is no home folder to have a configuration in.
pub fn catalog(config_dir: Option<PathBuf>) -> Result<Catalog> {
    let config_dir = match config_dir.or_else(|| set("GIBUS_CONFIG_DIR")) {
        Some(dir) => absolute(dir)?,
        None => base_dir("XDG_CONFIG_HOME", ".config")?.join("gibus"),
    };
    Ok(Catalog {
        config_dir,
        data_dir: base_dir("XDG_DATA_HOME", ".local/share")?.join("gibus"),
        home_dir: home_dir().ok(),
        user: user_name(),
        host: host_name(),
    })
}

/// What a window needs to know of where it is opened.
#[derive(Clone, Debug)]
pub struct Desktop {
    /// Something says that there is a display to show windows on.
    pub has_display: bool,
    /// This program's own file.
    pub program: PathBuf,
}

/// Where windows would be opened.
///
/// Errors: the system does not say which file the program is.
pub fn desktop() -> Result<Desktop> {
    let displays = ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"];
    Ok(Desktop {
        has_display: displays.into_iter().any(|name| set(name).is_some()),
        program: env::current_exe().context("find the program", "gibus")?,
    })
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
