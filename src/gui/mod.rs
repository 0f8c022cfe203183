//! The window.
//!
//! - [`app`] the window as a whole: takes in what threads have to say, carries out commands, draws
//! - [`route`] the screens there are, [`screens`] the screens themselves, one folder each: `mod.rs` holds the
//!   state and starts threads, `data.rs` is plain data and what is worked out from it, `ui.rs` draws
//! - [`dialogs`] what opens on top of them
//! - [`command`] everything that they can ask for
//! - [`changes`] small changes to archives that need no dialog
//! - [`cx`] what they may look at; [`overview`] archives and repositories as they are
//! - [`holdings`] who holds what in repositories, and [`grown`] what single backups brought, once somebody asks
//! - [`theme`] colours, spacing, type; [`widgets`] what several screens draw alike; [`words`] wording
//! - [`picker`] file dialogs; [`disks`] the disks that backups could be on or go to; [`settings`] what is remembered; [`instance`] one window for one configuration
//! - [`shell`] command lines, quoted; [`lines`] those that do the same as the window
//! - [`open`] opens the window, or says why there is none
//!
//! Nothing here touches a disk on the window's thread: what has to be read or written is a job or a
//! [`crate::jobs::Fetch`].

pub mod app;
pub mod changes;
pub mod command;
pub mod cx;
pub mod dialogs;
pub mod disks;
pub mod grown;
pub mod holdings;
pub mod instance;
pub mod lines;
pub mod open;
pub mod overview;
pub mod picker;
pub mod route;
pub mod screens;
pub mod settings;
pub mod shell;
pub mod theme;
pub mod widgets;
pub mod words;

pub use app::{App, Platform};
pub use open::open_window;
