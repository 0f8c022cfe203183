//! Draws a picture of every screen, light and dark, without a display:
//!
//! ```sh
//! cargo run --example screenshots [FOLDER]
//! ```
//!
//! The pictures go to `FOLDER/{light,dark}-<screen>.png`, `assets/screenshots` if left out. They show the home of
//! somebody who does not exist ([`demo`]), at a fixed time. So that it can be `/home/anna` without touching the
//! real `/home`, the program runs itself in a mount namespace of its own, with empty file systems in memory in
//! the places of `/home` and `/media`; where the system does not allow that, the home is in a temporary folder.

#[path = "../../tests/support/picture.rs"]
mod picture;

mod demo;
mod shots;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// The first argument when the program runs itself.
const ON_STAGE: &str = "--on-stage";

/// Opens the program and the folder before `/home`, in which both may lie, is out of sight.
const SET: &str = r#"
    exec 3<"$0" 4<"$1" &&
    mount -t tmpfs -o size=2G,mode=755 home /home &&
    mount -t tmpfs -o size=500G,mode=755 media /media &&
    exec /proc/self/fd/3 --on-stage /proc/self/fd/4
"#;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let first = arguments.next();
    if first.as_deref() == Some(Path::new(ON_STAGE)) {
        let folder = arguments.next().expect("the program calls itself with one");
        draw(Path::new("/home/anna"), Path::new("/media/anna"), &folder);
        return ExitCode::SUCCESS;
    }
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/screenshots");
    let folder = first.unwrap_or(usual);
    std::fs::create_dir_all(&folder).expect("the folder for pictures can be made");
    if has_namespaces() {
        let program = std::env::current_exe().expect("the system says which program this is");
        let status = Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", SET])
            .args([&program, &folder])
            // Nothing is to depend on where this runs.
            .env("TZ", "UTC")
            .status();
        return match status {
            Ok(status) if status.success() => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        };
    }
    eprintln!("No namespaces here: the pictures will show the paths of a temporary folder.");
    let stage = tempfile::tempdir().expect("there is room for temporary files");
    draw(
        &stage.path().join("home/anna"),
        &stage.path().join("media"),
        &folder,
    );
    ExitCode::SUCCESS
}

fn has_namespaces() -> bool {
    let tried = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount"])
        .args(["mount", "-t", "tmpfs", "home", "/home"])
        .stderr(Stdio::null())
        .status();
    tried.is_ok_and(|status| status.success())
}

fn draw(home: &Path, media: &Path, folder: &Path) {
    println!("Making five weeks of backups …");
    let mut demo = demo::Demo::new(home, media);
    let catalog = demo
        .make()
        .expect("backups of the demo's files can be made");
    for shot in shots::SHOTS {
        for theme in [egui::Theme::Light, egui::Theme::Dark] {
            let picture = shots::take(shot, &demo, &catalog, theme);
            let name = match theme {
                egui::Theme::Light => format!("light-{}.png", shot.name),
                egui::Theme::Dark => format!("dark-{}.png", shot.name),
            };
            let bytes = save(&picture, &folder.join(&name));
            println!("{name}: {}", gibus::human::size(bytes));
        }
    }
}

/// Writes it as small as can be; the number of bytes.
fn save(picture: &image::RgbaImage, path: &Path) -> u64 {
    use image::codecs::png::{CompressionType, FilterType, PngEncoder};
    // The window covers everything, so alpha says nothing.
    let picture = image::DynamicImage::ImageRgba8(picture.clone()).into_rgb8();
    let best = [FilterType::NoFilter, FilterType::Adaptive]
        .map(|filter| {
            let mut bytes = Vec::new();
            let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Best, filter);
            picture
                .write_with_encoder(encoder)
                .expect("memory can be written to");
            bytes
        })
        .into_iter()
        .min_by_key(Vec::len)
        .expect("there are two");
    std::fs::write(path, &best).expect("the folder for pictures can be written to");
    File::open(path)
        .and_then(|file| file.metadata())
        .map_or(0, |file| file.len())
}
