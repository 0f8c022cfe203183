//! Draws a picture of every screen, light and dark, without a display:
//!
//! ```sh
//! cargo run --example screenshots [FOLDER]
//! cargo run --example screenshots -- --history VERSIONS [FOLDER]
//! ```
//!
//! The pictures go to `FOLDER/{light,dark}-<screen>.png`, `assets/screenshots` if left out. They show the home of
//! somebody who does not exist ([`demo`]), at a fixed time. So that it can be `/home/anna` without touching the
//! real `/home`, the program runs itself in a mount namespace of its own, with empty file systems in memory in
//! the places of `/home` and `/media`; where the system does not allow that, the home is in a temporary folder.
//!
//! With `--history` they show what statistics say of something real: `VERSIONS` has a subfolder for each version of
//! it, which are backed up one after another, as an archive of the folder's name ([`history`]). The pictures
//! `FOLDER/{light,dark}-history-<screen>.png` in `assets/screenshots` are of Django's source archives (pypi.org),
//! from 1.2 of 2010 to 6.1 of 2026, every second or third release, in a folder `django`.

#[path = "../../tests/support/picture.rs"]
mod picture;

mod demo;
mod history;
mod shots;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use gibus::snapshot::places::ArchiveName;

/// The first argument when the program runs itself.
const ON_STAGE: &str = "--on-stage";

/// Opens the program and the folders before `/home`, in which they may lie, is out of sight.
const SET: &str = r#"
    exec 3<"$0" 4<"$1" &&
    { [ -z "$2" ] || exec 5<"$2"; } &&
    mount -t tmpfs -o size=2G,mode=755 home /home &&
    mount -t tmpfs -o size=500G,mode=755 media /media &&
    exec /proc/self/fd/3 --on-stage /proc/self/fd/4 ${2:+/proc/self/fd/5 "${2##*/}"}
"#;

/// Versions to be backed up one after another, and what they are versions of.
struct History {
    versions: PathBuf,
    name: ArchiveName,
}

fn main() -> ExitCode {
    let mut arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if arguments.first().map(PathBuf::as_path) == Some(Path::new(ON_STAGE)) {
        let history = arguments.get(2).zip(arguments.get(3));
        let history = history.map(|(versions, name)| History::new(versions, name));
        draw(
            Path::new("/home/anna"),
            Path::new("/media/anna"),
            &arguments[1],
            history,
        );
        return ExitCode::SUCCESS;
    }
    let versions = match arguments.first().map(PathBuf::as_path) == Some(Path::new("--history")) {
        true if arguments.len() < 2 => {
            eprintln!("--history needs a folder with a subfolder for each version");
            return ExitCode::FAILURE;
        }
        true => arguments.drain(..2).next_back(),
        false => None,
    };
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/screenshots");
    let folder = arguments.pop().unwrap_or(usual);
    std::fs::create_dir_all(&folder).expect("the folder for pictures can be made");
    if has_namespaces() {
        let program = std::env::current_exe().expect("the system says which program this is");
        let status = Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", SET])
            .args([&program, &folder])
            .args(&versions)
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
        versions.map(|versions| History::new(&versions, &versions)),
    );
    ExitCode::SUCCESS
}

impl History {
    /// Named after the last part of a path.
    fn new(versions: &Path, named: &Path) -> History {
        let name = named.file_name().unwrap_or_default().to_string_lossy();
        History {
            versions: versions.to_owned(),
            name: ArchiveName::new(name).expect("the folder's name is a good one for an archive"),
        }
    }
}

fn has_namespaces() -> bool {
    let tried = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount"])
        .args(["mount", "-t", "tmpfs", "home", "/home"])
        .stderr(Stdio::null())
        .status();
    tried.is_ok_and(|status| status.success())
}

fn draw(home: &Path, media: &Path, folder: &Path, history: Option<History>) {
    let (scene, shots, of_what) = match history {
        None => {
            println!("Making five weeks of backups …");
            let scene = demo::Demo::new(home, media).make();
            (scene, shots::SHOTS, "")
        }
        Some(History { versions, name }) => {
            println!("Backing up each version …");
            let scene = history::make(home, media, &versions, &name);
            (scene, shots::OF_HISTORY, "history-")
        }
    };
    let scene = scene.expect("backups can be made");
    for shot in shots {
        for theme in [egui::Theme::Light, egui::Theme::Dark] {
            let picture = shots::take(shot, &scene, theme);
            let theme = match theme {
                egui::Theme::Light => "light",
                egui::Theme::Dark => "dark",
            };
            let name = format!("{theme}-{of_what}{}.png", shot.name);
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
