//! The walk of a survey: through what is included as the backup goes, and through what is left out.

use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use rustix::fs::{Access, AtFlags, CWD};
use rustix::io::Errno;

use super::inside::Inside;
use super::is_measured;
use super::tally::{Counts, Tally};
use crate::error::{Context, Error, Result};
use crate::progress::Monitor;
use crate::snapshot::capture::{Stat, open_folder, open_folder_to_pass, open_root};
use crate::snapshot::matcher::{Candidate, Decision, Matcher, Reason, read_start};
use crate::snapshot::scan::names::Names;
use crate::snapshot::scan::place::{Handle, Handles, Place, Reach};
use crate::snapshot::scan::stack::Stack;
use crate::snapshot::tree::Totals;

/// Between this many names the cancel flag is looked at, and what was counted is added up.
const FLUSH_EVERY: usize = 256;

/// What all threads of a survey share.
pub struct Shared<'a> {
    pub matcher: &'a Matcher,
    pub one_file_system: bool,
    pub monitor: &'a Monitor,
    pub tally: &'a Tally,
    pub handles: Handles,
}

/// A folder that waits to be looked through.
pub enum Waiting {
    /// `/`, where the walk starts.
    Top,
    Below(Below),
}

pub struct Below {
    parent: Reach,
    /// What the rules say in the parent.
    around: Arc<Inside>,
    name: CString,
    decision: Decision,
    /// In what is left out: the file system that is not left.
    device: Option<u64>,
}

/// Looks through folders until none is left.
pub fn look_through_all(shared: &Shared<'_>, stack: &Stack<Waiting>) -> Result<()> {
    // Whatever ends this thread ends the others, which would wait for its folder otherwise.
    let _closing = stack.close_on_drop();
    let mut walker = Walker {
        shared,
        names: Names::default(),
        counts: Counts::default(),
    };
    while let Some(folder) = stack.take() {
        let subfolders = walker.look_through(folder)?;
        stack.done(subfolders);
    }
    Ok(())
}

struct Walker<'s> {
    shared: &'s Shared<'s>,
    names: Names,
    counts: Counts,
}

/// The folder that is being looked through.
struct Here {
    place: Arc<Place>,
    handle: Arc<Handle>,
    inside: Arc<Inside>,
    device: Option<u64>,
    /// The folder's path with a slash at its end, then the name being looked at.
    path: Vec<u8>,
    folder_len: usize,
}

impl Walker<'_> {
    /// Looks through one folder; returns its subfolders, the last of them first.
    fn look_through(&mut self, waiting: Waiting) -> Result<Vec<Waiting>> {
        let monitor = self.shared.monitor;
        monitor.check_cancelled()?;
        let here = match waiting {
            Waiting::Top => Some(self.open_top()?),
            Waiting::Below(below) => self.open(below),
        };
        let mut waiting = match here {
            Some(here) => self.look_at_all(here)?,
            None => Vec::new(),
        };
        self.shared.tally.add(&mut self.counts);
        // The stack gives the last one first.
        waiting.reverse();
        Ok(waiting)
    }

    fn open_top(&mut self) -> Result<Here> {
        let handle = open_folder(CWD, c"/").or_else(|_| open_root());
        let handle = handle.context("open", "/")?;
        let stat = Stat::of(&handle).context("read", "/")?;
        let read = &mut |name: &CStr, limit: usize| read_start(&handle, name, limit);
        let context = self.shared.matcher.top(&stat, read, self.shared.monitor);
        let inside = Inside::Entered {
            context,
            aside: None,
        };
        Ok(self.here(Place::root(stat.id), handle, inside, None))
    }

    /// `None` for a folder that cannot be opened, or has to be left alone.
    fn open(&mut self, below: Below) -> Option<Here> {
        let is_kept = below.decision.enters();
        let opened = below.open().and_then(|handle| {
            let stat = Stat::of(&handle)?;
            Ok((handle, stat))
        });
        let (handle, stat) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                let errno = Errno::from_io_error(&error);
                let is_gone = matches!(errno, Some(Errno::NOENT | Errno::NOTDIR | Errno::LOOP));
                if is_kept && !is_gone {
                    let path = below.parent.place.path_of(below.name.to_bytes());
                    self.unreadable(&path, &error);
                }
                return None;
            }
        };
        let place = Place::child(&below.parent.place, &below.name, stat.id, 0);
        if place.ancestry().skip(1).any(|above| above.id == stat.id) {
            // Mounted below itself: a backup keeps it as an empty folder.
            return None;
        }
        let mut path = Vec::new();
        place.write_path(&mut path);
        self.shared.monitor.set_current(&path);
        let candidate = Candidate {
            path: &path,
            name: below.name.to_bytes(),
            stat: &stat,
        };
        let read = &mut |name: &CStr, limit: usize| read_start(&handle, name, limit);
        let (matcher, monitor) = (self.shared.matcher, self.shared.monitor);
        let inside = below
            .around
            .enter(matcher, &candidate, &below.decision, read, monitor);
        Some(self.here(place, handle, inside, below.device))
    }

    fn here(&self, place: Place, handle: OwnedFd, inside: Inside, device: Option<u64>) -> Here {
        let mut path = Vec::new();
        place.write_path(&mut path);
        path.push(b'/');
        Here {
            place: Arc::new(place),
            handle: self.shared.handles.hold(handle),
            inside: Arc::new(inside),
            device,
            folder_len: path.len(),
            path,
        }
    }

    fn look_at_all(&mut self, mut here: Here) -> Result<Vec<Waiting>> {
        let mut names = std::mem::take(&mut self.names);
        self.list(&here, &mut names);
        let mut subfolders = Vec::new();
        for (count, name) in names.iter().enumerate() {
            if count % FLUSH_EVERY == FLUSH_EVERY - 1 {
                self.shared.monitor.check_cancelled()?;
                self.shared.tally.add(&mut self.counts);
            }
            subfolders.extend(self.look_at(&mut here, name));
        }
        self.names = names;
        let waiting = subfolders.into_iter().map(|(name, decision, device)| {
            Waiting::Below(Below {
                parent: self.shared.handles.keep(&here.place, &here.handle),
                around: here.inside.clone(),
                name,
                decision,
                device,
            })
        });
        Ok(waiting.collect())
    }

    /// The names to look at: where nothing but the way to an include is of interest, only those.
    fn list(&mut self, here: &Here, names: &mut Names) {
        let wanted = match &*here.inside {
            Inside::Entered { context, aside } => context
                .names_to_visit(self.shared.matcher)
                .map(|wanted| (wanted, aside)),
            Inside::LeftOut(_) => None,
        };
        let is_to_list = match &wanted {
            Some((_, aside)) => aside.as_ref().is_some_and(is_measured),
            None => true,
        };
        let listed = match is_to_list {
            true => names.read(&here.handle),
            false => Ok(()),
        };
        match (wanted, listed) {
            (Some((wanted, _)), Err(_)) => names.set(wanted),
            (Some((wanted, _)), Ok(())) if !is_to_list => names.set(wanted),
            (None, Err(error)) if matches!(*here.inside, Inside::Entered { .. }) => {
                let path = here.path.strip_suffix(b"/").unwrap_or_default();
                self.unreadable(path, &error);
            }
            _ => {}
        }
    }

    /// Counts what `name` is; gives back a folder that is to be looked through.
    fn look_at(
        &mut self,
        here: &mut Here,
        name: &CStr,
    ) -> Option<(CString, Decision, Option<u64>)> {
        let bytes = name.to_bytes();
        here.path.truncate(here.folder_len);
        here.path.extend_from_slice(bytes);
        let is_entered = matches!(*here.inside, Inside::Entered { .. });
        let stat = match Stat::at(&here.handle, name) {
            Ok(stat) => stat,
            Err(error) => {
                if is_entered && error.kind() != io::ErrorKind::NotFound {
                    self.unreadable(&here.path, &error);
                }
                return None;
            }
        };
        let candidate = Candidate {
            path: &here.path,
            name: bytes,
            stat: &stat,
        };
        let matcher = self.shared.matcher;
        let decision = here.inside.decide(matcher, &candidate, &here.handle, name);
        let one = totals_of(&stat);
        if let Decision::Exclude(reason) = &decision {
            let is_new = match &*here.inside {
                Inside::Entered { .. } => true,
                Inside::LeftOut(around) => around != reason,
            };
            if is_new {
                let path = struck(reason, here);
                self.counts.strike(reason, path);
            }
            self.counts.remove(reason, &one);
        } else {
            let include = here.inside.include(matcher, bytes, &decision);
            self.counts.include(include, &one);
            self.shared.monitor.file_done(one.bytes);
            if let Some(reason) = decision.reason().filter(|r| **r != Reason::NotIncluded) {
                self.counts.strike(reason, &here.path);
            }
            if stat.is_file() && !is_readable(&stat, &here.handle, name) {
                let why = io::Error::from(Errno::ACCESS);
                self.unreadable(&here.path, &why);
            }
        }
        if !stat.is_directory() {
            return None;
        }
        let device = self.device_below(here, &decision);
        let is_looked_through = match &decision {
            Decision::Include | Decision::PassThrough(_) => true,
            Decision::Hollow(_) => false,
            Decision::Exclude(reason) => {
                is_measured(reason) && device.is_none_or(|device| device == stat.id.device)
            }
        };
        is_looked_through.then(|| (name.to_owned(), decision, device))
    }

    /// The file system that a walk through something left out keeps to.
    fn device_below(&self, here: &Here, decision: &Decision) -> Option<u64> {
        match (decision, &*here.inside) {
            (Decision::Exclude(_), Inside::LeftOut(_)) => here.device,
            (Decision::Exclude(_), Inside::Entered { context, .. }) => {
                // Where an include is only passed through to, there is no file system to keep to.
                (self.shared.one_file_system && context.include().is_some())
                    .then(|| context.device())
            }
            _ => None,
        }
    }

    fn unreadable(&mut self, path: &[u8], error: &io::Error) {
        self.counts.unreadable(path, Error::io("read", error).why());
    }
}

impl Below {
    /// A folder that is passed through may be one that must not be listed.
    fn open(&self) -> io::Result<OwnedFd> {
        self.parent.with(|folder| {
            let opened = open_folder(folder, &self.name);
            match self.decision {
                Decision::PassThrough(_) => {
                    opened.or_else(|_| open_folder_to_pass(folder, &self.name))
                }
                _ => opened,
            }
        })
    }
}

/// The path at which a rule strikes: a cache is named by its folder, not by what is in it.
fn struck<'p>(reason: &Reason, here: &'p Here) -> &'p [u8] {
    match reason {
        Reason::CacheDirectory => here
            .path
            .get(..here.folder_len.saturating_sub(1))
            .unwrap_or_default(),
        _ => &here.path,
    }
}

fn totals_of(stat: &Stat) -> Totals {
    Totals {
        files: u64::from(!stat.is_directory()),
        directories: u64::from(stat.is_directory()),
        bytes: if stat.is_file() { stat.size } else { 0 },
    }
}

/// Whether this process may read the file. Asking the system is only needed where it is not plain.
fn is_readable(stat: &Stat, folder: impl AsFd, name: &CStr) -> bool {
    const OWNER_MAY_READ: u16 = 0o400;
    const ALL_MAY_READ: u16 = 0o444;
    let user = rustix::process::geteuid();
    let is_plain = user.is_root()
        || stat.mode & ALL_MAY_READ == ALL_MAY_READ
        || (stat.uid == user.as_raw() && stat.mode & OWNER_MAY_READ != 0);
    is_plain
        || !matches!(
            rustix::fs::accessat(folder, name, Access::READ_OK, AtFlags::EACCESS),
            Err(Errno::ACCESS | Errno::PERM)
        )
}
