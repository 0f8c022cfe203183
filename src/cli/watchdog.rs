//! Ends the program when a disk or a share does not answer any more.
//!
//! A call to a mounted share that hangs cannot be taken back, and the thread that made it can say nothing.
//! So a thread of its own looks how long calls have been going on. Ending the program in the middle of one
//! is as safe as a power cut, which everything stored survives; what was being done is done again, or
//! goes on, the next time.

use std::thread;
use std::time::{Duration, Instant};

use super::failure::{Exit, Failure, show};
use crate::error::{Context, Error, ErrorKind, Result};
use crate::repository::storage::waiting::{self, DURABLE};

/// Calls that make data durable may send all of it over a slow network first.
const DURABLE_FACTOR: u32 = 10;

/// Who wakes up so much later than asked for was stopped, or shares the computer with too many.
const STOPPED: Duration = Duration::from_secs(2);

/// Starts to watch; with a `patience` of zero, which is endless, not.
pub fn start(patience: Duration, as_json: bool) -> Result<()> {
    if patience.is_zero() {
        return Ok(());
    }
    let pause = (patience / 10).clamp(Duration::from_millis(50), Duration::from_secs(1));
    thread::Builder::new()
        .name("watchdog".to_owned())
        .spawn(move || {
            let mut watched_since = Instant::now();
            loop {
                let asleep = Instant::now();
                thread::sleep(pause);
                if asleep.elapsed() > pause + STOPPED {
                    // The whole program stood still (Ctrl-Z, a debugger): no call could end meanwhile.
                    watched_since = Instant::now();
                }
                if watched_since.elapsed() < patience {
                    continue;
                }
                if let Some(error) = hanging(patience) {
                    show(&Failure::from(error), as_json);
                    signal_hook::low_level::exit(i32::from(Exit::Failed.code()));
                }
            }
        })
        .context("start the thread that watches", "the storage")?;
    Ok(())
}

fn hanging(patience: Duration) -> Option<Error> {
    let wait = waiting::longest()?;
    let patience = if wait.attempted == DURABLE {
        patience.saturating_mul(DURABLE_FACTOR)
    } else {
        patience
    };
    (wait.since > patience).then(|| {
        Error::new(ErrorKind::Unavailable, wait.attempted)
            .at(wait.place)
            .because(format!(
                "it has not answered for {} seconds",
                wait.since.as_secs()
            ))
            .advise("is the disk plugged in, the share connected? what was stored is safe; run it again")
    })
}
