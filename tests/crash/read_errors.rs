//! The disk that is backed up fails half-way through a file.

use std::fs;

use serde_json::Value;

use crate::support::{Home, Random, Run, has_tool, skip};

/// Backs up with one call that reads from `file` failing as on a disk with a bad sector: the `n`-th.
/// `None`, having said why, where that cannot be done.
fn back_up_with_a_bad_sector(home: &Home, file: &str, n: u32) -> Option<Run> {
    if !has_tool("strace") {
        skip("it needs strace");
        return None;
    }
    let log = home.path("strace.log");
    let (log, path) = (log.to_str().unwrap(), home.path(file));
    let inject = format!("inject=read,pread64:error=EIO:when={n}");
    let strace = [
        "strace",
        "-f",
        "-qq",
        "-o",
        log,
        "-P",
        path.to_str().unwrap(),
    ];
    let calls = ["-e", "trace=read,pread64", "-e", inject.as_str()];
    let tool = [&strace[..], &calls[..]].concat();
    let run = Run::from(
        home.command_under(&tool, ["--json", "backup", "-A", "a"])
            .output()
            .unwrap(),
    );
    let injected = fs::read_to_string(log).unwrap_or_default();
    if !injected.contains("INJECTED") {
        skip(&format!(
            "strace made no read fail here: {run:?} {injected}"
        ));
        return None;
    }
    Some(run)
}

#[test]
fn a_file_that_cannot_be_read_to_its_end_is_reported_and_the_rest_is_saved() {
    for layout in ["packed", "loose"] {
        for (bytes, call) in [(100_000, 1), (9_000_000, 2), (9_000_000, 3)] {
            let what = format!("{layout}, {bytes} bytes, read {call}");
            let home = Home::new();
            let mut random = Random::new(bytes);
            home.write("source/bad", &random.noise(bytes as usize));
            home.write("source/good", b"good");
            home.done(&format!("repo create r --layout {layout}"));
            home.done("archive create a --repo r --include source");
            home.done("backup -A a");
            let content = random.noise(bytes as usize);
            home.write("source/bad", &content);
            home.write("source/new", b"new");

            let Some(run) = back_up_with_a_bad_sector(&home, "source/bad", call) else {
                return;
            };
            let report: Value = serde_json::from_str(run.expect(3)).unwrap();
            let backup = &report["backups"][0];
            assert_eq!(backup["complete"], false, "{what}");
            let problems = backup["problems"].as_array().unwrap();
            assert_eq!(problems.len(), 1, "{what}: {problems:?}");
            let bad = home.path("source/bad");
            assert_eq!(problems[0]["path"], bad.to_str().unwrap(), "{what}");

            // Nothing of it is taken for the file; everything else is there, and so is what was before.
            home.gibus("cat -A a source/bad").expect(1);
            home.gibus("extract -A a source --into part").expect(3);
            let extracted = fs::read_dir(home.path("part/source")).unwrap().count();
            assert_eq!(extracted, 2, "{what}: what could be read");
            assert_eq!(home.done("cat -A a source/new").stdout, "new", "{what}");
            assert_eq!(home.done("cat -A a source/good").stdout, "good", "{what}");
            home.done("extract -A a --back 1 source/bad --into before");
            home.done("repo check r --read-data");

            // It does not count as unchanged: the next backup has it.
            let next = home.json("backup -A a");
            assert_eq!(next["backups"][0]["build"]["read_files"], 1, "{what}");
            home.done("extract -A a source/bad --into after");
            assert_eq!(fs::read(home.path("after/bad")).unwrap(), content, "{what}");
            home.done("repo prune r");
            let check = home.json("repo check r --read-data");
            assert_eq!(check["findings"].as_array().unwrap().len(), 0, "{what}");
        }
    }
}
