//! Shares that neither delete nor rename a file that is open.

use std::fs;
use std::path::Path;

use crate::slow_fs::{Manner, SlowFs};
use crate::support::{Home, Tree};
use crate::{home_with_a_server, make_files, mount};

/// A home with such a share at `share`.
struct Scene {
    // Dropped first: the folders of the home cannot be removed while it is mounted.
    _share: SlowFs,
    home: Home,
}

impl Scene {
    /// `None`, having said so, where nothing can be mounted.
    fn new() -> Option<Scene> {
        let home = home_with_a_server()?;
        make_files(&home.path("source"), 300);
        let manner = Manner {
            keeps_open_files: true,
            ..Manner::default()
        };
        let _share = mount(&home, manner);
        Some(Scene { _share, home })
    }

    fn source(&self) -> String {
        self.home.path("source").display().to_string()
    }

    fn expect_sound(&self) {
        let checked = self.home.json("repo check main --read-data");
        assert_eq!(
            checked["findings"].as_array().unwrap().len(),
            0,
            "{checked}"
        );
    }
}

/// The names of the files in a folder that end like this.
fn files_like(folder: &Path, end: &str) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(end)).collect()
}

#[test]
fn a_repository_on_it_goes_the_whole_way_and_nothing_is_left_over() {
    for layout in ["packed", "loose"] {
        let Some(scene) = Scene::new() else {
            return;
        };
        let home = &scene.home;
        home.done(&format!(
            "repo create main --location share --layout {layout}"
        ));
        home.done(&format!(
            "archive create docs --repo main --include {}",
            scene.source()
        ));
        home.done("backup -A docs");
        for folder in ["folder 000", "folder 002"] {
            fs::remove_dir_all(home.path("source").join(folder)).unwrap();
        }
        make_files(&home.path("source/more"), 200);
        home.done("backup -A docs");
        scene.expect_sound();
        home.done("delete -A docs --back -1");
        home.done("prune main --repack");
        scene.expect_sound();
        assert_eq!(
            files_like(&home.path("server/gibus.d/repos"), ".lock").len(),
            0
        );
        home.done(&format!("extract -A docs --into out {}", scene.source()));
        Tree::read(&home.path("source")).assert_is_at(&home.path("out/source"), layout);
        home.done("archive delete docs --with-snapshots");
        home.done("repo delete main");
    }
}

#[test]
fn files_are_extracted_to_it_and_restored_on_it() {
    let Some(scene) = Scene::new() else {
        return;
    };
    let home = &scene.home;
    home.done("repo create main --location repository");
    let source = home.path("source");
    // Files with several names, and several with one content.
    fs::hard_link(source.join("folder 000/7.txt"), source.join("other name")).unwrap();
    fs::copy(source.join("folder 001/119.txt"), source.join("copy")).unwrap();
    fs::write(source.join("big"), vec![7; 9 << 20]).unwrap();
    fs::copy(source.join("big"), source.join("big copy")).unwrap();
    home.done(&format!(
        "archive create docs --repo main --include {}",
        scene.source()
    ));
    home.done("backup -A docs");
    let out = home.path("share/out/source");
    for _ in 0..2 {
        home.done(&format!(
            "extract -A docs --into share/out --overwrite {}",
            scene.source()
        ));
        Tree::read(&source).assert_is_at(&out, "extract");
        assert_eq!(files_like(&out, ".part").len(), 0);
        fs::write(out.join("copy"), "changed").unwrap();
    }
}
