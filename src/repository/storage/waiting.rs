//! Which calls to a storage are going on, and for how long: how a share that hangs is noticed.
//!
//! A call to a mounted share that has stopped answering returns when the share answers again, or never; no
//! thread that makes one can say so. So each call is noted when it begins, and whoever watches over the
//! process asks [`longest`] now and then. It is kept for the process as a whole, because the very first
//! call, which opens the storage, may be the one that hangs.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::progress::lock;

/// What a call does that makes much data durable, which may rightly take minutes on a slow share.
pub const DURABLE: &str = "make durable what was written to";

/// A call that is going on.
#[derive(Clone, Debug)]
pub struct Wait {
    /// What is being done, a phrase that fits after "could not".
    pub attempted: &'static str,
    /// The folder of the storage.
    pub place: PathBuf,
    pub since: Duration,
}

struct Call {
    number: u64,
    attempted: &'static str,
    place: PathBuf,
    begun: Instant,
}

struct Calls {
    next: u64,
    /// About as many as there are threads.
    going_on: Vec<Call>,
}

static CALLS: Mutex<Calls> = Mutex::new(Calls {
    next: 0,
    going_on: Vec::new(),
});

/// The call lasts until this is dropped.
pub struct Noted(u64);

/// Notes that a call to the storage at `place` begins.
pub fn note(attempted: &'static str, place: &Path) -> Noted {
    let mut calls = lock(&CALLS);
    let number = calls.next;
    calls.next += 1;
    calls.going_on.push(Call {
        number,
        attempted,
        place: place.to_owned(),
        begun: Instant::now(),
    });
    Noted(number)
}

impl Drop for Noted {
    fn drop(&mut self) {
        let mut calls = lock(&CALLS);
        if let Some(at) = calls.going_on.iter().position(|c| c.number == self.0) {
            calls.going_on.swap_remove(at);
        }
    }
}

/// The call that has been going on for the longest time.
pub fn longest() -> Option<Wait> {
    let calls = lock(&CALLS);
    let call = calls.going_on.iter().min_by_key(|call| call.begun)?;
    Some(Wait {
        attempted: call.attempted,
        place: call.place.clone(),
        since: call.begun.elapsed(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_call_is_told_until_it_ends() {
        let place = Path::new("/a storage of this test");
        let first = note("list", place);
        let second = note("open", place);
        let here = |wait: &Wait| wait.place == place;
        assert!(longest().is_none_or(|wait| !here(&wait) || wait.attempted == "list"));
        drop(first);
        assert!(longest().is_none_or(|wait| !here(&wait) || wait.attempted == "open"));
        drop(second);
        assert!(longest().is_none_or(|wait| !here(&wait)));
    }
}
