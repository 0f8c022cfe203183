//! What the program asks of a share: the number of operations, counted by a file system of our own.
//!
//! On a share each is a round trip to the server and back, some milliseconds long. Counts do not depend on time, so
//! these are tests: names and attributes are remembered for as long as a run takes (see `tests/support/slow_fs`). The
//! limits are what the program needs today and a few more, since two reading threads do not share out files the
//! same way each time.

use std::path::PathBuf;
use std::time::Duration;

use crate::slow_fs::{Manner, SlowFs};
use crate::support::{Home, Tree, skip_unless_root};
use crate::{home_with_a_server, make_files, mount};

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
        let home = home_with_a_server()?;
        let source = home.path("source");
        make_files(&source, files);
        let scene = Scene {
            share: mount(
                &home,
                Manner {
                    remembered,
                    ..Manner::default()
                },
            ),
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
