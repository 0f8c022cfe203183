//! The rectangles of a folder's treemap: what is in it, what is in that, and so on while there is room.
//!
//! What would be too small to be seen or hit is put together, so that a folder of a million files has as many
//! rectangles as fit, and costs as much to draw as one of ten.

use std::collections::BTreeMap;
use std::ops::Range;

use egui::{Rect, vec2};

use super::groups::Group;
use super::squarify::squarify;
use crate::fs::escaped;
use crate::human::{count, counted};
use crate::snapshot::tree::Name;
use crate::snapshot::usage::{FileUsage, FolderUsage, Sums, Usage};

/// A rectangle is at least so large, in square points.
const LEAST_AREA: f64 = 640.0;
/// More are never drawn of one folder.
const MOST: usize = 400;
/// A folder within the one that is shown is not read for more files than that.
const MOST_NESTED_FILES: u64 = 5000;
/// So many folders in each other are shown at once.
const MOST_DEPTH: u8 = 3;
/// What is in a folder is drawn in it where it is at least so large.
const LEAST_INSIDE: egui::Vec2 = vec2(84.0, 62.0);
/// The line with a folder's name, above what is in it.
pub const TITLE_HEIGHT: f32 = 19.0;
/// Around what is in a folder.
const MARGIN: f32 = 3.0;

/// What areas stand for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    #[default]
    Held,
    Stored,
    Alone,
    New,
}

impl By {
    pub const ALL: [By; 4] = [By::Held, By::Stored, By::Alone, By::New];

    pub fn of(self, sums: &Sums) -> u64 {
        match self {
            By::Held => sums.held_bytes,
            By::Stored => sums.stored_bytes,
            By::Alone => sums.alone_bytes,
            By::New => sums.new_bytes,
        }
    }

    /// Which part of the area is space that other snapshots need as well, from 0 to 1.
    pub fn shared_part(self, sums: &Sums) -> f32 {
        let (shared, whole) = match self {
            By::Held | By::Stored => (sums.shared_bytes(), sums.stored_bytes),
            By::Alone => (0, 1),
            By::New => (
                sums.new_bytes.saturating_sub(sums.alone_bytes),
                sums.new_bytes,
            ),
        };
        match whole {
            0 => 0.0,
            whole => (shared as f64 / whole as f64) as f32,
        }
    }
}

/// What a rectangle stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Folder(u32),
    /// A file, by its place in the list of its folder's files.
    File {
        folder: u32,
        place: usize,
    },
    /// All files that are directly in this folder.
    Files(u32),
    /// The things in this folder that are too small to have a rectangle each.
    Smaller(u32),
}

/// A rectangle.
#[derive(Clone, Debug, PartialEq)]
pub struct Tile {
    pub what: What,
    pub rect: Rect,
    /// How many of the folders that are shown it is in, beside the one that all are in.
    pub depth: u8,
    /// The name of a file or folder, or what it is otherwise, as it is shown.
    pub name: String,
    pub group: Group,
    pub sums: Sums,
    /// It has others in it, below its name.
    pub is_open: bool,
}

/// The files of folders, as far as they are known.
pub type FilesOf = BTreeMap<u32, Vec<FileUsage>>;

/// What is shown: a folder, and by what.
pub struct Subject<'a> {
    pub usage: &'a Usage,
    pub folder: u32,
    pub files: &'a FilesOf,
    pub by: By,
}

/// Rectangles, and what would make for more of them.
#[derive(Default)]
pub struct Laid {
    /// A folder comes before what is in it.
    pub tiles: Vec<Tile>,
    /// Folders of which there is room for the files, which are not known.
    pub wanted: Vec<u32>,
}

/// Lays a folder out.
pub fn lay_out(subject: &Subject<'_>, frame: Rect) -> Laid {
    let mut laid = Laid::default();
    subject.lay_out(subject.folder, frame, 0, &mut laid);
    laid
}

/// Something that is in a folder.
#[derive(Clone, Copy)]
enum Item {
    Folder(u32),
    File(usize),
    Files,
}

impl Subject<'_> {
    fn lay_out(&self, folder: u32, frame: Rect, depth: u8, laid: &mut Laid) {
        let files = self.files.get(&folder).map(Vec::as_slice);
        let own = self.usage.own(folder);
        // Nested ones with very many would only be put together again.
        let is_wanted = depth == 0 || own.files <= MOST_NESTED_FILES;
        if files.is_none() && self.by.of(&own) > 0 && is_wanted {
            laid.wanted.push(folder);
        }
        let items = self.items(folder, files);
        let area = f64::from(frame.width()) * f64::from(frame.height());
        let weight = |item: &Item| self.by.of(&self.sums(folder, *item, files));
        let weights: Vec<u64> = items.iter().map(weight).collect();
        let Large { places, smaller } = large(&weights, area);
        let mut sizes: Vec<u64> = places.iter().map(|place| weights[*place]).collect();
        if smaller.count > 0 {
            sizes.push(smaller.weight);
        }
        let rects = squarify(&sizes, frame);
        for (place, rect) in places.iter().zip(&rects) {
            let item = items[*place];
            let at = laid.tiles.len();
            laid.tiles
                .push(self.tile(folder, item, files, *rect, depth));
            let Item::Folder(child) = item else {
                continue;
            };
            let size = rect.size();
            let has_room = size.x >= LEAST_INSIDE.x && size.y >= LEAST_INSIDE.y;
            if depth + 1 < MOST_DEPTH && has_room {
                let mut inside = rect.shrink(MARGIN);
                inside.min.y += TITLE_HEIGHT - MARGIN;
                self.lay_out(child, inside, depth + 1, laid);
                laid.tiles[at].is_open = true;
            }
        }
        if smaller.count > 0
            && let Some(rect) = rects.last()
        {
            let mut sums = Sums::default();
            let mut groups: BTreeMap<Group, u64> = BTreeMap::new();
            for place in (0..items.len()).filter(|place| smaller.holds(weights[*place], *place)) {
                sums.add(&self.sums(folder, items[place], files));
                *groups
                    .entry(self.group(folder, items[place], files))
                    .or_default() += weights[place];
            }
            let most = groups.into_iter().max_by_key(|(_, weight)| *weight);
            laid.tiles.push(Tile {
                what: What::Smaller(folder),
                rect: *rect,
                depth,
                name: format!("{} smaller", count(smaller.count)),
                group: most.map_or(Group::Other, |(group, _)| group),
                sums,
                is_open: false,
            });
        }
    }

    /// The folders in a folder, and its files: each, where they are known, else all together.
    fn items(&self, folder: u32, files: Option<&[FileUsage]>) -> Vec<Item> {
        let children: Range<u32> = self.usage.children(folder);
        let mut items: Vec<Item> = children.map(Item::Folder).collect();
        match files {
            Some(files) => items.extend((0..files.len()).map(Item::File)),
            None => items.push(Item::Files),
        }
        items
    }

    fn sums(&self, folder: u32, item: Item, files: Option<&[FileUsage]>) -> Sums {
        match item {
            Item::Folder(child) => self.usage.get(child).map_or(Sums::default(), |of| of.sums),
            Item::File(place) => files
                .and_then(|files| files.get(place))
                .map_or(Sums::default(), sums_of_file),
            Item::Files => self.usage.own(folder),
        }
    }

    fn tile(
        &self,
        folder: u32,
        item: Item,
        files: Option<&[FileUsage]>,
        rect: Rect,
        depth: u8,
    ) -> Tile {
        let sums = self.sums(folder, item, files);
        let shown = |name: Option<&Name>| {
            name.map_or("/".to_owned(), |name| escaped(name.as_bytes()).to_string())
        };
        let (what, name) = match item {
            Item::Folder(child) => {
                let of = self.usage.get(child);
                let name = shown(of.and_then(|of| of.name.as_ref()));
                (What::Folder(child), name)
            }
            Item::File(place) => {
                let file = files.and_then(|files| files.get(place));
                let name = shown(file.map(|file| &file.name));
                (What::File { folder, place }, name)
            }
            Item::Files => (What::Files(folder), counted(sums.files, "file", "files")),
        };
        let group = self.group(folder, item, files);
        Tile {
            what,
            rect,
            depth,
            name,
            group,
            sums,
            is_open: false,
        }
    }

    /// What most of the bytes of something are.
    fn group(&self, folder: u32, item: Item, files: Option<&[FileUsage]>) -> Group {
        match item {
            Item::Folder(child) => {
                let kind = self.usage.get(child).and_then(FolderUsage::main_kind);
                kind.map_or(Group::Other, Group::of)
            }
            Item::File(place) => {
                let file = files.and_then(|files| files.get(place));
                file.map_or(Group::Other, |file| Group::of(file.kind))
            }
            Item::Files => self.own_group(folder),
        }
    }

    /// What most of the bytes are that are directly in a folder.
    fn own_group(&self, folder: u32) -> Group {
        let Some(of) = self.usage.get(folder) else {
            return Group::Other;
        };
        let mut kinds = of.kinds;
        for child in self.usage.children(folder) {
            let Some(child) = self.usage.get(child) else {
                continue;
            };
            for (own, below) in kinds.iter_mut().zip(child.kinds) {
                *own = own.saturating_sub(below);
            }
        }
        Group::of_most(&kinds)
    }
}

/// What a file counts for.
pub fn sums_of_file(file: &FileUsage) -> Sums {
    let is_new = file.new_bytes > 0;
    Sums {
        files: 1,
        held_bytes: file.held_bytes,
        stored_bytes: file.stored_bytes,
        alone_bytes: file.alone_bytes,
        new_bytes: file.new_bytes,
        new_files: u64::from(is_new),
        new_held_bytes: if is_new { file.held_bytes } else { 0 },
    }
}

/// What has a rectangle of its own, and what has not.
struct Large {
    /// Where it is, largest first.
    places: Vec<usize>,
    smaller: Smaller,
}

/// What is put together in one rectangle.
#[derive(Default)]
struct Smaller {
    count: u64,
    weight: u64,
    /// The largest of them; of those that weigh as much, those from this place on.
    most: (u64, usize),
}

impl Smaller {
    fn holds(&self, weight: u64, place: usize) -> bool {
        let (most, from) = self.most;
        weight > 0 && (weight < most || (weight == most && place >= from))
    }
}

/// Chooses those whose rectangles are large enough in a frame of this area. What weighs nothing has none.
fn large(weights: &[u64], area: f64) -> Large {
    let total: f64 = weights.iter().map(|weight| *weight as f64).sum();
    let least = match area > 0.0 {
        true => total * LEAST_AREA / area,
        false => f64::INFINITY,
    };
    let is_large = |weight: u64| weight > 0 && weight as f64 >= least;
    let order = |place: &usize| (std::cmp::Reverse(weights[*place]), *place);
    let mut places: Vec<usize> = (0..weights.len())
        .filter(|place| is_large(weights[*place]))
        .collect();
    places.sort_unstable_by_key(order);
    places.truncate(MOST);
    // What comes next in this order is the first of the others.
    let after = places.last().map(order);
    let others = (0..weights.len()).filter(|place| {
        let its = order(place);
        weights[*place] > 0 && after.is_none_or(|after| its > after)
    });
    let mut smaller = Smaller::default();
    let mut first = None;
    for place in others {
        smaller.count += 1;
        smaller.weight = smaller.weight.saturating_add(weights[place]);
        let its = order(&place);
        if first.is_none_or(|first| its < first) {
            first = Some(its);
            smaller.most = (weights[place], place);
        }
    }
    // One alone is as well shown as itself.
    if smaller.count == 1 {
        places.push(smaller.most.1);
        smaller = Smaller::default();
    }
    Large { places, smaller }
}

#[cfg(test)]
pub(super) mod tests;
