//! Runs a process and measures it: time by the clock, time of the processors, the most memory that it had.

use std::fmt;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What a process printed on its standard output, and what it cost.
#[derive(Clone, Debug)]
pub struct Measured {
    pub code: Option<i32>,
    pub stdout: String,
    pub wall: Duration,
    pub cpu: Duration,
    pub peak_bytes: u64,
}

/// Runs it to its end. What it complains of is seen by whoever runs the test.
pub fn measure(command: &mut Command) -> Measured {
    let started = Instant::now();
    let spawned = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn();
    let mut child = spawned.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut stdout = Vec::new();
    let mut pipe = child.stdout.take().unwrap();
    pipe.read_to_end(&mut stdout).unwrap();
    let (status, usage) = wait(child);
    let time = |time: libc::timeval| {
        Duration::from_secs(time.tv_sec as u64) + Duration::from_micros(time.tv_usec as u64)
    };
    Measured {
        code: libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status)),
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        wall: started.elapsed(),
        cpu: time(usage.ru_utime) + time(usage.ru_stime),
        // The kernel counts it in kilobytes.
        peak_bytes: usage.ru_maxrss as u64 * 1024,
    }
}

/// Waits for a child as `std` does, which does not tell what it used.
fn wait(child: Child) -> (libc::c_int, libc::rusage) {
    let process = child.id() as libc::pid_t;
    let mut status = 0;
    // SAFETY: plain numbers, for which zero is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    loop {
        // SAFETY: both pointers are to what lives until the call returns.
        let waited = unsafe { libc::wait4(process, &mut status, 0, &mut usage) };
        if waited == process {
            return (status, usage);
        }
        let error = std::io::Error::last_os_error();
        let is_interrupted = error.kind() == std::io::ErrorKind::Interrupted;
        assert!(is_interrupted, "wait for {process}: {error}");
    }
}

/// Time by the clock, of the processors, and memory.
impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (wall, cpu) = (self.wall.as_secs_f64(), self.cpu.as_secs_f64());
        let megabytes = self.peak_bytes as f64 / 1e6;
        write!(f, "{wall:8.2} s {cpu:8.2} s cpu {megabytes:6.0} MB")
    }
}
