//! What the pictures show: Anna's home, and five weeks of backups of it.
//!
//! Contents, times of files and times of backups follow from a fixed seed, so that pictures made tomorrow differ
//! from those made today only where the program does.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use gibus::catalog::Catalog;
use gibus::error::Result;
use gibus::format::compression::Codec;
use gibus::human;
use gibus::jobs::history::{Health, HealthFinding, HistoryEntry, HistoryResult};
use gibus::progress::Monitor;
use gibus::repository::settings::{Layout, Settings};
use gibus::snapshot::build::BackupReport;
use gibus::snapshot::places::{ArchiveName, RepositoryName};
use gibus::snapshot::specification::Specification;
use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};
use jiff::{ToSpan, Zoned};

use crate::shots::Scene;

/// When the pictures are taken.
const NOW: &str = "2026-11-25T18:30:00[UTC]";
/// How many days of backups there are before that.
const DAYS: i64 = 36;

/// A home and two places for backups.
pub struct Demo {
    home: PathBuf,
    disk: PathBuf,
    nas: PathBuf,
    random: Random,
}

impl Demo {
    /// `home` and what is below `media` must not exist yet.
    pub fn new(home: &Path, media: &Path) -> Demo {
        Demo {
            home: home.to_owned(),
            disk: media.join("Backup"),
            nas: media.join("nas"),
            random: Random(0x2026_1125),
        }
    }

    /// Makes the files and all backups.
    pub fn make(mut self) -> Result<Scene> {
        for folder in [&self.disk, &self.nas] {
            fs::create_dir_all(folder).expect("the stage is empty");
        }
        let catalog = catalog_in(&self.home, "gibus");
        let now: Zoned = NOW.parse().expect("it is written correctly");
        self.begin(&now);
        let archives = self.archives(&catalog)?;
        for age in (0..=DAYS).rev() {
            let day = &now - age.days();
            self.live(&day, DAYS - age);
            // The computer was not switched on.
            if [9, 20, 21].contains(&age) {
                continue;
            }
            for (archive, is_due) in &archives {
                if is_due(age) {
                    self.back_up(&catalog, archive, &(&day - 25.minutes()))?;
                }
            }
        }
        self.remember(&catalog, &now)?;
        Ok(Scene {
            empty: catalog_in(&self.home, "empty"),
            home: self.home,
            disk: self.disk,
            catalog,
            now,
        })
    }

    /// The archives, and on which days they are backed up, by age.
    #[allow(clippy::type_complexity)]
    fn archives(&self, catalog: &Catalog) -> Result<Vec<(ArchiveName, fn(i64) -> bool)>> {
        let disk = RepositoryName::new("usb-disk")?;
        let nas = RepositoryName::new("nas")?;
        let packed = Settings::new(Layout::Packed, Codec::Zstd, None)?;
        let loose = Settings::new(Layout::Loose, Codec::Gzip, None)?;
        let disk = catalog.create_repository(&disk, Some(&self.disk), &packed)?;
        let nas = catalog.create_repository(&nas, Some(&self.nas), &loose)?;
        let at_home = |names: &[&str]| {
            let paths = names.iter().map(|name| self.home.join(name));
            Specification::of(paths.collect())
        };
        let documents = Specification {
            exclude_files: vec!["*.tmp".to_owned(), ".~lock*".to_owned()],
            exclude_caches: true,
            ..at_home(&["Documents"])
        };
        let projects = Specification {
            exclude_dirs: vec!["target".to_owned(), "node_modules".to_owned()],
            ignore_files: true,
            ..at_home(&["Projects"])
        };
        let pictures = at_home(&["Pictures", "Videos"]);
        let mut made: Vec<(ArchiveName, fn(i64) -> bool)> = Vec::new();
        let wanted: [(&str, _, _, fn(i64) -> bool); 3] = [
            ("documents", &disk, documents, |_| true),
            ("pictures", &disk, pictures, |age| age % 7 == 3),
            ("projects", &nas, projects, |age| age % 2 == 1),
        ];
        for (name, repository, specification, is_due) in wanted {
            let name = ArchiveName::new(name)?;
            catalog.create_archive(&name, repository, None, specification)?;
            made.push((name, is_due));
        }
        Ok(made)
    }

    fn back_up(&self, catalog: &Catalog, archive: &ArchiveName, now: &Zoned) -> Result<()> {
        let monitor = Arc::new(Monitor::new());
        let report = catalog.back_up(archive, now, false, &monitor)?;
        backup_entry(archive, now, &report).append(&catalog.config_dir);
        Ok(())
    }

    /// Jobs of other kinds.
    fn remember(&self, catalog: &Catalog, now: &Zoned) -> Result<()> {
        for (name, days, read_data) in [("usb-disk", 4, true), ("nas", 11, false)] {
            let name = RepositoryName::new(name)?;
            let id = catalog.repository(&name)?.repository.id();
            let mut entry = entry(format!("Check {name}"), &(now - days.days()));
            entry.summary = "Everything is in order.".to_owned();
            entry.repository = Some(name.to_string());
            entry.took_milliseconds = 9_300;
            entry.health = Some(Health {
                repository: id,
                finding: HealthFinding::Checked {
                    read_data,
                    is_sound: true,
                },
            });
            entry.append(&catalog.config_dir);
        }
        let folder = self.home.join("older");
        let title = format!("Extract to {}", folder.display());
        let mut extracted = entry(title, &(now - 3.hours()));
        extracted.result = HistoryResult::WithWarnings;
        extracted.summary = "41 files (2.1 MiB) are there.".to_owned();
        let file = folder.join("Letters/landlord.txt");
        extracted.problems = vec![format!("{}: could not set the owner", file.display())];
        extracted.warnings = 1;
        extracted.append(&catalog.config_dir);
        let mut failed = entry("Back up projects".to_owned(), &(now - 200.hours()));
        failed.result = HistoryResult::Failed;
        failed.archive = Some("projects".to_owned());
        failed.summary = format!(
            "Could not open the repository {}: is the disk or share there that it is on?",
            self.nas.display()
        );
        failed.append(&catalog.config_dir);
        Ok(())
    }

    /// What was there before the first backup.
    fn begin(&mut self, now: &Zoned) {
        let day = now - 60.days();
        let documents = [
            ("Letters/landlord.txt", 900),
            ("Letters/insurance.txt", 1_400),
            ("Letters/aunt Rosa.txt", 2_100),
            ("Letters/choir.txt", 700),
            ("Recipes/apple cake.md", 1_100),
            ("Recipes/lentil soup.md", 900),
            ("Recipes/rye bread.md", 1_700),
            ("Garden/beds 2026.md", 2_400),
            ("Taxes/2024/income.csv", 5_200),
            ("Taxes/2024/receipts.csv", 21_000),
            ("Taxes/2025/income.csv", 5_700),
            ("Taxes/2025/receipts.csv", 26_000),
            ("Thesis/introduction.tex", 19_000),
            ("Thesis/hats in the 19th century.tex", 64_000),
            ("Thesis/silk and springs.tex", 48_000),
            ("Thesis/sources.bib", 31_000),
            ("Diary.md", 58_000),
            ("Contract.txt", 12_000),
            ("notes.tmp", 3_000),
        ];
        for (name, len) in documents {
            self.text(&format!("Documents/{name}"), len, &day);
        }
        for number in 0..60 {
            let name = format!("Documents/Thesis/scans/page {number:03}.pdf");
            self.noise(&name, 60_000 + number * 700, &day);
        }
        for number in 1..=22 {
            let name = format!("Documents/Thesis/figures/fig {number:02}.png");
            self.noise(&name, 90_000 + number * 21_000, &day);
        }
        for number in 1..=9 {
            let name = format!("Documents/Choir/recordings/rehearsal {number}.flac");
            self.noise(&name, 1_400_000 + number * 160_000, &day);
        }
        for (name, len) in [
            ("Choir/scores/Winterreise.pdf", 1_900_000),
            ("Choir/scores/Evening songs.pdf", 740_000),
            ("Choir/members.ods", 48_000),
            ("Taxes/2024/statements.zip", 2_300_000),
            ("Taxes/2025/statements.zip", 2_900_000),
            ("Garden/weather.sqlite", 3_600_000),
            ("Garden/pond.mp4", 6_200_000),
            ("Old computer/home.tar.gz", 11_500_000),
            ("Old computer/photos of screens.zip", 2_100_000),
        ] {
            self.noise(&format!("Documents/{name}"), len, &day);
        }
        for (name, len) in [
            (".cache/thumbnails/large.db", 2_600_000),
            (".cache/mozilla/firefox/cache2/entries.bin", 5_300_000),
            (".local/share/Trash/files/old.iso", 3_900_000),
            ("Projects/website/node_modules/left-pad/index.js", 240_000),
        ] {
            self.noise(name, len, &day);
        }
        for (trip, count) in [("2024 Lisbon", 6), ("2025 Norway", 8), ("2026 Balcony", 4)] {
            self.photos(trip, count, &day);
        }
        self.noise("Videos/graduation.mp4", 41 << 20, &day);
        for (name, len) in [
            ("hat-shop/Cargo.toml", 420),
            ("hat-shop/README.md", 1_800),
            ("hat-shop/src/main.rs", 6_400),
            ("hat-shop/src/orders.rs", 11_000),
            ("hat-shop/src/felt.rs", 8_200),
            ("website/index.html", 4_800),
            ("website/style.css", 7_700),
        ] {
            self.text(&format!("Projects/{name}"), len, &day);
        }
        for number in 0..60 {
            let name = format!("Projects/hat-shop/target/debug/deps/part{number:02}.o");
            self.noise(&name, 40_000, &day);
        }
    }

    /// What a day brings.
    fn live(&mut self, day: &Zoned, number: i64) {
        self.append("Documents/Diary.md", 400, day);
        if number % 3 == 0 {
            self.append("Documents/Thesis/silk and springs.tex", 1_300, day);
        }
        if number % 4 == 1 {
            self.text(&format!("Documents/Letters/{}.txt", day.date()), 1_200, day);
        }
        if number % 5 == 2 {
            let len = 300_000 + self.random.below(1_400_000) as usize;
            self.noise(&format!("Documents/Scans/{}.pdf", day.date()), len, day);
        }
        if number % 2 == 0 {
            self.append("Projects/hat-shop/src/orders.rs", 350, day);
            self.append("Documents/Taxes/2025/receipts.csv", 180, day);
        }
        if number % 6 == 4 {
            // Written anew by whoever keeps it.
            self.noise(
                "Documents/Garden/weather.sqlite",
                3_600_000 + number as usize * 9_000,
                day,
            );
        }
        if number % 9 == 3 {
            let name = format!("Documents/Choir/recordings/concert {}.flac", day.date());
            self.noise(&name, 2_700_000, day);
        }
        match number {
            8 => self.photos("2026 Autumn walk", 7, day),
            14 => self.noise("Videos/choir concert.mp4", 17 << 20, day),
            19 => {
                let thesis = self.home.join("Documents/Thesis");
                let drafts = thesis.join("drafts");
                let _ = fs::rename(thesis.join("scans"), drafts);
            }
            25 => {
                let _ = fs::remove_file(self.home.join("Documents/Letters/choir.txt"));
                self.photos("2026 Aunt Rosa's birthday", 9, day);
            }
            _ => {}
        }
    }

    fn text(&mut self, name: &str, len: usize, day: &Zoned) {
        let words = self.random.text(len);
        self.write(name, words.as_bytes(), day);
    }

    fn append(&mut self, name: &str, len: usize, day: &Zoned) {
        let mut text = fs::read_to_string(self.home.join(name)).unwrap_or_default();
        text.push_str(&format!("\n{}\n\n", day.date()));
        text.push_str(&self.random.text(len));
        self.write(name, text.as_bytes(), day);
    }

    fn noise(&mut self, name: &str, len: usize, day: &Zoned) {
        let bytes: Vec<u8> = (0..len / 8)
            .flat_map(|_| self.random.next().to_le_bytes())
            .collect();
        self.write(name, &bytes, day);
    }

    fn photos(&mut self, trip: &str, count: u32, day: &Zoned) {
        for number in 0..count {
            let path = self.place(&format!("Pictures/{trip}/IMG_{:04}.jpg", 4100 + number * 3));
            let photo = landscape(&mut self.random);
            let file = File::create(&path).expect("the stage can be written to");
            let mut encoder = JpegEncoder::new_with_quality(BufWriter::new(file), 88);
            encoder
                .encode_image(&photo)
                .expect("the stage can be written to");
            drop(encoder);
            set_time(&path, &(day - i64::from(number * 4 + 200).minutes()));
        }
    }

    fn write(&mut self, name: &str, bytes: &[u8], day: &Zoned) {
        let path = self.place(name);
        fs::write(&path, bytes).expect("the stage can be written to");
        let minutes = 90 + self.random.below(300) as i64;
        set_time(&path, &(day - minutes.minutes()));
    }

    /// A path in the home, with the folders above it made.
    fn place(&self, name: &str) -> PathBuf {
        let path = self.home.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).expect("the stage can be written to");
        }
        path
    }
}

/// A configuration in a home; there is nothing in it until something is made.
pub fn catalog_in(home: &Path, name: &str) -> Catalog {
    Catalog {
        config_dir: home.join(format!(".config/{name}")),
        data_dir: home.join(".local/share/gibus"),
        home_dir: Some(home.to_owned()),
        user: "anna".to_owned(),
        host: "laptop".to_owned(),
    }
}

fn set_time(path: &Path, time: &Zoned) {
    let since = Duration::from_secs(time.timestamp().as_second().unsigned_abs());
    let file = File::options().append(true).open(path);
    let set = file.and_then(|file| file.set_modified(SystemTime::UNIX_EPOCH + since));
    set.expect("the stage can be written to");
}

/// A line of the jobs' history.
pub fn backup_entry(archive: &ArchiveName, now: &Zoned, report: &BackupReport) -> HistoryEntry {
    let stats = &report.stats;
    HistoryEntry {
        // How long it took is different each time, and so it is not told.
        took_milliseconds: 300 + stats.bytes / 70_000 + stats.read_bytes / 20_000,
        archive: Some(archive.to_string()),
        snapshot: report.snapshot.map(|name| name.to_string()),
        summary: format!(
            "{} ({}) are backed up: {} read, {} stored.",
            human::counted(stats.files, "file", "files"),
            human::size(stats.bytes),
            human::counted(stats.read_files, "file", "files"),
            human::size(stats.stored_bytes)
        ),
        ..entry(format!("Back up {archive}"), now)
    }
}

fn entry(title: String, started: &Zoned) -> HistoryEntry {
    HistoryEntry {
        started: started.timestamp(),
        took_milliseconds: 4_200,
        title,
        archive: None,
        repository: None,
        snapshot: None,
        result: HistoryResult::Done,
        summary: String::new(),
        warnings: 0,
        problems: Vec::new(),
        health: None,
    }
}

/// Hills before a sky.
fn landscape(random: &mut Random) -> RgbImage {
    const SIZE: (u32, u32) = (900, 600);
    let warmth = random.below(100) as f32 / 100.0;
    let hills: Vec<[f32; 4]> = (0..4)
        .map(|hill| {
            let of = |random: &mut Random, from: f32, to: f32| {
                from + (to - from) * random.below(1000) as f32 / 1000.0
            };
            let base = 250.0 + 90.0 * hill as f32;
            [
                base + of(random, -20.0, 20.0),
                of(random, 18.0, 50.0),
                of(random, 0.004, 0.012),
                of(random, 0.0, 6.0),
            ]
        })
        .collect();
    let roughness = 4 + random.below(14);
    let sun = (random.below(900) as f32, 60.0 + random.below(140) as f32);
    RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| {
        let (x, y) = (x as f32, y as f32);
        let height = y / SIZE.1 as f32;
        let glow = 1.0 / (1.0 + ((x - sun.0).powi(2) + (y - sun.1).powi(2)) / 3_000.0);
        let mut color = [
            90.0 + 130.0 * height + 70.0 * warmth + 120.0 * glow,
            140.0 + 70.0 * height + 90.0 * glow,
            215.0 - 60.0 * warmth * height + 40.0 * glow,
        ];
        for (index, [base, swing, pace, phase]) in hills.iter().enumerate() {
            if y > base + swing * (x * pace + phase).sin() + 0.3 * swing * (x * pace * 3.1).sin() {
                let near = index as f32 / 3.0;
                color = [
                    110.0 - 70.0 * near + 25.0 * warmth,
                    135.0 - 45.0 * near,
                    130.0 - 95.0 * near,
                ];
            }
        }
        let grain = random.below(roughness) as f32 - roughness as f32 / 2.0;
        Rgb(color.map(|channel| (channel + grain).clamp(0.0, 255.0) as u8))
    })
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Sentences of a kind.
    fn text(&mut self, len: usize) -> String {
        const WORDS: [&str; 28] = [
            "the",
            "hat",
            "was",
            "collapsed",
            "and",
            "put",
            "under",
            "a",
            "seat",
            "in",
            "the",
            "opera",
            "silk",
            "spring",
            "of",
            "steel",
            "opened",
            "with",
            "one",
            "hand",
            "they",
            "wrote",
            "letter",
            "yesterday",
            "it",
            "rained",
            "again",
            "quietly",
        ];
        let mut text = String::new();
        let mut in_sentence = 0;
        while text.len() < len {
            let word = WORDS[self.below(WORDS.len() as u64) as usize];
            match in_sentence {
                0 => {
                    let mut letters = word.chars();
                    text.extend(letters.next().map(|first| first.to_ascii_uppercase()));
                    text.push_str(letters.as_str());
                }
                _ => {
                    text.push(' ');
                    text.push_str(word);
                }
            }
            in_sentence += 1;
            if in_sentence > 5 && self.below(6) == 0 {
                text.push_str(if self.below(5) == 0 { ".\n" } else { ". " });
                in_sentence = 0;
            }
        }
        text
    }
}
