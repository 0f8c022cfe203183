//! Rectangles of small folders, and of one with a million files.

use super::*;
use crate::snapshot::tree::{Name, Timestamp};
use crate::snapshot::usage::FileKind;
use egui::pos2;

pub fn sums(held_bytes: u64) -> Sums {
    Sums {
        files: 1,
        held_bytes,
        stored_bytes: held_bytes / 2,
        alone_bytes: held_bytes / 8,
        new_bytes: held_bytes / 4,
        ..Sums::default()
    }
}

pub fn file(name: &str, held_bytes: u64) -> FileUsage {
    let sums = sums(held_bytes);
    FileUsage {
        name: Name::new(name.as_bytes()).unwrap(),
        kind: FileKind::of(name.as_bytes()),
        held_bytes,
        stored_bytes: sums.stored_bytes,
        alone_bytes: sums.alone_bytes,
        new_bytes: sums.new_bytes,
        modified: Timestamp::default(),
    }
}

/// A folder's name and size, and those of the folders in it.
type Folder<'a> = (&'a str, u64, &'a [(&'a str, u64)]);

/// `/` with folders of these sizes in it, each of which has others in it.
pub fn usage(folders: &[Folder<'_>]) -> Usage {
    let folder = |name: Option<&str>, parent, held: u64| FolderUsage {
        name: name.map(|name| Name::new(name.as_bytes()).unwrap()),
        parent,
        children: 0..0,
        sums: sums(held),
        kinds: Default::default(),
        largest_new_file: 0,
    };
    let total: u64 = folders.iter().map(|(_, held, _)| held).sum();
    let mut all = vec![folder(None, None, total)];
    for (name, held, _) in folders {
        all.push(folder(Some(name), Some(0), *held));
    }
    all[0].children = 1..all.len() as u32;
    for (number, (_, _, below)) in (1..).zip(folders) {
        let from = all.len() as u32;
        for (name, held) in *below {
            all.push(folder(Some(name), Some(number), *held));
        }
        all[number as usize].children = from..all.len() as u32;
    }
    Usage {
        folders: all,
        kinds: Default::default(),
        ages: Default::default(),
        sizes: Default::default(),
        unreadable: 0,
    }
}

fn frame() -> Rect {
    Rect::from_min_size(pos2(0.0, 0.0), vec2(800.0, 400.0))
}

fn tiles(usage: &Usage, files: &[FileUsage], by: By) -> Vec<Tile> {
    let subject = Subject {
        usage,
        folder: 0,
        files: &[(0, files.to_vec())].into(),
        by,
    };
    lay_out(&subject, frame()).tiles
}

#[test]
fn areas_are_those_of_what_is_asked_for() {
    let mut usage = usage(&[("a", 3_000_000, &[]), ("b", 1_000_000, &[])]);
    usage.folders[2].sums.alone_bytes = 3 * usage.folders[1].sums.alone_bytes;
    for by in By::ALL {
        let tiles = tiles(&usage, &[file("c.txt", 4_000_000)], by);
        let tiles: Vec<&Tile> = tiles.iter().filter(|tile| tile.depth == 0).collect();
        assert_eq!(tiles.len(), 3);
        let total: u64 = tiles.iter().map(|tile| by.of(&tile.sums)).sum();
        for tile in tiles {
            let wanted = by.of(&tile.sums) as f32 / total as f32;
            let part = tile.rect.area() / frame().area();
            assert!(
                (part - wanted).abs() < 0.001,
                "{by:?}: {part}, not {wanted}"
            );
        }
    }
}

#[test]
fn what_is_in_a_folder_is_in_its_rectangle_below_its_name() {
    let usage = usage(&[("a", 100, &[("x", 60), ("y", 30)]), ("b", 50, &[])]);
    let tiles = tiles(&usage, &[], By::Held);
    let named = |name: &str| tiles.iter().find(|tile| tile.name == name).unwrap();
    let a = named("a");
    assert!(a.is_open && a.depth == 0);
    for name in ["x", "y"] {
        let inner = named(name);
        assert_eq!(inner.depth, 1);
        assert!(a.rect.contains_rect(inner.rect));
        assert!(inner.rect.top() >= a.rect.top() + TITLE_HEIGHT);
    }
    // Its own files are what is in none of the folders in it.
    let own = tiles
        .iter()
        .find(|tile| tile.what == What::Files(1))
        .unwrap();
    assert_eq!(own.sums.held_bytes, 10);
}

#[test]
fn files_are_shown_in_their_folders_once_they_are_known() {
    let usage = usage(&[("a", 100, &[]), ("b", 50, &[])]);
    let mut files: FilesOf = [(0, Vec::new())].into();
    let lay_out = |files: &FilesOf| {
        let subject = Subject {
            usage: &usage,
            folder: 0,
            files,
            by: By::Held,
        };
        lay_out(&subject, frame())
    };
    assert_eq!(lay_out(&files).wanted, [1, 2]);
    files.insert(1, vec![file("film.mp4", 70), file("song.ogg", 30)]);
    let laid = lay_out(&files);
    assert_eq!(laid.wanted, [2]);
    let film = laid
        .tiles
        .iter()
        .find(|tile| tile.name == "film.mp4")
        .unwrap();
    assert_eq!(
        film.what,
        What::File {
            folder: 1,
            place: 0
        }
    );
    assert_eq!((film.depth, film.group), (1, Group::Videos));
}

#[test]
fn a_million_files_have_no_more_rectangles_than_there_is_room_for() {
    let usage = usage(&[("a", 50_000_000, &[])]);
    let files: Vec<FileUsage> = (0..1_000_000)
        .map(|number| file(&format!("{number}"), 100 + number % 7))
        .collect();
    let all = tiles(&usage, &files, By::Held);
    let smaller = all
        .iter()
        .find(|tile| tile.what == What::Smaller(0))
        .unwrap();
    assert_eq!(smaller.name, "1 000 000 smaller");
    assert_eq!(smaller.sums.files, 1_000_000);
    assert!(all.len() < 10);
    // All are as large as each other: some are shown, and the others are not lost.
    let many: Vec<FileUsage> = (0..1000).map(|n| file(&format!("{n}"), 1000)).collect();
    let usage = super::tests::usage(&[]);
    let tiles = tiles(&usage, &many, By::Held);
    assert!(tiles.len() <= MOST + 1);
    let all: u64 = tiles.iter().map(|tile| tile.sums.files).sum();
    assert_eq!(all, 1000);
}

#[test]
fn a_thing_that_is_small_alone_is_shown_as_itself_and_nothing_is_not() {
    let usage = usage(&[("large", 1_000_000_000, &[]), ("empty", 0, &[])]);
    let tiles = tiles(&usage, &[file("small", 800)], By::Held);
    let outer = tiles.iter().filter(|tile| tile.depth == 0);
    let names: Vec<&str> = outer.map(|tile| tile.name.as_str()).collect();
    assert_eq!(names, ["large", "small"]);
}

#[test]
fn the_part_that_is_shared_is_that_of_the_stored_bytes() {
    let sums = sums(800);
    assert_eq!(By::Held.shared_part(&sums), 0.75);
    assert_eq!(By::Stored.shared_part(&sums), 0.75);
    assert_eq!(By::Alone.shared_part(&sums), 0.0);
    assert_eq!(By::New.shared_part(&sums), 0.5);
    assert_eq!(By::Stored.shared_part(&Sums::default()), 0.0);
}
