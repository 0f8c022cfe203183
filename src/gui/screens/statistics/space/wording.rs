//! What is said of a rectangle and of a row, for people and for screen readers.

use super::tiles::{By, Tile, What};
use crate::human::{counted, size};
use crate::snapshot::usage::Sums;

/// The short name of what areas stand for.
pub fn by_words(by: By) -> &'static str {
    match by {
        By::Held => "held",
        By::Stored => "stored",
        By::Alone => "in this snapshot alone",
        By::New => "new with this snapshot",
    }
}

/// How much one is of the other: `41 %`, `0.4 %`, `less than 0.1 %`.
pub fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "0 %".to_owned();
    }
    let percent = part as f64 / whole as f64 * 100.0;
    match percent {
        0.0 => "0 %".to_owned(),
        percent if percent < 0.1 => "less than 0.1 %".to_owned(),
        percent if percent < 9.95 => format!("{percent:.1} %"),
        percent => format!("{percent:.0} %"),
    }
}

/// As [`percent`], where there is little room.
pub fn short_percent(part: u64, whole: u64) -> String {
    percent(part, whole).replace("less than ", "< ")
}

/// The name of a rectangle for screen readers: what it is, how much, and which part of the whole.
pub fn tile_name(tile: &Tile, by: By, whole: u64) -> String {
    let kind = match tile.what {
        What::Folder(_) => ", folder",
        What::File { .. } => ", file",
        What::Files(_) | What::Smaller(_) => "",
    };
    let bytes = by.of(&tile.sums);
    format!(
        "{}{kind}: {} {}, {}",
        tile.name,
        size(bytes),
        by_words(by),
        percent(bytes, whole)
    )
}

/// Everything about it, a sentence each; the first says what it is.
pub fn sentences(name: &str, sums: &Sums, by: By, whole: u64, of: &str) -> Vec<String> {
    let part = percent(by.of(sums), whole);
    let mut sentences = vec![
        name.to_owned(),
        match sums.files {
            1 => format!(
                "{} held, stored in {}",
                size(sums.held_bytes),
                size(sums.stored_bytes)
            ),
            files => format!(
                "{}, {} held, stored in {}",
                counted(files, "file", "files"),
                size(sums.held_bytes),
                size(sums.stored_bytes)
            ),
        },
    ];
    sentences.push(match (sums.shared_bytes(), sums.alone_bytes) {
        (_, 0) => "All of it is shared with other snapshots".to_owned(),
        (0, _) => "All of it is in this snapshot alone".to_owned(),
        (shared, alone) => format!(
            "{} of that shared with other snapshots, {} in this one alone",
            size(shared),
            size(alone)
        ),
    });
    if sums.new_bytes > 0 {
        sentences.push(format!(
            "{} was new with this snapshot",
            size(sums.new_bytes)
        ));
    }
    let what = match by {
        By::Held => "of the bytes held",
        By::Stored => "of the bytes stored",
        By::Alone => "of what is in this snapshot alone",
        By::New => "of what was new with this snapshot",
    };
    sentences.push(format!("{part} {what} in {of}"));
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_as_exactly_as_people_want_them() {
        assert_eq!(percent(0, 0), "0 %");
        assert_eq!(percent(0, 10), "0 %");
        assert_eq!(percent(1, 3), "33 %");
        assert_eq!(percent(1, 30), "3.3 %");
        assert_eq!(percent(1, 3000), "less than 0.1 %");
        assert_eq!(percent(10, 10), "100 %");
    }

    #[test]
    fn a_rectangle_is_told_of_in_words() {
        let sums = Sums {
            files: 12,
            held_bytes: 4096,
            stored_bytes: 2048,
            alone_bytes: 512,
            new_bytes: 1024,
            ..Sums::default()
        };
        assert_eq!(
            sentences("Videos", &sums, By::Held, 8192, "/home/me"),
            [
                "Videos",
                "12 files, 4.0 KiB held, stored in 2.0 KiB",
                "1.5 KiB of that shared with other snapshots, 512 B in this one alone",
                "1.0 KiB was new with this snapshot",
                "50 % of the bytes held in /home/me",
            ]
        );
    }
}
