//! Opening the window, and saying in one sentence why there is none.

use std::panic;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use egui::ViewportBuilder;

use super::app::{App, Platform};
use super::disks::mounted_disks;
use super::instance::Instance;
use super::picker::ChildPicker;
use super::settings::Settings;
use crate::catalog::Catalog;
use crate::environment::Desktop;
use crate::error::{Error, ErrorKind, Result};

/// The name by which desktops know the window (`packaging/`).
const APP_ID: &str = "gibus";

/// Opens the window on a configuration; returns when it is closed.
///
/// Errors: there is no display, or none that can be drawn on; a window is open on this configuration already.
pub fn open_window(catalog: Catalog, desktop: Desktop) -> Result<()> {
    if !desktop.has_display {
        return Err(no_window("there is no display to show it on"));
    }
    let _instance = Instance::claim(&catalog.config_dir)?;
    let settings = Settings::load(&catalog.config_dir);
    let [width, height] = settings.size.unwrap_or([1180.0, 780.0]);
    let viewport = ViewportBuilder::default()
        .with_title("Gibus")
        .with_app_id(APP_ID)
        .with_icon(icon())
        .with_inner_size([width, height])
        .with_min_inner_size([760.0, 520.0]);
    let options = eframe::NativeOptions {
        viewport,
        renderer: eframe::Renderer::Glow,
        ..eframe::NativeOptions::default()
    };
    let platform = Platform {
        catalog,
        picker: Arc::new(ChildPicker::new(desktop.program)),
        disks: Arc::new(mounted_disks),
        open_folder: Arc::new(show_in_file_manager),
        now: Box::new(jiff::Zoned::now),
        settings,
    };
    // A system library that is missing makes the window's libraries panic; a person gets a sentence instead.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let opened = panic::catch_unwind(panic::AssertUnwindSafe(|| {
        eframe::run_native(
            APP_ID,
            options,
            Box::new(move |creation| {
                // The window is there; from here on a panic is our own, and is shown as one.
                let _ = panic::take_hook();
                Ok(Box::new(App::new(&creation.egui_ctx, platform)))
            }),
        )
    }));
    panic::set_hook(hook);
    match opened {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(no_window(&error.to_string())),
        Err(panic) => {
            let words = panic.downcast_ref::<String>().map(String::as_str);
            let words = words.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(no_window(words.unwrap_or("a library failed")))
        }
    }
}

fn no_window(why: &str) -> Error {
    // Only the first line: libraries like to explain themselves at length.
    let why = why.lines().next().unwrap_or_default().trim_end_matches('.');
    Error::new(ErrorKind::Unsupported, "open the window")
        .because(why)
        .advise(
            "the command line does everything without one: try 'gibus demo', 'gibus backup', \
             'gibus snapshots', 'gibus restore', and 'gibus --help' for the rest",
        )
}

fn icon() -> egui::IconData {
    let png = include_bytes!("../../assets/icons/gibus-128.png");
    match image::load_from_memory(png) {
        Ok(picture) => {
            let picture = picture.into_rgba8();
            egui::IconData {
                width: picture.width(),
                height: picture.height(),
                rgba: picture.into_raw(),
            }
        }
        // No icon is better than no window.
        Err(_) => egui::IconData::default(),
    }
}

/// Asks the desktop to show a folder.
///
/// Errors: it has nothing to show folders with.
fn show_in_file_manager(folder: &Path) -> Result<()> {
    let mut command = Command::new("xdg-open");
    command.arg(folder).stdin(Stdio::null());
    let shown = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    if shown.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Unavailable, "show the folder")
        .at(folder)
        .because("the desktop has no program for that")
        .advise("open it with your file manager"))
}
