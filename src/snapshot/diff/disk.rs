//! What changed on the disk since a snapshot: what the next backup would find.
//!
//! The disk is walked as a backup walks it, by the same matcher, and the snapshot's listings in step. What
//! the rules leave out counts as not there. Nothing is read but folders, unless contents are to be
//! compared ([`DiskOptions::contents`]).
//!
//! **What can be told without reading a file.** With the size, times and inode that the snapshot has it is
//! the same. With another size its content is another. With the same size and modification time, but
//! another change time or inode (it was restored, or its owner was changed), its content is taken to be
//! the same, and its attributes are compared. With another modification time its content is perhaps
//! another: [`DiskDifference::is_perhaps`].

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io;
use std::iter::Peekable;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;

use rustix::fs::FileType;
use rustix::io::Errno;

use super::{Change, Difference, next_name, peek, same_attributes, take};
use crate::error::{Context, Error, Result};
use crate::progress::Monitor;
use crate::snapshot::capture::extended::ExtendedReader;
use crate::snapshot::capture::{
    Stat, link_target, open_file, open_folder, open_folder_to_pass, open_root,
};
use crate::snapshot::file::{Listing, Snapshot};
use crate::snapshot::matcher::{Candidate, Decision, Matcher, Reason, read_start};
use crate::snapshot::preview::inside::Inside;
use crate::snapshot::restore::{Contents, has_content};
use crate::snapshot::scan::names::Names;
use crate::snapshot::scan::place::{Handles, Place, Reach};
use crate::snapshot::specification::Specification;
use crate::snapshot::tree::{DirectoryEntry, Entry, FileEntry, Kind, ListingRef, Name, Totals};

/// Between this many names the cancel flag is looked at.
const CANCEL_EVERY: usize = 256;

/// How closely the disk is looked at.
#[derive(Clone, Copy, Default)]
pub struct DiskOptions<'a> {
    /// The repository that has the snapshot's contents: files that may have changed are read, and compared
    /// with it. `None`: nothing is read.
    pub contents: Option<&'a dyn Contents>,
}

/// Something that is otherwise on the disk than in the snapshot.
#[derive(Clone, Debug)]
pub struct DiskDifference {
    /// `new` is what is on the disk. It has no content; of a folder, where its listing lies and what it
    /// holds says nothing; of what is new, extended attributes were not read.
    pub difference: Difference,
    /// Of [`Change::Content`]: only the time says so, or the file could not be read.
    pub is_perhaps: bool,
    /// Of [`Change::Removed`]: the rule that leaves it out now, it or the folder that it is in.
    pub left_out: Option<Reason>,
}

/// Finds what differs below the folder `path`, absolute, between a snapshot and the disk as `specification`
/// has it backed up; each folder before what is in it. `own` are the folders of the archive and of its
/// repository.
///
/// A folder that cannot be read is reported to the monitor, and nothing is said of what is below it.
///
/// Errors: the specification cannot be carried out; the snapshot cannot be read; the repository is gone; the
/// work was cancelled.
pub fn differences_with_disk(
    snapshot: &Snapshot,
    specification: &Specification,
    own: &[PathBuf],
    path: &[u8],
    options: DiskOptions<'_>,
    monitor: &Monitor,
    found: &mut dyn FnMut(DiskDifference),
) -> Result<()> {
    let matcher = Matcher::new(specification, own)?;
    let path = path.strip_suffix(b"/").unwrap_or(path);
    let folder = snapshot.directory(if path.is_empty() { b"/" } else { path })?;
    let mut comparer = Comparer {
        snapshot,
        matcher: &matcher,
        options,
        monitor,
        found,
        handles: Handles::default(),
        names: Names::default(),
        extended: ExtendedReader::default(),
        open: Vec::new(),
        path: Vec::new(),
    };
    comparer.start(path, folder.as_ref())?;
    comparer.run()
}

struct Comparer<'a> {
    snapshot: &'a Snapshot,
    matcher: &'a Matcher,
    options: DiskOptions<'a>,
    monitor: &'a Monitor,
    found: &'a mut dyn FnMut(DiskDifference),
    handles: Handles,
    names: Names,
    extended: ExtendedReader,
    open: Vec<Level<'a>>,
    /// Of what is being compared.
    path: Vec<u8>,
}

/// A folder that is open, on the side or sides that have it.
struct Level<'a> {
    path_len: usize,
    old: Option<Peekable<Listing<'a>>>,
    disk: Option<Arc<OnDisk>>,
    /// Names on the disk that are still to come, the last first.
    names: Vec<CString>,
    /// The folder is left out by this rule.
    left_out: Option<Reason>,
}

/// A folder on the disk that a backup goes into.
struct OnDisk {
    place: Arc<Place>,
    reach: Reach,
    inside: Inside,
}

/// What is at a name on the disk.
enum Seen {
    Nothing,
    LeftOut(Reason),
    Kept(Stat, Decision),
    /// Nobody can say.
    Unreadable,
}

impl<'a> Comparer<'a> {
    /// Goes to the folder at `path` on the disk, and opens it on both sides.
    fn start(&mut self, path: &[u8], folder: Option<&DirectoryEntry>) -> Result<()> {
        let (mut disk, mut names) = self.top()?;
        for name in path
            .split(|byte| *byte == b'/')
            .filter(|name| !name.is_empty())
        {
            let c_name = CString::new(name).context_of(path)?;
            self.path.push(b'/');
            self.path.extend_from_slice(name);
            let entered = match self.look(&disk, &c_name)? {
                Seen::Kept(stat, decision) if stat.is_directory() => {
                    self.enter(&disk, &c_name, &stat, &decision)
                }
                Seen::LeftOut(reason) => Entered::LeftOut(reason),
                Seen::Unreadable => return Ok(()),
                _ => Entered::Nothing,
            };
            match entered {
                Entered::Folder(below, its_names) => (disk, names) = (below, its_names),
                Entered::Unreadable => return Ok(()),
                Entered::LeftOut(reason) => {
                    self.path = path.to_vec();
                    self.push(folder, None, Vec::new(), Some(reason));
                    return Ok(());
                }
                Entered::Nothing => {
                    self.path = path.to_vec();
                    self.push(folder, None, Vec::new(), None);
                    return Ok(());
                }
            }
        }
        self.push(folder, Some(disk), names, None);
        Ok(())
    }

    fn top(&mut self) -> Result<(Arc<OnDisk>, Vec<CString>)> {
        let handle = open_folder(rustix::fs::CWD, c"/").or_else(|_| open_root());
        let handle = handle.context("open", "/")?;
        let stat = Stat::of(&handle).context("read", "/")?;
        let read = &mut |name: &CStr, limit: usize| read_start(&handle, name, limit);
        let inside = Inside::Entered {
            context: self.matcher.top(&stat, read, self.monitor),
            aside: None,
        };
        match self.list(Place::root(stat.id), handle, inside) {
            Ok(opened) => Ok(opened),
            Err(error) => Err(Error::io("list the folder", &error).at("/")),
        }
    }

    fn push(
        &mut self,
        old: Option<&DirectoryEntry>,
        disk: Option<Arc<OnDisk>>,
        names: Vec<CString>,
        left_out: Option<Reason>,
    ) {
        self.open.push(Level {
            path_len: self.path.len(),
            old: old.map(|folder| self.snapshot.entries(folder).peekable()),
            disk,
            names,
            left_out,
        });
    }

    fn run(&mut self) -> Result<()> {
        for count in 1_usize.. {
            if count.is_multiple_of(CANCEL_EVERY) {
                self.monitor.check_cancelled()?;
            }
            let Some(level) = self.open.last_mut() else {
                break;
            };
            self.path.truncate(level.path_len);
            let Some((old, name)) = next_of(level)? else {
                self.open.pop();
                continue;
            };
            let (disk, left_out) = (level.disk.clone(), level.left_out.clone());
            self.path.push(b'/');
            self.path.extend_from_slice(name.to_bytes());
            let seen = match (&disk, left_out) {
                (_, Some(reason)) => Seen::LeftOut(reason),
                (Some(disk), None) => self.look(disk, &name)?,
                (None, None) => Seen::Nothing,
            };
            self.compare(old, disk.as_ref(), &name, seen)?;
        }
        self.monitor.check_cancelled()
    }

    /// What is at `name` in a folder; [`Comparer::path`] is its path.
    fn look(&mut self, disk: &OnDisk, name: &CStr) -> Result<Seen> {
        let decided = disk.reach.with(|folder| {
            let stat = Stat::at(folder, name)?;
            let candidate = Candidate {
                path: &self.path,
                name: name.to_bytes(),
                stat: &stat,
            };
            let decision = disk.inside.decide(self.matcher, &candidate, folder, name);
            Ok((stat, decision))
        });
        Ok(match decided {
            Ok((_, Decision::Exclude(reason))) => Seen::LeftOut(reason),
            Ok((stat, decision)) => Seen::Kept(stat, decision),
            Err(error) if is_gone(&error) => Seen::Nothing,
            Err(error) => {
                self.warn("look at", &error);
                Seen::Unreadable
            }
        })
    }

    fn compare(
        &mut self,
        old: Option<Entry>,
        disk: Option<&Arc<OnDisk>>,
        name: &CStr,
        seen: Seen,
    ) -> Result<()> {
        let (stat, decision, disk) = match (seen, disk) {
            (Seen::Unreadable, _) => return Ok(()),
            (Seen::Kept(stat, decision), Some(disk)) => (stat, decision, disk),
            (seen, _) => {
                let left_out = match seen {
                    Seen::LeftOut(reason) => Some(reason),
                    _ => None,
                };
                if let Some(old) = old {
                    self.removed(old, left_out);
                }
                return Ok(());
            }
        };
        self.monitor.file_done(0);
        let old_folder = super::folder_of(old.as_ref());
        let changed = match &old {
            None => Some((
                Change::Added,
                false,
                self.new_entry(disk, name, &stat, None)?,
            )),
            Some(old) => self.differs(old, disk, name, &stat)?,
        };
        if let Some((change, is_perhaps, new)) = changed {
            (self.found)(DiskDifference {
                difference: Difference {
                    path: self.path.clone(),
                    change,
                    old,
                    new: Some(new),
                },
                is_perhaps,
                left_out: None,
            });
        }
        let entered = match stat.is_directory() {
            true => self.enter(disk, name, &stat, &decision),
            false => Entered::Nothing,
        };
        match entered {
            Entered::Folder(below, names) => {
                self.push(old_folder.as_ref(), Some(below), names, None);
            }
            Entered::LeftOut(reason) if old_folder.is_some() => {
                self.push(old_folder.as_ref(), None, Vec::new(), Some(reason));
            }
            Entered::Nothing if old_folder.is_some() => {
                self.push(old_folder.as_ref(), None, Vec::new(), None);
            }
            _ => {}
        }
        Ok(())
    }

    /// Something of the snapshot is not on the disk; nor is what is below it.
    fn removed(&mut self, old: Entry, left_out: Option<Reason>) {
        if let Kind::Directory(folder) = old.kind {
            self.push(Some(&folder), None, Vec::new(), left_out.clone());
        }
        (self.found)(DiskDifference {
            difference: Difference {
                path: self.path.clone(),
                change: Change::Removed,
                old: Some(old),
                new: None,
            },
            is_perhaps: false,
            left_out,
        });
    }

    /// How an entry differs from what is on the disk, and whether only perhaps.
    fn differs(
        &mut self,
        old: &Entry,
        disk: &OnDisk,
        name: &CStr,
        stat: &Stat,
    ) -> Result<Option<(Change, bool, Entry)>> {
        let has_its_size = match &old.kind {
            Kind::File(file) => stat.is_file() && file.size == stat.size && file.token.is_some(),
            Kind::Directory(_) => stat.is_directory(),
            _ => !stat.is_file() && !stat.is_directory(),
        };
        if has_its_size && !old.incomplete && stat.is_unchanged_since(&old.attributes) {
            return Ok(None);
        }
        let mut new = self.new_entry(disk, name, stat, Some(old))?;
        if std::mem::discriminant(&old.kind) != std::mem::discriminant(&new.kind) {
            return Ok(Some((Change::Type, false, new)));
        }
        let (is_content, is_perhaps) = match (&old.kind, &mut new.kind) {
            (Kind::File(old_file), Kind::File(new_file)) => {
                let is_other = self.is_other_content(old, old_file, disk, name, stat)?;
                if is_other == Some(false) {
                    new_file.token = old_file.token;
                }
                (is_other != Some(false), is_other.is_none())
            }
            (Kind::Directory(_), Kind::Directory(_)) => (false, false),
            (old, new) => (old != new, false),
        };
        if is_content {
            return Ok(Some((Change::Content, is_perhaps, new)));
        }
        let is_folder = stat.is_directory();
        let is_same = same_attributes(&old.attributes, &new.attributes, is_folder);
        Ok((!is_same).then_some((Change::Attributes, false, new)))
    }

    /// Whether a file has another content than the snapshot; `None`: perhaps.
    fn is_other_content(
        &mut self,
        old: &Entry,
        old_file: &FileEntry,
        disk: &OnDisk,
        name: &CStr,
        stat: &Stat,
    ) -> Result<Option<bool>> {
        if old_file.size != stat.size {
            return Ok(Some(true));
        }
        let Some(token) = &old_file.token else {
            return Ok(None);
        };
        let Some(contents) = self.options.contents else {
            let is_same = !old.incomplete && stat.modified == old.attributes.modified;
            return Ok(is_same.then_some(false));
        };
        self.monitor.set_current(&self.path);
        let opened = disk.reach.with(|folder| {
            let handle = open_file(folder, name)?;
            let is_same_file = Stat::of(&handle)?.is_same_version(stat);
            Ok((File::from(handle), is_same_file))
        });
        match opened {
            Ok((file, true)) => {
                let has_it = has_content(&file, old_file, token, contents, self.monitor)?;
                Ok(Some(!has_it))
            }
            // It is being written to.
            Ok((_, false)) => Ok(None),
            Err(error) => {
                self.warn("read the file", &error);
                Ok(None)
            }
        }
    }

    /// What is on the disk, as far as it can be told without reading a file.
    fn new_entry(
        &mut self,
        disk: &OnDisk,
        name: &CStr,
        stat: &Stat,
        old: Option<&Entry>,
    ) -> Result<Entry> {
        let (major, minor) = stat.device_number;
        let kind = match stat.file_type {
            FileType::RegularFile => Kind::File(FileEntry {
                size: stat.size,
                token: None,
                holes: Vec::new(),
            }),
            FileType::Directory => Kind::Directory(DirectoryEntry {
                listing: ListingRef { index: 0 },
                totals: Totals::default(),
            }),
            FileType::Symlink => Kind::SymbolicLink {
                target: match disk.reach.with(|folder| link_target(folder, name)) {
                    Ok(target) => target,
                    Err(error) => {
                        self.warn("read the link", &error);
                        Vec::new()
                    }
                },
            },
            FileType::Socket => Kind::Socket,
            FileType::CharacterDevice => Kind::CharacterDevice { major, minor },
            FileType::BlockDevice => Kind::BlockDevice { major, minor },
            _ => Kind::Fifo,
        };
        let extended = match old {
            None => self.extended.none(),
            Some(old) => {
                let extended = &mut self.extended;
                let read = disk.reach.with(|folder| Ok(extended.at(folder, name)));
                match read {
                    Ok(read) if read.failure.is_none() => read.attributes,
                    // What cannot be read is not known to differ.
                    _ => old.attributes.extended.clone(),
                }
            }
        };
        Ok(Entry {
            name: Name::new(name.to_bytes())?,
            attributes: stat.attributes(extended),
            kind,
            hard_link: None,
            incomplete: false,
        })
    }

    /// Opens a folder in a folder.
    fn enter(&mut self, disk: &OnDisk, name: &CStr, stat: &Stat, decision: &Decision) -> Entered {
        if let Decision::Hollow(reason) = decision {
            return Entered::LeftOut(reason.clone());
        }
        let opened = disk.reach.with(|folder| {
            let handle = match decision {
                Decision::PassThrough(_) => open_folder_to_pass(folder, name),
                _ => open_folder(folder, name),
            }?;
            let stat = Stat::of(&handle)?;
            Ok((handle, stat))
        });
        let opened = opened.and_then(|(handle, now)| {
            let place = Place::child(&disk.place, name, now.id, 0);
            if place.ancestry().skip(1).any(|above| above.id == now.id) {
                // Mounted below itself: it is kept as an empty folder.
                return Ok(None);
            }
            let candidate = Candidate {
                path: &self.path,
                name: name.to_bytes(),
                stat: if now.is_directory() { &now } else { stat },
            };
            let read = &mut |name: &CStr, limit: usize| read_start(&handle, name, limit);
            let (matcher, monitor) = (self.matcher, self.monitor);
            let inside = disk
                .inside
                .enter(matcher, &candidate, decision, read, monitor);
            self.list(place, handle, inside).map(Some)
        });
        match opened {
            Ok(Some((below, names))) => Entered::Folder(below, names),
            Ok(None) => Entered::Nothing,
            Err(error) if is_gone(&error) => Entered::Nothing,
            Err(error) => {
                self.warn("list the folder", &error);
                Entered::Unreadable
            }
        }
    }

    /// The names in a folder that was opened, the last first.
    fn list(
        &mut self,
        place: Place,
        handle: OwnedFd,
        inside: Inside,
    ) -> io::Result<(Arc<OnDisk>, Vec<CString>)> {
        let wanted = match &inside {
            Inside::Entered { context, .. } => context.names_to_visit(self.matcher),
            Inside::LeftOut(_) => None,
        };
        match wanted {
            Some(wanted) => self.names.set(wanted),
            None => self.names.read(&handle)?,
        }
        let mut names: Vec<CString> = self.names.iter().map(CStr::to_owned).collect();
        names.reverse();
        let place = Arc::new(place);
        let handle = self.handles.hold(handle);
        let reach = self.handles.keep(&place, &handle);
        let disk = OnDisk {
            place,
            reach,
            inside,
        };
        Ok((Arc::new(disk), names))
    }

    fn warn(&self, attempted: &str, error: &io::Error) {
        let error = Error::io(attempted, error);
        self.monitor.warn(&self.path, attempted, error.why());
    }
}

/// What came of opening a folder on the disk.
enum Entered {
    Folder(Arc<OnDisk>, Vec<CString>),
    /// It is not there, or empty whatever is in it.
    Nothing,
    /// Nothing that is in it is taken.
    LeftOut(Reason),
    Unreadable,
}

/// The next name of either side, with the snapshot's entry if it has one.
fn next_of(level: &mut Level<'_>) -> Result<Option<(Option<Entry>, CString)>> {
    let on_disk = level.names.last().map(|name| name.to_bytes());
    match next_name(peek(&mut level.old), on_disk) {
        None => Ok(None),
        Some((has_old, has_disk)) => {
            let old = match has_old {
                true => take(&mut level.old)?,
                false => None,
            };
            let name = match has_disk {
                true => level.names.pop(),
                false => None,
            };
            let name = match (name, &old) {
                (Some(name), _) => name,
                (None, Some(old)) => CString::new(old.name.as_bytes()).context_of(b"/")?,
                (None, None) => return Ok(None),
            };
            Ok(Some((old, name)))
        }
    }
}

fn is_gone(error: &io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    matches!(errno, Some(Errno::NOENT | Errno::NOTDIR | Errno::LOOP))
}

/// A name that cannot be handed to the system.
trait ContextOf<T> {
    fn context_of(self, path: &[u8]) -> Result<T>;
}

impl<T> ContextOf<T> for std::result::Result<T, std::ffi::NulError> {
    fn context_of(self, path: &[u8]) -> Result<T> {
        self.map_err(|_| {
            Error::invalid("look for", "it contains a NUL byte, which no path has")
                .at(crate::fs::bytes_path(path))
        })
    }
}

#[cfg(test)]
mod tests;
