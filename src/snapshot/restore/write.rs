//! Puts files, links and special files into folders of the target.
//!
//! Everything that several threads share lies in [`Workshop`]. Whatever is made is made under a part
//! name, gets its attributes, and then takes its place; how, the plan has decided ([`Place`]). When
//! something fails before that, nothing has changed under the final name.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Mutex;

use rustix::fs::{AtFlags, FileType, makedev};
use rustix::io::Errno;

use super::apply::{Reporting, Surplus, set_attributes};
use super::compare::file_type;
use super::content::{Bytes, Failure, write_content};
use super::folders::{FolderId, Folders, ends_the_run, target_error};
use super::report::{Tally, add};
use super::shortfall::{Shortfall, Shortfalls};
use super::subject::Subject;
use super::target::{Part, PartNames, Taking, TargetFolder, UNFINISHED_FILE, is_still, stat_of};
use crate::error::{Error, ErrorKind, Result};
use crate::fs::{bytes_path, path_bytes};
use crate::progress::{Monitor, lock};
use crate::snapshot::capture::{FileId, Stat};
use crate::snapshot::tree::{Entry, FileEntry, Kind, Name};

/// How an entry takes its place.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// Nothing is there.
    Free,
    /// Over what was found there.
    Over(Box<Stat>),
    /// What is there gets this name first.
    Aside(Name),
}

/// An entry, and where it goes.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub folder: FolderId,
    pub entry: Entry,
    pub place: Place,
    /// What is made in the folder inherits ACLs.
    pub inherits: bool,
}

/// What the threads of a run share.
pub(super) struct Workshop<'a> {
    pub monitor: &'a Monitor,
    pub folders: Folders,
    pub names: PartNames,
    pub shortfalls: Shortfalls,
    pub tally: Tally,
    /// Files with several names whose attributes this run has set, under one of them.
    pub retouched: Mutex<HashSet<FileId>>,
    /// Whether symbolic links have attributes of their own, by device.
    pub links_have_attributes: Mutex<HashMap<u64, bool>>,
}

/// What came of making a hard link.
pub(super) enum Linked {
    Done,
    /// The target does not make this one.
    Refused(Errno),
}

impl Workshop<'_> {
    pub fn path_of(&self, job: &Job) -> Vec<u8> {
        self.folders.path_of(job.folder, &job.entry.name)
    }

    pub fn reporting(&self) -> Reporting<'_> {
        Reporting {
            monitor: self.monitor,
            shortfalls: &self.shortfalls,
        }
    }

    /// Whether what is there now is what the plan was made for, but for what this run did to it under
    /// another of its names.
    pub fn is_still(&self, now: &Stat, seen: &Stat) -> bool {
        let is_ours = || now.size == seen.size && lock(&self.retouched).contains(&seen.id);
        is_still(now, seen) || (now.id == seen.id && seen.links > 1 && is_ours())
    }

    /// Reports that an entry could not be restored.
    ///
    /// Errors: the error itself when it ends the run.
    pub fn failed(&self, path: &[u8], error: Error) -> Result<()> {
        if ends_the_run(&error) {
            return Err(error);
        }
        add(&self.tally.failed, 1);
        let is_of_this = |named: &Path| path_bytes(named) == path;
        if error.path().is_none_or(is_of_this) {
            self.monitor.warn(path, error.attempted(), error.why());
        } else {
            // It names something else: a file of the repository, a folder above.
            self.monitor.warn(path, "restore", error.to_string());
        }
        Ok(())
    }

    /// Writes a regular file and gives it its place. The part stays open.
    pub fn write_file(&self, job: &Job, file: &FileEntry, bytes: Bytes<'_>) -> Result<Part> {
        self.monitor.set_current(&self.path_of(job));
        let folder = self.folders.handle(job.folder)?;
        let part = folder.create_part(&self.names);
        let mut part = part.map_err(|errno| self.error(job, "create the file", errno))?;
        let opened = part.file();
        let opened = opened.map_err(|errno| self.error(job, "write the file", errno))?;
        let written = write_content(opened, file, bytes, self.monitor);
        let written = written.map_err(|failure| match failure {
            Failure::Target(errno) => self.error(job, "write the file", errno),
            Failure::Content(error) => error.at(bytes_path(&self.path_of(job))),
        })?;
        add(&self.tally.written_bytes, written);
        self.set_attributes(job, Subject::opened(opened));
        self.take_place(job, &folder, &mut |name, taking| part.publish(name, taking))?;
        self.monitor.file_done(file.size);
        if job.entry.incomplete {
            let why = "it was being changed when the snapshot was made";
            let path = self.path_of(job);
            self.monitor.notice(&path, "restore one moment of", why);
        }
        Ok(part)
    }

    /// Makes a symbolic link or a special file and gives it its place. `None`: a device, which this
    /// user may not make; that was counted.
    pub fn make_other(&self, job: &Job) -> Result<Option<FileId>> {
        let folder = self.folders.handle(job.folder)?;
        let kind = &job.entry.kind;
        let made = folder.make_aside(&self.names, |folder, name| make_special(folder, name, kind));
        let mut part = match made {
            Ok(part) => part,
            Err(errno @ Errno::PERM) if is_device(kind) => {
                add(&self.tally.failed, 1);
                let path = || self.path_of(job);
                self.shortfalls.count(Shortfall::Device, errno, path);
                return Ok(None);
            }
            Err(errno) => return Err(self.special_error(job, errno)),
        };
        let look = |errno| self.error(job, "look at", errno);
        let fd = folder.open_any(part.name()).map_err(look)?;
        let found = stat_of(&fd).map_err(look)?;
        if found.file_type != file_type(kind) || found.links != 1 {
            return Err(Error::new(ErrorKind::Io, attempted_special(kind))
                .at(bytes_path(&self.path_of(job)))
                .because("another process put something else in its place"));
        }
        let is_link = found.file_type == FileType::Symlink;
        if !is_link || self.sets_link_attributes(job, &folder, &found) {
            self.set_attributes(job, Subject::referred(&fd, is_link));
        }
        self.take_place(job, &folder, &mut |name, taking| part.publish(name, taking))?;
        self.monitor.file_done(0);
        Ok(Some(found.id))
    }

    /// Makes one more name for a file of this run, or for one that was there.
    pub fn make_link(
        &self,
        job: &Job,
        (from_folder, from): (&TargetFolder, &Name),
        identity: FileId,
    ) -> Result<Linked> {
        let folder = self.folders.handle(job.folder)?;
        let made = folder.make_aside(&self.names, |folder, name| {
            rustix::fs::linkat(from_folder, from.as_bytes(), folder, name, AtFlags::empty())
        });
        let mut part = match made {
            Ok(part) => part,
            Err(errno @ (Errno::NOSPC | Errno::DQUOT | Errno::ROFS | Errno::ACCESS)) => {
                return Err(self.error(job, "make the hard link", errno));
            }
            Err(errno) => return Ok(Linked::Refused(errno)),
        };
        let fd = folder.open_any(part.name());
        let found = fd.and_then(stat_of);
        match found {
            Ok(found) if found.id == identity => {}
            // Another file was put under that name meanwhile.
            _ => return Ok(Linked::Refused(Errno::STALE)),
        }
        self.take_place(job, &folder, &mut |name, taking| part.publish(name, taking))?;
        self.monitor.file_done(job.entry.size());
        Ok(Linked::Done)
    }

    /// Gives what was made its final name.
    fn take_place(
        &self,
        job: &Job,
        folder: &TargetFolder,
        publish: &mut dyn FnMut(&Name, Taking) -> rustix::io::Result<()>,
    ) -> Result<()> {
        let name = &job.entry.name;
        let number = self.make_room(job, folder)?;
        let taking = match number {
            Room::IsFree | Room::WasMade(_) => Taking::FreeName,
            Room::IsTaken => Taking::Over,
        };
        if let Err(errno) = publish(name, taking) {
            if let Room::WasMade(aside) = number {
                // Better the old file than none; what is in its place now keeps it.
                let _ = folder.rename(aside.as_bytes(), name, Taking::FreeName);
            }
            return Err(self.name_error(job, errno));
        }
        match number {
            Room::IsFree => add(&self.tally.created_files, 1),
            Room::IsTaken => add(&self.tally.replaced, 1),
            Room::WasMade(_) => {
                add(&self.tally.created_files, 1);
                add(&self.tally.moved_aside, 1);
            }
        }
        Ok(())
    }

    /// Does with what is in the place of an entry what the plan says.
    pub fn make_room<'j>(&self, job: &'j Job, folder: &TargetFolder) -> Result<Room<'j>> {
        let name = &job.entry.name;
        match &job.place {
            Place::Free => Ok(Room::IsFree),
            Place::Aside(to) => match folder.rename(name.as_bytes(), to, Taking::FreeName) {
                Ok(()) => Ok(Room::WasMade(to)),
                Err(Errno::NOENT) => Ok(Room::IsFree),
                Err(errno) => Err(self.error(job, "move aside", errno)),
            },
            Place::Over(seen) => {
                let found = folder.find(name);
                let found = found.map_err(|errno| self.error(job, "look at", errno))?;
                match found {
                    None => Ok(Room::IsFree),
                    Some(now) if !self.is_still(&now, seen) => Err(self.changed(job)),
                    Some(now) if now.is_directory() => {
                        let removed = folder.remove_empty_folder(name);
                        removed.map_err(|errno| self.error(job, "replace the folder", errno))?;
                        Ok(Room::IsFree)
                    }
                    Some(_) => Ok(Room::IsTaken),
                }
            }
        }
    }

    /// Whether the attributes of a symbolic link in this folder can be set; counts it if not.
    pub fn sets_link_attributes(&self, job: &Job, folder: &TargetFolder, found: &Stat) -> bool {
        let mut known = lock(&self.links_have_attributes);
        let look = || folder.links_have_attributes(&self.names);
        let have = *known.entry(found.id.device).or_insert_with(look);
        if !have {
            let path = || self.path_of(job);
            self.shortfalls
                .count(Shortfall::LinkAttributes, Errno::NOTSUP, path);
        }
        have
    }

    fn set_attributes(&self, job: &Job, subject: Subject<'_>) {
        let surplus = match job.inherits {
            true => Surplus::InheritedAcls,
            false => Surplus::None,
        };
        let path = || self.path_of(job);
        let wanted = &job.entry.attributes;
        // What could not be set is reported; the file is restored all the same.
        let _ = set_attributes(subject, wanted, surplus, self.reporting(), &path);
    }

    pub fn error(&self, job: &Job, attempted: &str, errno: Errno) -> Error {
        target_error(attempted, errno, &self.path_of(job))
    }

    /// What is no regular file could not be made.
    fn special_error(&self, job: &Job, errno: Errno) -> Error {
        let kind = &job.entry.kind;
        let error = self.error(job, attempted_special(kind), errno);
        match errno {
            Errno::PERM | Errno::NOSYS | Errno::NOTSUP | Errno::INVAL | Errno::IO => also(
                error,
                "perhaps the disk that is being restored to has none of these",
            ),
            _ => error,
        }
    }

    /// What is there is not what the plan was made for.
    pub fn changed(&self, job: &Job) -> Error {
        Error::new(ErrorKind::Io, "restore")
            .at(bytes_path(&self.path_of(job)))
            .because("what is there was changed after the plan was made")
    }

    /// The final name could not be had.
    pub fn name_error(&self, job: &Job, errno: Errno) -> Error {
        let error = self.error(job, "create", errno);
        match errno {
            Errno::EXIST => error.because(
                "something of this name is there already; perhaps the disk takes upper and lower \
                 case for the same",
            ),
            Errno::INVAL | Errno::NOENT | Errno::ILSEQ => also(
                error,
                "perhaps the disk takes no such name, for a character in it or at its end",
            ),
            _ => error,
        }
    }
}

/// What the place of an entry is like when the entry takes it.
pub(super) enum Room<'a> {
    IsFree,
    IsTaken,
    /// What was there has this name now.
    WasMade(&'a Name),
}

fn is_device(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::CharacterDevice { .. } | Kind::BlockDevice { .. }
    )
}

/// The error with a guess beside what the system said.
fn also(error: Error, guess: &str) -> Error {
    let why = format!("{}; {guess}", error.why());
    error.because(why)
}

fn attempted_special(kind: &Kind) -> &'static str {
    match kind {
        Kind::SymbolicLink { .. } => "make the symbolic link",
        Kind::Fifo => "make the FIFO",
        Kind::Socket => "make the socket",
        Kind::CharacterDevice { .. } | Kind::BlockDevice { .. } => "make the device",
        Kind::File(_) | Kind::Directory(_) => "make the file",
    }
}

fn make_special(folder: &TargetFolder, name: &[u8], kind: &Kind) -> rustix::io::Result<()> {
    let device = match kind {
        Kind::SymbolicLink { target } => {
            return rustix::fs::symlinkat(target.as_slice(), folder, name);
        }
        Kind::CharacterDevice { major, minor } | Kind::BlockDevice { major, minor } => {
            makedev(*major, *minor)
        }
        _ => 0,
    };
    rustix::fs::mknodat(folder, name, file_type(kind), UNFINISHED_FILE, device)
}
