//! Ctrl-C and SIGTERM: the first asks the running work to stop, the second ends the program at once.
//!
//! Work that changes something runs under a monitor that is registered here while it runs; the first
//! signal sets its cancel flag, and the work stops at the next safe point and leaves everything
//! consistent. Where nothing is registered (a listing being printed, an editor that is open) there is
//! nothing to finish, and the first signal ends the program.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::failure::Exit;
use crate::error::{Context, Result};
use crate::progress::Monitor;

/// The work that a signal stops.
static RUNNING: Mutex<Option<Arc<Monitor>>> = Mutex::new(None);

/// Starts to listen; once, before any work.
pub fn listen() -> Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])
        .context("listen to the signals of the system", "Ctrl-C")?;
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for _ in signals.forever() {
                match running().as_ref() {
                    Some(monitor) if !monitor.is_cancelled() => monitor.cancel(),
                    _ => signal_hook::low_level::exit(i32::from(Exit::Interrupted.code())),
                }
            }
        })
        .context("start the thread that listens to", "Ctrl-C")?;
    Ok(())
}

/// While this lives, signals stop the work of its monitor. One at a time.
pub struct Stoppable(());

impl Stoppable {
    pub fn new(monitor: &Arc<Monitor>) -> Stoppable {
        *running() = Some(Arc::clone(monitor));
        Stoppable(())
    }
}

impl Drop for Stoppable {
    fn drop(&mut self) {
        *running() = None;
    }
}

fn running() -> std::sync::MutexGuard<'static, Option<Arc<Monitor>>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}
