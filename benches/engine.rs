//! The program on a real tree, beside others: first backup, unchanged backup, opening the snapshot, extracting,
//! putting back. Prints figures, asserts nothing about them.
//!
//! ```sh
//! cargo bench --bench engine -- DIR [--layout loose] [--codec gzip] [--in PLACE] [--rounds N] [--peers]
//! ```
//!
//! DIR is only read. Everything is written to a new folder in PLACE, or where temporary files go, and removed.
//! Each figure is of a process of its own, so times have its start in them, and memory is that of this step
//! alone. `--peers` measures `cp -a` and `restic` in the same way, where they are installed. benches/README.md
//! says how to read the figures.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

#[path = "../tests/campaign/measure.rs"]
mod measure;

use measure::{Measured, measure};

struct Options {
    tree: PathBuf,
    place: Option<PathBuf>,
    /// For `gibus repo create`.
    settings: Vec<String>,
    rounds: usize,
    peers: bool,
}

/// A tree, and what was measured on it.
struct Bench {
    tree: PathBuf,
    place: PathBuf,
    files: u64,
    bytes: u64,
    rounds: usize,
}

fn main() {
    let options = options();
    let folder = match &options.place {
        Some(place) => tempfile::tempdir_in(place),
        None => tempfile::tempdir(),
    };
    let folder = folder.expect("a folder to write to");
    let (files, bytes, walk) = walk(&options.tree);
    println!("{files} files, {} MB", bytes / 1_000_000);
    println!("{:<28} {walk:8.2} s", "walk, one thread, a stat each");
    let bench = Bench {
        tree: std::path::absolute(&options.tree).expect("the tree"),
        place: folder.path().to_owned(),
        files,
        bytes,
        rounds: options.rounds,
    };
    if options.peers {
        bench.copy();
    }
    bench.gibus(&options.settings);
    if options.peers {
        bench.restic();
    }
}

fn options() -> Options {
    let mut options = Options {
        tree: PathBuf::from("/usr/share/doc"),
        place: None,
        settings: Vec::new(),
        rounds: 1,
        peers: false,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().expect("a value after the option");
        match argument.as_str() {
            "--bench" => {}
            "--peers" => options.peers = true,
            "--in" => options.place = Some(value().into()),
            "--rounds" => options.rounds = value().parse().expect("a number of rounds"),
            "--layout" | "--codec" | "--level" => options.settings.extend([argument, value()]),
            _ => options.tree = argument.into(),
        }
    }
    options
}

/// Files, bytes, and the seconds that asking for them takes, once they are in memory.
fn walk(tree: &Path) -> (u64, u64, f64) {
    let mut found = (0, 0, 0.0);
    for _ in 0..2 {
        let started = Instant::now();
        let (mut files, mut bytes) = (0, 0);
        for entry in walkdir::WalkDir::new(tree).into_iter().flatten() {
            if let Ok(metadata) = entry.metadata()
                && metadata.is_file()
            {
                files += 1;
                bytes += metadata.len();
            }
        }
        found = (files, bytes, started.elapsed().as_secs_f64());
    }
    found
}

impl Bench {
    fn gibus(&self, settings: &[String]) {
        let run = |words: &str, paths: &[&Path]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_gibus"));
            command
                .args(words.split(' ').filter(|word| !word.is_empty()))
                .args(paths)
                .current_dir(&self.place)
                .env("HOME", &self.place)
                .env("GIBUS_CONFIG_DIR", self.place.join("config"));
            command
        };
        let tree = &[self.tree.as_path()];
        for round in 0..self.rounds {
            let store = format!("gibus{round}");
            let create = format!(
                "repo create {store} --location {store} {}",
                settings.join(" ")
            );
            done(&mut run(&create, &[]));
            let create =
                format!("archive create {store} --repo {store} --location {store} --include");
            done(&mut run(&create, tree));
            let backup = format!("backup --quiet -A {store}");
            self.show("gibus, first backup", &done(&mut run(&backup, &[])));
            self.show_size("gibus", &store);
            self.show("gibus, unchanged", &done(&mut run(&backup, &[])));
            let list = format!("ls -A {store} --json /");
            self.show("gibus, open and list /", &done(&mut run(&list, &[])));
            let extract = format!("extract --quiet -A {store} --into out");
            self.show("gibus, extract", &done(&mut run(&extract, tree)));
            let restore = format!("extract --quiet -A {store} --into out --overwrite");
            self.show("gibus, nothing to restore", &done(&mut run(&restore, tree)));
            remove(&self.place.join("out"));
            remove(&self.place.join(store));
        }
    }

    fn copy(&self) {
        for _ in 0..self.rounds {
            let copy = self.place.join("copy");
            let mut command = Command::new("cp");
            let command = command.arg("-a").args([&self.tree, &copy]);
            self.show("cp -a", &done(command));
            remove(&copy);
        }
    }

    fn restic(&self) {
        if Command::new("restic").arg("version").output().is_err() {
            println!("restic is not installed");
            return;
        }
        let run = |words: &str, path: &OsStr| {
            let mut command = Command::new("restic");
            command
                .args(["--quiet", "--repo", "restic"])
                .args(words.split(' '))
                .arg(path)
                .current_dir(&self.place)
                .env("RESTIC_PASSWORD", "bench")
                .env("RESTIC_CACHE_DIR", self.place.join("cache"));
            command
        };
        let tree = self.tree.as_os_str();
        for _ in 0..self.rounds {
            done(&mut run("init", OsStr::new("--no-cache")));
            self.show("restic, first backup", &done(&mut run("backup", tree)));
            self.show_size("restic", "restic");
            self.show("restic, unchanged", &done(&mut run("backup", tree)));
            let list = &mut run("ls latest", OsStr::new("/"));
            self.show("restic, open and list /", &done(list));
            let extract = &mut run("restore latest --target", OsStr::new("out"));
            self.show("restic, extract", &done(extract));
            for folder in ["out", "restic", "cache"] {
                remove(&self.place.join(folder));
            }
        }
    }

    fn show(&self, what: &str, measured: &Measured) {
        let seconds = measured.wall.as_secs_f64();
        println!(
            "{what:<28} {measured} {:9.0} files/s {:7.0} MB/s",
            self.files as f64 / seconds,
            self.bytes as f64 / seconds / 1e6,
        );
    }

    fn show_size(&self, what: &str, store: &str) {
        let (files, bytes, _) = walk(&self.place.join(store));
        println!("{what:<28} {:8.1} MB in {files} files", bytes as f64 / 1e6);
    }
}

fn done(command: &mut Command) -> Measured {
    let measured = measure(command);
    // 3: some files of a real tree could not be read.
    assert!(
        matches!(measured.code, Some(0 | 3)),
        "{command:?}: {}",
        measured.stdout
    );
    measured
}

fn remove(path: &Path) {
    let status = Command::new("rm").arg("-rf").arg(path).status();
    assert!(status.is_ok_and(|status| status.success()));
}
