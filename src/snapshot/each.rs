//! The same question put to every snapshot of a series: several at a time, the answers in order.
//!
//! Decoding is what takes the time, so each snapshot is one thread's. A thread hands over one answer and
//! makes the next, and waits then until the first has been taken: as many answers are held as there are
//! threads, twice, however long one snapshot takes.

use std::path::PathBuf;

use crossbeam_channel::bounded;

use super::file::Snapshot;
use crate::error::{Error, ErrorKind, Result};
use crate::progress::Monitor;

/// Snapshots are megabytes each when they are decoded: more threads than this would only take memory.
const MAX_THREADS: usize = 4;

/// In which order snapshots are gone through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    OldestFirst,
    NewestFirst,
}

/// Calls `work` with each of the snapshots, given by their files, oldest first, and `take` on this thread
/// with what came of it and the snapshot's place in the list. A snapshot that cannot be opened comes as
/// the error of that.
///
/// Errors: the work was cancelled; the place where the snapshots are is gone; what `take` fails with.
pub fn each_snapshot<T: Send>(
    snapshots: &[PathBuf],
    order: Order,
    monitor: &Monitor,
    work: &(dyn Fn(&Snapshot) -> Result<T> + Sync),
    take: &mut dyn FnMut(usize, Result<T>) -> Result<()>,
) -> Result<()> {
    let count = snapshots.len();
    let place = |turn: usize| match order {
        Order::OldestFirst => turn,
        Order::NewestFirst => count - 1 - turn,
    };
    let answer = |turn: usize| {
        monitor.check_cancelled()?;
        match snapshots.get(place(turn)) {
            Some(path) => Snapshot::open(path).and_then(|snapshot| work(&snapshot)),
            None => Err(Error::new(ErrorKind::NotFound, "open the snapshot")),
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.clamp(1, MAX_THREADS).min(count.max(1));
    std::thread::scope(|scope| {
        let mut answers = Vec::new();
        for first in 0..threads {
            let (send, receive) = bounded(1);
            answers.push(receive);
            scope.spawn(move || {
                for turn in (first..count).step_by(threads) {
                    // Nobody takes answers any more once one was an error that ends it all.
                    if send.send(answer(turn)).is_err() {
                        return;
                    }
                }
            });
        }
        for (turn, answers) in (0..count).zip(answers.iter().cycle()) {
            match answers.recv() {
                Ok(Err(error)) if error.is_fatal() => return Err(error),
                Ok(answer) => take(place(turn), answer)?,
                // It panicked, which comes out at the end of the scope.
                Err(_) => break,
            }
        }
        Ok(())
    })
}
