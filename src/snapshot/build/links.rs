//! Hard links, where entries come together: a file with several names is read through the first.
//!
//! The other names wait here until that has been read, and get the same attributes and token. Should the
//! first name be gone by then (some programs link a file to its new name and remove the old one), the
//! file is read through the next.

use std::collections::HashMap;

use crate::snapshot::scan::FileToRead;
use crate::snapshot::tree::{Attributes, Entry, FileEntry, Kind, Name};

/// The groups of names that are not complete yet, by their numbers.
#[derive(Default)]
pub struct LinkedFiles {
    groups: HashMap<u64, Group>,
    /// Names beyond the first of their file.
    pub further_names: u64,
}

#[derive(Default)]
struct Group {
    names_met: u32,
    state: State,
    waiting: Vec<FileToRead>,
}

/// What is known of the file.
#[derive(Default)]
enum State {
    /// It is being read through its first name.
    #[default]
    Awaited,
    Known(Box<LinkedFile>),
    /// The name through which it was to be read is gone.
    Gone,
}

struct LinkedFile {
    attributes: Attributes,
    file: FileEntry,
    is_incomplete: bool,
}

/// What becomes of a further name.
pub enum Further {
    /// The file is known: this is the entry.
    Entry(Entry),
    /// It waits.
    Waits,
    /// The file has to be read through this name.
    Read(FileToRead),
}

impl LinkedFiles {
    /// One name has its entry; the other names in the group that waited for it get theirs from
    /// [`LinkedFiles::further`] now.
    pub fn known(&mut self, number: u64, entry: &Entry, links: u32) -> Vec<FileToRead> {
        let group = self.groups.entry(number).or_default();
        self.further_names += u64::from(group.names_met > 0);
        group.names_met += 1;
        if let Kind::File(file) = &entry.kind {
            group.state = State::Known(Box::new(LinkedFile {
                attributes: entry.attributes.clone(),
                file: file.clone(),
                is_incomplete: entry.incomplete,
            }));
        }
        let waiting = std::mem::take(&mut group.waiting);
        // Those that waited are counted when they come again.
        if group.names_met >= links {
            self.groups.remove(&number);
        }
        waiting
    }

    /// The name through which the file was to be read is gone; returns another one to read it through.
    pub fn gone(&mut self, number: u64) -> Option<FileToRead> {
        let group = self.groups.entry(number).or_default();
        group.state = State::Gone;
        group.waiting.pop()
    }

    /// A further name of a file.
    pub fn further(&mut self, number: u64, name: Name, file: FileToRead) -> Further {
        let group = self.groups.entry(number).or_default();
        match &group.state {
            State::Awaited => {
                group.waiting.push(file);
                Further::Waits
            }
            State::Gone => Further::Read(file),
            State::Known(known) => {
                let entry = Entry {
                    name,
                    attributes: known.attributes.clone(),
                    kind: Kind::File(known.file.clone()),
                    hard_link: Some(number),
                    incomplete: known.is_incomplete,
                };
                self.further_names += u64::from(group.names_met > 0);
                group.names_met += 1;
                if group.names_met >= file.stat.links {
                    self.groups.remove(&number);
                }
                Further::Entry(entry)
            }
        }
    }
}
