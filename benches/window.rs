//! How long the window takes for a frame, and to know what it shows; prints figures, asserts nothing about them.
//!
//! `cargo bench --bench window [-- --in DIR]`. The window is driven as in its tests, with no display: measured is
//! what the window does itself in each frame (taking in results, laying out, drawing to shapes), by the clock.
//! What a graphics card or its stand-in makes of the shapes is not in it.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{Event, Key, Modifiers, MouseWheelUnit, Pos2, TouchPhase, Vec2};
use egui_kittest::Harness;
use gibus::catalog::Catalog;
use gibus::error::Result;
use gibus::format::compression::Codec;
use gibus::format::digest::Sha1;
use gibus::format::id::Id;
use gibus::gui::command::{BrowseTarget, Command};
use gibus::gui::picker::{PickRequest, Picker};
use gibus::gui::screens::browse::Browse;
use gibus::gui::settings::Settings;
use gibus::gui::{App, Platform};
use gibus::jobs::source::SeriesSource;
use gibus::repository::settings::{Layout, Settings as RepositorySettings};
use gibus::repository::token::{ContentNumber, SegmentId, Token};
use gibus::snapshot::archive::name::SnapshotName;
use gibus::snapshot::file::{
    ArchiveIdentity, BuildStats, RepositoryIdentity, SnapshotHeader, SnapshotWriter, TakenAt,
};
use gibus::snapshot::places::{ArchiveName, RepositoryName};
use gibus::snapshot::specification::Specification;
use gibus::snapshot::tree::{
    Attributes, DirectoryEntry, Entry, FileEntry, Kind, Name, Timestamp, Totals,
};
use jiff::ToSpan;
use jiff::civil::datetime;

const LONG_FOLDER: u64 = 1_000_000;
const SNAPSHOTS: i64 = 200;
const FOLDERS: u64 = 100;
const FILES_IN_FOLDER: u64 = 1000;
/// How many backups run while one browses.
const BACKUPS: u64 = 5;
/// Sixty frames a second.
const FRAME: Duration = Duration::from_micros(16_667);

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut place = std::env::temp_dir();
    while let Some(argument) = arguments.next() {
        if argument == "--in" {
            place = arguments.next().map(PathBuf::from).expect("--in DIR");
        }
    }
    let folder = tempfile::tempdir_in(place).expect("a folder for temporary files");
    let world = World::new(&folder.path().canonicalize().expect("its path"))?;
    let long = world.archive("long", &world.root.join("nothing"))?;
    world.write_long_folder(&long)?;
    let many = world.archive("many", &world.root.join("nothing"))?;
    world.write_many_snapshots(&many)?;
    scroll_long_folder(&world, &long);
    open_many_snapshots(&world, &many);
    browse_while_backing_up(&world, &many)?;
    Ok(())
}

/// (a) Scrolling in a folder of a million entries.
fn scroll_long_folder(world: &World, archive: &ArchiveName) {
    let mut window = Window::open(world);
    let started = Instant::now();
    window.browse(archive, "/home/me");
    window.step_until(|browse| browse.row_count() as u64 == LONG_FOLDER && browse.is_settled());
    println!(
        "a folder of {LONG_FOLDER} entries\n  listed and sorted in {:.2} s; memory of the process {} MB",
        started.elapsed().as_secs_f64(),
        memory_mb("VmRSS")
    );
    window.frames.clear();
    let over = Event::PointerMoved(Pos2::new(800.0, 450.0));
    window.harness.event(over);
    window.step();
    for number in 0..1000 {
        // Through the whole of it and back, faster and slower.
        let points = match number {
            0..500 => -60.0 * (1.0 + number as f32),
            _ => 60.0 * (number as f32 - 400.0),
        };
        window.harness.event(Event::MouseWheel {
            unit: MouseWheelUnit::Point,
            delta: Vec2::new(0.0, points),
            phase: TouchPhase::Move,
            source: egui::MouseWheelSource::Wheel,
            modifiers: Modifiers::NONE,
        });
        window.step();
    }
    window.tell("scrolling");
    window.harness.key_press(Key::End);
    window.step();
}

/// (c) From the beginning to the first frame with all rows.
fn open_many_snapshots(world: &World, archive: &ArchiveName) {
    let started = Instant::now();
    let mut window = Window::open(world);
    let made = started.elapsed();
    window.step();
    let first = started.elapsed();
    window.browse(archive, "/home/me/folder 000");
    let is_whole = |browse: &Browse| {
        browse.series().points.len() as i64 == SNAPSHOTS
            && browse.row_count() as u64 == FILES_IN_FOLDER
            && browse.is_settled()
    };
    window.step_until(is_whole);
    println!(
        "{SNAPSHOTS} snapshots of {} files\n  window made in {:.0} ms, first frame after {:.0} ms, \
         every snapshot and every row known after {:.0} ms",
        FOLDERS * FILES_IN_FOLDER,
        made.as_secs_f64() * 1e3,
        first.as_secs_f64() * 1e3,
        started.elapsed().as_secs_f64() * 1e3,
    );
    window.tell("until then");
}

/// (b) Moving between folders and snapshots while a backup runs.
fn browse_while_backing_up(world: &World, archive: &ArchiveName) -> Result<()> {
    let home = world.root.join("files");
    for folder in 0..FOLDERS {
        let folder = home.join(format!("folder {folder:03}"));
        fs::create_dir_all(&folder).expect("a folder");
        for file in 0..FILES_IN_FOLDER {
            let text = format!("file {file} of {}\n", folder.display()).repeat(40);
            fs::write(folder.join(format!("file {file:04}.txt")), text).expect("a file");
        }
    }
    let mut window = Window::open(world);
    window.browse(archive, "/home/me");
    window.step_until(|browse| browse.row_count() as u64 == FOLDERS && browse.is_settled());
    window.frames.clear();
    let started = Instant::now();
    let (mut frame, mut moves) = (0_u64, 0);
    for round in 0..BACKUPS {
        // A new one each time, so that everything is read.
        let big = world.archive(&format!("big-{round}"), &home)?;
        window.harness.state_mut().app.send(Command::BackUp(big));
        window.step();
        while window.harness.state().app.jobs().is_any_running() {
            let begun = Instant::now();
            // Some five moves a second: a snapshot back, another folder, and so on.
            if frame.is_multiple_of(12) {
                moves += 1;
                match moves % 3 {
                    0 => window.browse(archive, "/home/me"),
                    1 => window
                        .harness
                        .key_press_modifiers(Modifiers::ALT, Key::ArrowLeft),
                    _ => {
                        let folder = format!("/home/me/folder {:03}", moves % FOLDERS);
                        window.browse(archive, &folder);
                    }
                }
            }
            window.step();
            frame += 1;
            std::thread::sleep(FRAME.saturating_sub(begun.elapsed()));
        }
    }
    println!(
        "while {BACKUPS} backups of {} files run one after the other, for {:.1} s",
        FOLDERS * FILES_IN_FOLDER,
        started.elapsed().as_secs_f64()
    );
    window.tell(&format!("{moves} moves between folders and snapshots"));
    Ok(())
}

/// The window, with a clock around what it does itself.
struct Timed {
    app: App,
    spent: Duration,
}

impl eframe::App for Timed {
    fn logic(&mut self, ctx: &egui::Context, frame: &mut eframe::Frame) {
        let started = Instant::now();
        self.app.logic(ctx, frame);
        self.spent += started.elapsed();
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        let started = Instant::now();
        self.app.ui(ui, frame);
        self.spent += started.elapsed();
    }
}

/// No dialogs here.
struct NoPicker;

impl Picker for NoPicker {
    fn pick(&self, _: &PickRequest) -> Result<Option<PathBuf>> {
        Ok(None)
    }
}

struct Window {
    harness: Harness<'static, Timed>,
    frames: Vec<Duration>,
}

impl Window {
    fn open(world: &World) -> Window {
        let platform = Platform {
            catalog: world.catalog.clone(),
            picker: Arc::new(NoPicker),
            disks: Arc::new(Vec::new),
            open_folder: Arc::new(|_| Ok(())),
            now: Box::new(jiff::Zoned::now),
            settings: Settings::default(),
        };
        let harness = Harness::builder()
            .with_size([1180.0, 780.0])
            .build_eframe(move |creation| Timed {
                app: App::new(&creation.egui_ctx, platform),
                spent: Duration::ZERO,
            });
        Window {
            harness,
            frames: Vec::new(),
        }
    }

    fn step(&mut self) {
        self.harness.state_mut().spent = Duration::ZERO;
        self.harness.step();
        self.frames.push(self.harness.state().spent);
    }

    fn browse(&mut self, archive: &ArchiveName, folder: &str) {
        let target = BrowseTarget {
            source: SeriesSource::Archive(archive.clone()),
            snapshot: None,
            folder: Some(folder.as_bytes().to_vec()),
            versions_of: None,
        };
        let app = &mut self.harness.state_mut().app;
        app.send(Command::Browse(target));
    }

    fn step_until(&mut self, is_so: impl Fn(&Browse) -> bool) {
        let started = Instant::now();
        while !is_so(&self.harness.state_mut().app.screens_mut().browse) {
            self.step();
            std::thread::sleep(Duration::from_millis(1));
            assert!(started.elapsed() < Duration::from_secs(600), "in vain");
        }
    }

    fn tell(&mut self, what: &str) {
        self.frames.sort_unstable();
        let at = |share: f64| {
            let place = (self.frames.len() as f64 * share) as usize;
            let frame = self.frames.get(place.min(self.frames.len() - 1));
            frame.map_or(0.0, |frame| frame.as_secs_f64() * 1e3)
        };
        println!(
            "  {what}: {} frames; ms a frame: 50% {:.2}, 99% {:.2}, most {:.2}",
            self.frames.len(),
            at(0.50),
            at(0.99),
            at(1.0)
        );
    }
}

/// A configuration of its own.
struct World {
    root: PathBuf,
    catalog: Catalog,
}

impl World {
    fn new(root: &Path) -> Result<World> {
        let catalog = Catalog {
            config_dir: root.join("config"),
            data_dir: root.join("data"),
            home_dir: Some(root.join("nothing")),
            user: "me".to_owned(),
            host: "here".to_owned(),
        };
        for name in ["data", "disk", "nothing"] {
            fs::create_dir(root.join(name)).expect("a folder");
        }
        let settings = RepositorySettings::new(Layout::Packed, Codec::Zstd, None)?;
        let name = RepositoryName::new("main")?;
        catalog.create_repository(&name, Some(&root.join("disk")), &settings)?;
        Ok(World {
            root: root.to_owned(),
            catalog,
        })
    }

    fn archive(&self, name: &str, include: &Path) -> Result<ArchiveName> {
        let repository = self.catalog.repository(&RepositoryName::new("main")?)?;
        let name = ArchiveName::new(name)?;
        let specification = Specification::of(vec![include.to_owned()]);
        self.catalog
            .create_archive(&name, &repository, None, specification)?;
        Ok(name)
    }

    fn write_long_folder(&self, archive: &ArchiveName) -> Result<()> {
        let mut made = Maker::default();
        self.write_snapshot(archive, 0, |writer| {
            let mut listing = writer.begin_listing()?;
            for number in 0..LONG_FOLDER {
                let name = format!("a file with a name as they are {number:07}.txt");
                listing.push(&made.file(&name, 0))?;
            }
            let long = listing.finish()?;
            let home = writer.add_listing(&[directory("me", long)])?;
            writer.add_listing(&[directory("home", home)])
        })
    }

    fn write_many_snapshots(&self, archive: &ArchiveName) -> Result<()> {
        for number in 0..SNAPSHOTS {
            let mut made = Maker::default();
            self.write_snapshot(archive, number, |writer| {
                let mut folders = Vec::new();
                for folder in 0..FOLDERS {
                    // A few folders change from one snapshot to the next.
                    let is_changed = (folder as i64 + number) % 20 == 0;
                    let change = if is_changed { number } else { number / 20 };
                    let files = (0..FILES_IN_FOLDER).map(|file| {
                        let change = if file % 50 == 0 { change } else { 0 };
                        made.file(&format!("file {file:04}.txt"), change)
                    });
                    let files: Vec<Entry> = files.collect();
                    let listing = writer.add_listing(&files)?;
                    folders.push(directory(&format!("folder {folder:03}"), listing));
                }
                let me = writer.add_listing(&folders)?;
                let home = writer.add_listing(&[directory("me", me)])?;
                writer.add_listing(&[directory("home", home)])
            })?;
        }
        Ok(())
    }

    fn write_snapshot(
        &self,
        archive: &ArchiveName,
        day: i64,
        fill: impl FnOnce(&mut SnapshotWriter<BufWriter<File>>) -> Result<DirectoryEntry>,
    ) -> Result<()> {
        let found = self.catalog.archive(archive)?;
        let time = datetime(2026, 3, 1, 3, 0, 0, 0)
            .checked_add(day.days())
            .expect("a date");
        let name = SnapshotName::for_new(time, None)?;
        let path = found.archive.path_of(name);
        let out = BufWriter::new(File::create(&path).expect("a file to write to"));
        let snapshot_id = Id([day as u8; 16]);
        let mut writer = SnapshotWriter::create(out, snapshot_id, found.entry.id, Codec::Gzip)?;
        let root = fill(&mut writer)?;
        let repository = self.catalog.repository(&RepositoryName::new("main")?)?;
        let header = SnapshotHeader {
            snapshot_id,
            archive: ArchiveIdentity {
                id: found.entry.id,
                name: archive.to_string(),
                host: "here".to_owned(),
                user: "me".to_owned(),
            },
            taken_at: TakenAt {
                seconds: 1_772_334_000 + day * 86_400,
                nanoseconds: 0,
                utc_offset_seconds: 0,
                local_name: name.stem(),
            },
            repository: RepositoryIdentity {
                id: repository.entry.id,
                place: gibus::fs::path_bytes(&repository.entry.place).to_vec(),
            },
            claim_id: Id([3; 16]),
            predecessor_claim_id: None,
            specification: found.entry.specification.to_toml()?,
            build: BuildStats::default(),
            totals: Totals::default(),
            users: Vec::new(),
            groups: Vec::new(),
            complete: true,
            gibus_version: "bench".to_owned(),
        };
        writer.finish(root, &attributes(0), header)?;
        Ok(())
    }
}

/// Makes files that are all different.
#[derive(Default)]
struct Maker {
    ordinal: u32,
}

impl Maker {
    fn file(&mut self, name: &str, change: i64) -> Entry {
        self.ordinal += 1;
        let number = u64::from(self.ordinal);
        let mut sha1 = [0; 20];
        // Spread out as digests are.
        let spread = (number + ((change as u64) << 40)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        sha1[..8].copy_from_slice(&spread.to_le_bytes());
        sha1[8..16].copy_from_slice(&spread.rotate_left(29).to_le_bytes());
        entry(
            name,
            Kind::File(FileEntry {
                size: spread % 100_000,
                token: Some(Token {
                    sha1: Sha1(sha1),
                    number: ContentNumber {
                        segment: SegmentId(change as u64),
                        ordinal: self.ordinal,
                    },
                }),
                holes: Vec::new(),
            }),
            (spread % 100_000_000) as i64 + change,
        )
    }
}

fn directory(name: &str, listing: DirectoryEntry) -> Entry {
    entry(name, Kind::Directory(listing), 0)
}

fn entry(name: &str, kind: Kind, age: i64) -> Entry {
    Entry {
        name: Name::new(name.as_bytes()).expect("a name"),
        attributes: attributes(age),
        kind,
        hard_link: None,
        incomplete: false,
    }
}

fn attributes(age: i64) -> Attributes {
    let time = Timestamp {
        seconds: 1_770_000_000 - age,
        nanoseconds: 0,
    };
    Attributes {
        mode: 0o644,
        uid: 1000,
        gid: 1000,
        modified: time,
        changed: time,
        inode: 0,
        extended: [].into(),
    }
}

fn memory_mb(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(field));
    let digits: String = line
        .unwrap_or_default()
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    digits.parse().unwrap_or(0) / 1024
}
