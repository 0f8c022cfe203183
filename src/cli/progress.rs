//! Progress on a terminal: what is being done, how far it is, how fast, how long still.
//!
//! The engine only counts. A thread of its own looks at the counters ten times a second and draws two
//! lines on the standard error: a bar and the file being worked on. It draws nothing when there is
//! nobody to watch, and takes its lines away when the work ends.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use console::{Term, measure_text_width};
use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::human;
use crate::fs::escaped;
use crate::progress::{Monitor, Phase};

const INTERVAL: Duration = Duration::from_millis(100);

/// While this lives, progress is drawn.
pub struct Progress {
    /// Dropped to stop the thread.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Draws the progress of `monitor` if `is_shown`.
    pub fn start(monitor: &Arc<Monitor>, is_shown: bool) -> Progress {
        if !is_shown {
            return Progress {
                stop: None,
                thread: None,
            };
        }
        let monitor = Arc::clone(monitor);
        let (stop, stopped) = bounded::<()>(0);
        let draw = move || {
            let bar = ProgressBar::hidden();
            let mut has_total = None;
            loop {
                // Disconnected is the signal to stop; a timeout is the time to draw.
                if stopped.recv_timeout(INTERVAL) != Err(RecvTimeoutError::Timeout) {
                    break;
                }
                update(&bar, &monitor, &mut has_total);
                if bar.is_hidden() {
                    // Not before there is something to show.
                    bar.set_draw_target(ProgressDrawTarget::stderr());
                }
            }
            bar.finish_and_clear();
        };
        // Without a thread there is no progress to see, and the work goes on all the same.
        let thread = thread::Builder::new()
            .name("progress".to_owned())
            .spawn(draw)
            .ok();
        Progress {
            stop: Some(stop),
            thread,
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn update(bar: &ProgressBar, monitor: &Monitor, has_total: &mut Option<bool>) {
    let bytes_total = monitor.bytes_total.load(Ordering::Relaxed);
    let bytes_done = monitor.bytes_done.load(Ordering::Relaxed);
    let files_total = monitor.files_total.load(Ordering::Relaxed);
    let files_done = monitor.files_done.load(Ordering::Relaxed);
    let is_known = bytes_total > 0;
    if *has_total != Some(is_known) {
        bar.set_style(style(is_known));
        *has_total = Some(is_known);
    }
    if is_known {
        bar.set_length(bytes_total.max(bytes_done));
    }
    bar.set_position(bytes_done);
    let files = match files_total {
        0 => human::counted(files_done, "file", "files"),
        _ => format!(
            "{} of {} files",
            human::count(files_done),
            human::count(files_total)
        ),
    };
    bar.set_prefix(format!("{}  {files}", what(monitor)));
    let width = usize::from(Term::stderr().size().1).saturating_sub(1);
    bar.set_message(shortened(&escaped(&monitor.current()).to_string(), width));
}

/// One line of figures, one with the current file.
fn style(is_known: bool) -> ProgressStyle {
    let template = if is_known {
        "{prefix}  {bar:20} {percent:>3}%  {binary_bytes} of {binary_total_bytes}  {binary_bytes_per_sec}  {eta} left\n{msg}"
    } else {
        "{prefix}  {binary_bytes}  {binary_bytes_per_sec}\n{msg}"
    };
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}

fn what(monitor: &Monitor) -> &'static str {
    if monitor.is_cancelled() {
        return "Stopping (Ctrl-C again to stop at once)";
    }
    match monitor.phase() {
        Phase::Starting => "Starting",
        Phase::Scanning => "Looking",
        Phase::Storing => "Backing up",
        Phase::Finishing => "Finishing",
        Phase::Planning => "Planning",
        Phase::Writing => "Writing",
        Phase::Checking => "Checking",
        Phase::Pruning => "Pruning",
        Phase::Converting => "Converting",
    }
}

/// The end of a path that is too long, which is the part that tells files apart.
fn shortened(path: &str, width: usize) -> String {
    if measure_text_width(path) <= width {
        return path.to_owned();
    }
    let mut room = width.saturating_sub(1);
    let mut start = path.len();
    for (at, character) in path.char_indices().rev() {
        let wide = measure_text_width(character.encode_utf8(&mut [0; 4]));
        if wide > room {
            break;
        }
        room -= wide;
        start = at;
    }
    format!("…{}", &path[start..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_path_keeps_its_end() {
        assert_eq!(shortened("/home/me/a.txt", 80), "/home/me/a.txt");
        assert_eq!(shortened("/home/me/a.txt", 8), "…e/a.txt");
        assert_eq!(shortened("/日本/日本", 5), "…日本");
        assert_eq!(shortened("/abc", 0), "…");
    }

    #[test]
    fn work_without_a_watcher_draws_nothing() {
        let monitor = Arc::new(Monitor::new());
        let progress = Progress::start(&monitor, false);
        assert!(progress.thread.is_none());
    }
}
