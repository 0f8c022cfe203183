//! What the program asks of a share: the number of operations, counted by a file system of our own. And shares as
//! what is backed up, whose files have other inodes and coarser times than those of a disk.
//!
//! On a share each is a round trip to the server and back, some milliseconds long. Counts do not depend on time, so
//! these are tests: names and attributes are remembered for as long as a run takes (see `support/slow_fs`). The
//! limits are what the program needs today and a few more, since two reading threads do not share out files the
//! same way each time.

#[path = "support/slow_fs/mod.rs"]
mod slow_fs;
#[path = "support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use slow_fs::{Manner, SlowFs, cannot_mount};
use support::{Home, Tree, skip, skip_unless_root};

/// Longer than a run.
const REMEMBERED: Duration = Duration::from_secs(3600);

/// The share, and a home whose repository and archive are on it.
struct Scene {
    // Dropped first: the folders of the home cannot be removed while it is mounted.
    share: SlowFs,
    home: Home,
    source: PathBuf,
}

impl Scene {
    /// `None`, having said so, where nothing can be mounted.
    fn new(files: usize, remembered: Duration) -> Option<Scene> {
        if skip_without_mounts() {
            return None;
        }
        let home = Home::new();
        let (server, share) = (home.path("server"), home.path("share"));
        std::fs::create_dir(&server).unwrap();
        std::fs::create_dir(&share).unwrap();
        let source = home.path("source");
        make_files(&source, files);
        let scene = Scene {
            share: SlowFs::mount(
                &server,
                &share,
                Manner {
                    remembered,
                    ..Manner::default()
                },
            )
            .unwrap(),
            home,
            source,
        };
        scene.home.done("repo create main --location share");
        let source = scene.source.display();
        let create = format!("archive create docs --repo main --include {source}");
        scene.home.done(&create);
        Some(scene)
    }

    /// Operations that a command needs on the share.
    #[track_caller]
    fn operations(&self, line: &str) -> u64 {
        self.share.counts().reset();
        self.home.done(line);
        let counts = self.share.counts();
        println!("{line}: {counts}");
        counts.total()
    }

    #[track_caller]
    fn extract(&self) -> u64 {
        let source = self.source.display();
        let operations = self.operations(&format!("extract -A docs --into out {source}"));
        let out = self.home.path("out").join("source");
        Tree::read(&self.source).assert_is_at(&out, "extract");
        operations
    }
}

/// True, having said so, where nothing can be mounted.
fn skip_without_mounts() -> bool {
    if !Path::new("/dev/fuse").exists() {
        // No package brings it: also where nothing else may be skipped.
        eprintln!("SKIPPED a share: this kernel has no /dev/fuse");
        return true;
    }
    cannot_mount().inspect(|why| skip(why)).is_some()
}

/// Files of up to 4 KB in folders of a hundred, no two alike, that compress as text does.
fn make_files(folder: &Path, count: usize) {
    for number in 0..count {
        let folder = folder.join(format!("folder {:03}", number / 100));
        std::fs::create_dir_all(&folder).unwrap();
        let lines = (0..number % 120).map(|line| format!("{number} {} {line}\n", number * line));
        let text: String = lines.collect();
        std::fs::write(folder.join(format!("{number}.txt")), text).unwrap();
    }
}

#[test]
fn a_thousand_small_files_need_few_operations() {
    let Some(scene) = Scene::new(1000, REMEMBERED) else {
        return;
    };
    let first = scene.operations("backup -A docs");
    assert!(first <= 90, "first backup: {}", scene.share.counts());
    let unchanged = scene.operations("backup -A docs");
    assert!(unchanged <= 80, "unchanged: {}", scene.share.counts());
    let restored = scene.extract();
    assert!(restored <= 49, "restore: {}", scene.share.counts());
}

#[test]
fn more_files_need_hardly_more() {
    if skip_unless_root("have as much read ahead as clients of shares do") {
        return;
    }
    let scenes = (Scene::new(1000, REMEMBERED), Scene::new(11_000, REMEMBERED));
    let (Some(few), Some(many)) = scenes else {
        return;
    };
    // One for each five hundred at most.
    let limit = 20;
    let more = |line: &str| {
        let few = few.operations(line);
        many.operations(line).saturating_sub(few)
    };
    for backup in ["first backup", "unchanged"] {
        let more = more("backup -A docs");
        assert!(more < limit, "{backup}: {}", many.share.counts());
    }
    let restored = many.extract().saturating_sub(few.extract());
    assert!(restored < limit, "restore: {}", many.share.counts());
}

#[test]
fn a_client_that_remembers_nothing_is_not_asked_much_more() {
    // Each step of each path is asked for each time.
    let Some(scene) = Scene::new(1000, Duration::ZERO) else {
        return;
    };
    let first = scene.operations("backup -A docs");
    assert!(first <= 160, "first backup: {}", scene.share.counts());
    let restored = scene.extract();
    assert!(restored <= 75, "restore: {}", scene.share.counts());
}

/// A folder on a share that is backed up; the repository is on a disk.
struct SharedSource {
    home: Home,
}

impl SharedSource {
    fn new() -> Option<SharedSource> {
        if skip_without_mounts() {
            return None;
        }
        let home = Home::new();
        std::fs::create_dir(home.path("share")).unwrap();
        make_files(&home.path("server"), 20);
        home.done("repo create main --location repo");
        let share = home.path("share").display().to_string();
        home.done(&format!(
            "archive create docs --repo main --include {share}"
        ));
        Some(SharedSource { home })
    }

    /// Backs up what is mounted now in that manner; how many files were read for it.
    fn files_read(&self, number_mask: u64, time_step: u64) -> u64 {
        let manner = Manner {
            number_mask,
            time_step,
            ..Manner::default()
        };
        let (server, share) = (self.home.path("server"), self.home.path("share"));
        let mounted = SlowFs::mount(&server, &share, manner).unwrap();
        let backup = self.home.json("backup -A docs");
        mounted.unmount().unwrap();
        backup["backups"][0]["build"]["read_files"].as_u64().unwrap()
    }

    fn assert_newest_is_as_on_the_server(&self) {
        let share = self.home.path("share").display().to_string();
        self.home
            .done(&format!("extract -A docs --into out --overwrite {share}"));
        let out = self.home.path("out/share/folder 000");
        for entry in std::fs::read_dir(self.home.path("server/folder 000")).unwrap() {
            let entry = entry.unwrap();
            let expected = std::fs::read(entry.path()).unwrap();
            let name = entry.file_name();
            assert_eq!(
                std::fs::read(out.join(&name)).unwrap(),
                expected,
                "{name:?}"
            );
        }
    }
}

#[test]
fn a_share_that_numbers_its_files_anew_is_not_read_again() {
    let Some(scene) = SharedSource::new() else {
        return;
    };
    assert_eq!(scene.files_read(0, 0), 20);
    assert_eq!(scene.files_read(0xff_0000_0000, 0), 0);
    let changed = scene.home.path("server/folder 000/7.txt");
    let was = std::fs::metadata(&changed).unwrap();
    let text = std::fs::read_to_string(&changed).unwrap().replace('7', "8");
    // Of the same length and with the same time: only the change time tells.
    std::fs::write(&changed, text).unwrap();
    let file = std::fs::File::options().write(true).open(&changed).unwrap();
    file.set_modified(was.modified().unwrap()).unwrap();
    assert_eq!(scene.files_read(0xaa_0000_0000, 0), 1);
    scene.assert_newest_is_as_on_the_server();
}

#[test]
fn where_times_are_coarse_a_file_that_was_just_written_is_read_again() {
    let Some(scene) = SharedSource::new() else {
        return;
    };
    const STEP: u64 = 2;
    let into_step = || {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        now.as_millis() as u64 % (STEP * 1000)
    };
    let file = scene.home.path("server/folder 000/7.txt");
    for attempt in 0.. {
        assert!(
            attempt < 20,
            "this machine is too slow to write, back up and write in two seconds"
        );
        std::thread::sleep(Duration::from_millis(STEP * 1000 - into_step()));
        let begun = Instant::now();
        std::fs::write(&file, "first").unwrap();
        scene.files_read(0, STEP);
        std::fs::write(&file, "later").unwrap();
        if begun.elapsed() < Duration::from_millis(STEP * 1000 - 10) {
            break;
        }
    }
    assert!(scene.files_read(0, STEP) >= 1);
    scene.assert_newest_is_as_on_the_server();
    // What was read after its step was over is not read again.
    std::thread::sleep(Duration::from_secs(STEP));
    scene.files_read(0, STEP);
    assert_eq!(scene.files_read(0, STEP), 0);
}
