//! A window over a configuration of its own: what every test of the window begins with.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use egui_kittest::kittest::{NodeT, Queryable};
use egui_kittest::{Harness, LazyRenderer};
use gibus::catalog::Catalog;
use gibus::error::Result;
use gibus::format::compression::Codec;
use gibus::gui::disks::Disk;
use gibus::gui::picker::{PickRequest, Picker};
use gibus::gui::settings::Settings;
use gibus::gui::{App, Platform};
use gibus::progress::Monitor;
use gibus::repository::settings::{Layout, Settings as RepositorySettings};
use gibus::snapshot::archive::name::SnapshotName;
use gibus::snapshot::places::{ArchiveName, RepositoryName};
use gibus::snapshot::specification::Specification;
use jiff::Zoned;
use tempfile::TempDir;

use crate::picture::SoftwareRenderer;

/// Longer than anything here takes on a slow machine; only a fault makes a test wait so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A home with files, a disk for backups, and a configuration; all in one temporary folder.
pub struct World {
    pub dir: TempDir,
    pub catalog: Catalog,
}

impl World {
    pub fn new() -> World {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        for name in ["home", "disk", "data"] {
            fs::create_dir(root.join(name)).unwrap();
        }
        let catalog = Catalog {
            config_dir: root.join("config"),
            data_dir: root.join("data"),
            home_dir: Some(root.join("home")),
            user: "me".to_owned(),
            host: "here".to_owned(),
        };
        World { dir, catalog }
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(below)
    }

    pub fn home(&self) -> PathBuf {
        self.path("home")
    }

    /// Writes a file below `home`, with the folders above it.
    pub fn write(&self, below: &str, content: &str) -> PathBuf {
        let path = self.home().join(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// A repository `main` on the disk and an archive `home` of the home folder.
    pub fn with_archive(&self) -> ArchiveName {
        self.add_archive("home", Specification::of(vec![self.home()]))
    }

    /// An archive of this name, in the repository `main`, which is made if it is not there.
    pub fn add_archive(&self, name: &str, specification: Specification) -> ArchiveName {
        let repository = RepositoryName::new("main").unwrap();
        let settings = RepositorySettings::new(Layout::Packed, Codec::Zstd, None).unwrap();
        let found = match self.catalog.repository(&repository) {
            Ok(found) => found,
            Err(_) => self
                .catalog
                .create_repository(&repository, Some(&self.path("disk")), &settings)
                .unwrap(),
        };
        let name = ArchiveName::new(name).unwrap();
        self.catalog
            .create_archive(&name, &found, None, specification)
            .unwrap();
        name
    }

    /// Backs an archive up as if it were `time`, like `2026-11-20T10:00:00[UTC]`.
    pub fn back_up(&self, archive: &ArchiveName, time: &str) -> SnapshotName {
        let now: Zoned = time.parse().unwrap();
        let monitor = Arc::new(Monitor::new());
        let report = self.catalog.back_up(archive, &now, false, &monitor);
        report.unwrap().snapshot.unwrap()
    }

    /// The window, as it is after everything has been read.
    pub fn open(&self) -> Window {
        Window::open(self)
    }
}

/// A picker that answers what the test has laid out for it.
#[derive(Default)]
pub struct FakePicker {
    pub answers: Mutex<Vec<PathBuf>>,
    pub asked: Mutex<Vec<PickRequest>>,
}

impl Picker for FakePicker {
    fn pick(&self, request: &PickRequest) -> Result<Option<PathBuf>> {
        self.asked.lock().unwrap().push(request.clone());
        Ok(self.answers.lock().unwrap().pop())
    }
}

/// A window that is driven by a test.
pub struct Window {
    pub harness: Harness<'static, App>,
    pub picker: Arc<FakePicker>,
    /// Folders that the window asked the desktop to show.
    pub opened_folders: Arc<Mutex<Vec<PathBuf>>>,
}

impl Window {
    pub fn open(world: &World) -> Window {
        Window::open_at(world, "2026-11-25T12:00:00[UTC]")
    }

    /// Opens it at a moment. What is offered when nothing is set up yet is put aside.
    pub fn open_at(world: &World, now: &str) -> Window {
        let mut window = Window::open_untouched(world, now);
        if window.shows("Your first backup: what?") {
            window.key(egui::Key::Escape);
        }
        window
    }

    /// Opens it as a user would find it.
    pub fn open_untouched(world: &World, now: &str) -> Window {
        let picker = Arc::new(FakePicker::default());
        let opened_folders = Arc::new(Mutex::new(Vec::new()));
        let now: Zoned = now.parse().unwrap();
        let platform = Platform {
            catalog: world.catalog.clone(),
            picker: Arc::clone(&picker) as Arc<dyn Picker>,
            disks: Arc::new({
                // One to keep backups on, and where a test has made it, one that can only be read.
                let disks = [("disk", true), ("rescue", false)].map(|(name, is_target)| Disk {
                    path: world.path(name),
                    is_target,
                });
                move || {
                    let mounted = disks.iter().filter(|disk| disk.path.is_dir());
                    mounted.cloned().collect()
                }
            }),
            open_folder: Arc::new({
                let opened_folders = Arc::clone(&opened_folders);
                move |folder| {
                    opened_folders.lock().unwrap().push(folder.to_owned());
                    Ok(())
                }
            }),
            now: Box::new(move || now.clone()),
            settings: Settings::load(&world.catalog.config_dir),
        };
        let harness = Harness::builder()
            .with_size([1180.0, 780.0])
            .with_max_steps(64)
            .renderer(LazyRenderer::new(SoftwareRenderer::default))
            .build_eframe(move |creation| App::new(&creation.egui_ctx, platform));
        let mut window = Window {
            harness,
            picker,
            opened_folders,
        };
        window.wait_until("the configuration is read", |window| {
            !window.harness.state().overview().is_loading()
        });
        window.steps(3);
        window
    }

    /// Draws some frames.
    pub fn steps(&mut self, number: usize) {
        self.harness.run_steps(number);
    }

    /// Draws frames until something is so.
    #[track_caller]
    pub fn wait_until(&mut self, what: &str, is_so: impl Fn(&mut Window) -> bool) {
        let begun = Instant::now();
        while !is_so(self) {
            let seen = || self.labels().join("\n  ");
            assert!(
                begun.elapsed() < PATIENCE,
                "waited in vain until {what}; seen:\n  {}",
                seen()
            );
            self.harness.step();
            std::thread::sleep(Duration::from_millis(5));
        }
        self.steps(2);
    }

    /// Waits until something with this text in its label is shown.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) {
        self.wait_until(&format!("'{text}' is shown"), |window| window.shows(text));
    }

    /// Waits until nothing with this text in its label is shown.
    #[track_caller]
    pub fn wait_until_gone(&mut self, text: &str) {
        self.wait_until(&format!("'{text}' is gone"), |window| !window.shows(text));
    }

    /// Waits until the desktop was asked to show this folder, and no other.
    #[track_caller]
    pub fn wait_until_opened(&mut self, folder: &Path) {
        self.wait_until("the folder is shown", |window| {
            *window.opened_folders.lock().unwrap() == [folder]
        });
    }

    /// Whether something has this text in its label or value.
    pub fn shows(&self, text: &str) -> bool {
        self.labels().iter().any(|label| label.contains(text))
    }

    /// Whether a label or value begins so.
    pub fn has_line(&self, begin: &str) -> bool {
        self.labels().iter().any(|label| label.starts_with(begin))
    }

    /// All labels and values that a screen reader finds.
    pub fn labels(&self) -> Vec<String> {
        let mut labels = Vec::new();
        let mut nodes = vec![self.harness.root().accesskit_node()];
        while let Some(node) = nodes.pop() {
            labels.extend(node.label());
            labels.extend(node.value());
            nodes.extend(node.children());
        }
        labels
    }

    /// Clicks what has exactly this label, once it is there.
    #[track_caller]
    pub fn click(&mut self, label: &str) {
        self.wait_until(&format!("'{label}' can be clicked"), |window| {
            window.harness.query_all_by_label(label).next().is_some()
        });
        // Where it stays: a click goes to a place, and what has just come in may move things.
        let mut place = self.place_of(label);
        let mut still = 0;
        for _ in 0..200 {
            std::thread::sleep(Duration::from_millis(5));
            self.steps(2);
            let now = self.place_of(label);
            still = if now == place { still + 1 } else { 0 };
            if still == 3 {
                break;
            }
            place = now;
        }
        let mut all: Vec<_> = self.harness.query_all_by_label(label).collect();
        // The last one drawn is on top: a dialog's button rather than what is below.
        all.pop().unwrap().click();
        self.steps(3);
    }

    /// Where the topmost thing of this label is.
    fn place_of(&self, label: &str) -> Option<egui::Rect> {
        let all = self.harness.query_all_by_label(label);
        all.last().map(|node| node.rect())
    }

    /// Types into the field of this name, in place of what is there.
    #[track_caller]
    pub fn type_into(&mut self, field: &str, text: &str) {
        self.wait_until(&format!("there is a field '{field}'"), |window| {
            window.harness.query_all_by_label(field).next().is_some()
        });
        self.harness.get_by_label(field).focus();
        self.steps(2);
        self.harness
            .key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
        self.steps(1);
        self.harness.get_by_label(field).type_text(text);
        self.steps(3);
    }

    /// Goes on with Tab until this has the keyboard.
    #[track_caller]
    pub fn tab_to(&mut self, label: &str) {
        /// More stops than any screen has.
        const MOST: usize = 200;
        for _ in 0..MOST {
            let all = self.harness.query_all_by_label(label);
            if all.into_iter().any(|node| node.is_focused()) {
                return;
            }
            self.key(egui::Key::Tab);
        }
        panic!("Tab does not lead to '{label}'; seen: {:?}", self.labels());
    }

    /// Goes to a button with Tab, once it can be pressed, and presses it with Enter.
    #[track_caller]
    pub fn press(&mut self, label: &str) {
        self.wait_until(&format!("'{label}' can be pressed"), |window| {
            let mut all = window.harness.query_all_by_label(label);
            all.any(|node| !node.accesskit_node().is_disabled())
        });
        self.tab_to(label);
        self.key(egui::Key::Enter);
        self.steps(2);
    }

    /// Goes to a field with Tab and types, in place of what is there.
    #[track_caller]
    pub fn fill_in(&mut self, field: &str, text: &str) {
        self.tab_to(field);
        self.keys(egui::Modifiers::COMMAND, egui::Key::A);
        let typed = egui::Event::Text(text.to_owned());
        self.harness.input_mut().events.push(typed);
        self.steps(3);
    }

    pub fn key(&mut self, key: egui::Key) {
        self.harness.key_press(key);
        self.steps(2);
    }

    pub fn keys(&mut self, modifiers: egui::Modifiers, key: egui::Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.steps(2);
    }
}

/// The contents of all files below a folder, by their paths in it.
pub fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let below = path.strip_prefix(folder).unwrap().to_owned();
                found.push((below, fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}
