//! One folder of the disk as the backup sees it.

use std::ffi::{CStr, CString, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use super::inside::Inside;
use crate::error::{Context, Error, Result};
use crate::fs::path_bytes;
use crate::progress::Monitor;
use crate::snapshot::capture::{Stat, open_folder, open_folder_to_pass, open_root};
use crate::snapshot::explain::Verdict;
use crate::snapshot::matcher::{Candidate, Decision, Matcher, Reason, read_start};
use crate::snapshot::scan::names::Names;
use crate::snapshot::specification::Specification;
use crate::snapshot::tree::{Name, Timestamp};

/// Between this many names the cancel flag is looked at.
const CANCEL_EVERY: usize = 256;

/// Something in a folder of the disk, and what the rules make of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewedEntry {
    pub name: Name,
    pub is_directory: bool,
    pub is_symbolic_link: bool,
    /// In bytes, of a regular file; 0 for anything else.
    pub size: u64,
    pub modified: Timestamp,
    /// Never [`Verdict::BehindLink`]. What is in a folder that is left out is left out for the same reason.
    pub verdict: Verdict,
    /// A folder that a backup only passes through: an include lies further down.
    pub leads_to_include: bool,
}

/// What is in `folder`, which is absolute, in the order of the bytes of the names. Links are not followed,
/// neither on the way nor in the folder.
///
/// Errors: the specification cannot be carried out; the folder, or one on the way to it, cannot be opened
/// or is none; the work was cancelled. What vanishes meanwhile, or cannot be looked at, is passed over
/// with a notice.
pub fn folder_view(
    specification: &Specification,
    own: &[PathBuf],
    folder: &Path,
    monitor: &Monitor,
) -> Result<Vec<ViewedEntry>> {
    let matcher = Matcher::new(specification, own)?;
    let mut viewer = Viewer::start(&matcher, monitor)?;
    for name in path_bytes(folder).split(|b| *b == b'/') {
        if !name.is_empty() {
            viewer.descend(name)?;
        }
    }
    viewer.list()
}

/// Stands in a folder.
struct Viewer<'a> {
    matcher: &'a Matcher,
    monitor: &'a Monitor,
    handle: OwnedFd,
    inside: Inside,
    /// Without a slash at its end; empty for `/`.
    path: Vec<u8>,
}

impl<'a> Viewer<'a> {
    fn start(matcher: &'a Matcher, monitor: &'a Monitor) -> Result<Viewer<'a>> {
        let handle = open_root().context("open", "/")?;
        let stat = Stat::of(&handle).context("look at", "/")?;
        let read = &mut |name: &CStr, limit: usize| read_start(&handle, name, limit);
        let context = matcher.top(&stat, read, monitor);
        Ok(Viewer {
            matcher,
            monitor,
            inside: Inside::Entered {
                context,
                aside: None,
            },
            handle,
            path: Vec::new(),
        })
    }

    /// Goes into the folder `name`.
    fn descend(&mut self, name: &[u8]) -> Result<()> {
        self.monitor.check_cancelled()?;
        self.path.push(b'/');
        self.path.extend_from_slice(name);
        let at = PathBuf::from(OsString::from_vec(self.path.clone()));
        let attempted = "open the folder";
        let c_name = CString::new(name).map_err(|_| {
            Error::invalid(attempted, "it contains a NUL byte, which no path has").at(&at)
        })?;
        let handle = open_folder_to_pass(&self.handle, &c_name).context(attempted, &at)?;
        let stat = Stat::of(&handle).context(attempted, &at)?;
        let candidate = Candidate {
            path: &self.path,
            name,
            stat: &stat,
        };
        let decision = self
            .inside
            .decide(self.matcher, &candidate, &self.handle, &c_name);
        let read = &mut |name: &CStr, limit: usize| read_start(&handle, name, limit);
        self.inside = self
            .inside
            .enter(self.matcher, &candidate, &decision, read, self.monitor);
        self.handle = handle;
        Ok(())
    }

    fn list(mut self) -> Result<Vec<ViewedEntry>> {
        let at = match &*self.path {
            b"" => PathBuf::from("/"),
            path => PathBuf::from(OsString::from_vec(path.to_vec())),
        };
        // The handle is one to pass through; "." in it is the same folder, to be listed.
        let listed = open_folder(&self.handle, c".").context("open the folder", &at)?;
        let mut names = Names::default();
        names.read(&listed).context("list the folder", &at)?;
        let folder_len = self.path.len();
        let mut viewed = Vec::new();
        for (count, name) in names.iter().enumerate() {
            if count % CANCEL_EVERY == CANCEL_EVERY - 1 {
                self.monitor.check_cancelled()?;
            }
            self.path.truncate(folder_len);
            self.path.push(b'/');
            self.path.extend_from_slice(name.to_bytes());
            match Stat::at(&self.handle, name) {
                Ok(stat) => viewed.push(self.view(name, &stat)?),
                Err(error) => {
                    let error = Error::io("look at", &error);
                    self.monitor.notice(&self.path, "look at", error.why());
                }
            }
        }
        Ok(viewed)
    }

    fn view(&self, name: &CStr, stat: &Stat) -> Result<ViewedEntry> {
        let candidate = Candidate {
            path: &self.path,
            name: name.to_bytes(),
            stat,
        };
        let decision = self
            .inside
            .decide(self.matcher, &candidate, &self.handle, name);
        Ok(ViewedEntry {
            name: Name::new(name.to_bytes())?,
            is_directory: stat.is_directory(),
            is_symbolic_link: stat.file_type == rustix::fs::FileType::Symlink,
            size: if stat.is_file() { stat.size } else { 0 },
            modified: stat.modified,
            verdict: self.verdict(&candidate, name, &decision),
            leads_to_include: matches!(decision, Decision::PassThrough(_)),
        })
    }

    fn verdict(&self, candidate: &Candidate<'_>, name: &CStr, decision: &Decision) -> Verdict {
        match decision {
            Decision::Exclude(reason) => Verdict::Excluded(reason.clone()),
            Decision::PassThrough(reason) | Decision::Hollow(reason) => {
                Verdict::DirectoryOnly(reason.clone())
            }
            Decision::Include if self.is_cache(candidate, name, decision) => {
                Verdict::DirectoryOnly(Reason::CacheDirectory)
            }
            Decision::Include => {
                let include = self.inside.include(self.matcher, candidate.name, decision);
                // What is included always has one.
                let include = include.unwrap_or_default();
                Verdict::Included { include }
            }
        }
    }

    /// A folder of which nothing but itself is kept, as it is marked as a cache. One that cannot be opened
    /// is taken for none, as in a backup.
    fn is_cache(&self, candidate: &Candidate<'_>, name: &CStr, decision: &Decision) -> bool {
        if !candidate.stat.is_directory() || !self.matcher.leaves_out_caches() {
            return false;
        }
        let Ok(handle) = open_folder_to_pass(&self.handle, name) else {
            return false;
        };
        let read = &mut |name: &CStr, limit: usize| read_start(&handle, name, limit);
        let quiet = Monitor::new();
        let inside = self
            .inside
            .enter(self.matcher, candidate, decision, read, &quiet);
        match inside {
            Inside::Entered { context, .. } => context.leaves_out_all().is_some(),
            Inside::LeftOut(_) => false,
        }
    }
}
