//! Threads for a window: each piece of work gets its own, and wakes the window when it has something.
//!
//! One thread each, and no pool: a share that hangs holds the thread that asked it for as long as it likes,
//! and everything else goes on.

use std::sync::Arc;
use std::thread;

/// Tells whoever shows results that there are new ones. Called from any thread, after the result was sent.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// Starts threads.
#[derive(Clone)]
pub struct Workers {
    wake: Wake,
}

impl Workers {
    pub fn new(wake: Wake) -> Workers {
        Workers { wake }
    }

    pub fn wake(&self) -> &Wake {
        &self.wake
    }

    /// Runs `work` on a thread of its own. False when the system has no thread to give.
    pub fn spawn(&self, name: &str, work: impl FnOnce() + Send + 'static) -> bool {
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(work)
            .is_ok()
    }
}

/// Wakes when it goes out of scope, by whatever way.
pub(super) struct WakeOnDrop(pub Wake);

impl Drop for WakeOnDrop {
    fn drop(&mut self) {
        (self.0)();
    }
}
