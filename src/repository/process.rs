//! Which process left a file behind, told by a mark in the file's name, and whether it still runs.
//!
//! Temporary files and locks outlive a process that is killed. Their names carry the mark of the
//! process that made them, so that one listing of a folder is enough to tell what is left over from
//! what is in use; nothing has to be opened, and a file that was cut short tells as much as a whole one.
//!
//! A process number alone proves little: numbers are used again, mean nothing on another machine, and
//! mean something else in another container. The mark therefore holds, besides the number, when the
//! process started (in ticks since the machine did), the namespace its number belongs to, the run of the
//! kernel (boot id), and the machine (a hash of its id, and its name). What the mark cannot tell is
//! [`ProcessState::Hidden`] or [`ProcessState::Elsewhere`], never a guess.
//!
//! This file is particular to Linux.

use std::fmt;
use std::fs;
use std::sync::OnceLock;

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

/// A process, as the mark in a file's name tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Name of the machine: letters, digits, `.`, `-` and `_`, at most 64.
    pub host: String,
    /// Start of a hash of the machine's id; 0 where it has none.
    pub machine: u32,
    /// Start of the id of this run of the kernel; 0 where it is unknown.
    pub boot: u32,
    /// The namespace that gives `pid` its meaning; 0 where it is unknown.
    pub pid_namespace: u64,
    pub pid: i32,
    /// Clock ticks between the start of the kernel and that of the process; 0 where it is unknown.
    pub start_time: u64,
}

/// Whether a process still runs, as far as this process can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessState {
    /// On this machine, now.
    Running,
    /// It ran under this kernel and is gone (or a zombie, which never runs again).
    Ended,
    /// It ran on this machine before it was started anew.
    EarlierBoot,
    /// It runs, or ran, on this machine, where this process cannot see it: in another container.
    Hidden,
    /// On another machine.
    Elsewhere,
}

impl Process {
    /// This process.
    pub fn current() -> &'static Process {
        static CURRENT: OnceLock<Process> = OnceLock::new();
        CURRENT.get_or_init(|| Process {
            host: host_name(),
            machine: machine(),
            boot: boot(),
            pid_namespace: pid_namespace(),
            pid: rustix::process::getpid().as_raw_nonzero().get(),
            start_time: status("self").map_or(0, |status| status.start_time),
        })
    }

    /// From the mark in a file's name, `None` if it is not one.
    pub fn parse(mark: &str) -> Option<Process> {
        // The host's name comes first because it may hold hyphens.
        let mut parts = mark.rsplitn(6, '-');
        let start_time = parts.next()?.parse().ok()?;
        let pid = parts.next()?.parse().ok().filter(|pid| *pid > 0)?;
        let pid_namespace = parts.next()?.parse().ok()?;
        let boot = u32::from_str_radix(parts.next()?, 16).ok()?;
        let machine = u32::from_str_radix(parts.next()?, 16).ok()?;
        Some(Process {
            host: parts.next()?.to_owned(),
            machine,
            boot,
            pid_namespace,
            pid,
            start_time,
        })
    }

    pub fn is_current(&self) -> bool {
        self == Process::current()
    }

    /// True if it runs, or ran, under the kernel that this process runs under.
    pub fn is_of_this_kernel(&self) -> bool {
        self.boot != 0 && self.boot == Process::current().boot
    }

    pub fn state(&self) -> ProcessState {
        let here = Process::current();
        if self.is_of_this_kernel() {
            if self.pid_namespace == 0 || self.pid_namespace != here.pid_namespace {
                return ProcessState::Hidden;
            }
            return self.state_by_number();
        }
        // Machines made from one image share the id, machines set up carelessly the name.
        let is_of_this_machine =
            self.machine != 0 && self.machine == here.machine && self.host == here.host;
        match is_of_this_machine {
            true if self.boot != 0 && here.boot != 0 => ProcessState::EarlierBoot,
            true => ProcessState::Hidden,
            false => ProcessState::Elsewhere,
        }
    }

    fn state_by_number(&self) -> ProcessState {
        if let Some(status) = status(&self.pid.to_string()) {
            let is_the_same = self.start_time == 0 || status.start_time == self.start_time;
            return if is_the_same && !status.is_dead {
                ProcessState::Running
            } else {
                ProcessState::Ended
            };
        }
        // Other people's processes may be hidden in /proc, but not from a signal.
        match Pid::from_raw(self.pid).map(test_kill_process) {
            Some(Err(Errno::SRCH)) => ProcessState::Ended,
            _ => ProcessState::Hidden,
        }
    }
}

/// The mark: `host-machine-boot-namespace-pid-start`.
impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}-{:08x}-{:08x}-{}-{}-{}",
            self.host, self.machine, self.boot, self.pid_namespace, self.pid, self.start_time
        )
    }
}

struct Status {
    is_dead: bool,
    start_time: u64,
}

/// From `/proc/<pid>/stat`, see proc_pid_stat(5).
fn status(pid: &str) -> Option<Status> {
    let bytes = fs::read(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in parentheses, which may hold anything.
    let after_name = bytes.iter().rposition(|byte| *byte == b')')? + 1;
    let text = std::str::from_utf8(bytes.get(after_name..)?).ok()?;
    let mut fields = text.split_ascii_whitespace();
    let state = fields.next()?;
    // What follows the name begins with field 3; the start time is field 22.
    let start_time = fields.nth(22 - 4)?.parse().ok()?;
    Some(Status {
        is_dead: matches!(state, "Z" | "X" | "x"),
        start_time,
    })
}

fn host_name() -> String {
    let name = rustix::system::uname();
    let kept = |byte: &u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(*byte),
        _ => '_',
    };
    name.nodename()
        .to_bytes()
        .iter()
        .take(64)
        .map(kept)
        .collect()
}

/// Hashed, because the id itself is to be kept private: see machine-id(5).
fn machine() -> u32 {
    let id = fs::read("/etc/machine-id").or_else(|_| fs::read("/var/lib/dbus/machine-id"));
    match id {
        Ok(id) if id.trim_ascii().len() == 32 => {
            let key = blake3::derive_key("gibus: the machine a process runs on", id.trim_ascii());
            u32::from_be_bytes([key[0], key[1], key[2], key[3]])
        }
        _ => 0,
    }
}

fn boot() -> u32 {
    fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .ok()
        .and_then(|id| u32::from_str_radix(id.get(..8)?, 16).ok())
        .unwrap_or(0)
}

fn pid_namespace() -> u64 {
    // The link reads `pid:[4026531836]`.
    fs::read_link("/proc/self/ns/pid")
        .ok()
        .and_then(|link| {
            let text = link.to_str()?.strip_prefix("pid:[")?;
            text.strip_suffix(']')?.parse().ok()
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;
    use std::time::Duration;

    /// The process with this number, as its own mark would tell it.
    fn of_pid(pid: u32) -> Process {
        Process {
            pid: pid as i32,
            start_time: status(&pid.to_string()).unwrap().start_time,
            ..Process::current().clone()
        }
    }

    #[test]
    fn a_mark_is_read_back_even_with_hyphens_in_the_host_name() {
        let mut process = Process::current().clone();
        process.host = "a-laptop-3".to_owned();
        assert_eq!(Process::parse(&process.to_string()), Some(process));
        assert!(Process::current().is_current());
        for wrong in [
            "",
            "-",
            "host",
            "h-1-2-3-0-5",
            "h-1-2-3--4-5",
            "h-g-2-3-4-5",
        ] {
            assert_eq!(Process::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn this_process_runs() {
        assert_eq!(Process::current().state(), ProcessState::Running);
    }

    #[test]
    fn a_number_used_again_is_another_process() {
        let mut process = Process::current().clone();
        process.start_time += 1;
        assert_eq!(process.state(), ProcessState::Ended);
    }

    #[test]
    fn a_zombie_and_a_process_that_is_gone_have_ended() {
        let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
        let process = of_pid(child.id());
        assert_eq!(process.state(), ProcessState::Running);
        child.kill().unwrap();
        while !status(&child.id().to_string()).unwrap().is_dead {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(process.state(), ProcessState::Ended);
        child.wait().unwrap();
        assert_eq!(process.state(), ProcessState::Ended);
    }

    #[test]
    fn what_cannot_be_seen_is_not_taken_for_dead() {
        let here = Process::current();
        let mut other = here.clone();
        other.pid_namespace += 1;
        assert_eq!(other.state(), ProcessState::Hidden);
        other.boot ^= 1;
        if here.machine != 0 {
            assert_eq!(other.state(), ProcessState::EarlierBoot);
        }
        other.machine ^= 1;
        assert_eq!(other.state(), ProcessState::Elsewhere);
        // Two machines of one name.
        other.machine = 0;
        assert_eq!(other.state(), ProcessState::Elsewhere);
    }
}
