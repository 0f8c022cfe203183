//! What is drawn on the processor for tests and for the manual is what the real window shows.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use egui_kittest::kittest::Queryable;
use egui_kittest::{Harness, LazyRenderer};
use gibus::error::Result;
use gibus::gui::command::Command;
use gibus::gui::picker::{PickRequest, Picker};
use gibus::gui::route::Route;
use gibus::gui::settings::{Settings, ThemeChoice};
use gibus::gui::{App, Platform};
use gibus::{catalog::Catalog, environment};
use image::RgbImage;

use crate::desktop::{Desktop, PATIENCE, SIZE};
use crate::picture::SoftwareRenderer;

/// OpenGL dithers gradients and rounds in other places; of 255 levels.
const TOLERANCE: u8 = 4;

#[test]
fn a_picture_from_the_processor_is_what_the_window_shows() {
    let Some(desktop) = Desktop::start() else {
        return;
    };
    desktop.configure();
    for theme in [ThemeChoice::Light, ThemeChoice::Dark] {
        let settings = Settings {
            theme,
            ..Settings::default()
        };
        settings.save(&desktop.config());
        let expected = drawn(&desktop, settings);
        let mut window = desktop.open();
        window.key("ctrl+7");
        // Nothing is to look as if the pointer were over it.
        window.point_at(100, 640);
        window.wait_until("it looks as it was drawn", |window| {
            looks_like(&window.picture(), &expected)
        });
    }
}

/// The last screen, which has no times on it.
fn drawn(desktop: &Desktop, settings: Settings) -> RgbImage {
    let here = environment::catalog(Some(desktop.config())).unwrap();
    let theme = match settings.theme {
        ThemeChoice::Light => egui::Theme::Light,
        _ => egui::Theme::Dark,
    };
    let platform = Platform {
        catalog: Catalog {
            data_dir: desktop.home(".local/share/gibus"),
            home_dir: Some(desktop.path("home")),
            ..here
        },
        picker: Arc::new(NoPicker),
        disks: Arc::new(Vec::new),
        open_folder: Arc::new(|_| Ok(())),
        now: Box::new(jiff::Zoned::now),
        settings,
    };
    let mut harness = Harness::builder()
        .with_size([SIZE.0 as f32, SIZE.1 as f32])
        .with_max_steps(64)
        .with_theme(theme)
        .renderer(LazyRenderer::new(SoftwareRenderer::default))
        .build_eframe(move |creation| App::new(&creation.egui_ctx, platform));
    while harness.state().overview().is_loading() {
        harness.step();
    }
    harness.state_mut().send(Command::Go(Route::Exigency));
    // What threads find out comes in: the folders that could be searched.
    let home = desktop.path("home");
    let found = format!("Search {}", home.display());
    let begun = Instant::now();
    while harness.query_by_label(&found).is_none() {
        assert!(begun.elapsed() < PATIENCE, "'{found}' is not shown");
        harness.step();
    }
    harness.run_steps(4);
    image::DynamicImage::ImageRgba8(harness.render().unwrap()).into_rgb8()
}

fn looks_like(picture: &RgbImage, expected: &RgbImage) -> bool {
    assert_eq!(picture.dimensions(), expected.dimensions());
    let mut channels = picture.iter().zip(expected.iter());
    channels.all(|(one, other)| one.abs_diff(*other) <= TOLERANCE)
}

/// Nobody is there to answer.
struct NoPicker;

impl Picker for NoPicker {
    fn pick(&self, _: &PickRequest) -> Result<Option<PathBuf>> {
        Ok(None)
    }
}
