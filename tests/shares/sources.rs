//! What is backed up lies on a share or a stick: its files have other inodes with each mount, and coarse times.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::slow_fs::Manner;
use crate::support::Home;
use crate::{home_with_a_server, make_files, mount};

/// A folder on a share that is backed up; the repository is on a disk.
struct SharedSource {
    home: Home,
}

impl SharedSource {
    fn new() -> Option<SharedSource> {
        let home = home_with_a_server()?;
        make_files(&home.path("server"), 20);
        home.done("repo create main --location repo");
        let share = home.path("share").display().to_string();
        home.done(&format!(
            "archive create docs --repo main --include {share}"
        ));
        Some(SharedSource { home })
    }

    /// Backs up what is mounted in that manner; how many files were read for it.
    fn files_read(&self, manner: Manner) -> u64 {
        let mounted = mount(&self.home, manner);
        let backup = self.home.json("backup -A docs");
        mounted.unmount().unwrap();
        backup["backups"][0]["build"]["read_files"]
            .as_u64()
            .unwrap()
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
    let numbered = |number_mask| Manner {
        number_mask,
        ..Manner::default()
    };
    assert_eq!(scene.files_read(numbered(0)), 20);
    assert_eq!(scene.files_read(numbered(0xff_0000_0000)), 0);
    let changed = scene.home.path("server/folder 000/7.txt");
    let was = std::fs::metadata(&changed).unwrap();
    let text = std::fs::read_to_string(&changed).unwrap().replace('7', "8");
    // Of the same length and with the same time: only the change time tells.
    std::fs::write(&changed, text).unwrap();
    let file = std::fs::File::options().write(true).open(&changed).unwrap();
    file.set_modified(was.modified().unwrap()).unwrap();
    assert_eq!(scene.files_read(numbered(0xaa_0000_0000)), 1);
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
    let coarse = Manner {
        time_step: STEP,
        ..Manner::default()
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
        scene.files_read(coarse);
        std::fs::write(&file, "later").unwrap();
        if begun.elapsed() < Duration::from_millis(STEP * 1000 - 10) {
            break;
        }
    }
    assert!(scene.files_read(coarse) >= 1);
    scene.assert_newest_is_as_on_the_server();
}

#[test]
fn where_nothing_tells_of_a_renaming_files_that_are_alike_are_read_again() {
    let Some(scene) = SharedSource::new() else {
        return;
    };
    let mounted = |number_mask| Manner {
        number_mask,
        no_change_time: true,
        ..Manner::default()
    };
    // Written in one go: of one length, and with one time.
    let folder = scene.home.path("server/folder 000");
    let long_ago = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    for name in ["one", "two", "three"] {
        std::fs::write(folder.join(name), format!("{name:5}")).unwrap();
        let file = std::fs::File::options().write(true).open(folder.join(name));
        file.unwrap().set_modified(long_ago).unwrap();
    }
    assert_eq!(scene.files_read(mounted(0)), 23);
    std::fs::rename(folder.join("two"), folder.join("one")).unwrap();
    assert_eq!(scene.files_read(mounted(0xff_0000_0000)), 2);
    scene.assert_newest_is_as_on_the_server();
}
