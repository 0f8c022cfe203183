//! The rows of the tables: what is in a folder, and what is in the whole snapshot by kind, age and size.

use super::tiles::{By, What, sums_of_file};
use crate::fs::escaped;
use crate::gui::words::capitalized;
use crate::human::{count, size};
use crate::snapshot::usage::{Age, FileKind, FileUsage, SizeClass, Sums, Usage};

/// How it is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    #[default]
    Map,
    Table,
    Kinds,
    Ages,
    Sizes,
}

/// What a row stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    Folder(u32),
    File(usize),
    Kind(FileKind),
    Age(Age),
    Size(SizeClass),
}

/// Rows in the order in which they are shown.
pub struct List {
    pub view: View,
    pub by: By,
    pub rows: Vec<Of>,
}

/// A column with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    Files,
    Held,
    Stored,
    Shared,
    Alone,
    New,
}

impl Figure {
    pub const ALL: [Figure; 6] = [
        Figure::Files,
        Figure::Held,
        Figure::Stored,
        Figure::Shared,
        Figure::Alone,
        Figure::New,
    ];

    pub fn title(self) -> &'static str {
        match self {
            Figure::Files => "Files",
            Figure::Held => "Held",
            Figure::Stored => "Stored",
            Figure::Shared => "Shared",
            Figure::Alone => "Alone",
            Figure::New => "New",
        }
    }

    pub fn of(self, sums: &Sums) -> u64 {
        match self {
            Figure::Files => sums.files,
            Figure::Held => sums.held_bytes,
            Figure::Stored => sums.stored_bytes,
            Figure::Shared => sums.shared_bytes(),
            Figure::Alone => sums.alone_bytes,
            Figure::New => sums.new_bytes,
        }
    }

    /// What one sorts and draws by when its title is clicked.
    pub fn by(self) -> Option<By> {
        match self {
            Figure::Held => Some(By::Held),
            Figure::Stored => Some(By::Stored),
            Figure::Alone => Some(By::Alone),
            Figure::New => Some(By::New),
            Figure::Files | Figure::Shared => None,
        }
    }

    pub fn cell(self, sums: &Sums) -> String {
        match self {
            Figure::Files => count(sums.files),
            figure => size(figure.of(sums)),
        }
    }
}

impl List {
    /// What is in a folder, the most first; the other views in their own order.
    pub fn new(view: View, by: By, usage: &Usage, folder: u32, files: &[FileUsage]) -> List {
        let rows = match view {
            View::Map | View::Table => {
                let folders = usage.children(folder).map(Of::Folder);
                let mut rows: Vec<Of> = folders.collect();
                rows.extend((0..files.len()).map(Of::File));
                rows.sort_by_cached_key(|row| std::cmp::Reverse(by.of(&row.sums(usage, files))));
                rows
            }
            View::Kinds => {
                let mut rows = FileKind::ALL.map(Of::Kind).to_vec();
                rows.retain(|row| row.sums(usage, files).files > 0);
                rows.sort_by_cached_key(|row| std::cmp::Reverse(by.of(&row.sums(usage, files))));
                rows
            }
            View::Ages => Age::ALL.map(Of::Age).to_vec(),
            View::Sizes => SizeClass::ALL.map(Of::Size).to_vec(),
        };
        List { view, by, rows }
    }
}

impl Of {
    pub fn sums(self, usage: &Usage, files: &[FileUsage]) -> Sums {
        let of = |all: &[Sums], place: usize| all.get(place).copied().unwrap_or_default();
        match self {
            Of::Folder(folder) => usage.get(folder).map(|of| of.sums).unwrap_or_default(),
            Of::File(place) => files.get(place).map(sums_of_file).unwrap_or_default(),
            Of::Kind(kind) => of(&usage.kinds, kind.index()),
            Of::Age(age) => of(&usage.ages, age.index()),
            Of::Size(size) => of(&usage.sizes, size.index()),
        }
    }

    pub fn name(self, usage: &Usage, files: &[FileUsage]) -> String {
        match self {
            Of::Folder(folder) => {
                let name = usage.get(folder).and_then(|of| of.name.as_ref());
                name.map_or("/".to_owned(), |name| {
                    format!("{}/", escaped(name.as_bytes()))
                })
            }
            Of::File(place) => {
                let name = files.get(place).map(|file| &file.name);
                name.map_or(String::new(), |name| escaped(name.as_bytes()).to_string())
            }
            Of::Kind(kind) => capitalized(kind.plural()),
            Of::Age(age) => format!("Modified {}", age.name()),
            Of::Size(size) => capitalized(size.name()),
        }
    }

    /// What it is in the map of a folder.
    pub fn what(self, folder: u32) -> Option<What> {
        match self {
            Of::Folder(folder) => Some(What::Folder(folder)),
            Of::File(place) => Some(What::File { folder, place }),
            _ => None,
        }
    }
}

/// The rows as CSV, sizes in bytes.
pub fn csv(list: &List, usage: &Usage, files: &[FileUsage]) -> String {
    let mut text = String::from("name");
    for figure in Figure::ALL {
        let name = figure.title().to_lowercase();
        let unit = if figure == Figure::Files {
            ""
        } else {
            "_bytes"
        };
        text.push_str(&format!(",{name}{unit}"));
    }
    text.push_str("\r\n");
    for row in &list.rows {
        text.push_str(&quoted(&row.name(usage, files)));
        let sums = row.sums(usage, files);
        for figure in Figure::ALL {
            text.push_str(&format!(",{}", figure.of(&sums)));
        }
        text.push_str("\r\n");
    }
    text
}

/// A field as RFC 4180 has it.
fn quoted(field: &str) -> String {
    match field.contains([',', '"', '\r', '\n']) {
        true => format!("\"{}\"", field.replace('"', "\"\"")),
        false => field.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tiles::tests::{file, usage};
    use super::*;

    #[test]
    fn folders_and_files_stand_together_the_most_first() {
        let usage = usage(&[("a", 80, &[]), ("b", 800, &[])]);
        let files = [file("c, d.txt", 400)];
        let list = List::new(View::Table, By::Held, &usage, 0, &files);
        let names: Vec<String> = list
            .rows
            .iter()
            .map(|row| row.name(&usage, &files))
            .collect();
        assert_eq!(names, ["b/", "c, d.txt", "a/"]);
        assert_eq!(
            csv(&list, &usage, &files),
            "name,files,held_bytes,stored_bytes,shared_bytes,alone_bytes,new_bytes\r\n\
             b/,1,800,400,300,100,200\r\n\
             \"c, d.txt\",1,400,200,150,50,100\r\n\
             a/,1,80,40,30,10,20\r\n"
        );
    }

    #[test]
    fn kinds_that_are_not_there_have_no_row_and_ages_and_sizes_stay_in_order() {
        let mut usage = usage(&[("a", 80, &[])]);
        usage.kinds[FileKind::Text.index()].files = 3;
        let rows = |view| List::new(view, By::Held, &usage, 0, &[]).rows;
        assert_eq!(rows(View::Kinds), [Of::Kind(FileKind::Text)]);
        assert_eq!(rows(View::Ages).len(), Age::COUNT);
        assert_eq!(rows(View::Sizes)[0], Of::Size(SizeClass::Empty));
        assert_eq!(rows(View::Sizes)[0].name(&usage, &[]), "Empty");
    }
}
