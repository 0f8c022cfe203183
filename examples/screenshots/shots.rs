//! What is shown in which picture, and how the window gets there.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT, Queryable};
use egui_kittest::{Harness, LazyRenderer};
use gibus::catalog::Catalog;
use gibus::error::Result;
use gibus::fs::path_bytes;
use gibus::gui::command::{BrowseTarget, Command};
use gibus::gui::disks::Disk;
use gibus::gui::picker::{PickRequest, Picker};
use gibus::gui::route::Route;
use gibus::gui::settings::Settings;
use gibus::gui::{App, Platform};
use gibus::jobs::get_back::{Picked, Picks, Request, Target};
use gibus::jobs::source::SeriesSource;
use gibus::snapshot::places::ArchiveName;
use image::RgbaImage;
use jiff::Zoned;

use crate::picture::SoftwareRenderer;

/// A picture is not waited for longer, whatever is still to come.
const LONGEST: Duration = Duration::from_secs(60);

/// What the window is opened with.
pub struct Scene {
    pub home: PathBuf,
    pub disk: PathBuf,
    /// What there is to show.
    pub catalog: Catalog,
    /// What somebody has who has just installed the program.
    pub empty: Catalog,
    pub now: Zoned,
}

/// A picture.
pub struct Shot {
    pub name: &'static str,
    /// Without any configuration, as somebody has who has just installed it.
    is_first_run: bool,
    go: fn(&mut Stage<'_>),
}

/// All pictures.
pub const SHOTS: &[Shot] = &[
    Shot::new("home", |stage| stage.send(Command::Go(Route::Home))),
    Shot::new("archives", |stage| {
        stage.send(Command::ShowArchive(archive("documents")));
    }),
    Shot::new("browse", |stage| {
        stage.browse("documents", "Documents/Letters");
    }),
    Shot::new("browse-preview", |stage| {
        stage.browse("pictures", "Pictures/2025 Norway");
        stage.click_if_there("IMG_4106.jpg");
        stage.click_if_there("Preview");
    }),
    Shot::new("plan", |stage| stage.plan()),
    Shot::new("statistics", |stage| {
        stage.send(Command::ShowStatistics(archive("documents")));
    }),
    Shot::new("statistics-more", |stage| {
        stage.send(Command::ShowStatistics(archive("documents")));
        stage.scroll(400.0);
    }),
    Shot::new("treemap", |stage| {
        stage.send(Command::ShowStatistics(archive("documents")));
        stage.click_if_there("Space");
    }),
    Shot::new("cleanup", |stage| {
        stage.send(Command::ShowStatistics(archive("documents")));
        stage.click_if_there("Statistics of");
        stage.click_if_there("All of usb-disk");
        stage.click_if_there("Clean up");
        stage.click_if_there("Usual rule");
        stage.harness.remove_cursor();
    }),
    Shot::new("repositories", |stage| {
        stage.send(Command::Go(Route::Repositories));
    }),
    Shot::new("jobs", |stage| stage.send(Command::Go(Route::Jobs))),
    Shot::new("exigency", |stage| {
        stage.send(Command::Go(Route::Exigency));
        let media = stage.scene.disk.parent().map(Path::to_owned);
        let media = media.unwrap_or_default();
        stage.type_into("Disk or folder to search", &media.display().to_string());
        stage.click_if_there("Search");
        // The pointer over a button would show its explanation.
        stage.harness.remove_cursor();
    }),
    Shot {
        name: "first-run",
        is_first_run: true,
        go: |_| {},
    },
];

/// Pictures of a real history, that of one archive which is alone in its repository.
pub const OF_HISTORY: &[Shot] = &[
    Shot::new("statistics", |stage| {
        stage.send(Command::Go(Route::Statistics))
    }),
    Shot::new("statistics-more", |stage| {
        stage.send(Command::Go(Route::Statistics));
        stage.scroll(400.0);
    }),
    Shot::new("treemap", |stage| {
        stage.send(Command::Go(Route::Statistics));
        stage.click_if_there("Space");
    }),
    Shot::new("cleanup", |stage| {
        stage.send(Command::Go(Route::Statistics));
        stage.click_if_there("Clean up");
        stage.click_if_there("Usual rule");
        stage.harness.remove_cursor();
    }),
    Shot::new("jobs", |stage| stage.send(Command::Go(Route::Jobs))),
];

impl Shot {
    const fn new(name: &'static str, go: fn(&mut Stage<'_>)) -> Shot {
        Shot {
            name,
            is_first_run: false,
            go,
        }
    }
}

/// Opens the window, goes where the picture is, and takes it.
pub fn take(shot: &Shot, scene: &Scene, theme: egui::Theme) -> RgbaImage {
    let catalog = match shot.is_first_run {
        true => scene.empty.clone(),
        false => scene.catalog.clone(),
    };
    let now = scene.now.clone();
    let platform = Platform {
        catalog: catalog.clone(),
        picker: Arc::new(NoPicker),
        disks: Arc::new({
            let disk = scene.disk.clone();
            move || {
                vec![Disk {
                    path: disk.clone(),
                    is_target: true,
                }]
            }
        }),
        open_folder: Arc::new(|_| Ok(())),
        now: Box::new(move || now.clone()),
        settings: Settings::default(),
    };
    let harness = Harness::builder()
        .with_size([1180.0, 780.0])
        .with_max_steps(64)
        .with_theme(theme)
        .with_render_cursor(false)
        .allow_missing_glyphs()
        .renderer(LazyRenderer::new(SoftwareRenderer::default))
        .build_eframe(move |creation| App::new(&creation.egui_ctx, platform));
    let mut stage = Stage { harness, scene };
    stage.settle();
    (shot.go)(&mut stage);
    stage.settle();
    stage
        .harness
        .render()
        .expect("the window draws nothing but triangles")
}

/// The window, while it is brought to where a picture is taken.
struct Stage<'a> {
    harness: Harness<'static, App>,
    scene: &'a Scene,
}

impl Stage<'_> {
    fn send(&mut self, command: Command) {
        self.harness.state_mut().send(command);
        self.settle();
    }

    fn browse(&mut self, name: &str, folder: &str) {
        let folder = self.scene.home.join(folder);
        self.send(Command::Browse(BrowseTarget {
            source: SeriesSource::Archive(archive(name)),
            snapshot: None,
            folder: Some(path_bytes(&folder).to_vec()),
            versions_of: None,
        }));
    }

    /// What the window shows before files are put back that have changed since.
    fn plan(&mut self) {
        self.browse("documents", "Documents");
        let source = SeriesSource::Archive(archive("documents"));
        let series = source.series(&self.scene.catalog).expect("the demo has it");
        let file = &series.snapshots[series.snapshots.len() - 12];
        let wanted = ["Diary.md", "Thesis", "Letters"].map(|name| {
            let path = self.scene.home.join("Documents").join(name);
            path_bytes(&path).to_vec()
        });
        self.send(Command::GetBack(Request {
            source,
            picks: vec![Picks {
                file: file.path.clone(),
                name: file.name,
                what: Picked::Paths(wanted.to_vec()),
            }],
            target: Target::Origin,
            overwrite: false,
        }));
    }

    fn type_into(&mut self, field: &str, text: &str) {
        if let Some(node) = self.harness.query_all_by_label(field).next() {
            node.focus();
        }
        self.harness.run_steps(2);
        if let Some(node) = self.harness.query_all_by_label(field).next() {
            node.type_text(text);
        }
        self.settle();
    }

    /// Turns the wheel over the middle of the window, by so many points.
    fn scroll(&mut self, down: f32) {
        let middle = self.harness.ctx.content_rect().center();
        self.harness.hover_at(middle);
        self.harness.event(egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta: egui::vec2(0.0, -down),
            phase: egui::TouchPhase::Move,
            modifiers: egui::Modifiers::NONE,
            source: egui::MouseWheelSource::Unknown,
        });
        self.harness.run_steps(8);
        self.harness.remove_cursor();
        self.settle();
    }

    fn click_if_there(&mut self, label: &str) {
        if let Some(node) = self.harness.query_all_by_label(label).next() {
            node.click();
        } else {
            eprintln!("'{label}' is not there to be clicked");
        }
        self.settle();
    }

    /// Draws frames until nothing has changed for a while: threads read disks meanwhile.
    fn settle(&mut self) {
        let begun = Instant::now();
        let mut seen = Vec::new();
        let mut since = Instant::now();
        while since.elapsed() < Duration::from_millis(400) && begun.elapsed() < LONGEST {
            self.harness.step();
            let (labels, is_busy) = self.look();
            if labels != seen || is_busy {
                seen = labels;
                since = Instant::now();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// What can be read, and whether something turns that says that it will be more.
    fn look(&self) -> (Vec<String>, bool) {
        let mut labels = Vec::new();
        let mut is_busy = false;
        let mut nodes = vec![self.harness.root().accesskit_node()];
        while let Some(node) = nodes.pop() {
            is_busy |= node.role() == Role::ProgressIndicator;
            labels.extend(node.label());
            labels.extend(node.value());
            nodes.extend(node.children());
        }
        (labels, is_busy)
    }
}

fn archive(name: &str) -> ArchiveName {
    ArchiveName::new(name).expect("the demo's names are good ones")
}

/// Nobody is there to answer.
struct NoPicker;

impl Picker for NoPicker {
    fn pick(&self, _: &PickRequest) -> Result<Option<PathBuf>> {
        Ok(None)
    }
}
