//! Paths as people give them, made into paths as snapshots know them: absolute, without `.` and `..`.
//!
//! This is done on the text alone. A path names something in a snapshot, which may be gone from the
//! disk or be something else there now, so no link on the disk may change what is meant.

use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::error::{Context, Result};

/// `path` seen from the current folder.
pub fn absolute(path: &Path) -> Result<PathBuf> {
    if path.is_absolute() {
        return Ok(normal(Path::new("/"), path));
    }
    let current = std::env::current_dir().context("find the current folder for", path)?;
    Ok(normal(&current, path))
}

/// `path` seen from the absolute folder `base`; `..` takes the last part away, and at the root nothing.
pub fn normal(base: &Path, path: &Path) -> PathBuf {
    let mut parts: Vec<&[u8]> = Vec::new();
    let base: &[u8] = if path.is_absolute() {
        b""
    } else {
        base.as_os_str().as_bytes()
    };
    for part in [base, path.as_os_str().as_bytes()]
        .into_iter()
        .flat_map(|path| path.split(|&byte| byte == b'/'))
    {
        match part {
            b"" | b"." => {}
            b".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    let mut bytes = Vec::new();
    for part in &parts {
        bytes.push(b'/');
        bytes.extend_from_slice(part);
    }
    if bytes.is_empty() {
        bytes.push(b'/');
    }
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

/// The last part of a normal path; `None` for `/`.
pub fn name_of(path: &Path) -> Option<&OsStr> {
    path.file_name()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_resolved_on_the_text_alone() {
        let at = |path: &str| normal(Path::new("/home/me"), Path::new(path));
        assert_eq!(at("docs"), Path::new("/home/me/docs"));
        assert_eq!(at("./docs/../pics/"), Path::new("/home/me/pics"));
        assert_eq!(at("../../../.."), Path::new("/"));
        assert_eq!(at("/a//b/./c/"), Path::new("/a/b/c"));
        assert_eq!(at("/a/.../b"), Path::new("/a/.../b"));
        assert_eq!(at("."), Path::new("/home/me"));
    }

    #[test]
    fn bytes_that_are_not_text_stay_as_they_are() {
        let path = Path::new(OsStr::from_bytes(b"\xff/\x01"));
        assert_eq!(
            normal(Path::new("/"), path).as_os_str().as_bytes(),
            b"/\xff/\x01"
        );
    }
}
