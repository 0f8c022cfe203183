//! Sets what a snapshot recorded of a file: owner, extended attributes, mode and times, through
//! handles only.
//!
//! The order is what makes it safe and complete. The owner comes first: changing it clears set-id
//! bits and capabilities, and before it the file is readable by nobody else. Extended attributes
//! (ACLs, capabilities) come next, then the mode, whose group bits are the mask of an ACL; a set-id
//! bit is left out when the owner that it would lend could not be set. The times come last, since all
//! of the others may touch them.

use rustix::io::Errno;

use super::shortfall::{Shortfall, Shortfalls};
use super::subject::Subject;
use super::target::stat_of;
use crate::progress::Monitor;
use crate::snapshot::capture::Stat;
use crate::snapshot::tree::{Attributes, ExtendedAttribute};

const SET_UID: u16 = 0o4000;
const SET_GID: u16 = 0o2000;

/// What a file may have beyond what the snapshot gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surplus {
    /// Nothing: it was just made.
    None,
    /// ACLs that it inherited from its folder's default ACL when it was made.
    InheritedAcls,
    /// Any extended attribute: it was there before.
    Anything,
}

/// Where what goes wrong is reported.
#[derive(Clone, Copy)]
pub struct Reporting<'a> {
    pub monitor: &'a Monitor,
    pub shortfalls: &'a Shortfalls,
}

/// Names of the two extended attributes that hold POSIX ACLs.
const ACCESS_ACL: &[u8] = b"system.posix_acl_access";

const DEFAULT_ACL: &[u8] = b"system.posix_acl_default";

/// Whether what is made in this folder gets ACLs from it.
pub fn has_default_acl(folder: Subject<'_>) -> bool {
    !matches!(
        folder.read_value(DEFAULT_ACL),
        Err(Errno::NODATA | Errno::OPNOTSUPP)
    )
}

/// Takes from a folder what it inherited when it was made, so that what is made in it inherits nothing.
pub fn remove_inherited(folder: Subject<'_>) -> Result<(), Errno> {
    folder.remove_extended(ACCESS_ACL)?;
    folder.remove_extended(DEFAULT_ACL)
}

/// Whether an extended attribute that a snapshot does not have is to be removed from a file that is
/// made like the snapshot. Not those that the system keeps for itself (SELinux labels, signatures).
pub fn is_ours_to_remove(name: &[u8]) -> bool {
    name.starts_with(b"user.")
        || name.starts_with(b"trusted.")
        || matches!(name, ACCESS_ACL | DEFAULT_ACL | b"security.capability")
}

/// Sets all attributes, going on after each that cannot be set: what an ordinary user or the target's
/// file system cannot have is counted, anything else is a warning that names the file. Of what was there
/// before, only what differs is set: it may be right, and still not ours to set.
///
/// Returns whether all of them are set.
pub fn set_attributes(
    subject: Subject<'_>,
    wanted: &Attributes,
    surplus: Surplus,
    reporting: Reporting<'_>,
    path: &dyn Fn() -> Vec<u8>,
) -> bool {
    let mut attempt = Attempt {
        subject,
        wanted,
        is_new: surplus != Surplus::Anything,
        reporting,
        path,
        is_complete: true,
    };
    let mode = attempt.owner();
    attempt.extended(surplus);
    if !subject.is_link && !attempt.has(|found| found.mode == mode) {
        let result = subject.set_mode(mode);
        attempt.check(Shortfall::Mode, "set the permissions of", result);
    }
    if !attempt.has(|found| found.modified == wanted.modified) {
        let result = subject.set_modified(wanted.modified);
        attempt.check(Shortfall::Time, "set the modification time of", result);
    }
    attempt.is_complete
}

struct Attempt<'a> {
    subject: Subject<'a>,
    wanted: &'a Attributes,
    is_new: bool,
    reporting: Reporting<'a>,
    path: &'a dyn Fn() -> Vec<u8>,
    is_complete: bool,
}

impl Attempt<'_> {
    /// Whether something that was there before is right already.
    fn has(&self, is_right: impl FnOnce(&Stat) -> bool) -> bool {
        if self.is_new {
            return false;
        }
        stat_of(self.subject.fd).is_ok_and(|stat| is_right(&stat))
    }

    /// Returns the mode that goes with the owner that the file has now.
    fn owner(&mut self) -> u16 {
        let Attempt {
            subject, wanted, ..
        } = *self;
        let is_owner = |found: &Stat| (found.uid, found.gid) == (wanted.uid, wanted.gid);
        if self.has(is_owner) {
            return wanted.mode;
        }
        let result = subject.set_owner(Some(wanted.uid), Some(wanted.gid));
        let Err(errno) = result else {
            return wanted.mode;
        };
        self.check(Shortfall::Owner, "set the owner of", Err(errno));
        // An ordinary user may still choose among the groups that it is in.
        let _ = subject.set_owner(None, Some(wanted.gid));
        let found = stat_of(subject.fd).ok();
        let mut mode = wanted.mode;
        if found.as_ref().is_none_or(|found| found.uid != wanted.uid) {
            mode &= !SET_UID;
        }
        if found.as_ref().is_none_or(|found| found.gid != wanted.gid) {
            mode &= !SET_GID;
        }
        mode
    }

    fn extended(&mut self, surplus: Surplus) {
        let Attempt {
            subject, wanted, ..
        } = *self;
        let is_wanted = |name: &[u8]| wanted.extended.iter().any(|a| a.name == name);
        let mut existing = Vec::new();
        match surplus {
            Surplus::None => {}
            Surplus::InheritedAcls => {
                for name in [ACCESS_ACL, DEFAULT_ACL] {
                    if !is_wanted(name) && !subject.is_link {
                        self.remove_extended(name);
                    }
                }
            }
            Surplus::Anything => match subject.read_extended() {
                Ok(attributes) => {
                    for ExtendedAttribute { name, .. } in &attributes {
                        if is_ours_to_remove(name) && !is_wanted(name) {
                            self.remove_extended(name);
                        }
                    }
                    existing = attributes;
                }
                Err(errno) => self.warn("read the extended attributes of", errno),
            },
        }
        let mut lacking = None;
        for attribute in wanted.extended.iter() {
            if existing.contains(attribute) {
                continue;
            }
            let mut result = subject.set_extended(attribute);
            if result == Err(Errno::ACCESS) && !subject.is_link {
                // An existing read-only file of an ordinary user; its mode is set after this.
                result = subject
                    .set_mode(0o700)
                    .and_then(|()| subject.set_extended(attribute));
            }
            match result {
                Ok(()) => {}
                Err(errno @ (Errno::PERM | Errno::ACCESS | Errno::OPNOTSUPP)) => {
                    lacking = Some(errno);
                }
                Err(errno) => {
                    let name = crate::fs::escaped(&attribute.name);
                    self.warn(&format!("set the extended attribute {name} of"), errno);
                }
            }
        }
        // Once for a file, however many it lacks.
        if let Some(errno) = lacking {
            let result = Err(errno);
            self.check(Shortfall::ExtendedAttribute, "set", result);
        }
    }

    fn remove_extended(&mut self, name: &[u8]) {
        if let Err(errno) = self.subject.remove_extended(name) {
            let name = crate::fs::escaped(name);
            self.warn(&format!("remove the extended attribute {name} of"), errno);
        }
    }

    fn check(&mut self, kind: Shortfall, attempted: &str, result: Result<(), Errno>) {
        match result {
            Ok(()) => {}
            Err(errno @ (Errno::PERM | Errno::ACCESS | Errno::OPNOTSUPP | Errno::NOSYS)) => {
                self.is_complete = false;
                self.reporting.shortfalls.count(kind, errno, self.path);
            }
            Err(errno) => self.warn(attempted, errno),
        }
    }

    fn warn(&mut self, attempted: &str, errno: Errno) {
        self.is_complete = false;
        let why = std::io::Error::from(errno);
        let why = crate::error::Error::io(attempted, &why);
        let path = (self.path)();
        self.reporting.monitor.warn(&path, attempted, why.why());
    }
}
