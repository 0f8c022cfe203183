//! One window for one configuration: two would start the same jobs and overwrite each other's settings.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::config::write::make_folder;
use crate::error::{Context, Error, ErrorKind, Result};

/// While this lives, no other window opens on the same configuration.
pub struct Instance {
    _lock: File,
}

impl Instance {
    /// Errors: [`ErrorKind::Locked`] when a window is open on this configuration; the folder cannot be made.
    pub fn claim(config_dir: &Path) -> Result<Instance> {
        make_folder(config_dir)?;
        let path = config_dir.join("window.lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .context("open the window's lock", &path)?;
        match file.try_lock() {
            Ok(()) => Ok(Instance { _lock: file }),
            Err(TryLockError::WouldBlock) => Err(Error::new(ErrorKind::Locked, "open the window")
                .because("it is open already, for this configuration")
                .advise("look for it among the open windows")),
            // A folder on a share without locks: two windows are better than none.
            Err(TryLockError::Error(_)) => Ok(Instance { _lock: file }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_window_is_told_so_until_the_first_is_closed() {
        let dir = tempfile::tempdir().unwrap();
        let first = Instance::claim(dir.path()).unwrap();
        let refused = Instance::claim(dir.path()).err().unwrap();
        assert_eq!(refused.kind(), ErrorKind::Locked);
        drop(first);
        Instance::claim(dir.path()).unwrap();
    }
}
