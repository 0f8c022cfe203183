//! The one matcher: it decides what is in a snapshot, for the backup, for the preview, and for the answer
//! to "why is this file not backed up?".
//!
//! A walk starts at `/` with [`Matcher::top`]. In each directory it makes a [`Candidate`] of what it finds
//! and asks [`Matcher::decide`]; where the decision says so it goes down, with the [`DirectoryContext`]
//! that [`Matcher::enter`] makes once for the directory: whatever does not differ between its entries is
//! settled there, so that deciding costs tens of nanoseconds where there are no rules, and one match of all
//! globs at once where there are.
//!
//! What is stored is the union of what the includes say, each taken alone:
//!
//! - an include is stored whatever the rules say of it or of the directories above it; they count only for
//!   what is below it. Just this archive's own storage is left out always;
//! - the directories above an include are stored for their attributes, and nothing else in them is: there
//!   the walk goes through [`DirectoryContext::names_to_visit`] and lists nothing;
//! - an include inside another one starts afresh: its own file system, its own ignore files.

pub mod ignore_files;
pub mod includes;
pub mod reason;

use std::ffi::CStr;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::Arc;

use rustix::fs::CWD;

use self::ignore_files::Scope;
use self::includes::{IncludeTree, Node, Resolved, Root, resolve_includes};
pub use self::reason::Reason;
use super::capture::{FileId, Stat, open_file};
use super::globs::{GlobKind, Globs};
use super::specification::Specification;
use crate::error::{Error, Result};
use crate::fs::path_bytes;
use crate::progress::Monitor;

const CACHE_TAG: &CStr = c"CACHEDIR.TAG";
const CACHE_SIGNATURE: &[u8] = b"Signature: 8a477f597d28d172789f06886806bc55";

/// Reads the first bytes, at most the given number, of a regular file in the directory that is entered;
/// `None` where there is none of that name. [`read_start`] does it by the directory's handle.
pub type ReadStart<'a> = &'a mut dyn FnMut(&CStr, usize) -> io::Result<Option<Vec<u8>>>;

/// Something found in a directory.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// Its absolute path.
    pub path: &'a [u8],
    /// Its name: the last part of the path.
    pub name: &'a [u8],
    pub stat: &'a Stat,
}

/// What becomes of a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is stored; a directory is entered.
    Include,
    /// A directory that is stored only because an include lies further down: it is entered, and nothing is
    /// taken but what leads there. But for that include it would be left out for this reason.
    PassThrough(Reason),
    /// A directory that is stored as an empty one, and not entered.
    Hollow(Reason),
    /// It is left out, with all that is below it.
    Exclude(Reason),
}

impl Decision {
    /// The rule that leaves it, or what is in it, out.
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Decision::Include => None,
            Decision::PassThrough(reason)
            | Decision::Hollow(reason)
            | Decision::Exclude(reason) => Some(reason),
        }
    }

    /// True when a directory is gone into.
    pub fn enters(&self) -> bool {
        matches!(self, Decision::Include | Decision::PassThrough(_))
    }
}

/// What is settled for all entries of one directory. Cheap to clone.
#[derive(Clone, Debug)]
pub struct DirectoryContext {
    state: State,
    /// Set while includes lie further down.
    node: Option<Node>,
    /// The include that what is here belongs to.
    include: Option<usize>,
    /// The file system of that include.
    device: u64,
    ignored: Option<Arc<Scope>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Above an include, or in something left out that an include lies in.
    Passing,
    /// In an include.
    Covered,
    /// In an include, in a directory with a CACHEDIR.TAG.
    Cache,
}

impl DirectoryContext {
    /// The names to look at when the directory is only passed through; `None`: list it.
    pub fn names_to_visit<'m>(
        &self,
        matcher: &'m Matcher,
    ) -> Option<impl Iterator<Item = &'m [u8]> + use<'m>> {
        match self.state {
            State::Passing => Some(self.node.into_iter().flat_map(|n| matcher.tree.names(n))),
            State::Covered | State::Cache => None,
        }
    }

    /// The include that covers what is in this directory: its place in the specification, from 0.
    pub fn include(&self) -> Option<usize> {
        self.include
    }

    /// The file system of that include; 0 where there is none.
    pub fn device(&self) -> u64 {
        self.device
    }

    /// Why nothing in this directory is taken, though the directory is.
    pub fn leaves_out_all(&self) -> Option<Reason> {
        match self.state {
            State::Cache => Some(Reason::CacheDirectory),
            State::Covered | State::Passing => None,
        }
    }
}

/// A specification made ready to decide with.
pub struct Matcher {
    tree: IncludeTree,
    roots: Vec<Root>,
    problems: Vec<Error>,
    own: Vec<OwnPlace>,
    directory_globs: Globs,
    file_globs: Globs,
    larger_than: Option<u64>,
    leaves_out_caches: bool,
    leaves_out_nodump: bool,
    one_file_system: bool,
    uses_ignore_files: bool,
    skips_broken_links: bool,
}

struct OwnPlace {
    path: PathBuf,
    id: Option<FileId>,
}

impl Matcher {
    /// Follows the includes on the disk and compiles the rules. `own` are the folders of this archive and
    /// of its repository: they are never backed up into themselves.
    ///
    /// Includes that lead nowhere are no error here but [`Matcher::problems`].
    ///
    /// Errors: [`crate::error::ErrorKind::Invalid`] for a specification that
    /// [`Specification::validate`] refuses.
    pub fn new(specification: &Specification, own: &[PathBuf]) -> Result<Matcher> {
        specification.validate()?;
        let own: Vec<OwnPlace> = own.iter().map(|place| OwnPlace::find(place)).collect();
        let Resolved {
            mut roots,
            mut problems,
        } = resolve_includes(&specification.includes);
        roots.retain(|root| {
            let inside = own.iter().any(|own| root.path.starts_with(&own.path));
            if inside {
                problems.push(
                    Error::invalid("include", "it holds the backups of this archive")
                        .at(&root.path),
                );
            }
            !inside
        });
        Ok(Matcher {
            tree: IncludeTree::new(&roots),
            roots,
            problems,
            own,
            directory_globs: Globs::new(GlobKind::Directories, &specification.exclude_dirs)?,
            file_globs: Globs::new(GlobKind::Files, &specification.exclude_files)?,
            larger_than: specification.exclude_larger_than,
            leaves_out_caches: specification.exclude_caches,
            leaves_out_nodump: specification.exclude_nodump,
            one_file_system: specification.one_file_system,
            uses_ignore_files: specification.ignore_files,
            skips_broken_links: !specification.keep_broken_links,
        })
    }

    /// What the includes lead to.
    pub fn roots(&self) -> &[Root] {
        &self.roots
    }

    /// Includes that lead nowhere, and those that cannot be backed up. Each error names its path.
    pub fn problems(&self) -> &[Error] {
        &self.problems
    }

    /// Whether a symbolic link that is included is to be left out all the same
    /// ([`Reason::BrokenLink`]) when it leads nowhere. Finding that out costs a system call, so it is
    /// asked last, and by the walk. A link that is an include is kept: [`Matcher::is_root`].
    pub fn skips_broken_links(&self) -> bool {
        self.skips_broken_links
    }

    /// Whether directories that a CACHEDIR.TAG marks are left out: finding them out means opening them.
    pub fn leaves_out_caches(&self) -> bool {
        self.leaves_out_caches
    }

    /// True for the directory that holds this archive's snapshots, and that of its repository.
    pub fn is_own_storage(&self, candidate: &Candidate<'_>) -> bool {
        let is_own = |own: &OwnPlace| {
            own.id == Some(candidate.stat.id) || path_bytes(&own.path) == candidate.path
        };
        candidate.stat.is_directory() && self.own.iter().any(is_own)
    }

    /// True for an include itself, and for the links on the way to it.
    pub fn is_root(&self, context: &DirectoryContext, name: &[u8]) -> bool {
        self.include_of(context, name).is_some()
    }

    /// The include that an entry is, or is a link on the way to.
    pub fn include_of(&self, context: &DirectoryContext, name: &[u8]) -> Option<usize> {
        self.child(context, name)
            .and_then(|node| self.tree.include(node))
    }

    /// The context of `/`, where every walk starts. `read` reads files in `/`.
    pub fn top(&self, stat: &Stat, read: ReadStart<'_>, monitor: &Monitor) -> DirectoryContext {
        let above = DirectoryContext {
            state: State::Passing,
            node: None,
            include: None,
            device: 0,
            ignored: None,
        };
        let top = Some(IncludeTree::TOP);
        let decision = Decision::PassThrough(Reason::NotIncluded);
        self.context_of(&above, top, b"/", stat, &decision, read, monitor)
    }

    /// Decides on one entry of the directory that `context` is of.
    pub fn decide(&self, context: &DirectoryContext, candidate: &Candidate<'_>) -> Decision {
        let is_directory = candidate.stat.is_directory();
        if self.is_own_storage(candidate) {
            return Decision::Exclude(Reason::OwnStorage);
        }
        let node = self.child(context, candidate.name);
        if node.is_some_and(|node| self.tree.include(node).is_some()) {
            return Decision::Include;
        }
        let refusal = match context.state {
            State::Covered => self.refuse(context, candidate),
            State::Passing => Some(Reason::NotIncluded),
            State::Cache if candidate.name == CACHE_TAG.to_bytes() => None,
            State::Cache => Some(Reason::CacheDirectory),
        };
        match refusal {
            None => Decision::Include,
            Some(reason) if is_directory && node.is_some() => Decision::PassThrough(reason),
            // The mount point itself is not on the other file system; what it shows is.
            Some(Reason::OtherFileSystem) if is_directory => {
                Decision::Hollow(Reason::OtherFileSystem)
            }
            Some(reason) => Decision::Exclude(reason),
        }
    }

    /// The rule that leaves out something in an include.
    fn refuse(&self, context: &DirectoryContext, candidate: &Candidate<'_>) -> Option<Reason> {
        let stat = candidate.stat;
        let is_directory = stat.is_directory();
        let glob = if is_directory {
            let found = self.directory_globs.first_match(candidate.path);
            found.map(|(index, glob)| Reason::DirectoryGlob { index, glob })
        } else {
            let found = self.file_globs.first_match(candidate.path);
            found.map(|(index, glob)| Reason::FileGlob { index, glob })
        };
        if glob.is_some() {
            return glob;
        }
        if self.leaves_out_nodump && stat.is_nodump {
            return Some(Reason::NoDump);
        }
        if let Some(limit) = self.larger_than
            && stat.is_file()
            && stat.size > limit
        {
            return Some(Reason::TooLarge { limit });
        }
        if let Some(scope) = &context.ignored
            && let Some(reason) = scope.refuse(candidate.path, is_directory)
        {
            return Some(reason);
        }
        // Last: it alone may keep the directory.
        (self.one_file_system && stat.id.device != context.device)
            .then_some(Reason::OtherFileSystem)
    }

    /// The context within a directory for which `decision` was made and [`Decision::enters`]. `read` reads
    /// files in it, and is called only where the specification asks for ignore files or cache tags.
    ///
    /// What is wrong with an ignore file is reported as a notice.
    pub fn enter(
        &self,
        parent: &DirectoryContext,
        directory: &Candidate<'_>,
        decision: &Decision,
        read: ReadStart<'_>,
        monitor: &Monitor,
    ) -> DirectoryContext {
        let node = self.child(parent, directory.name);
        let (path, stat) = (directory.path, directory.stat);
        self.context_of(parent, node, path, stat, decision, read, monitor)
    }

    #[expect(clippy::too_many_arguments, reason = "private, and called twice")]
    fn context_of(
        &self,
        parent: &DirectoryContext,
        node: Option<Node>,
        path: &[u8],
        stat: &Stat,
        decision: &Decision,
        read: ReadStart<'_>,
        monitor: &Monitor,
    ) -> DirectoryContext {
        let root_of = node.and_then(|node| self.tree.include(node));
        let mut context = match (root_of, decision) {
            (Some(include), _) => DirectoryContext {
                state: State::Covered,
                node,
                include: Some(include),
                device: stat.id.device,
                ignored: None,
            },
            (None, Decision::Include) => DirectoryContext {
                node,
                ..parent.clone()
            },
            (None, _) => DirectoryContext {
                state: State::Passing,
                node,
                include: None,
                device: 0,
                ignored: None,
            },
        };
        if context.state == State::Covered {
            if self.leaves_out_caches && root_of.is_none() && has_cache_tag(read) {
                context.state = State::Cache;
            } else if self.uses_ignore_files {
                context.ignored =
                    ignore_files::enter(context.ignored.as_ref(), path, read, monitor);
            }
        }
        context
    }

    fn child(&self, context: &DirectoryContext, name: &[u8]) -> Option<Node> {
        context.node.and_then(|node| self.tree.child(node, name))
    }
}

impl OwnPlace {
    /// By its real path, and by its identity for when it is reached another way (a bind mount).
    fn find(place: &std::path::Path) -> OwnPlace {
        let path = place.canonicalize().unwrap_or_else(|_| place.to_owned());
        let id = std::ffi::CString::new(path_bytes(&path))
            .ok()
            .and_then(|path| Stat::id_at(CWD, &path).ok());
        OwnPlace { path, id }
    }
}

/// True when the directory is marked as a cache (<https://bford.info/cachedir/>).
fn has_cache_tag(read: ReadStart<'_>) -> bool {
    // A tag that cannot be read marks nothing: then more is kept.
    let start = read(CACHE_TAG, CACHE_SIGNATURE.len());
    matches!(start, Ok(Some(start)) if start == CACHE_SIGNATURE)
}

/// The first bytes, at most `limit`, of the regular file `name` in `folder`; `None` where there is none.
/// Links are not followed.
pub fn read_start(folder: impl AsFd, name: &CStr, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let handle = match open_file(folder, name) {
        Ok(handle) => handle,
        Err(e) if is_no_regular_file(&e) => return Ok(None),
        Err(e) => return Err(e),
    };
    if !Stat::of(&handle)?.is_file() {
        return Ok(None);
    }
    let mut start = Vec::new();
    std::fs::File::from(handle)
        .take(limit as u64)
        .read_to_end(&mut start)?;
    Ok(Some(start))
}

/// Nothing of that name, a link, or a socket or device that nobody serves.
fn is_no_regular_file(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let errno = error.raw_os_error().map(Errno::from_raw_os_error);
    matches!(
        errno,
        Some(Errno::NOENT | Errno::LOOP | Errno::NXIO | Errno::NODEV)
    )
}

#[cfg(test)]
mod tests;
