//! Counting the instructions of one path, and of nothing else.
//!
//! `callgrind` sets all its counters to zero where [`measured_path`] is entered, and writes them out where it is left: that takes
//! in all threads, and leaves out what the process did before. No library is needed for it. What the system does
//! in its calls is not counted.

use std::path::Path;
use std::process::Command;

/// Runs what is to be counted. It must have ended, with all its threads, when it returns.
pub fn measured<T>(work: impl FnOnce() -> T) -> T {
    let mut work = Some(work);
    let mut result = None;
    measured_path(&mut || result = work.take().map(|work| work()));
    result.expect("it was called once")
}

/// Callgrind finds it by its name. It is left by a return, since something comes after the call.
#[inline(never)]
fn measured_path(work: &mut dyn FnMut()) {
    work();
    std::hint::black_box(());
}

/// Errors: there is no valgrind.
pub fn valgrind_version() -> Result<String, String> {
    let output = Command::new("valgrind").arg("--version").output();
    let output = output.map_err(|e| format!("valgrind: {e} (apt install valgrind)"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// This process, and those that it starts, see one processor: as many threads are started on every machine. Where that
/// cannot be had, counts are a little higher.
pub fn stay_on_one_processor() {
    let Ok(allowed) = rustix::thread::sched_getaffinity(None) else {
        return;
    };
    let mut one = rustix::thread::CpuSet::new();
    let numbers = 0..rustix::thread::CpuSet::MAX_CPU;
    if let Some(number) = numbers.into_iter().find(|number| allowed.is_set(*number)) {
        one.set(number);
        let _ = rustix::thread::sched_setaffinity(None, &one);
    }
}

/// Instructions that the path takes, prepared in `place`. Callgrind writes to `scratch`; its profile is kept as
/// `NAME.callgrind` in `profiles`.
pub fn count(
    name: &str,
    place: &Path,
    scratch: &Path,
    profiles: Option<&Path>,
) -> Result<u64, String> {
    let program = std::env::current_exe().map_err(|e| format!("find this program: {e}"))?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet", "--read-inline-info=no"])
        .args([
            "--zero-before=*::measured_path",
            "--dump-after=*::measured_path",
        ])
        .arg(format!(
            "--callgrind-out-file={}",
            scratch.join("callgrind").display()
        ))
        .arg(program)
        .arg("--counted")
        .arg(name)
        .arg(place)
        .output()
        .map_err(|e| format!("start valgrind: {e}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{name}: {}: {said}", output.status));
    }
    // The first one is written where the path ends, another where the process does.
    let profile = scratch.join("callgrind.1");
    let text = std::fs::read_to_string(&profile).map_err(|e| format!("{name}: no profile: {e}"))?;
    let count = instructions(&text).ok_or(format!("{name}: the profile is not of the path"))?;
    if let Some(folder) = profiles {
        let kept = folder.join(format!("{name}.callgrind"));
        std::fs::copy(profile, kept).map_err(|e| format!("keep a profile: {e}"))?;
    }
    Ok(count)
}

/// The sum in a profile that was written where the path was left.
fn instructions(profile: &str) -> Option<u64> {
    let is_of_path = |line: &str| {
        line.strip_prefix("desc: Trigger: ")
            .is_some_and(|trigger| trigger.contains("measured_path"))
    };
    profile.lines().find(|line| is_of_path(line))?;
    let mut totals = profile.lines().filter_map(|line| {
        let sum = line
            .strip_prefix("totals:")
            .or(line.strip_prefix("summary:"))?;
        sum.trim().parse().ok()
    });
    totals.next_back()
}
