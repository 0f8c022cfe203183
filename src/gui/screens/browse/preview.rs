//! What is in a file, and what is known of it: read on a thread, never more than a limit.
//!
//! A text's beginning, with everything that is not plain text made visible; a picture, scaled down; of anything
//! else only the facts. A picture comes from anywhere and may lie about its size: its width and height are
//! looked at before it is decoded, and the decoder has a limit of memory.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use image::{ImageReader, Limits};

use super::data::{last_name, mode_text};
use super::listing::{Place, Reader};
use crate::error::{Context, Error, ErrorKind, Result};
use crate::fs::{bytes_path, escaped, is_deceptive};
use crate::gui::words;
use crate::human::{count, counted, size};
use crate::progress::Monitor;
use crate::snapshot::file::{NamedId, Snapshot};
use crate::snapshot::tree::{Entry, Kind, Timestamp};

/// So much of a text is shown.
const TEXT_LEN: usize = 256 << 10;
/// By so much of a file it is told whether it is a text.
const TASTE_LEN: usize = 8 << 10;
/// A line longer than this is cut: nobody reads it, and laying it out takes time.
const LINE_LEN: usize = 1000;
/// Longer files are not taken for pictures.
const PICTURE_LEN: u64 = 16 << 20;
const MAX_PIXELS: u64 = 40_000_000;
/// Four bytes a pixel, and as much again for working on them.
const MAX_PICTURE_MEMORY: u64 = 400 << 20;
/// A picture is shown at most so wide and high.
const PICTURE_SIDE: u32 = 1024;

/// What a preview shows.
pub struct Preview {
    pub place: Place,
    pub path: Vec<u8>,
    pub facts: Vec<(&'static str, String)>,
    pub body: Body,
}

/// What is in it.
pub enum Body {
    Text(Text),
    Picture(Picture),
    /// Why there is nothing to show, in a few words.
    Nothing(String),
    /// Why it could not be read.
    Failed(Error),
}

/// The beginning of a text, made fit to be shown.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Text {
    pub lines: Vec<String>,
    /// There is more of it than is shown.
    pub is_cut: bool,
}

/// A picture as it is shown.
pub struct Picture {
    pub width: u32,
    pub height: u32,
    /// Four bytes a pixel: red, green, blue, opacity.
    pub rgba: Vec<u8>,
    /// Width and height of what is in the file.
    pub original: (u32, u32),
}

impl Reader {
    /// A preview of what is at a path. What concerns the content alone is said in its place: the facts are
    /// there even when the repository is not.
    ///
    /// Errors: it is not there; the snapshot cannot be read; cancelled.
    pub fn preview(&self, place: &Place, path: &[u8], monitor: &Monitor) -> Result<Preview> {
        match place {
            Place::Snapshot(file) => self.preview_snapshot(file, path, monitor),
            Place::Disk => preview_disk(path, monitor),
        }
    }

    fn preview_snapshot(&self, file: &Path, path: &[u8], monitor: &Monitor) -> Result<Preview> {
        let snapshot = self.opened.open(file)?;
        let Some(entry) = snapshot.lookup(path)? else {
            let error = Error::new(ErrorKind::NotFound, "show").at(bytes_path(path));
            return Err(error.because("it is not in this snapshot"));
        };
        let body = match self.body(&snapshot, &entry, monitor) {
            Err(error) if monitor.is_cancelled() => return Err(error),
            Err(error) => Body::Failed(error),
            Ok(body) => body,
        };
        let mut facts = facts(&entry, &snapshot);
        add_picture_fact(&mut facts, &body);
        Ok(Preview {
            place: Place::Snapshot(file.to_owned()),
            path: path.to_vec(),
            facts,
            body,
        })
    }

    fn body(&self, snapshot: &Snapshot, entry: &Entry, monitor: &Monitor) -> Result<Body> {
        let Kind::File(file) = &entry.kind else {
            return Ok(Body::Nothing(String::new()));
        };
        let Some(token) = &file.token else {
            let why = "Its content could not be read when the snapshot was made.";
            return Ok(Body::Nothing(why.to_owned()));
        };
        if !file.holes.is_empty() {
            let why = "It is a sparse file, mostly made of holes: extract it to look into it.";
            return Ok(Body::Nothing(why.to_owned()));
        }
        if file.size == 0 {
            return Ok(Body::Nothing("It is empty.".to_owned()));
        }
        let repository = self.source.repository(&self.catalog, snapshot)?;
        let mut reader = repository.open_contents_read_only(token)?;
        body_of(&mut reader, file.size, monitor)
    }
}

fn preview_disk(path: &[u8], monitor: &Monitor) -> Result<Preview> {
    let at = bytes_path(path);
    let metadata = std::fs::symlink_metadata(at).context("look at", at)?;
    let mut facts = vec![
        ("Size", size_fact(metadata.len())),
        (
            "Modified",
            words::file_time(Timestamp {
                seconds: metadata.mtime(),
                nanoseconds: 0,
            }),
        ),
        ("Owner", metadata.uid().to_string()),
        ("Group", metadata.gid().to_string()),
        (
            "Permissions",
            permissions((metadata.mode() & 0o7777) as u16),
        ),
    ];
    let body = if metadata.is_file() && metadata.len() > 0 {
        // Not blocking, should it have turned into a pipe meanwhile.
        let file = File::options()
            .read(true)
            .custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32)
            .open(at)
            .context("open", at);
        match file.and_then(|mut file| body_of(&mut file, metadata.len(), monitor)) {
            Err(error) if monitor.is_cancelled() => return Err(error),
            Err(error) => Body::Failed(error),
            Ok(body) => body,
        }
    } else if metadata.is_file() {
        Body::Nothing("It is empty.".to_owned())
    } else {
        Body::Nothing(String::new())
    };
    if metadata.is_symlink()
        && let Ok(target) = std::fs::read_link(at)
    {
        facts.push(("Leads to", crate::fs::escaped_path(&target).to_string()));
    }
    add_picture_fact(&mut facts, &body);
    Ok(Preview {
        place: Place::Disk,
        path: path.to_vec(),
        facts,
        body,
    })
}

fn add_picture_fact(facts: &mut Vec<(&'static str, String)>, body: &Body) {
    if let Body::Picture(picture) = body {
        let (width, height) = picture.original;
        facts.push(("Picture", format!("{width} × {height} pixels")));
    }
}

/// What is known of an entry.
fn facts(entry: &Entry, snapshot: &Snapshot) -> Vec<(&'static str, String)> {
    let header = snapshot.header();
    let attributes = &entry.attributes;
    let mut facts = Vec::new();
    match &entry.kind {
        Kind::Directory(folder) => {
            let totals = &folder.totals;
            facts.push((
                "Holds",
                format!(
                    "{}, {}, {}",
                    counted(totals.files, "file", "files"),
                    counted(totals.directories, "folder", "folders"),
                    size(totals.bytes)
                ),
            ));
        }
        Kind::File(file) => {
            facts.push(("Size", size_fact(file.size)));
            if !file.holes.is_empty() {
                let holes: u64 = file.holes.iter().map(|hole| hole.len).sum();
                facts.push((
                    "Holes",
                    format!(
                        "{}, {}",
                        counted(file.holes.len() as u64, "hole", "holes"),
                        size(holes)
                    ),
                ));
            }
        }
        Kind::SymbolicLink { target } => facts.push(("Leads to", escaped(target).to_string())),
        Kind::CharacterDevice { major, minor } | Kind::BlockDevice { major, minor } => {
            facts.push(("Device", format!("{major}, {minor}")));
        }
        Kind::Fifo => facts.push(("Type", "pipe".to_owned())),
        Kind::Socket => facts.push(("Type", "socket".to_owned())),
    }
    facts.push(("Modified", words::file_time(attributes.modified)));
    facts.push(("Owner", owner(&header.users, attributes.uid)));
    facts.push(("Group", owner(&header.groups, attributes.gid)));
    facts.push(("Permissions", permissions(attributes.mode)));
    if !attributes.extended.is_empty() {
        let number = attributes.extended.len() as u64;
        facts.push(("Extended", counted(number, "attribute", "attributes")));
    }
    if entry.hard_link.is_some() {
        facts.push(("Names", "it has several (hard links)".to_owned()));
    }
    if let Some(token) = entry.token() {
        facts.push(("SHA-1", token.to_string()));
    }
    if entry.incomplete {
        let why = "it changed while it was backed up, or could not be read whole";
        facts.push(("Incomplete", why.to_owned()));
    }
    facts
}

fn size_fact(bytes: u64) -> String {
    match bytes < 1024 {
        true => size(bytes),
        false => format!("{} ({} bytes)", size(bytes), count(bytes)),
    }
}

fn permissions(mode: u16) -> String {
    format!("{} ({mode:04o})", mode_text(mode))
}

fn owner(names: &[NamedId], id: u32) -> String {
    let place = names.binary_search_by_key(&id, |named| named.id).ok();
    match place.and_then(|place| names.get(place)) {
        Some(named) => format!("{} ({id})", escaped(named.name.as_bytes())),
        None => id.to_string(),
    }
}

/// Shows a content of this length.
fn body_of(reader: &mut dyn Read, len: u64, monitor: &Monitor) -> Result<Body> {
    let mut bytes = Vec::new();
    read_up_to(reader, TASTE_LEN, &mut bytes, monitor)?;
    if image::guess_format(&bytes).is_ok() {
        return picture_body(reader, len, bytes, monitor);
    }
    if !is_text(&bytes) {
        return Ok(Body::Nothing(
            "It is neither a text nor a picture that can be shown.".to_owned(),
        ));
    }
    read_up_to(reader, TEXT_LEN, &mut bytes, monitor)?;
    let is_cut = (bytes.len() as u64) < len;
    Ok(Body::Text(text_of(&bytes, is_cut)))
}

fn picture_body(
    reader: &mut dyn Read,
    len: u64,
    mut bytes: Vec<u8>,
    monitor: &Monitor,
) -> Result<Body> {
    if len > PICTURE_LEN {
        let why = format!("The picture is too big to be shown here: {}.", size(len));
        return Ok(Body::Nothing(why));
    }
    read_up_to(reader, PICTURE_LEN as usize, &mut bytes, monitor)?;
    Ok(match picture_of(&bytes) {
        Ok(picture) => Body::Picture(picture),
        Err(why) => Body::Nothing(format!("The picture cannot be shown: {why}.")),
    })
}

/// Reads on until there are `limit` bytes, or all that there are.
fn read_up_to(
    reader: &mut dyn Read,
    limit: usize,
    bytes: &mut Vec<u8>,
    monitor: &Monitor,
) -> Result<()> {
    const STEP: usize = 64 << 10;
    while bytes.len() < limit {
        monitor.check_cancelled()?;
        let from = bytes.len();
        bytes.resize((from + STEP).min(limit), 0);
        let read = match reader.read(&mut bytes[from..]) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                bytes.truncate(from);
                continue;
            }
            Err(error) => return Err(Error::io("read the content", &error)),
        };
        bytes.truncate(from + read);
        if read == 0 {
            break;
        }
    }
    Ok(())
}

/// A text has no NUL bytes and few that are not UTF-8.
fn is_text(bytes: &[u8]) -> bool {
    if bytes.contains(&0) {
        return false;
    }
    let wrong: usize = bytes.utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
    let controls = bytes
        .iter()
        .filter(|byte| **byte < b' ' && !b"\n\r\t\x0c\x1b".contains(byte));
    (wrong + controls.count()) * 10 <= bytes.len()
}

/// The lines of a text, with everything that does not show made visible.
fn text_of(bytes: &[u8], is_cut: bool) -> Text {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = Vec::new();
    for line in text.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let mut shown = String::with_capacity(line.len());
        for (position, character) in line.chars().enumerate() {
            if position >= LINE_LEN {
                shown.push_str(" …");
                break;
            }
            match character {
                '\t' => shown.push_str("    "),
                c if c.is_control() => shown.push_str(&format!("\\x{:02x}", c as u32)),
                c if is_deceptive(c) => shown.push_str(&format!("\\u{{{:x}}}", c as u32)),
                c => shown.push(c),
            }
        }
        lines.push(shown);
    }
    // The end of the last line begins no further one.
    if !is_cut && lines.len() > 1 && lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    Text { lines, is_cut }
}

/// Errors: in a few words, for a person.
fn picture_of(bytes: &[u8]) -> std::result::Result<Picture, String> {
    let reader = || -> std::result::Result<_, String> {
        let mut reader = ImageReader::new(Cursor::new(bytes))
            .with_guessed_format()
            .map_err(|error| error.to_string())?;
        let mut limits = Limits::default();
        limits.max_alloc = Some(MAX_PICTURE_MEMORY);
        reader.limits(limits);
        Ok(reader)
    };
    let cut = |error: image::ImageError| escaped(error.to_string().as_bytes()).to_string();
    let (width, height) = reader()?.into_dimensions().map_err(cut)?;
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MAX_PIXELS {
        return Err(format!("it has {} pixels", count(pixels)));
    }
    let picture = reader()?.decode().map_err(cut)?;
    let picture = match width.max(height) > PICTURE_SIDE {
        true => picture.thumbnail(PICTURE_SIDE, PICTURE_SIDE),
        false => picture,
    };
    let rgba = picture.into_rgba8();
    Ok(Picture {
        width: rgba.width(),
        height: rgba.height(),
        rgba: rgba.into_raw(),
        original: (width, height),
    })
}

/// The first bytes of a path's name, for titles.
pub fn title(path: &[u8]) -> String {
    match last_name(path) {
        b"" => "/".to_owned(),
        name => escaped(name).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_show_in_a_text_is_made_visible() {
        let text = text_of(b"a\tb\r\n\x1b[31mred\xff\n\xe2\x80\xaegnp.exe\n", false);
        assert_eq!(
            text.lines,
            ["a    b", "\\x1b[31mred\u{fffd}", "\\u{202e}gnp.exe"]
        );
        assert_eq!(text_of(b"a\n", true).lines, ["a", ""]);
        let long = text_of("é".repeat(5000).as_bytes(), false);
        assert_eq!(long.lines[0].chars().count(), LINE_LEN + 2);
    }

    #[test]
    fn texts_are_told_from_other_files() {
        assert!(is_text("Ein Öl.\n".as_bytes()));
        assert!(is_text(b"caf\xe9 au lait, in Latin-1"));
        assert!(!is_text(b"\x7fELF\x02\0\0"));
        assert!(!is_text(b"\xff\xfe\xfd\xfc\x01\x02"));
    }

    #[test]
    fn no_more_than_the_limit_is_read() {
        let monitor = Monitor::new();
        let mut endless = io::repeat(b'a');
        let body = body_of(&mut endless, u64::MAX, &monitor).unwrap();
        let Body::Text(text) = body else {
            panic!("it is a text");
        };
        assert!(text.is_cut);
        monitor.cancel();
        assert!(body_of(&mut endless, 1, &monitor).is_err());
    }

    #[test]
    fn a_big_picture_is_scaled_down_and_a_huge_one_is_refused() {
        let png = |width, height| {
            let mut bytes = Vec::new();
            image::RgbImage::new(width, height)
                .write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png)
                .unwrap();
            bytes
        };
        let picture = picture_of(&png(2048, 512)).unwrap();
        assert_eq!((picture.width, picture.height), (1024, 256));
        assert_eq!(picture.original, (2048, 512));
        let small = picture_of(&png(3, 2)).unwrap();
        assert_eq!((small.width, small.rgba.len()), (3, 24));
        // A header that promises 100 000 by 100 000 pixels.
        let mut huge = png(3, 2);
        huge[16..24].copy_from_slice(&[0, 1, 0x86, 0xa0, 0, 1, 0x86, 0xa0]);
        assert!(picture_of(&huge).is_err());
        assert!(picture_of(b"\x89PNG\r\n\x1a\n").is_err());
    }
}
