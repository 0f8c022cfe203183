//! The jobs that are running, and those that have ended since the window was opened.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};
use jiff::Timestamp;

use super::fetch::{gave_up, no_thread};
use super::work::{Done, Work};
use super::workers::{WakeOnDrop, Workers};
use crate::catalog::Catalog;
use crate::error::{Error, Result};
use crate::progress::{Monitor, Phase, Problems};

/// Without a sign of life for so long a job is said to be stalled, and no time left is shown for it.
const STALL: Duration = Duration::from_secs(10);
/// The rate is that of the last few seconds.
const RATE_WINDOW: Duration = Duration::from_secs(8);

/// Tells jobs apart, for as long as the window is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(u64);

/// All jobs since the window was opened.
pub struct Jobs {
    jobs: Vec<Job>,
    next: u64,
    ended: (Sender<Ended>, Receiver<Ended>),
}

/// One job.
pub struct Job {
    pub id: JobId,
    pub work: Work,
    pub started: Timestamp,
    pub state: JobState,
    monitor: Arc<Monitor>,
    begun: Instant,
    pace: Pace,
}

pub enum JobState {
    Running,
    Ended {
        at: Timestamp,
        outcome: Result<Done>,
        /// What went wrong with single files.
        problems: Problems,
        took: Duration,
    },
}

/// How far a job is.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    pub phase: Phase,
    pub files_done: u64,
    /// 0 while unknown.
    pub files_total: u64,
    pub bytes_done: u64,
    /// 0 while unknown.
    pub bytes_total: u64,
    pub bytes_written: u64,
    /// Bytes a second lately.
    pub bytes_per_second: Option<f64>,
    /// Unknown while the totals are, and while nothing moves.
    pub time_left: Option<Duration>,
    pub elapsed: Duration,
    pub is_stalled: bool,
    pub is_stopping: bool,
    pub warnings: u64,
    /// The file being worked on, as bytes.
    pub current: Vec<u8>,
}

struct Ended {
    id: JobId,
    outcome: Result<Done>,
}

/// What the counters said at some moments, the newest last.
struct Pace {
    samples: Vec<(Instant, u64, u64)>,
    moved: Instant,
}

impl Default for Jobs {
    fn default() -> Jobs {
        Jobs {
            jobs: Vec::new(),
            next: 1,
            ended: unbounded(),
        }
    }
}

impl Jobs {
    /// Starts a job on a thread of its own.
    pub fn start(&mut self, work: Work, catalog: &Catalog, workers: &Workers) -> JobId {
        let id = JobId(self.next);
        self.next += 1;
        let monitor = Arc::new(Monitor::new());
        let told = Told {
            id,
            send: self.ended.0.clone(),
            is_sent: false,
        };
        let wake = WakeOnDrop(Arc::clone(workers.wake()));
        let (its_work, its_monitor, catalog) =
            (work.clone(), Arc::clone(&monitor), catalog.clone());
        let is_started = workers.spawn("job", move || {
            // Dropped last: whatever happens, the end is told and then the window is woken.
            let _wake = wake;
            let mut told = told;
            let outcome = its_work.run(&catalog, &its_monitor);
            told.send(outcome);
        });
        if !is_started {
            let outcome = Err(no_thread());
            // We hold the other end.
            let _ = self.ended.0.send(Ended { id, outcome });
        }
        let begun = Instant::now();
        self.jobs.push(Job {
            id,
            work,
            started: Timestamp::now(),
            state: JobState::Running,
            monitor,
            begun,
            pace: Pace {
                samples: vec![(begun, 0, 0)],
                moved: begun,
            },
        });
        id
    }

    /// Takes in what has ended and how far the others are; the ids of those that have ended now.
    pub fn poll(&mut self) -> Vec<JobId> {
        let mut ended = Vec::new();
        while let Ok(Ended { id, outcome }) = self.ended.1.try_recv() {
            // A thread that panicked after it told its outcome tells a second time.
            let job = self
                .jobs
                .iter_mut()
                .find(|job| job.id == id && job.is_running());
            if let Some(job) = job {
                job.state = JobState::Ended {
                    at: Timestamp::now(),
                    outcome,
                    problems: job.monitor.problems(),
                    took: job.begun.elapsed(),
                };
                ended.push(id);
            }
        }
        for job in self.jobs.iter_mut().filter(|job| job.is_running()) {
            job.pace.look(&job.monitor);
        }
        ended
    }

    /// All of them, the newest first.
    pub fn all(&self) -> impl Iterator<Item = &Job> {
        self.jobs.iter().rev()
    }

    pub fn get(&self, id: JobId) -> Option<&Job> {
        self.jobs.iter().find(|job| job.id == id)
    }

    pub fn running(&self) -> impl Iterator<Item = &Job> {
        self.jobs.iter().filter(|job| job.is_running())
    }

    pub fn is_any_running(&self) -> bool {
        self.running().next().is_some()
    }

    /// The job that is backing this archive up now.
    pub fn backing_up(&self, archive: &crate::snapshot::places::ArchiveName) -> Option<&Job> {
        self.running().find(
            |job| matches!(&job.work, Work::BackUp { archive: its_archive } if its_archive == archive),
        )
    }

    /// Asks a job to stop; it does so within a second and leaves everything consistent.
    pub fn cancel(&self, id: JobId) {
        if let Some(job) = self.get(id) {
            job.monitor.cancel();
        }
    }

    pub fn cancel_all(&self) {
        for job in self.running() {
            job.monitor.cancel();
        }
    }
}

impl Job {
    pub fn is_running(&self) -> bool {
        matches!(self.state, JobState::Running)
    }

    /// How it ended, if it has.
    pub fn outcome(&self) -> Option<&Result<Done>> {
        match &self.state {
            JobState::Running => None,
            JobState::Ended { outcome, .. } => Some(outcome),
        }
    }

    /// Why it failed, if it has.
    pub fn error(&self) -> Option<&Error> {
        self.outcome().and_then(|outcome| outcome.as_ref().err())
    }

    /// What went wrong with single files so far.
    pub fn problems(&self) -> Problems {
        match &self.state {
            JobState::Running => self.monitor.problems(),
            JobState::Ended { problems, .. } => problems.clone(),
        }
    }

    pub fn progress(&self) -> Progress {
        let monitor = &self.monitor;
        let get = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        let (bytes_done, bytes_total) = (get(&monitor.bytes_done), get(&monitor.bytes_total));
        let is_stalled = self.is_running() && self.pace.moved.elapsed() > STALL;
        let bytes_per_second = self.pace.rate();
        Progress {
            phase: monitor.phase(),
            files_done: get(&monitor.files_done),
            files_total: get(&monitor.files_total),
            bytes_done,
            bytes_total,
            bytes_written: get(&monitor.bytes_written),
            bytes_per_second,
            time_left: match bytes_per_second {
                Some(rate) if !is_stalled => time_left(bytes_done, bytes_total, rate),
                _ => None,
            },
            elapsed: match &self.state {
                JobState::Running => self.begun.elapsed(),
                JobState::Ended { took, .. } => *took,
            },
            is_stalled,
            is_stopping: monitor.is_cancelled(),
            warnings: monitor.warnings(),
            current: monitor.current(),
        }
    }
}

/// More than a day is no estimate.
fn time_left(done: u64, total: u64, rate: f64) -> Option<Duration> {
    const MOST: f64 = 86_400.0;
    if total == 0 || rate < 1.0 {
        return None;
    }
    let seconds = total.saturating_sub(done) as f64 / rate;
    (seconds < MOST).then(|| Duration::from_secs_f64(seconds))
}

impl Pace {
    fn look(&mut self, monitor: &Monitor) {
        let now = Instant::now();
        let bytes = monitor.bytes_done.load(Ordering::Relaxed);
        let others = monitor.files_done.load(Ordering::Relaxed)
            + monitor.bytes_written.load(Ordering::Relaxed);
        if let Some((at, last_bytes, last_others)) = self.samples.last() {
            if (*last_bytes, *last_others) != (bytes, others) {
                self.moved = now;
            }
            if now.duration_since(*at) < Duration::from_millis(100) {
                return;
            }
        }
        self.samples.push((now, bytes, others));
        // One sample from before the window stays, to measure from.
        let old = self
            .samples
            .partition_point(|(at, ..)| now.duration_since(*at) > RATE_WINDOW);
        self.samples.drain(..old.saturating_sub(1));
    }

    fn rate(&self) -> Option<f64> {
        let (first, last) = (self.samples.first()?, self.samples.last()?);
        let seconds = last.0.duration_since(first.0).as_secs_f64();
        let bytes = last.1.checked_sub(first.1)?;
        (seconds > 0.5).then(|| bytes as f64 / seconds)
    }
}

/// Tells the end of a job, even when its thread panics.
struct Told {
    id: JobId,
    send: Sender<Ended>,
    is_sent: bool,
}

impl Told {
    fn send(&mut self, outcome: Result<Done>) {
        self.is_sent = true;
        // The list is gone when the window is closed; nobody wants to know then.
        let _ = self.send.send(Ended {
            id: self.id,
            outcome,
        });
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        if !self.is_sent {
            self.send(Err(gave_up()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_is_shown_only_where_it_can_be_known() {
        assert_eq!(time_left(50, 100, 10.0), Some(Duration::from_secs(5)));
        assert_eq!(time_left(50, 0, 10.0), None);
        assert_eq!(time_left(50, 100, 0.0), None);
        assert_eq!(time_left(0, u64::MAX, 10.0), None);
        assert_eq!(time_left(120, 100, 10.0), Some(Duration::ZERO));
    }
}
