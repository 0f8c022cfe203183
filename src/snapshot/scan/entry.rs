//! Looking at one name in a folder: is it included, is it unchanged, what has to be done with it.

use std::ffi::CStr;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rustix::fs::FileType;

use super::folder::{FolderScanner, Here, Subfolder};
use super::previous::PreviousFolder;
use super::{FileToRead, Ready, Sink};
use crate::error::Result;
use crate::snapshot::capture::{
    Stat, is_broken_link, is_time_too_coarse, keeps_inodes, link_target,
};
use crate::snapshot::matcher::{Candidate, Decision};
use crate::snapshot::tree::{Entry, ExtendedAttribute, Kind, Name};

impl FolderScanner<'_> {
    /// Gives what `name` is to the sink, or to the folder's subfolders, or leaves it out.
    pub(super) fn look_at(
        &mut self,
        here: &mut Here<'_>,
        name: &CStr,
        sink: &mut impl Sink,
    ) -> Result<()> {
        let matcher = self.shared.options.matcher;
        let bytes = name.to_bytes();
        here.path.truncate(here.folder_len);
        here.path.extend_from_slice(bytes);
        let stat = match Stat::at(&here.handle, name) {
            Ok(stat) => stat,
            // Deleted since the folder was listed: as if it had been deleted before.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => {
                self.warn(&here.path, "read", &error);
                here.is_incomplete = true;
                return Ok(());
            }
        };
        let candidate = Candidate {
            path: &here.path,
            name: bytes,
            stat: &stat,
        };
        let decision = matcher.decide(&here.context, &candidate);
        if let Decision::Exclude(_) = decision {
            self.shared.excluded.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        }
        if stat.is_directory() {
            here.subfolders.push(Subfolder {
                name: name.to_owned(),
                stat,
                decision,
                previous: here.previous.take(bytes).and_then(PreviousFolder::new),
            });
            return Ok(());
        }
        if stat.file_type == FileType::Symlink
            && matcher.skips_broken_links()
            && is_broken_link(&here.handle, name)
            && !matcher.is_root(&here.context, bytes)
        {
            let monitor = self.shared.options.monitor;
            monitor.notice(&here.path, "back up the link", "it leads nowhere");
            self.shared.excluded.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        }
        self.give(here, name, &stat, sink)
    }

    /// Gives a file of any kind but a folder to the sink.
    fn give(
        &mut self,
        here: &mut Here<'_>,
        name: &CStr,
        stat: &Stat,
        sink: &mut impl Sink,
    ) -> Result<()> {
        let previous = here.previous.take(name.to_bytes());
        let unchanged = previous.filter(|entry| self.is_unchanged(here, entry, stat));
        let is_unchanged = unchanged.is_some();
        let entry = match unchanged {
            Some(mut entry) => {
                entry.attributes.inode = stat.id.inode;
                entry
            }
            None if stat.is_file() => {
                here.entries += 1;
                let met = self.shared.links.meet(stat);
                let file = FileToRead {
                    folder: self.shared.handles.keep(&here.place, &here.handle),
                    name: name.to_owned(),
                    stat: *stat,
                    hard_link: met.map(|met| met.group),
                };
                return match met {
                    Some(met) if !met.is_first => sink.later_link(file),
                    _ => sink.read(file),
                };
            }
            None => match self.new_entry(here, name, stat) {
                Ok(entry) => entry,
                Err(error) => {
                    self.warn(&here.path, "read", &error);
                    here.is_incomplete = true;
                    return Ok(());
                }
            },
        };
        here.entries += 1;
        let hard_link = self.shared.links.meet(stat).map(|met| met.group);
        let found = Ready {
            entry: Entry { hard_link, ..entry },
            is_unchanged,
            links: stat.links,
        };
        sink.ready(&here.place, found)
    }

    /// Size, times to the nanosecond, inode, owner and permissions are the same, it was all there, and still is.
    fn is_unchanged(&mut self, here: &mut Here<'_>, entry: &Entry, stat: &Stat) -> bool {
        let then = &entry.attributes;
        if entry.incomplete || !stat.has_times_of(then) || !stat.has_owner_and_mode_of(then) {
            return false;
        }
        let previous = self.shared.previous.as_ref();
        if previous.is_some_and(|tree| is_time_too_coarse(then.changed, tree.began_at())) {
            return false;
        }
        if stat.id.inode != then.inode && self.is_another_file(here, entry, stat) {
            return false;
        }
        match (&entry.kind, stat.file_type) {
            (Kind::File(file), FileType::RegularFile) => {
                let still_has = self.shared.options.still_has;
                file.size == stat.size && file.token.as_ref().is_some_and(still_has)
            }
            (Kind::SymbolicLink { .. }, FileType::Symlink)
            | (Kind::Fifo, FileType::Fifo)
            | (Kind::Socket, FileType::Socket) => true,
            (Kind::CharacterDevice { major, minor }, FileType::CharacterDevice)
            | (Kind::BlockDevice { major, minor }, FileType::BlockDevice) => {
                (*major, *minor) == stat.device_number
            }
            _ => false,
        }
    }

    /// Whether the other inode means that it is another file, or may be. Where inodes are made up and there is no change
    /// time of its own, a file of the same length and time may have been renamed over it.
    fn is_another_file(&mut self, here: &mut Here<'_>, entry: &Entry, stat: &Stat) -> bool {
        let look = || keeps_inodes(&here.handle);
        let keeps_inodes = *self.keeps_inodes.entry(stat.id.device).or_insert_with(look);
        keeps_inodes || (stat.changed == stat.modified && here.previous.has_another_like(entry))
    }

    /// An entry for what is neither a folder nor a regular file. It is not opened.
    fn new_entry(&mut self, here: &Here<'_>, name: &CStr, stat: &Stat) -> io::Result<Entry> {
        let (major, minor) = stat.device_number;
        let kind = match stat.file_type {
            FileType::Symlink => Kind::SymbolicLink {
                target: link_target(&here.handle, name)?,
            },
            FileType::Fifo => Kind::Fifo,
            FileType::Socket => Kind::Socket,
            FileType::CharacterDevice => Kind::CharacterDevice { major, minor },
            FileType::BlockDevice => Kind::BlockDevice { major, minor },
            _ => return Err(io::Error::other("it is of a kind that Gibus does not know")),
        };
        let extended: Arc<[ExtendedAttribute]> = {
            let found = self.extended.at(&here.handle, name);
            self.checked(found, &here.path)
        };
        Ok(Entry {
            name: Name::new(name.to_bytes())
                .map_err(|error| io::Error::other(error.to_string()))?,
            attributes: stat.attributes(extended),
            kind,
            hard_link: None,
            incomplete: false,
        })
    }
}
