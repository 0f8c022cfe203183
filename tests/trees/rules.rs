//! Includes and excludes of every kind: what is in the snapshot is what `docs/excludes.md` says, and
//! `archive explain` says the same of every path.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::look::look;
use crate::nasty::write;
use crate::support::{is_root, skip, skip_without_tools};
use crate::world::World;

const CACHE_TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n";

/// The paths below the folder of this world that are in the newest snapshot of `a`.
fn kept(world: &World) -> BTreeSet<String> {
    let document = world.json("ls -A a --recursive", 0);
    let top = format!(
        "{}/",
        world.path("").to_str().unwrap().trim_end_matches('/')
    );
    let entries = document["entries"].as_array().unwrap();
    let paths = entries.iter().map(|entry| entry["path"].as_str().unwrap());
    paths
        .filter_map(|path| path.strip_prefix(&top).map(str::to_owned))
        .collect()
}

fn names(paths: &str) -> BTreeSet<String> {
    paths.split_whitespace().map(str::to_owned).collect()
}

/// `archive preview` counts what is in the newest snapshot, no more and no less.
#[track_caller]
fn assert_previewed(world: &World) {
    assert_counts(
        world,
        &world.run(["--json", "archive", "preview", "a"]).stdout,
    );
}

#[track_caller]
fn assert_counts(world: &World, preview: &str) {
    let preview: serde_json::Value = serde_json::from_str(preview).unwrap();
    let snapshots = world.json("snapshots -A a --newest-first", 0);
    for number in ["files", "directories", "bytes"] {
        let in_snapshot = &snapshots["snapshots"][0][number];
        assert_eq!(&preview[number], in_snapshot, "{number}: {preview}");
    }
}

/// `archive explain` says of every path on the disk what was done with it.
#[track_caller]
fn assert_explained(world: &World, kept: &BTreeSet<String>, hollow: &[&str]) {
    assert_previewed(world);
    let top = world.path("");
    for path in crate::nasty::paths(&world.source()) {
        let name = path.strip_prefix(&top).unwrap().to_str().unwrap();
        let command = format!("archive explain a {}", path.display());
        let explained = world.json(&command, 0);
        let is_kept = kept.contains(name) && !hollow.contains(&name);
        assert_eq!(explained["included"], is_kept, "{name}: {explained}");
        assert_eq!(explained["exists"], true);
        assert_eq!(explained["last_saved"].is_null(), !kept.contains(name));
    }
}

#[test]
fn globs_leave_out_folders_and_files() {
    let world = World::new();
    for path in [
        "a.o",
        "a.c",
        "core",
        "core.c",
        "dir.o/x",
        "target/debug/x",
        "mytarget/debug/x",
        "p/target/debug/x",
        "p/target/release/x",
        "node_modules/x",
        "p/node_modules/deep/x",
        "tmp/x",
        "p/tmp/x",
        "p/q/r/s.iso",
        "p/q/s.iso",
        ".hidden/x",
        "p/.h/x",
        "img/1.jpg",
        "img/2.png",
        "img/3.gif",
        "star*/x",
        "starx/x",
    ] {
        write(&world.source().join(path), "x");
    }
    symlink("core.c", world.source().join("link.o")).unwrap();
    symlink("target", world.source().join("node_modules_link")).unwrap();
    let top = world.source().display().to_string();
    world.set_up(
        "",
        &format!(
            "--exclude-dir node_modules --exclude-dir target/debug --exclude-dir {top}/tmp \
             --exclude-dir .* --exclude-dir star\\* --exclude-dir *_link \
             --exclude-file *.o --exclude-file core --exclude-file {top}/**/r/*.iso \
             --exclude-file *.{{jpg,png}}"
        ),
    );
    let dry = world.json("backup -A a --dry-run", 0);
    let backup = world.back_up();
    for number in ["files", "directories", "bytes", "excluded"] {
        assert_eq!(dry["backups"][0]["build"][number], backup["build"][number]);
    }
    let kept = kept(&world);
    assert_eq!(
        kept,
        names(
            "source source/a.c source/core.c source/dir.o source/dir.o/x source/img
             source/img/3.gif source/mytarget source/mytarget/debug source/mytarget/debug/x
             source/node_modules_link source/p source/p/q source/p/q/r source/p/q/s.iso
             source/p/target source/p/target/release source/p/target/release/x source/p/tmp
             source/p/tmp/x source/starx source/starx/x source/target"
        )
    );
    assert_explained(&world, &kept, &[]);
}

#[test]
fn sizes_caches_and_ignore_files_leave_out() {
    let world = World::new();
    let source = world.source();
    write(&source.join("small"), vec![1; 1024]);
    write(&source.join("large"), vec![1; 1025]);
    fs::File::create(source.join("sparse"))
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    write(&source.join("cache/CACHEDIR.TAG"), CACHE_TAG);
    write(&source.join("cache/inner/x"), "x");
    write(&source.join("no_cache/CACHEDIR.TAG"), "something else");
    write(&source.join("no_cache/x"), "x");
    write(
        &source.join("git/.gitignore"),
        "*.log\n!keep.log\n/only_here\n",
    );
    for name in [
        "a.log",
        "keep.log",
        "only_here",
        "x",
        "sub/only_here",
        "sub/b.log",
    ] {
        write(&source.join("git").join(name), "x");
    }
    write(&source.join("git/sub/.gibusignore"), "!b.log\n");
    world.set_up(
        "",
        "--exclude-larger-than 1K --exclude-caches --ignore-files",
    );
    world.back_up();
    let kept = kept(&world);
    assert_eq!(
        kept,
        names(
            "source source/small source/cache source/cache/CACHEDIR.TAG source/no_cache
             source/no_cache/CACHEDIR.TAG source/no_cache/x source/git source/git/.gitignore
             source/git/keep.log source/git/x source/git/sub source/git/sub/only_here
             source/git/sub/.gibusignore source/git/sub/b.log"
        )
    );
    assert_explained(&world, &kept, &["source/cache"]);

    world
        .gibus("archive edit a --exclude-larger-than none --no-exclude-caches --no-ignore-files")
        .code
        .unwrap();
}

#[test]
fn a_file_with_a_name_that_is_left_out_comes_back_with_the_others() {
    let world = World::new();
    let source = world.source();
    write(&source.join("first.o"), "x");
    for name in ["second", "folder/third", "left_out/fourth"] {
        fs::create_dir_all(source.join(name).parent().unwrap()).unwrap();
        fs::hard_link(source.join("first.o"), source.join(name)).unwrap();
    }
    write(&source.join("alone"), "y");
    fs::hard_link(source.join("alone"), source.join("alone.o")).unwrap();
    fs::hard_link(source.join("alone"), world.path("outside")).unwrap();
    world.set_up("", "--exclude-file *.o --exclude-dir left_out");
    world.back_up();
    assert_eq!(world.back_up()["build"]["read_files"], 0);
    assert_eq!(
        kept(&world),
        names("source source/second source/folder source/folder/third source/alone")
    );
    assert_previewed(&world);
    let copied = look(&world.extract(0, "copy"));
    let linked_to = |name: &[u8]| copied[name].linked_to.as_deref();
    assert_eq!(linked_to(b"second"), Some(&b"folder/third"[..]));
    assert_eq!(linked_to(b"alone"), None);
}

#[test]
fn files_marked_as_not_to_be_dumped_are_left_out() {
    use rustix::fs::{IFlags, ioctl_setflags};
    let world = World::new();
    for name in ["marked", "marked_folder/x", "x"] {
        write(&world.source().join(name), "x");
    }
    for name in ["marked", "marked_folder"] {
        let file = fs::File::open(world.source().join(name)).unwrap();
        if let Err(errno) = ioctl_setflags(&file, IFlags::NODUMP) {
            return skip(&format!("the attribute 'no dump': {errno}"));
        }
    }
    world.set_up("", "--exclude-nodump");
    world.back_up();
    let kept = kept(&world);
    assert_eq!(kept, names("source source/x"));
    assert_explained(&world, &kept, &[]);
}

#[test]
fn includes_in_each_other_are_one_tree_and_win_over_rules() {
    let world = World::new();
    let source = world.source();
    for name in [
        "x",
        "cache/x",
        "cache/important/x",
        "cache/important/cache/x",
        "other/x",
    ] {
        write(&source.join(name), "x");
    }
    let includes = ["", "cache/important", "other", "other/x", "."];
    let includes: Vec<String> = includes
        .iter()
        .map(|name| format!("--include {}", source.join(name).display()))
        .collect();
    world.set_up("", &format!("{} --exclude-dir cache", includes.join(" ")));
    let backup = world.back_up();
    let kept = kept(&world);
    assert_eq!(
        kept,
        names(
            "source source/x source/cache source/cache/important source/cache/important/x
             source/other source/other/x"
        )
    );
    assert_eq!(backup["build"]["files"], 3);
    assert_explained(&world, &kept, &["source/cache"]);
}

#[test]
fn an_include_that_is_not_there_is_told_and_the_others_kept() {
    let world = World::new();
    write(&world.source().join("x"), "x");
    let missing = world.path("missing\n");
    world.set_up("", "");
    let edit = ["archive", "edit", "a", "--include"].map(Into::into);
    let edit: Vec<std::ffi::OsString> = edit.into_iter().chain([missing.into()]).collect();
    world.run(edit).expect(0);
    let run = world.gibus("backup -A a");
    run.expect(3);
    assert!(run.stderr.contains("missing\\n"), "{}", run.stderr);
    assert_eq!(kept(&world), names("source source/x"));
    assert_previewed(&world);
}

#[test]
fn a_repository_in_the_source_is_left_out() {
    let world = World::new();
    write(&world.source().join("x"), "x");
    let store = world.source().join("store");
    world
        .gibus(&format!("repo create r --location {}", store.display()))
        .expect(0);
    let source = world.source().display().to_string();
    world
        .gibus(&format!(
            "archive create a --repo r --location {} --include {source} --include {}",
            store.display(),
            store.join("gibus.d").display()
        ))
        .expect(0);
    for _ in 0..3 {
        world.back_up();
    }
    let kept = kept(&world);
    assert!(kept.contains("source/x"));
    let inside = |path: &&String| {
        path.ends_with(".snapshot") || path.ends_with(".toml") || path.contains("/packs")
    };
    assert_eq!(kept.iter().filter(inside).count(), 0, "{kept:?}");
    assert_previewed(&world);
    let again = world.back_up();
    assert_eq!(again["build"]["read_files"], 0, "{again}");
}

#[test]
fn other_file_systems_and_what_is_mounted_below_itself_are_kept_as_empty_folders() {
    const TEST: &str = "mounted file systems";
    if !is_root() {
        return skip(&format!("{TEST}: this is not root"));
    }
    if skip_without_tools(&["unshare", "mount"]) {
        return;
    }
    let world = World::new();
    write(&world.source().join("x"), "x");
    for folder in ["other", "bound"] {
        fs::create_dir(world.source().join(folder)).unwrap();
    }
    world.set_up("", "--one-file-system");
    // The mounts are seen by this one process and its children, and go with it.
    let run = |command: &str| {
        let script = format!(
            "set -e; mount -t tmpfs none other; echo y >other/y; mount --bind . bound; \
             {} --json {command}",
            env!("CARGO_BIN_EXE_gibus")
        );
        Command::new("unshare")
            .args(["--mount", "--propagation", "private", "sh", "-c", &script])
            .current_dir(world.source())
            .env("GIBUS_CONFIG_DIR", world.path("config"))
            .env("HOME", world.path(""))
            .output()
            .unwrap()
    };
    let output = run("backup -A a");
    if !output.status.success() {
        return skip(&format!(
            "{TEST}: {}",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    assert_eq!(
        kept(&world),
        names("source source/bound source/other source/x")
    );
    let preview = || String::from_utf8(run("archive preview a").stdout).unwrap();
    assert_counts(&world, &preview());
    world.gibus("archive edit a --no-one-file-system").expect(0);
    let output = run("backup -A a");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        kept(&world),
        names("source source/bound source/other source/other/y source/x")
    );
    assert_counts(&world, &preview());
}

#[test]
fn an_include_that_is_a_broken_link_is_kept_and_reported() {
    let world = World::new();
    write(&world.source().join("file"), "x");
    symlink("nowhere", world.path("link")).unwrap();
    world.set_up("", "");
    let link = world.path("link");
    let include = format!("archive edit a --include {}", link.display());
    world.gibus(&include).expect(0);
    let document = world.json("backup -A a", 3);
    let problems = document["backups"][0]["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 1, "{document}");
    assert_eq!(problems[0]["path"], link.to_str().unwrap(), "{document}");
    assert!(kept(&world).contains("link"));
    assert_previewed(&world);
}
