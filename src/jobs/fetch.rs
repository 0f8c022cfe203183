//! A value that is worked out on another thread: asked for, awaited, looked at.
//!
//! The old value stays until the new one is there, so that what is shown does not flicker. Asking anew
//! cancels what is being worked out; an answer that comes too late is dropped with its channel.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, TryRecvError, bounded};

use super::workers::{WakeOnDrop, Workers};
use crate::error::{Error, ErrorKind, Result};
use crate::progress::Monitor;

/// After so long without an answer a place is said not to be answering.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// A value that is worked out elsewhere.
pub struct Fetch<T> {
    value: Option<Result<T>>,
    pending: Option<Pending<T>>,
}

struct Pending<T> {
    since: Instant,
    monitor: Arc<Monitor>,
    answer: Receiver<Result<T>>,
}

impl<T> Default for Fetch<T> {
    fn default() -> Fetch<T> {
        Fetch {
            value: None,
            pending: None,
        }
    }
}

impl<T: Send + 'static> Fetch<T> {
    /// Begins to work the value out; what was begun before is cancelled.
    pub fn start(
        &mut self,
        workers: &Workers,
        name: &str,
        work: impl FnOnce(&Arc<Monitor>) -> Result<T> + Send + 'static,
    ) {
        self.cancel();
        let monitor = Arc::new(Monitor::new());
        let (send, answer) = bounded(1);
        let its_monitor = Arc::clone(&monitor);
        let failed = send.clone();
        let wake = WakeOnDrop(Arc::clone(workers.wake()));
        let is_started = workers.spawn(name, move || {
            // Dropped after the channel, so that a panic is noticed as well: send first, then wake.
            let _wake = wake;
            let send = send;
            // An error: nobody waits any more, since it was cancelled or asked for anew.
            let _ = send.send(work(&its_monitor));
        });
        if !is_started {
            // Like any other answer. We hold the other end.
            let _ = failed.send(Err(no_thread()));
        }
        self.pending = Some(Pending {
            since: Instant::now(),
            monitor,
            answer,
        });
    }

    /// Takes in an answer that has come; true if there was one.
    pub fn poll(&mut self) -> bool {
        let Some(pending) = &self.pending else {
            return false;
        };
        match pending.answer.try_recv() {
            Err(TryRecvError::Empty) => return false,
            Ok(value) => self.value = Some(value),
            Err(TryRecvError::Disconnected) => self.value = Some(Err(gave_up())),
        }
        self.pending = None;
        true
    }
}

impl<T> Fetch<T> {
    /// A value that is there already.
    pub fn ready(value: T) -> Fetch<T> {
        Fetch {
            value: Some(Ok(value)),
            pending: None,
        }
    }

    /// The last value that was worked out, if that went well.
    pub fn value(&self) -> Option<&T> {
        self.value.as_ref().and_then(|value| value.as_ref().ok())
    }

    pub fn value_mut(&mut self) -> Option<&mut T> {
        self.value.as_mut().and_then(|value| value.as_mut().ok())
    }

    /// Why the last attempt failed.
    pub fn error(&self) -> Option<&Error> {
        self.value.as_ref().and_then(|value| value.as_ref().err())
    }

    pub fn is_loading(&self) -> bool {
        self.pending.is_some()
    }

    /// Nothing is there and nothing is on its way.
    pub fn is_empty(&self) -> bool {
        self.value.is_none() && self.pending.is_none()
    }

    /// It has been waited for longer than [`PATIENCE`].
    pub fn is_not_answering(&self) -> bool {
        let pending = self.pending.as_ref();
        pending.is_some_and(|pending| pending.since.elapsed() > PATIENCE)
    }

    /// It is being waited for, and patience is not over yet.
    pub fn is_awaited(&self) -> bool {
        self.is_loading() && !self.is_not_answering()
    }

    /// The monitor of what is being worked out, to show how far it is.
    pub fn monitor(&self) -> Option<&Arc<Monitor>> {
        self.pending.as_ref().map(|pending| &pending.monitor)
    }

    /// Stops what is being worked out; the old value stays.
    pub fn cancel(&mut self) {
        if let Some(pending) = self.pending.take() {
            pending.monitor.cancel();
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.cancel();
        self.value = None;
    }
}

impl<T> Drop for Fetch<T> {
    fn drop(&mut self) {
        self.cancel();
    }
}

pub(super) fn no_thread() -> Error {
    Error::new(ErrorKind::Io, "start the work")
        .because("the system has no thread to give")
        .advise("close some programs and try again")
}

/// The thread ended without an answer, which only a bug can make it do.
pub(super) fn gave_up() -> Error {
    Error::new(ErrorKind::Io, "finish the work")
        .because("it ended unexpectedly, by a fault in Gibus")
        .advise("please report it; nothing that was stored is harmed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbeam_channel::unbounded;

    /// Workers, and a channel that gets a word at every wake.
    fn workers() -> (Workers, Receiver<()>) {
        let (send, woken) = unbounded();
        let wake = Arc::new(move || {
            let _ = send.send(());
        });
        (Workers::new(wake), woken)
    }

    #[test]
    fn an_answer_comes_after_a_wake_and_stays() {
        let (workers, woken) = workers();
        let mut fetch = Fetch::default();
        assert!(fetch.is_empty());
        fetch.start(&workers, "test", |_| Ok(7));
        assert!(fetch.is_loading());
        woken.recv().unwrap();
        assert!(fetch.poll());
        assert_eq!(fetch.value(), Some(&7));
        assert!(!fetch.poll());
    }

    #[test]
    fn the_old_value_stays_until_the_new_one_is_there() {
        let (workers, woken) = workers();
        let mut fetch = Fetch::ready(1);
        let (go, wait) = bounded::<()>(0);
        fetch.start(&workers, "test", move |_| {
            wait.recv().ok();
            Ok(2)
        });
        assert!(!fetch.poll());
        assert_eq!(fetch.value(), Some(&1));
        go.send(()).unwrap();
        woken.recv().unwrap();
        assert!(fetch.poll());
        assert_eq!(fetch.value(), Some(&2));
    }

    #[test]
    fn asking_anew_cancels_what_was_asked_before() {
        let (workers, woken) = workers();
        let mut fetch = Fetch::default();
        let (told, cancelled) = bounded(1);
        fetch.start(&workers, "test", move |monitor| {
            while !monitor.is_cancelled() {
                std::thread::yield_now();
            }
            told.send(()).unwrap();
            Ok(1)
        });
        fetch.start(&workers, "test", |_| Ok(2));
        cancelled.recv().unwrap();
        // Both wake the window, in any order; the first one's answer is dropped.
        while !fetch.poll() {
            woken.recv().unwrap();
        }
        assert_eq!(fetch.value(), Some(&2));
    }

    #[test]
    fn work_that_panics_is_an_error_and_not_a_wait_for_ever() {
        let (workers, _woken) = workers();
        let mut fetch: Fetch<u8> = Fetch::default();
        fetch.start(&workers, "test", |_| panic!("meant for the test"));
        while !fetch.poll() {
            std::thread::yield_now();
        }
        assert!(fetch.error().is_some());
    }
}
