//! A disk that runs full: by bytes, by files.
//!
//! The disk is a tmpfs whose size is set anew for each attempt, so that the space runs out at another step
//! each time.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::scene::Scene;
use crate::support::{Home, Run, Shape, skip, skip_unless_root};

/// Sizes from nothing to enough, and as many more that run out just before the end.
const SIZES: u64 = 8;
/// What the backup that runs out of space has to store.
const MORE_BYTES: usize = 3_000_000;
const MORE_FILES: u64 = 40;

/// What a tmpfs gives space by.
const PAGE: u64 = 4096;

const SMALL: Shape = Shape {
    files: 40,
    big_bytes: 200_000,
};

#[test]
fn a_full_disk_costs_nothing_that_was_there_in_packs() {
    runs_full_of_bytes("packed");
}

#[test]
fn a_full_disk_costs_nothing_that_was_there_in_loose_contents() {
    runs_full_of_bytes("loose");
}

#[test]
fn a_disk_that_can_take_no_more_files_costs_nothing_that_was_there() {
    for layout in ["packed", "loose"] {
        let Some(mut full) = Full::new(layout) else {
            return;
        };
        for attempt in 0..8 {
            let (_, used) = full.disk.used();
            // The packs need few files, the loose contents one each.
            let free = match layout {
                "packed" => attempt,
                _ => attempt * (MORE_FILES + 16) / 8,
            };
            full.disk.resize(&format!("nr_inodes={}", used + free));
            full.attempt(&format!("{layout}, {free} files free"), |disk| {
                (0..)
                    .map_while(|n| File::create(disk.join(format!("filler-{n}"))).ok())
                    .count();
            });
        }
    }
}

fn runs_full_of_bytes(layout: &str) {
    let Some(mut full) = Full::new(layout) else {
        return;
    };
    let needed = full.needed_bytes();
    let sizes = (0..SIZES).map(|part| needed * part / SIZES);
    let just_before = (1..=SIZES).map(|pages| needed.saturating_sub(pages * PAGE));
    for free in sizes.chain(just_before) {
        let (used, _) = full.disk.used();
        full.disk.resize(&format!("size={}", used + free));
        full.attempt(&format!("{layout}, {free} bytes free"), |disk| {
            let mut filler = File::create(disk.join("filler")).unwrap();
            while filler.write_all(&[0; PAGE as usize]).is_ok() {}
        });
    }
    assert!(full.failures >= SIZES as u32, "{layout}: {}", full.failures);
}

/// A scene on a disk of its own.
struct Full {
    scene: Scene,
    /// Goes after nothing of the scene is used any more.
    disk: Disk,
    failures: u32,
}

impl Full {
    fn new(layout: &str) -> Option<Full> {
        let home = Home::new();
        let disk = Disk::mount(&home.path("disk"))?;
        let place = disk.path.clone();
        let settings = format!("--layout {layout}");
        let mut scene = Scene::with(home, place, &settings, SMALL, 11);
        scene.back_up();
        Some(Full {
            scene,
            disk,
            failures: 0,
        })
    }

    /// How much a backup like those of the attempts needs.
    fn needed_bytes(&mut self) -> u64 {
        let (before, _) = self.disk.used();
        self.add_files();
        self.scene.back_up();
        self.disk.used().0 - before
    }

    fn add_files(&mut self) {
        for number in 0..MORE_FILES {
            let bytes = self.scene.random.noise(MORE_BYTES / MORE_FILES as usize);
            let path = self.scene.source().join(format!("more-{number}"));
            fs::write(path, bytes).unwrap();
        }
    }

    /// The disk has little space. Nothing is lost, deleting and pruning work, and once there is space again
    /// everything does. `fill` takes what space is left.
    fn attempt(&mut self, what: &str, fill: impl Fn(&Path)) {
        self.add_files();
        let scene = &mut self.scene;
        let run = scene.home.gibus("backup -A a");
        if run.code == Some(0) {
            scene.note_snapshots(what);
            assert!(
                self.failures > 0,
                "{what}: there was space from the beginning"
            );
        } else {
            self.failures += 1;
            self.disk.assert_names_it(&run, what);
            let expected = scene.snapshots.len();
            scene.assert_nothing_lost(what);
            assert_eq!(scene.snapshots.len(), expected, "{what}: no false success");
        }

        fill(&self.disk.path);
        while scene.snapshots.len() > 1 {
            scene.delete(&scene.oldest());
        }
        scene.prune();
        scene.assert_nothing_lost(what);

        self.disk.empty_fillers();
        self.disk.resize("size=64m,nr_inodes=4000");
        scene.assert_recovers(what);
    }
}

/// A tmpfs that is mounted as long as this lives.
struct Disk {
    path: PathBuf,
}

impl Disk {
    /// None, having said why the test is skipped, where it cannot be mounted.
    fn mount(path: &Path) -> Option<Disk> {
        if skip_unless_root("mount a small disk") {
            return None;
        }
        fs::create_dir(path).unwrap();
        let options = "size=64m,nr_inodes=4000,mode=700";
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "gibus-test"])
            .arg(path)
            .output();
        match mounted {
            Ok(run) if run.status.success() => Some(Disk {
                path: path.to_owned(),
            }),
            Ok(run) => {
                let why = String::from_utf8_lossy(&run.stderr);
                skip(&format!("a small disk cannot be mounted: {}", why.trim()));
                None
            }
            Err(error) => {
                skip(&format!("a small disk cannot be mounted: {error}"));
                None
            }
        }
    }

    fn resize(&self, options: &str) {
        let remounted = Command::new("mount")
            .args(["-o", &format!("remount,{options}")])
            .arg(&self.path)
            .output()
            .unwrap();
        assert!(remounted.status.success(), "{options}: {remounted:?}");
    }

    /// Bytes and files.
    fn used(&self) -> (u64, u64) {
        let status = rustix::fs::statvfs(&self.path).unwrap();
        let bytes = (status.f_blocks - status.f_bfree) * status.f_frsize;
        (bytes, status.f_files - status.f_ffree)
    }

    fn empty_fillers(&self) {
        for entry in fs::read_dir(&self.path).unwrap() {
            let entry = entry.unwrap();
            if entry.file_name().to_string_lossy().starts_with("filler") {
                fs::remove_file(entry.path()).unwrap();
            }
        }
    }

    #[track_caller]
    fn assert_names_it(&self, run: &Run, what: &str) {
        assert_eq!(run.code, Some(1), "{what}: {run:?}");
        assert!(run.stderr.contains("no space"), "{what}: {run:?}");
        let path = self.path.to_str().unwrap();
        assert!(run.stderr.contains(path), "{what}: {run:?}");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.path).status();
    }
}
