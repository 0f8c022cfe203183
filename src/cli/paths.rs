//! Paths as people give them, made into paths as snapshots know them: absolute, without `.` and `..`.
//!
//! This is done on the text alone. A path names something in a snapshot, which may be gone from the
//! disk or be something else there now, so no link on the disk may change what is meant.

use std::path::{Path, PathBuf};

use crate::error::{Context, Result};
use crate::snapshot::specification::absolute_path;

/// `path` seen from the current folder.
pub fn absolute(path: impl AsRef<Path>) -> Result<PathBuf> {
    let path = path.as_ref();
    if path.is_absolute() {
        return Ok(absolute_path(Path::new("/"), path));
    }
    let current = std::env::current_dir().context("find the current folder for", path)?;
    Ok(absolute_path(&current, path))
}

/// All of `paths` seen from the current folder.
pub fn all_absolute(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    paths.iter().map(absolute).collect()
}
