//! What the rules say within one folder, also in those that a backup does not go into.
//!
//! The matcher speaks only of folders that a backup enters, and of one that it merely passes through it says
//! "no include covers it" of whatever else is there. A preview wants the rule that made it so: this
//! carries it down.

use std::ffi::CStr;
use std::os::fd::AsFd;

use rustix::fs::FileType;

use crate::progress::Monitor;
use crate::snapshot::capture::is_broken_link;
use crate::snapshot::matcher::{Candidate, Decision, DirectoryContext, Matcher, ReadStart, Reason};

/// A folder as the rules have it.
#[derive(Clone, Debug)]
pub enum Inside {
    /// A backup goes into it.
    Entered {
        context: DirectoryContext,
        /// The rule that leaves out what is in it, but for what leads to an include.
        aside: Option<Reason>,
    },
    /// It is left out with all that is below it, for this reason.
    LeftOut(Reason),
}

impl Inside {
    /// What becomes of something in the folder, which `handle` is of.
    pub fn decide(
        &self,
        matcher: &Matcher,
        candidate: &Candidate<'_>,
        handle: impl AsFd,
        name: &CStr,
    ) -> Decision {
        let (context, aside) = match self {
            Inside::Entered { context, aside } => (context, aside),
            Inside::LeftOut(_) if matcher.is_own_storage(candidate) => {
                return Decision::Exclude(Reason::OwnStorage);
            }
            Inside::LeftOut(reason) => return Decision::Exclude(reason.clone()),
        };
        let decision = matcher.decide(context, candidate);
        match (&decision, aside) {
            (Decision::Include, _)
                if candidate.stat.file_type == FileType::Symlink
                    && matcher.skips_broken_links()
                    && is_broken_link(handle, name)
                    && !matcher.is_root(context, candidate.name) =>
            {
                Decision::Exclude(Reason::BrokenLink)
            }
            (Decision::Exclude(Reason::NotIncluded), Some(aside)) => {
                Decision::Exclude(aside.clone())
            }
            (Decision::PassThrough(Reason::NotIncluded), Some(aside)) => {
                Decision::PassThrough(aside.clone())
            }
            _ => decision,
        }
    }

    /// What the rules say in a folder in this one for which `decision` was made. `read` reads files in it.
    pub fn enter(
        &self,
        matcher: &Matcher,
        folder: &Candidate<'_>,
        decision: &Decision,
        read: ReadStart<'_>,
        monitor: &Monitor,
    ) -> Inside {
        let parent = match (self, decision) {
            (Inside::LeftOut(_), Decision::Exclude(reason)) => {
                return Inside::LeftOut(reason.clone());
            }
            (Inside::LeftOut(reason), _) => return Inside::LeftOut(reason.clone()),
            (Inside::Entered { context, .. }, _) => context,
        };
        let aside = match decision {
            Decision::Exclude(reason) | Decision::Hollow(reason) => {
                return Inside::LeftOut(reason.clone());
            }
            Decision::PassThrough(Reason::NotIncluded) | Decision::Include => None,
            Decision::PassThrough(reason) => Some(reason.clone()),
        };
        Inside::Entered {
            context: matcher.enter(parent, folder, decision, read, monitor),
            aside,
        }
    }

    /// The include that something in the folder belongs to when it is stored for its own sake.
    pub fn include(&self, matcher: &Matcher, name: &[u8], decision: &Decision) -> Option<usize> {
        match (self, decision) {
            (Inside::Entered { context, .. }, Decision::Include | Decision::Hollow(_)) => matcher
                .include_of(context, name)
                .or_else(|| context.include()),
            _ => None,
        }
    }
}
