//! Tests that need something which is not on every computer.
//!
//! Such a test says that it is skipped and why. Where `GIBUS_TEST_NO_SKIP` is set nothing may be skipped:
//! there it fails instead.

use std::env;
use std::path::Path;

/// Says why the test that calls it is skipped; the test returns then.
#[track_caller]
pub fn skip(why: &str) {
    assert!(
        env::var_os("GIBUS_TEST_NO_SKIP").is_none(),
        "this test must not be skipped here, but {why}"
    );
    let name = std::thread::current().name().unwrap_or("a test").to_owned();
    eprintln!("SKIPPED {name}: {why}");
}

/// True, having said so, if one of these programs is missing.
#[track_caller]
pub fn skip_without_tools(tools: &[&str]) -> bool {
    let missing: Vec<&str> = tools.iter().copied().filter(|t| !has_tool(t)).collect();
    if missing.is_empty() {
        return false;
    }
    skip(&format!("it needs {}", missing.join(" and ")));
    true
}

/// True, having said so, if the tests do not run as root. `what_for` fits after "it needs root to".
#[track_caller]
pub fn skip_unless_root(what_for: &str) -> bool {
    if is_root() {
        return false;
    }
    skip(&format!("it needs root to {what_for}"));
    true
}

pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

pub fn has_tool(name: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let usual = ["/usr/sbin", "/sbin"].map(Path::new);
    env::split_paths(&path).any(|folder| folder.join(name).is_file())
        || usual.iter().any(|folder| folder.join(name).is_file())
}

/// True where the long form of a test is wanted: everything in place of a sample.
pub fn is_campaign() -> bool {
    env::var_os("GIBUS_CAMPAIGN").is_some_and(|value| value != "0")
}
