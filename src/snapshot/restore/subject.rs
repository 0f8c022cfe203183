//! A file or folder whose attributes are read and set, by the handle that there is of it.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use rustix::fs::{AtFlags, Gid, Mode, Timespec, Timestamps, UTIME_OMIT, Uid, XattrFlags};
use rustix::io::Errno;

use crate::snapshot::tree::{ExtendedAttribute, Timestamp};

/// The longest value that Linux takes.
const MAX_VALUE: usize = 65_536;

/// Whose attributes are set.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    pub fd: BorrowedFd<'a>,
    pub is_link: bool,
    /// The handle is one that does not allow the calls on descriptors (`O_PATH`).
    by_path: bool,
}

impl<'a> Subject<'a> {
    /// A file or folder that is open for reading or writing.
    pub fn opened(fd: &'a impl AsFd) -> Subject<'a> {
        Subject {
            fd: fd.as_fd(),
            is_link: false,
            by_path: false,
        }
    }

    /// Anything by an `O_PATH` handle; needs `/proc`.
    pub fn referred(fd: &'a impl AsFd, is_link: bool) -> Subject<'a> {
        Subject {
            fd: fd.as_fd(),
            is_link,
            by_path: true,
        }
    }

    /// Names exactly the file that the handle holds: the system does not look up anything under
    /// this, and does not follow the handle of a link any further.
    pub fn proc_path(&self) -> String {
        format!("/proc/self/fd/{}", self.fd.as_raw_fd())
    }

    pub fn set_owner(&self, uid: Option<u32>, gid: Option<u32>) -> Result<(), Errno> {
        let uid = uid.map(Uid::from_raw);
        let gid = gid.map(Gid::from_raw);
        if self.by_path {
            rustix::fs::chownat(self.fd, "", uid, gid, AtFlags::EMPTY_PATH)
        } else {
            rustix::fs::fchown(self.fd, uid, gid)
        }
    }

    pub fn set_mode(&self, mode: u16) -> Result<(), Errno> {
        let mode = Mode::from_raw_mode(u32::from(mode));
        if self.by_path {
            rustix::fs::chmod(self.proc_path(), mode)
        } else {
            rustix::fs::fchmod(self.fd, mode)
        }
    }

    pub fn set_extended(&self, attribute: &ExtendedAttribute) -> Result<(), Errno> {
        let (name, value) = (attribute.name.as_slice(), attribute.value.as_slice());
        if self.by_path {
            rustix::fs::setxattr(self.proc_path(), name, value, XattrFlags::empty())
        } else {
            rustix::fs::fsetxattr(self.fd, name, value, XattrFlags::empty())
        }
    }

    pub fn remove_extended(&self, name: &[u8]) -> Result<(), Errno> {
        let result = if self.by_path {
            rustix::fs::removexattr(self.proc_path(), name)
        } else {
            rustix::fs::fremovexattr(self.fd, name)
        };
        match result {
            Err(Errno::NODATA | Errno::OPNOTSUPP) => Ok(()),
            result => result,
        }
    }

    pub fn set_modified(&self, modified: Timestamp) -> Result<(), Errno> {
        let times = Timestamps {
            last_access: Timespec {
                tv_sec: 0,
                tv_nsec: UTIME_OMIT,
            },
            last_modification: Timespec {
                tv_sec: modified.seconds,
                // Numbers beyond this have meanings of their own to the system.
                tv_nsec: i64::from(modified.nanoseconds.min(999_999_999)),
            },
        };
        if self.by_path {
            rustix::fs::utimensat(self.fd, "", &times, AtFlags::EMPTY_PATH)
        } else {
            rustix::fs::futimens(self.fd, &times)
        }
    }

    /// All extended attributes that there are, sorted by name.
    pub fn read_extended(&self) -> Result<Vec<ExtendedAttribute>, Errno> {
        let names = match self.list_names() {
            Err(Errno::OPNOTSUPP) => return Ok(Vec::new()),
            names => names?,
        };
        let mut attributes = Vec::new();
        for name in names.split(|&byte| byte == 0).filter(|n| !n.is_empty()) {
            match self.read_value(name) {
                Ok(value) => attributes.push(ExtendedAttribute {
                    name: name.to_vec(),
                    value,
                }),
                // Removed meanwhile, or listed without being readable (NFS).
                Err(Errno::NODATA | Errno::OPNOTSUPP) => {}
                Err(errno) => return Err(errno),
            }
        }
        attributes.sort_unstable();
        Ok(attributes)
    }

    pub fn list_names(&self) -> Result<Vec<u8>, Errno> {
        let proc_path = self.proc_path();
        loop {
            let needed = if self.by_path {
                rustix::fs::listxattr_query(&proc_path)
            } else {
                rustix::fs::flistxattr_query(self.fd)
            }?;
            if needed == 0 {
                return Ok(Vec::new());
            }
            let mut names = vec![0; needed];
            let read = if self.by_path {
                rustix::fs::listxattr(&proc_path, &mut names)
            } else {
                rustix::fs::flistxattr(self.fd, &mut names)
            };
            match read {
                Ok(len) => {
                    names.truncate(len);
                    return Ok(names);
                }
                // Another process added one between the two calls.
                Err(Errno::RANGE) => {}
                Err(errno) => return Err(errno),
            }
        }
    }

    pub fn read_value(&self, name: &[u8]) -> Result<Vec<u8>, Errno> {
        let mut value = vec![0; 256];
        loop {
            let read = if self.by_path {
                rustix::fs::getxattr(self.proc_path(), name, &mut value)
            } else {
                rustix::fs::fgetxattr(self.fd, name, &mut value)
            };
            match read {
                Ok(len) => {
                    value.truncate(len);
                    return Ok(value);
                }
                Err(Errno::RANGE) if value.len() < MAX_VALUE => value.resize(MAX_VALUE, 0),
                Err(errno) => return Err(errno),
            }
        }
    }
}
